"""Reading: everything that is registered of facilities, and of which kinds an organisation has marks of identity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import any_, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import NotFound
from foundation.registry import Facility
from traceability.certificates.tables import ScopeRow

SHOWN: Final = 500
"""Facts of each kind, newest first: meter readings of forty years."""

PERMITS: Final = text("""
SELECT p.facility_id, p.fact_index, p.number, p.authority, p.process, p.material, p.grams_per_day, p.grams_per_year,
    p.valid_from, least(p.valid_to, e.last_day) AS valid_to, e.last_day AS ended, e.statement, p.recorded_by
FROM permit p LEFT JOIN permit_end e ON e.permit_id = p.id WHERE p.facility_id = ANY(:places)
ORDER BY p.fact_index DESC LIMIT :most
""")
HOURS: Final = text("""
SELECT facility_id, fact_index, valid_from, opens, closes, weekdays FROM site_hours WHERE facility_id = ANY(:places)
ORDER BY valid_from DESC, fact_index DESC LIMIT :most
""")
METERS: Final = text("""
SELECT facility_id, fact_index, first_day, last_day, watt_hours FROM meter_reading WHERE facility_id = ANY(:places)
ORDER BY last_day DESC LIMIT :most
""")
VISITS: Final = text("""
SELECT v.facility_id, v.fact_index, v.day, v.statement, o.name AS visitor, o.uri AS visitor_uri
FROM site_visit v JOIN organisation o ON o.id = v.visitor_id WHERE v.facility_id = ANY(:places)
ORDER BY v.day DESC, v.fact_index DESC LIMIT :most
""")
MARKS: Final = text("SELECT kind, fact_index FROM party_mark WHERE organisation_id = :organisation ORDER BY fact_index")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Registered:
    """A facility and its facts, each by its leaf (`fact_index`), newest first."""

    facility: Facility
    permits: list[Row] = field(default_factory=list)
    hours: list[Row] = field(default_factory=list)
    meters: list[Row] = field(default_factory=list)
    visits: list[Row] = field(default_factory=list)

    def permitted(self, day: date) -> list[Row]:
        """The permits that hold on a day."""
        return [
            each for each in self.permits
            if each["valid_from"] <= day and (each["valid_to"] is None or day <= each["valid_to"])
        ]  # fmt: skip


async def registered(record: AsyncSession, actor: Actor, facility: str | None = None) -> list[Registered]:
    """The actor's own facilities, or one by its URI: of an authority's country, or that a body has certified.

    `record` reads with the record scope. Raises NotFound for a facility that is not the reader's to see.
    """
    if facility is None:
        places = list(await record.scalars(_own(actor)))
    else:
        place = await record.scalar(select(Facility).where(Facility.uri == facility))
        if place is None or not await _sees(record, actor, place):
            raise NotFound("You have no such facility.", field="facility", value=facility, fix="Check its identity.")
        places = [place]
    found = {each.id: Registered(each) for each in places}
    for statement, name in ((PERMITS, "permits"), (HOURS, "hours"), (METERS, "meters"), (VISITS, "visits")):
        for row in (await record.execute(statement, {"places": list(found), "most": SHOWN})).mappings():
            getattr(found[row["facility_id"]], name).append(row)
    return list(found.values())


async def marks(session: AsyncSession, organisation_id: int) -> Sequence[tuple[str, int]]:
    """Of which kinds marks are registered, with their leaves; what they stand for is kept by nobody."""
    rows = await session.execute(MARKS, {"organisation": organisation_id})
    return [(row.kind, row.fact_index) for row in rows]


def _own(actor: Actor) -> Any:
    return select(Facility).where(Facility.organisation_id == actor.organisation_id).order_by(Facility.id)


async def _sees(record: AsyncSession, actor: Actor, place: Facility) -> bool:
    """Its own firm, an authority of its country, and a body that has a scope certificate for this very site."""
    roles = actor.organisation_roles
    if place.organisation_id == actor.organisation_id or ("regulator" in roles and place.country == actor.country):
        return True
    certified = select(ScopeRow.fact_index).where(
        ScopeRow.body_id == actor.organisation_id, literal(place.uri) == any_(ScopeRow.sites)
    )
    return "certifier" in roles and await record.scalar(certified.limit(1)) is not None
