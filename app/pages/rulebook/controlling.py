"""Controlling: what the record is checked against, with every value and its source; what that said of a country."""

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


def _value(t: Speech, told: dict[str, Any]) -> dict[str, Any]:
    """One value of a control in words; a band as what flags and what holds."""
    value, unit = told["value"], told["unit"]
    if isinstance(value, dict):
        shown = "; ".join(
            f"{t(f'control.{word}')} < {quantity(t, value[f'{word}_below'], unit)}, > "
            f"{quantity(t, value[f'{word}_above'], unit)}"
            for word in ("flag", "hold")
        )
    elif isinstance(value, int):
        shown = quantity(t, value, unit)
        shown = shown if unit == "g" else f"{shown} · {unit.removeprefix('ppm ')}"
    else:
        shown = ", ".join(value)
    name = told["name"].replace("*", t("control.any"))
    return {**told, "name": name, "shown": shown, "since": told["from"]}


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
