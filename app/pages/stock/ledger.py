"""Ledger: the stock of a facility or of the whole firm line by line, its balances, and what was left out and why."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.forms.choices import Choice
from app.pages.forms.filling import Filled
from app.pages.passports import name_of
from app.pages.recording.hands import hands
from app.pages.recording.history import lot_page, title_of
from app.pages.rendering import AnyRequest, show
from app.sheets import CSV, XLSX, Cell, csv_of, download, xlsx_of
from app.words import Speech
from foundation.access import SIGNED_IN, Actor
from foundation.database import Clock
from foundation.errors import Invalid, NotFound
from foundation.registry import Facility, facilities
from traceability.composing import kilograms
from traceability.history.daybook import (
    EVERYWHERE,
    NOWHERE,
    PAGE,
    Line,
    Sums,
    Wanted,
    every_line,
    lines,
    materials_held,
    sums,
    today_of,
)
from traceability.history.uncounted import LeftOut, left_out
from traceability.http.ledger import cursor_of, place_of
from traceability.ledger.interpretation import REJECTING

HERE: Final = "/ledger"
MOVED: Final = frozenset({"shipping", "departing", "receiving", "accepting", REJECTING})
COLUMNS: Final = (
    "day", "event", "leaf", "event_id", "lot", "material", "form", "facility", "in_kg", "out_kg", "balance_kg",
    "in_transit_kg", "recorded_by",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asking:
    """The form of the page, what it asks for, and its choices; where something is wrong, the lines of this year."""

    form: Filled
    wanted: Wanted
    materials: Sequence[Choice]
    places: Sequence[Choice]

    def query(self, **more: str) -> str:
        """The address's query that asks the same again."""
        asked = {name: self.form.get(name) for name in ("facility", "material")}
        days = {"from": self.wanted.since.isoformat(), "to": self.wanted.until.isoformat()}
        return urlencode({name: value for name, value in {**asked, **days, **more}.items() if value})


async def asking(request: AnyRequest, record: AsyncSession, actor: Actor, today: date) -> Asking:
    """What the address asks for; what is wrong with it is said in the form."""
    t = speech_of(request)
    defaults = {
        "from": today.replace(month=1, day=1).isoformat(),
        "to": today.isoformat(),
        "material": "",
        "facility": "",
    }
    given = {name: request.query_params.get(name, "").strip() or value for name, value in defaults.items()}
    form = Filled(request, t, given)
    held = [(code, str(t.name("material", code))) for code in await materials_held(record, actor.organisation_id)]
    places = _places(t, await facilities(record, actor.organisation_id))
    material = form.choice("material", t("common.material"), dict(held), needed=False)
    place = form.choice("facility", t("common.facility"), dict(places), needed=False)
    since, until = form.day("from", t("common.from_date")), form.day("to", t("common.to_date"))
    wanted = Wanted(actor.organisation_id, today.replace(month=1, day=1), today)
    if since and until and not form.errors:
        try:
            wanted = Wanted(actor.organisation_id, since, until, material, int(place) if place else EVERYWHERE)
        except Invalid as refusal:
            form.refuse(refusal)
    return Asking(form, wanted, held, places)


def _places(t: Speech, own: Sequence[Facility]) -> list[Choice]:
    named = [(str(each.id), each.name) for each in own]
    return [*named, (str(NOWHERE), t("ledger.nowhere"))]


def _mass(t: Speech, grams: int) -> str:
    """One unit throughout, so that a column can be added up; '' for nothing."""
    return t.mass(grams, "kg") if grams else ""


def _row(t: Speech, each: Line, names: dict[str, str]) -> dict[str, str]:
    return {
        "day": t.day(each.at.day), "title": str(title_of(t, each)), "event": f"/events/{each.at.index}",
        "name": name_of(t, each.material, each.form), "code": each.lot[-6:], "lot": lot_page(each.lot),
        "facility": each.facility, "came": _mass(t, max(each.stock, 0)), "went": _mass(t, max(-each.stock, 0)),
        "balance": t.mass(each.balance, "kg"), "on_the_way": _mass(t, each.on_the_way),
        "who": each.other or names.get(each.actor, ""), "shared": _shared(each),
    }  # fmt: skip


def _shared(each: Line) -> str:
    """The address of both sides' figures, where the line is one of a movement between two firms."""
    moved = each.kind == "amended" or each.biz_step in MOVED
    return f"/movements?{urlencode({'lot': each.lot})}" if moved else ""


def _reason(t: Speech, each: LeftOut) -> str:
    """'On hold: Reported late'."""
    state = str(t.name("outcome", each.state))
    return f"{state}: {t.name('reason', each.reason)}" if each.reason else state


def _account(t: Speech, found: Sums, left: Sequence[LeftOut]) -> dict[str, Any]:
    """In = counted + left out, by reason: every event of the days is in one row."""
    rows = [(str(t("outcome.counted")), found.events, found.came, found.went)]
    rows += [(_reason(t, each), each.events, each.came, each.went) for each in left]
    return {
        "rows": [(name, t.number(events), _mass(t, came), _mass(t, went)) for name, events, came, went in rows],
        "foot": (
            t("ledger.recorded"), t.number(sum(row[1] for row in rows)), t.mass(sum(row[2] for row in rows), "kg"),
            t.mass(sum(row[3] for row in rows), "kg"),
        ),
    }  # fmt: skip


@get(HERE, opt={"access": SIGNED_IN}, include_in_schema=False)
async def ledger_page(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    clock: Given[Clock], after: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """Opening balance, lines, closing balance; what counted and what did not; what is held now."""
    asked = await asking(request, record, actor, await today_of(record, actor.organisation_id, clock()))
    t, wanted = asked.form.t, asked.wanted
    found = await lines(record, wanted, place_of(after), PAGE + 1)
    page = found[:PAGE]
    total = await sums(record, wanted)
    names = await hands(t, transaction, actor.organisation_id, {each.actor for each in page if each.actor})
    return show(
        request, "recycler/ledger.html", status=400 if asked.form.errors else 200, errors=asked.form.errors,
        form=asked.form.values, materials=asked.materials, places=asked.places,
        since=t.day(wanted.since), until=t.day(wanted.until), rows=[_row(t, each, names) for each in page],
        opening=t.mass(total.before[0], "kg"), closing=t.mass(total.after[0], "kg"),
        on_the_way=t.mass(total.after[1], "kg"),
        account=_account(t, total, await left_out(record, wanted)), free=t.mass(total.free, "kg"),
        reserved=t.mass(total.reserved, "kg"), coming=t.mass(total.now[1], "kg"), agrees=total.agrees,
        whole=wanted.place == EVERYWHERE, first=f"{HERE}?{asked.query()}" if after else "",
        following=f"{HERE}?{asked.query(after=cursor_of(page[-1].at))}" if len(found) > PAGE else "",
        files=[(kind.upper(), f"{HERE}/export/{kind}?{asked.query()}") for kind in ("xlsx", "csv")],
    )  # fmt: skip


def _cells(t: Speech, each: Line, names: dict[str, str]) -> list[Cell]:
    came, went = kilograms(max(each.stock, 0)), kilograms(max(-each.stock, 0))
    return [
        each.at.day.isoformat(), str(title_of(t, each)), each.at.index, each.event_id, each.lot, each.material,
        each.form, each.facility, came, went, kilograms(each.balance), kilograms(each.on_the_way),
        each.other or names.get(each.actor, ""),
    ]  # fmt: skip


@get(f"{HERE}/export/{{kind:str}}", opt={"access": SIGNED_IN}, include_in_schema=False)
async def ledger_file(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    clock: Given[Clock], kind: FromPath[str],
) -> Response[bytes]:  # fmt: skip
    """The lines that the page shows with the same choices, all pages in one file, masses exact in kilograms."""
    if kind not in {"csv", "xlsx"}:
        raise NotFound("There is no such file.", field="kind", value=kind, fix="Use csv or xlsx.")
    asked = await asking(request, record, actor, await today_of(record, actor.organisation_id, clock()))
    if asked.form.errors:
        wrong = asked.form.errors[0]
        raise Invalid(wrong["text"], field=wrong["field"], value=asked.form.get(wrong["field"])[:40])
    found = await every_line(record, asked.wanted)
    names = await hands(asked.form.t, transaction, actor.organisation_id, {each.actor for each in found if each.actor})
    rows = [_cells(asked.form.t, each, names) for each in found]
    name = f"ledger-{asked.wanted.since}-{asked.wanted.until}.{kind}"
    if kind == "csv":
        return download(csv_of(COLUMNS, rows), CSV, name)
    return download(await asyncio.to_thread(xlsx_of, "ledger", COLUMNS, rows), XLSX, name)


ROUTES: Final = [ledger_page, ledger_file]
