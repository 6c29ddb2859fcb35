"""The controls for machines: each with the values in force on a day, and what they said of a country's events."""

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import date
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.standards import AnyRequest, answer, day_asked
from foundation.access import PUBLIC, Actor, Organisation
from foundation.database import Clock
from standards.catalogue import Catalogue
from standards.dated import Dated, NotInForce
from standards.plausibility import Control, thresholds
from traceability.checking.outcomes import DAYS, Outcomes, outcomes


def told_value(value: Dated[Any], day: date) -> dict[str, Any] | None:
    """The row in force on a day, with its unit, first day, source and certainty; None where there is none."""
    try:
        row = value.on(day)
    except NotInForce:
        return None
    plain = asdict(row.value) if is_dataclass(row.value) and not isinstance(row.value, type) else row.value
    return {
        "value": plain, "unit": row.unit, "from": row.since.isoformat(), "source": row.reference.title,
        "href": row.reference.href, "certainty": row.certainty,
    }  # fmt: skip


def told_control(control: Control, day: date) -> dict[str, Any]:
    """One control as JSON says it: what it answers, by what it is kept (or why by nothing), its values of that day."""
    found = [(each.name, told_value(each.value, day)) for each in control.parameters]
    return {
        "id": control.id, "code": control.code, "title": control.title, "outcomes": control.outcomes,
        "kept": control.kept, "because": control.because,
        "values": [{"name": name, **value} for name, value in found if value],
    }  # fmt: skip


def told_outcomes(found: Outcomes, country: str) -> Mapping[str, Any]:
    """What the controls said, and whom to visit first."""
    return {
        "country": country, "since": found.since.isoformat(), "days": DAYS,
        "controls": [{"code": each.code, "held": each.held, "flagged": each.flagged} for each in found.told],
        "visits": [
            {"organisation": each.uri, "name": each.name, "events": each.events, "held": each.held,
             "flagged": each.flagged, "codes": each.codes}
            for each in found.visits
        ],
    }  # fmt: skip


@get("/api/v1/controls", opt={"access": PUBLIC})
async def list_controls(
    request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock], on: FromQuery[str] = ""
) -> Response[Any]:
    """Every control in the order in which they run, with the values in force on a day (today where none is asked)."""
    day = day_asked(on, clock().date())
    found = [told_control(each, day) for each in thresholds(catalogue).controls]
    return answer(request, catalogue, {"on": day.isoformat(), "controls": found})


@get("/api/v1/controls/outcomes", opt={"access": Organisation("regulator")})
async def list_outcomes(
    record: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue], clock: Given[Clock]
) -> Mapping[str, Any]:
    """What was held and flagged in the last 30 days at facilities of the reader's country, and whom to visit first."""
    return told_outcomes(await outcomes(record, thresholds(catalogue), actor.country, clock()), actor.country)


ROUTES: Final = [list_controls, list_outcomes]
