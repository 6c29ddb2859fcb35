"""Accounts: what each facility took over of recycled content, claimed of it and hands on, period by period."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.forms.custody import scheme_named
from app.pages.rendering import AnyRequest, show
from app.pictures import Line, lines
from app.words import Speech
from foundation.access import SIGNED_IN, Actor
from foundation.database import Clock
from standards.catalogue import Catalogue
from standards.trade.massbalance import Scheme, schemes
from traceability.accounting.counts import Count, counts_of, tolerance_of
from traceability.accounting.reading import Booked, Place, Statement, Wanted, bookings, statements
from traceability.http.accounts import cursor_of, place_of
from traceability.ledger.accounts import Grams

HERE: Final = "/accounts"
PAGE: Final = 10
BOOKINGS: Final = 100
FEWEST: Final = 3  # periods that make a course
Counts = Mapping[Place, Sequence[Count]]


def _cells(t: Speech, name: str, grams: Grams | None) -> list[str]:
    if grams is None:
        return [str(t(f"accounts.{name}")), "", ""]
    return [str(t(f"accounts.{name}")), t.mass(grams.post), t.mass(grams.pre)]


def shown(t: Speech, each: Statement, known: dict[str, Scheme], counts: Counts) -> dict[str, Any]:
    """One statement as the page tells it, with the counts of stock that its scheme does not allow."""
    tolerance = tolerance_of(known.get(each.at.scheme), each.last)
    lines = [("opening", each.opening), ("credited", each.credited), ("claimed", each.claimed)]
    ended = [("carried", each.carried), ("lapsed", each.lapsed)] if each.carried is not None else []
    return {
        "title": _title(t, each, known), "left": _kinds(t, each.closing),
        "off": bool(counts.get(each.at)),
        "facility": each.name, "first": t.day(each.at.first), "last": t.day(each.last), "state": each.state,
        "rule": t("accounts.never_any" if each.strict else "accounts.never_end"),
        "short": each.closing.short, "unsure": each.certainty == "unverified",
        "unknown": each.certainty is None and not each.closing.short,
        "rows": [_cells(t, name, grams) for name, grams in lines],
        "closing": _cells(t, "closing", each.closing), "ended": [_cells(t, name, grams) for name, grams in ended],
        "events": f"{HERE}?account={cursor_of(each.at)}",
        "tolerance": t("accounts.tolerance", percent=t.percent(tolerance.percent / 100, 1)) if tolerance else
        t("accounts.tolerance_unknown"),
        "counts": [
            (f"/events/{one.index}", t("accounts.beyond", day=t.day(one.on), counted=t.mass(one.counted),
                                       book=t.mass(one.book)))
            for one in counts.get(each.at, ())
        ],
    }  # fmt: skip


def _title(t: Speech, each: Statement, known: dict[str, Scheme]) -> str:
    return f"{t.name('material', each.at.material)} · {scheme_named(t, known, each.at.scheme)}"


def _kinds(t: Speech, grams: Grams) -> str:
    """Grams by kind in one line, '' for none."""
    parts = [("post", grams.post), ("pre", grams.pre)]
    return " · ".join(f"{t.mass(part)} ({t.name('origin', kind)})" for kind, part in parts if part)


def by_account(t: Speech, found: Sequence[Statement], known: dict[str, Scheme], counts: Counts) -> list[dict[str, Any]]:
    """The periods of each account together: the newest stands open unless it is closed, those before are folded."""
    accounts: dict[tuple[int, str, str], list[Statement]] = {}
    for each in found:
        accounts.setdefault((each.at.facility, each.at.material, each.at.scheme), []).append(each)
    told = []
    for mine in accounts.values():
        now = mine[0] if mine[0].state != "closed" else None
        earlier = [each for each in mine if each is not now]
        told.append(
            {"title": _title(t, mine[0], known), "facility": mine[0].name,
             "now": shown(t, now, known, counts) if now else None,
             "earlier": [shown(t, each, known, counts) for each in earlier], "count": t.number(len(earlier)),
             **_course(t, mine, known)}
        )  # fmt: skip
    return told


def _course(t: Speech, mine: Sequence[Statement], known: dict[str, Scheme]) -> dict[str, Any]:
    """What was left at the end of each period as a picture; a debt has no place on a scale from zero upwards."""
    ends = [(each.last, each.closing) for each in reversed(mine)]
    if len(ends) < FEWEST or any(grams.short for _, grams in ends):
        return {"wide": "", "narrow": ""}
    series = [Line(t("accounts.left.post"), [(day, grams.post) for day, grams in ends])]
    if any(grams.pre for _, grams in ends):
        series.append(Line(t("accounts.left.pre"), [(day, grams.pre) for day, grams in ends]))
    told = "; ".join(f"{t.day(day)}: {_kinds(t, grams) or t.mass(0)}" for day, grams in ends)
    title = f"{t('accounts.picture')}: {_title(t, mine[0], known)}, {mine[0].name}"
    about: dict[str, Any] = {"title": title, "description": told, "lang": t.lang}
    return {"wide": lines(series, height=220, **about), "narrow": lines(series, width=328, height=200, **about)}


def _booked(t: Speech, each: Booked) -> dict[str, Any]:
    return {
        "day": t.day(each.on), "event": f"/events/{each.index}", "step": t.name("biz_step", each.biz_step or "other"),
        "credited": _kinds(t, each.credited), "claimed": _kinds(t, each.claimed),
    }  # fmt: skip


async def _one(session: AsyncSession, actor: Actor, catalogue: Catalogue, clock: Clock, at: Place) -> list[Statement]:
    wanted = Wanted(actor.organisation_id, at.facility, at.material, at.scheme, at.first)
    return await statements(session, schemes(catalogue), wanted, clock().date(), None, 1)


@get(HERE, opt={"access": SIGNED_IN}, include_in_schema=False)
async def accounts_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    clock: Given[Clock], after: FromQuery[str] = "", account: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """Every period of every account, the newest first; or one of them with the events behind it."""
    t, known = speech_of(request), dict(schemes(catalogue))
    booked = list[Booked]()
    if account:
        at = place_of(account, "account")
        found = await _one(transaction, actor, catalogue, clock, at)
        booked = await bookings(transaction, actor.organisation_id, at, -1, BOOKINGS + 1) if found else []
    else:
        behind = place_of(after, "after") if after else None
        wanted = Wanted(actor.organisation_id)
        found = await statements(transaction, known, wanted, clock().date(), behind, PAGE + 1)
    page = found[:PAGE]
    counts = await counts_of(transaction, actor.organisation_id, page)
    return show(
        request, "recycler/accounts.html", one=shown(t, page[0], known, counts) if account and page else None,
        accounts=[] if account else by_account(t, page, known, counts), single=bool(account),
        bookings=[_booked(t, each) for each in booked[:BOOKINGS]],
        more=f"/api/v1/accounts/bookings?account={account}" if len(booked) > BOOKINGS else "",
        first=HERE if after else "",
        following=f"{HERE}?after={cursor_of(page[-1].at)}" if len(found) > PAGE else "",
    )  # fmt: skip


ROUTES: Final = [accounts_page]
