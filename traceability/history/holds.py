"""Holds: what was recorded and counts 0 until somebody else clears it: a colleague, or an authority of the country."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from foundation.access import Actor
from foundation.errors import NotFound
from foundation.registry import Facility, Organisation
from standards.plausibility import Finding
from traceability.archive.reading import payloads
from traceability.history.reading import TAKEN_BACK, findings_of
from traceability.ledger.outcomes import HELD
from traceability.tables import EventRow, KeyRow

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
    select(EventRow, KeyRow.declares_error)
    .join(KeyRow, KeyRow.index == EventRow.index)
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


async def _holds(session: AsyncSession, found: Sequence[Row[EventRow, bool]]) -> list[Hold]:
    kept = await payloads(session, [(row.index, row.record_time) for row, _ in found])
    told = [(row, declares_error, kept[row.index]) for row, declares_error in found if row.index in kept]
    return [
        Hold(
            row, declares_error, each.body, each.context,
            tuple((lot, grams) for lot, grams in each.fields["junkan:stated"]), findings_of(each.fields),
        )
        for row, declares_error, each in told
    ]  # fmt: skip


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
    return await _holds(session, rows.all())


async def held(session: AsyncSession, actor: Actor, index: int) -> Hold:
    """One event that was held, cleared since or not. Raises NotFound, also for what this actor does not answer for."""
    rows = await session.execute(_HELD.where(_answers_for(actor), EventRow.index == index))
    found = await _holds(session, rows.all())
    if not found:
        raise NotFound("You have no such event on hold.", field="index", value=index)
    return found[0]
