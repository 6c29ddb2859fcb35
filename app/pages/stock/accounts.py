"""Accounts: what each facility took over of recycled content, claimed of it and hands on, period by period."""

from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.forms.custody import scheme_named
from app.pages.rendering import AnyRequest, show
from app.words import Speech
from foundation.access import SIGNED_IN, Actor
from foundation.database import Clock
from standards.catalogue import Catalogue
from standards.trade.massbalance import Scheme, schemes
from traceability.accounting.reading import Booked, Place, Statement, Wanted, bookings, statements
from traceability.http.accounts import cursor_of, place_of
from traceability.ledger.accounts import Grams

HERE: Final = "/accounts"
PAGE: Final = 10
BOOKINGS: Final = 100


def _cells(t: Speech, name: str, grams: Grams | None) -> list[str]:
    if grams is None:
        return [str(t(f"accounts.{name}")), "", ""]
    return [str(t(f"accounts.{name}")), t.mass(grams.post), t.mass(grams.pre)]


def shown(t: Speech, each: Statement, known: dict[str, Scheme]) -> dict[str, Any]:
    """One statement as the page tells it."""
    lines = [("opening", each.opening), ("credited", each.credited), ("claimed", each.claimed)]
    ended = [("carried", each.carried), ("lapsed", each.lapsed)] if each.carried is not None else []
    return {
        "title": f"{t.name('material', each.at.material)} · {scheme_named(t, known, each.at.scheme)}",
        "facility": each.name, "first": t.day(each.at.first), "last": t.day(each.last), "state": each.state,
        "rule": t("accounts.never_any" if each.strict else "accounts.never_end"),
        "short": each.closing.short, "unsure": each.certainty == "unverified",
        "unknown": each.certainty is None and not each.closing.short,
        "rows": [_cells(t, name, grams) for name, grams in lines],
        "closing": _cells(t, "closing", each.closing), "ended": [_cells(t, name, grams) for name, grams in ended],
        "events": f"{HERE}?account={cursor_of(each.at)}",
    }  # fmt: skip


def _booked(t: Speech, each: Booked) -> dict[str, Any]:
    def told(grams: Grams) -> str:
        parts = [("post", grams.post), ("pre", grams.pre)]
        return " · ".join(f"{t.mass(part)} ({t.name('origin', kind)})" for kind, part in parts if part)

    return {
        "day": t.day(each.on), "event": f"/events/{each.index}", "step": t.name("biz_step", each.biz_step or "other"),
        "credited": told(each.credited), "claimed": told(each.claimed),
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
    return show(
        request, "recycler/accounts.html", accounts=[shown(t, each, known) for each in page], one=bool(account),
        bookings=[_booked(t, each) for each in booked[:BOOKINGS]],
        more=f"/api/v1/accounts/bookings?account={account}" if len(booked) > BOOKINGS else "",
        first=HERE if after else "",
        following=f"{HERE}?after={cursor_of(page[-1].at)}" if len(found) > PAGE else "",
    )  # fmt: skip


ROUTES: Final = [accounts_page]
