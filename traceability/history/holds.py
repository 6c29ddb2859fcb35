"""Holds: what was recorded and counts 0 until somebody else clears it: a colleague, or an authority of the country."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from foundation.access import Actor
from foundation.errors import NotFound
from foundation.registry import Facility, Organisation
from standards.plausibility import Finding
from traceability.history.reading import TAKEN_BACK, findings_of
from traceability.ledger.outcomes import HELD
from traceability.tables import EventRow, KeyRow, PayloadRow

MOST: Final = 100
AUTHORITY: Final = "regulator"

_clearing: Final = aliased(KeyRow)


@dataclass(frozen=True, slots=True)
class Hold:
    """A held event with its text; `stated` is the mass that it would move, in grams by lot; `findings` why."""

    row: EventRow
    declares_error: bool
    body: str
    context: Any
    stated: tuple[tuple[str, int], ...]
    findings: tuple[Finding, ...] = ()


_HELD: Final = (
    select(EventRow, KeyRow.declares_error, PayloadRow.body, PayloadRow.context, PayloadRow.fields)
    .join(KeyRow, KeyRow.index == EventRow.index)
    .join(PayloadRow, (PayloadRow.index == EventRow.index) & (PayloadRow.record_time == EventRow.record_time))
    .where(EventRow.kind == "epcis", EventRow.outcome == HELD)
)


def _answers_for(actor: Actor) -> ColumnElement[bool]:
    """Its own organisation's; an authority's also those of its country: where it happened, else where the firm is."""
    own = EventRow.organisation_id == actor.organisation_id
    if AUTHORITY not in actor.organisation_roles:
        return own
    place = select(Facility.country).where(Facility.id == EventRow.facility_id).scalar_subquery()
    home = select(Organisation.country).where(Organisation.id == EventRow.organisation_id).scalar_subquery()
    return own | (func.coalesce(place, home) == actor.country)


def _hold(row: EventRow, declares_error: bool, body: str, context: Any, fields: dict[str, Any]) -> Hold:
    stated = tuple((lot, grams) for lot, grams in fields["junkan:stated"])
    return Hold(row, declares_error, body, context, stated, findings_of(fields))


async def holds(session: AsyncSession, actor: Actor, after: int = -1, limit: int = MOST) -> list[Hold]:
    """What waits for this actor to be cleared, oldest first, from above an index on.

    What was declared erroneous waits for nothing. An authority's `session` reads with the record scope.
    """
    cleared = exists().where(_clearing.releases == EventRow.index)
    rows = await session.execute(
        _HELD.where(_answers_for(actor), EventRow.index > after, ~cleared, ~TAKEN_BACK)
        .order_by(EventRow.index)
        .limit(limit)
    )
    return [_hold(*row) for row in rows]


async def held(session: AsyncSession, actor: Actor, index: int) -> Hold:
    """One event that was held, cleared since or not. Raises NotFound, also for what this actor does not answer for."""
    found = (await session.execute(_HELD.where(_answers_for(actor), EventRow.index == index))).first()
    if found is None:
        raise NotFound("You have no such event on hold.", field="index", value=index)
    return _hold(*found)
