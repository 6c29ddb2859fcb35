"""Facilities over HTTP: permits and their end, opening hours, meter readings, visits, and marks of identity."""

from datetime import date, time
from typing import Annotated, Any, Final

from litestar import get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.settings import Settings, secret
from traceability.http.epcis import told
from traceability.sequencing.sequencer import Sequencer
from traceability.sites.reading import Registered, marks, registered
from traceability.sites.registering import LONGEST_STATEMENT, MOST, Hours, Mark, Meter, Permit, Registering

Uri = Annotated[str, Field(min_length=1, max_length=2_000)]
Line = Annotated[str, Field(min_length=1, max_length=200)]
Grams = Annotated[int, Field(gt=0, le=MOST, strict=True)]
Statement = Annotated[str, Field(min_length=1, max_length=LONGEST_STATEMENT)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    facility: Uri


class PermitIn(_In):
    """What an authority allows; `material` is a code of the taxonomy, a family of it, or `*`."""

    number: Line
    authority: Line
    process: Line
    material: Line
    grams_per_day: Grams | None = None
    grams_per_year: Grams | None = None
    valid_from: date
    valid_to: date | None = None


class EndIn(_In):
    """The last day of a permit, and why it ends."""

    last_day: date
    statement: Statement


class HoursIn(_In):
    """Local times of the day; `closes` 00:00 is midnight at the day's end; days of the week, Monday is 0."""

    valid_from: date
    opens: time
    closes: time
    weekdays: Annotated[list[Annotated[int, Field(ge=0, le=6, strict=True)]], Field(min_length=1, max_length=7)]


class MeterIn(_In):
    """What the electricity meter counted, both days included."""

    first_day: date
    last_day: date
    watt_hours: Annotated[int, Field(ge=0, le=MOST, strict=True)]


class VisitIn(_In):
    """On which day somebody independent was there, and what was seen."""

    day: date
    statement: Statement


class MarkIn(BaseModel):
    """A mark of the organisation's identity: it is kept under a key, and cannot be read again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Mark
    value: Line


def site_told(each: Registered) -> dict[str, Any]:
    """A facility with its facts, as JSON."""
    place = each.facility
    return {
        "facility": place.uri, "name": place.name, "country": place.country, "timeZone": place.time_zone,
        "permits": [
            {"leafIndex": row["fact_index"], "number": row["number"], "authority": row["authority"],
             "process": row["process"], "material": row["material"], "gramsPerDay": row["grams_per_day"],
             "gramsPerYear": row["grams_per_year"], "validFrom": row["valid_from"].isoformat(),
             "validTo": row["valid_to"].isoformat() if row["valid_to"] else None, "endedBecause": row["statement"]}
            for row in each.permits
        ],
        "hours": [
            {"leafIndex": row["fact_index"], "validFrom": row["valid_from"].isoformat(),
             "opens": of_minute(row["opens"]), "closes": of_minute(row["closes"]), "weekdays": row["weekdays"]}
            for row in each.hours
        ],
        "meterReadings": [
            {"leafIndex": row["fact_index"], "firstDay": row["first_day"].isoformat(),
             "lastDay": row["last_day"].isoformat(), "wattHours": row["watt_hours"]}
            for row in each.meters
        ],
        "visits": [
            {"leafIndex": row["fact_index"], "day": row["day"].isoformat(), "visitor": row["visitor_uri"],
             "statement": row["statement"]}
            for row in each.visits
        ],
    }  # fmt: skip


def of_minute(minute: int) -> str:
    """A minute of the day as people write it; 24:00 is its end."""
    return f"{minute // 60:02}:{minute % 60:02}"


def minute_of(value: time, *, closing: bool = False) -> int:
    """The minute of the day; midnight closes a day at its end."""
    return value.hour * 60 + value.minute or (24 * 60 if closing else 0)


@get("/api/v1/sites", opt={"access": SIGNED_IN})
async def get_sites(record: Given[AsyncSession], actor: Given[Actor], facility: FromQuery[str] = "") -> dict[str, Any]:
    """What is registered of the organisation's facilities, or of one that the reader may see (by its URI)."""
    found = await registered(record, actor, facility or None)
    own = await marks(record, actor.organisation_id)
    return {
        "sites": [site_told(each) for each in found],
        "marks": [{"kind": kind, "leafIndex": index} for kind, index in own],
    }


@post("/api/v1/sites/permits", opt={"access": May("capture")})
async def post_permit(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    data: JSONBody[PermitIn],
) -> dict[str, Any]:  # fmt: skip
    """Register a permit, as the facility's organisation or as an authority of its country."""
    permit = Permit(
        data.facility, data.number.strip(), data.authority.strip(), data.process, data.material, data.grams_per_day,
        data.grams_per_year, data.valid_from, data.valid_to,
    )  # fmt: skip
    return told(await Registering(record, sequencer, actor, clock()).permit(permit))


@post("/api/v1/sites/permits/{index:int}/end", opt={"access": May("capture")})
async def post_permit_end(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    index: FromPath[int], data: JSONBody[EndIn],
) -> dict[str, Any]:  # fmt: skip
    """A permit (by its leaf) holds no longer than that day."""
    registering = Registering(record, sequencer, actor, clock())
    return told(await registering.permit_end(data.facility, index, data.last_day, data.statement))


@post("/api/v1/sites/hours", opt={"access": May("capture")})
async def post_hours(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    data: JSONBody[HoursIn],
) -> dict[str, Any]:  # fmt: skip
    """When a facility of one's own is open."""
    opens, closes = minute_of(data.opens), minute_of(data.closes, closing=True)
    hours = Hours(data.facility, data.valid_from, opens, closes, tuple(data.weekdays))
    return told(await Registering(record, sequencer, actor, clock()).hours(hours))


@post("/api/v1/sites/meter-readings", opt={"access": May("capture")})
async def post_meter(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    data: JSONBody[MeterIn],
) -> dict[str, Any]:  # fmt: skip
    """What a facility of one's own used."""
    meter = Meter(data.facility, data.first_day, data.last_day, data.watt_hours)
    return told(await Registering(record, sequencer, actor, clock()).meter(meter))


@post("/api/v1/sites/visits", opt={"access": May("capture")})
async def post_visit(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    data: JSONBody[VisitIn],
) -> dict[str, Any]:  # fmt: skip
    """An authority of the country, or a certifier, was there."""
    return told(await Registering(record, sequencer, actor, clock()).visit(data.facility, data.day, data.statement))


@post("/api/v1/sites/marks", opt={"access": May("capture")})
async def post_mark(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    settings: Given[Settings], data: JSONBody[MarkIn],
) -> dict[str, Any]:  # fmt: skip
    """A mark of one's own organisation, such as its tax number: two that share one are related."""
    return told(await Registering(record, sequencer, actor, clock()).mark(data.kind, data.value, secret(settings)))


ROUTES: Final = [
    get_sites, post_permit, post_permit_end, post_hours, post_meter, post_visit, post_mark,
]  # fmt: skip
"""The facilities' routes."""
