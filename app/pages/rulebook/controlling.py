"""Controlling: what the record is checked against, with every value and its source; what that said of a country."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.controls import told_control
from app.api.standards import day_asked
from app.pages.asking import speech_of
from app.pages.rendering import AnyRequest, errors_of, show
from app.pages.sites.showing import process_named
from app.words import Speech
from foundation.access import PUBLIC, Actor
from foundation.database import Clock
from foundation.errors import Invalid
from standards.catalogue import Catalogue
from standards.plausibility import PPM, Finding, thresholds
from traceability.checking.outcomes import DAYS, outcomes


def quantity(t: Speech, value: int, unit: str) -> str:
    """A mass as people write it, shares of a million as per cent, anything else with its unit."""
    if unit == "g":
        return t.mass(value)
    if unit.startswith("ppm"):
        return t.percent(Decimal(value) / PPM)
    return t.number(value)


def found_named(t: Speech, finding: Finding) -> str:
    """What a control found, in the reader's language, with what was measured and where the limit lies."""
    base = f"control.found_{finding.code.lower()}"
    with_hint = f"{base}_{finding.hint}" if finding.hint else base
    key = next((each for each in (with_hint, base) if t.words.has(each)), "")
    named = t.name("control_name", finding.code)
    facts = [quantity(t, each, finding.unit) if each is not None else "" for each in (finding.measured, finding.limit)]
    return f"{finding.control} {named}: {t(key, measured=facts[0], limit=facts[1])}" if key else str(named)


def _measured(t: Speech, value: int, unit: str) -> str:
    """A value with what it is a value of: '105 % of what is permitted'; a year is not grouped as a number is."""
    if unit == "g":
        return t.mass(value)
    shown = str(value) if unit == "a" else quantity(t, value, unit)
    of = unit.removeprefix("ppm ")
    key = f"control_unit.{re.sub(r'[^a-z0-9]+', '_', of.lower())}"
    return t(key, value=shown) if t.words.has(key) else f"{shown} {of}"


def _value(t: Speech, told: dict[str, Any]) -> dict[str, Any]:
    """One value of a control in words; a band as what flags and what holds."""
    value, unit = told["value"], told["unit"]
    if isinstance(value, dict):
        shown = "; ".join(
            f"{t(f'control.{word}')} < {quantity(t, value[f'{word}_below'], unit)}, > "
            f"{_measured(t, value[f'{word}_above'], unit)}"
            for word in ("flag", "hold")
        )
    else:
        shown = _measured(t, value, unit) if isinstance(value, int) else ", ".join(_listed(t, told["name"], value))
    return {
        **told,
        "name": _value_named(t, told["name"]),
        "shown": shown,
        "since": t.day(date.fromisoformat(told["from"])),
    }


def _value_named(t: Speech, name: str) -> str:
    """A value by its own name, a band by its process and material, a heading's rule by its family and form."""
    if " " in name:
        process, _, material = name.partition(" ")
        of = t("control.any") if material == "*" else t.name("material", material)
        return f"{process_named(t, process)}, {of}"
    if "/" in name:
        family, _, form = name.partition("/")
        return f"{t.name('material', family)}, {t.name('form', form)}"
    return str(t.name("control_value", name))


def _listed(t: Speech, name: str, codes: Sequence[str]) -> list[str]:
    """Processes, marks of identity and countries by their names; headings as they are."""
    if name == "processes":
        return [process_named(t, each) for each in codes]
    if name == "marks":
        return [str(t.name("premises_mark", each)) for each in codes]
    return [t.country(each) if each.isalpha() else each for each in codes]


@get("/controls", opt={"access": PUBLIC}, include_in_schema=False)
async def controls_page(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor | None], catalogue: Given[Catalogue],
    clock: Given[Clock], on: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """Every control with its values on a day; to an authority also what they said lately, and whom to visit first."""
    t, today, limits = speech_of(request), clock().date(), thresholds(catalogue)
    errors: list[dict[str, str]] = []
    try:
        day = day_asked(on, today)
    except Invalid as refusal:
        day, errors = today, errors_of(request, refusal)
    rows = [told_control(each, day) for each in limits.controls]
    for row in rows:
        row["values"] = [_value(t, each) for each in row["values"]]
        row["because"] = t.name("control_because", row["code"]) if row["because"] else ""
    lately: dict[str, Any] | None = None
    if actor is not None and "regulator" in actor.organisation_roles:
        found = await outcomes(record, limits, actor.country, clock())
        lately = {
            "lead": t("control.last_lead", country=t.country(actor.country)), "title": t("control.last", days=DAYS),
            "told": [(t.name("control_name", each.code), t.number(each.held), t.number(each.flagged))
                     for each in found.told],
            "visits": [
                (each.name, t.number(each.events), t.number(each.held), t.number(each.flagged),
                 ", ".join(t.name("control_name", code) for code in each.codes))
                for each in found.visits
            ],
        }  # fmt: skip
    return show(
        request, "public/controls.html", status=400 if errors else 200, errors=errors, controls=rows, on=on,
        lately=lately, digest=catalogue.digest,
    )  # fmt: skip


ROUTES: Final = [controls_page]
