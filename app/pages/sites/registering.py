"""Registering: one form for each fact of a facility, checked before it is stated."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.forms import choices
from app.pages.forms.checking import Act, checked, filled
from app.pages.forms.choices import Choice
from app.pages.forms.filling import Filled
from app.pages.rendering import AnyRequest, show
from app.pages.sites.showing import covered, days_named, kilowatt_hours, process_named, weekdays
from foundation.access import Actor, May
from foundation.database import Clock
from foundation.errors import NotFound
from foundation.registry import facilities
from foundation.settings import Settings, secret
from standards.catalogue import Catalogue
from traceability.http.sites import minute_of, of_minute
from traceability.sequencing.commands import Accepted
from traceability.sequencing.sequencer import Sequencer
from traceability.sites.registering import (
    LONGEST_STATEMENT,
    MARKS,
    PROCESSES,
    Hours,
    Meter,
    Permit,
    Registering,
)

Pair = tuple[str, str]
State = Callable[[Registering], Awaitable[Accepted]]
WATT_HOURS: Final = 1_000
WEEK: Final = range(7)


@dataclass(frozen=True)
class Setting:
    """What there is to choose from; without facilities of one's own, one is named by its identity."""

    places: list[Choice]
    materials: list[Choice]
    key: bytes


def _place(form: Filled, setting: Setting) -> str:
    label = form.t("common.facility")
    if setting.places:
        return form.choice("facility", label, dict(setting.places))
    return form.text("facility", label, longest=2_000)


def _shown(form: Filled, setting: Setting, place: str) -> Pair:
    return form.t("common.facility"), dict(setting.places).get(place, place)


def _permit(form: Filled, setting: Setting, catalogue: Catalogue) -> tuple[Sequence[Pair], State]:
    t, place = form.t, _place(form, setting)
    number, authority = form.text("number", t("evidence_page.number")), form.text("authority", t("premises.authority"))
    process = form.choice("process", t("premises.process"), PROCESSES)
    material = form.choice("material", t("common.material"), dict(setting.materials))
    per_day = form.grams("grams_per_day", t("premises.per_day"), needed=False)
    per_year = form.grams("grams_per_year", t("premises.per_year"), needed=False)
    first = form.day("valid_from", t("common.valid_from"))
    last = form.day("valid_to", t("common.valid_to")) if form.get("valid_to") else None
    stated = Permit(
        place, number, authority, process, material, per_day or None, per_year or None, first or date.min, last
    )  # fmt: skip
    return [
        _shown(form, setting, place), (t("evidence_page.number"), number), (t("premises.authority"), authority),
        (t("premises.process"), process_named(t, process)), (t("common.material"), covered(t, catalogue, material)),
        (t("premises.per_day"), t.mass(per_day) if per_day else t("premises.no_limit")),
        (t("premises.per_year"), t.mass(per_year) if per_year else t("premises.no_limit")),
        (t("common.valid_from"), t.day(first or date.min)),
        (t("common.valid_to"), t.day(last) if last else t("premises.no_end")),
    ], lambda registering: registering.permit(stated)  # fmt: skip


def _end(form: Filled, setting: Setting, _: Catalogue) -> tuple[Sequence[Pair], State]:
    t, place = form.t, form.text("facility", form.t("common.facility"), longest=2_000)
    typed = form.get("permit")
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= 18):
        form.say("permit", t("errors.choose", label=t("premises.permit")))
    last = form.day("last_day", t("premises.last_day"))
    said = form.text("statement", t("common.reason"), longest=LONGEST_STATEMENT)
    index = int(typed) if not form.errors else -1
    return [
        _shown(form, setting, place), (t("premises.permit"), typed),
        (t("premises.last_day"), t.day(last or date.min)), (t("common.reason"), said),
    ], lambda registering: registering.permit_end(place, index, last or date.min, said)  # fmt: skip


def _minute(form: Filled, name: str, label: str, *, closing: bool = False) -> int:
    try:
        return minute_of(time.fromisoformat(form.get(name)), closing=closing)
    except ValueError:
        form.say(name, form.t("premises.time_form", label=label))
        return 0


def _hours(form: Filled, setting: Setting, _: Catalogue) -> tuple[Sequence[Pair], State]:
    t, place = form.t, _place(form, setting)
    first = form.day("valid_from", t("common.from_date"))
    opens, closes = (
        _minute(form, "opens", t("premises.opens")),
        _minute(form, "closes", t("premises.closes"), closing=True),
    )
    days = tuple(each for each in WEEK if form.get(f"weekday-{each}"))
    if not days:
        form.say("weekdays", t("errors.choose", label=t("premises.weekdays")))
    if closes <= opens and not form.errors:
        form.say("closes", t("premises.closes_after"))
    stated = Hours(place, first or date.min, opens, closes, days)
    return [
        _shown(form, setting, place), (t("common.from_date"), t.day(first or date.min)),
        (t("premises.hours"), f"{of_minute(opens)} – {of_minute(closes)}"),
        (t("premises.weekdays"), days_named(t, list(days)) if days else ""),
    ], lambda registering: registering.hours(stated)  # fmt: skip


def _meter(form: Filled, setting: Setting, _: Catalogue) -> tuple[Sequence[Pair], State]:
    t, place = form.t, _place(form, setting)
    first, last = form.day("first_day", t("common.from_date")), form.day("last_day", t("common.to_date"))
    read = form.number("energy", t("premises.energy")) or Decimal(0)
    used = read * WATT_HOURS
    if used != int(used) or used < 0:
        form.say("energy", t("errors.number", label=t("premises.energy")))
    stated = Meter(place, first or date.min, last or date.min, int(used))
    return [
        _shown(form, setting, place), (t("common.from_date"), t.day(first or date.min)),
        (t("common.to_date"), t.day(last or date.min)), (t("premises.energy"), kilowatt_hours(t, int(used))),
    ], lambda registering: registering.meter(stated)  # fmt: skip


def _visit(form: Filled, setting: Setting, _: Catalogue) -> tuple[Sequence[Pair], State]:
    t, place = form.t, form.text("facility", form.t("common.facility"), longest=2_000)
    day = form.day("day", t("common.date"))
    said = form.text("statement", t("premises.seen"), longest=LONGEST_STATEMENT)
    return [
        _shown(form, setting, place), (t("common.date"), t.day(day or date.min)), (t("premises.seen"), said),
    ], lambda registering: registering.visit(place, day or date.min, said)  # fmt: skip


def _mark(form: Filled, setting: Setting, _: Catalogue) -> tuple[Sequence[Pair], State]:
    t = form.t
    kind = form.choice("kind", t("premises.mark"), MARKS)
    value = form.text("value", t("common.value"))
    return [(t("premises.mark"), t.name("premises_mark", kind)), (t("common.value"), value)], (
        lambda registering: registering.mark(kind, value, setting.key)
    )


Reading = Callable[[Filled, Setting, Catalogue], tuple[Sequence[Pair], State]]
FORMS: Final[dict[str, Reading]] = {
    "permit": _permit, "end": _end, "hours": _hours, "meter": _meter, "visit": _visit, "mark": _mark,
}  # fmt: skip
"""Every form by the last part of its address."""


async def _setting(
    form: Filled, kind: str, session: AsyncSession, actor: Actor, catalogue: Catalogue, settings: Settings
) -> Setting:
    if kind not in FORMS:
        raise NotFound("There is no such form.", field="kind", value=kind[:40])
    places = [(each.uri, each.name) for each in await facilities(session, actor.organisation_id)]
    wide = [("*", str(form.t("control.any"))), *choices.families(form.t, catalogue)]
    return Setting(places, [*wide, *choices.materials(form.t, catalogue)], secret(settings))


def _form(form: Filled, kind: str, setting: Setting, status: int = 200) -> Response[str]:
    t = form.t
    return show(
        form.request, "recycler/site_form.html", status=status, form=defaultdict(str, form.values), errors=form.errors,
        kind=kind,
        places=setting.places, materials=setting.materials, marks=choices.named(t, "premises_mark", MARKS),
        processes=[(each, process_named(t, each)) for each in PROCESSES],
        weekdays=list(enumerate(weekdays(t))),
    )  # fmt: skip


@get("/sites/{kind:str}", opt={"access": May("capture")}, include_in_schema=False)
async def site_form_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    settings: Given[Settings], kind: FromPath[str],
) -> Response[str]:  # fmt: skip
    """One form, with the facility and the permit that the address names."""
    kept = {name: request.query_params.get(name, "").strip() for name in ("facility", "permit")}
    form = Filled(request, speech_of(request), kept)
    return _form(form, kind, await _setting(form, kind, transaction, actor, catalogue, settings))


@post("/sites/{kind:str}", opt={"access": May("capture")}, include_in_schema=False)
async def site_form(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    catalogue: Given[Catalogue], sequencer: Given[Sequencer], clock: Given[Clock], settings: Given[Settings],
    kind: FromPath[str],
) -> Response[Any]:  # fmt: skip
    """Check it, then state it: a fact of the log."""
    form = await filled(request)
    setting = await _setting(form, kind, transaction, actor, catalogue, settings)
    facts, state = FORMS[kind](form, setting, catalogue)
    t = form.t
    act = Act(
        (t("premises.title"), "/sites"), t(f"premises.{kind}_title"), facts, t("premises.state"), note=t("record.stays")
    )

    async def do() -> str:
        await state(Registering(record, sequencer, actor, form.stamp(clock())))
        return f"/sites?done={kind}"

    return await checked(form, act, clock(), partial(_form, form, kind, setting), f"/sites/{kind}", do)


ROUTES: Final = [site_form_page, site_form]
