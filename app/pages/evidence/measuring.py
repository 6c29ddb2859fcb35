"""Measuring: a value for a lot in a unit of the property's kind, or its words, with method and level of evidence."""

from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.evidence.lots import lot_choices, named_lot
from app.pages.forms.checking import Act, checked, filled
from app.pages.forms.choices import Choice, named
from app.pages.forms.filling import Filled
from app.pages.passports import named_properties, property_name, unit_shown
from app.pages.recording.history import today_of
from app.pages.rendering import AnyRequest, show
from app.pages.stock.held import lot_page
from foundation.access import Actor, May
from foundation.database import Clock, latest_day
from standards.catalogue import Catalogue
from standards.properties import Property
from standards.quantities import UNITS, in_base
from traceability.evidence import LONGEST, Measurement, measure
from traceability.judging import known_properties
from traceability.sequencing.sequencer import Sequencer

HERE: Final = "/evidence/measurement"
COMPARATORS: Final = ("=", "<", ">")
OWN: Final = ("E1", "E2")
LABORATORY: Final = ("E3",)


@dataclass(frozen=True)
class Setting:
    """Who measures, what there is to choose from, and the property that was chosen."""

    actor: Actor
    catalogue: Catalogue
    lots: list[Choice]
    today: date
    chosen: Property | None

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels of evidence that this organisation may state."""
        return LABORATORY if "laboratory" in self.actor.organisation_roles else OWN

    @property
    def units(self) -> list[str]:
        """Every unit of the property's kind, its own first."""
        if self.chosen is None or self.chosen.unit is None:
            return []
        kind, own = self.chosen.kind, self.chosen.unit
        return [own, *sorted({each.symbol for each in UNITS.values() if each.kind == kind} - {own})]


def _setting(actor: Actor, catalogue: Catalogue, lots: list[Choice], chosen: str, today: date) -> Setting:
    return Setting(actor, catalogue, lots, today, known_properties(catalogue).get(chosen))


def _form(form: Filled, setting: Setting, status: int = 200) -> Response[str]:
    """First the lot and the property; then the value, with the units and methods of that property."""
    t, chosen = form.t, setting.chosen
    kept = {
        "lot": "", "property": "", "value": "", "unit": (chosen.unit or "") if chosen else "", "comparator": "=",
        "method": "", "words": "",
        "condition": "", "uncertainty": "", "evidence": setting.levels[-1], "day": "", "laboratory": "", **form.values,
    }  # fmt: skip
    return show(
        form.request, "recycler/measuring.html", status=status, form=kept, lots=setting.lots, errors=form.errors,
        properties=named_properties(t, setting.catalogue, told=True), chosen=chosen,
        name=property_name(t, chosen.code, setting.catalogue) if chosen else "",
        units=[(unit, unit_shown(unit) or unit) for unit in setting.units], comparators=_comparators(form),
        methods=list(chosen.methods) if chosen else [], levels=named(t, "evidence", setting.levels),
    )  # fmt: skip


def _comparators(form: Filled) -> list[Choice]:
    return [(code, form.t(f"evidence_page.comparator.{at}")) for at, code in enumerate(COMPARATORS)]


def _measured(form: Filled, setting: Setting, lot: str) -> tuple[Act, Measurement | None]:
    """What the form states; None where something is wrong with it."""
    t, chosen = form.t, setting.chosen
    if chosen is None:
        form.say("property", t("errors.choose", label=t("common.property")))
        return _act(form, []), None
    name = property_name(t, chosen.code, setting.catalogue)
    read = _told if chosen.unit is None else _number
    shown, found = read(form, setting, chosen, name)
    day = form.day("day", t("evidence_page.sampled"))
    level = form.choice("evidence", t("evidence_page.level"), setting.levels)
    condition = form.text("condition", t("evidence_page.condition"), needed=chosen.condition_required)
    if day is not None and day > setting.today:
        form.say("day", t("refusal.date_invalid"))
    if form.errors or found is None or day is None:
        return _act(form, []), None
    method, laboratory = form.get("method") or None, form.get("laboratory") or None
    if "laboratory" in setting.actor.organisation_roles:
        laboratory = setting.actor.organisation_name
    facts = [
        (t("common.lot"), lot), (name, shown), (t("common.method"), method or t("common.not_stated")),
        (t("evidence_page.level"), t.name("evidence", level)), (t("evidence_page.sampled"), t.day(day)),
    ]  # fmt: skip
    return _act(form, facts, name), replace(
        found, lot=lot, sampled_on=day, evidence=level, method=method, condition=condition or None,
        laboratory=laboratory,
    )  # fmt: skip


def _told(form: Filled, setting: Setting, chosen: Property, name: str) -> tuple[str, Measurement | None]:
    """A property that is told in words."""
    words = form.text("words", name, longest=LONGEST)
    return words, Measurement("", chosen.code, None, None, setting.today, words=words) if words else None


def _number(form: Filled, setting: Setting, chosen: Property, name: str) -> tuple[str, Measurement | None]:
    """A number in a unit of the property's kind."""
    t = form.t
    value = form.number("value", name)
    if not form.get("unit"):
        form.values = {**form.values, "unit": chosen.unit or ""}
    unit = form.choice("unit", t("common.unit"), setting.units)
    spread = form.number("uncertainty", t("evidence_page.uncertainty"), needed=False)
    sign = form.choice("comparator", t("evidence_page.comparator"), COMPARATORS) if form.get("comparator") else "="
    if value is not None and unit and chosen.kind and not chosen.possible(in_base(value, unit, chosen.kind)):
        form.say("value", t("evidence_page.impossible", name=name))
    if value is None or not unit or not sign:
        return "", None
    shown = f"{'' if sign == '=' else sign + ' '}{t.number(value)} {unit_shown(unit)}".strip()
    return shown, Measurement("", chosen.code, value, unit, setting.today, comparator=sign, uncertainty=spread)


def _act(form: Filled, facts: list[tuple[str, str]], name: str = "") -> Act:
    t = form.t
    return Act(
        (t("nav.evidence"), "/evidence"), t("evidence_page.measurement.title"), facts,
        t("evidence_page.measurement.act", name=name), note=t("record.stays"),
    )  # fmt: skip


@get(HERE, opt={"access": May("capture")}, include_in_schema=False)
async def measurement_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    clock: Given[Clock],
) -> Response[str]:  # fmt: skip
    """The form, with lot and property as the address names them."""
    t = speech_of(request)
    kept = {name: request.query_params.get(name, "").strip() for name in ("lot", "property")}
    lots = await lot_choices(t, transaction, actor, kept["lot"])
    day = await today_of(transaction, actor, clock())
    form = Filled(request, t, {**kept, "day": day.isoformat()})
    return _form(form, _setting(actor, catalogue, lots, kept["property"], latest_day(clock())))


@post(HERE, opt={"access": May("capture")}, include_in_schema=False)
async def measurement_form(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    catalogue: Given[Catalogue], sequencer: Given[Sequencer], clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """Check it, then record it; it is a fact of the log."""
    form = await filled(request)
    lots = await lot_choices(form.t, transaction, actor, form.get("lot"))
    setting = _setting(actor, catalogue, lots, form.get("property"), latest_day(clock()))
    lot = await named_lot(form, transaction, record, actor)
    act, measured = _measured(form, setting, lot)

    async def do() -> str:
        if measured is not None:
            done = await measure(transaction, sequencer, actor, catalogue, measured, form.stamp(clock()))
            if actor.organisation_roles & {"laboratory", "certifier"}:
                return f"/record/receipt?index={done.index}"
        return lot_page(lot)

    return await checked(form, act, clock(), partial(_form, form, setting), HERE, do)


ROUTES: Final = [measurement_page, measurement_form]
