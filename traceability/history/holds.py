"""Holds: what an organisation recorded that counts 0 until somebody else clears it."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from foundation.errors import NotFound
from standards.plausibility import Finding
from traceability.history.reading import TAKEN_BACK, findings_of
from traceability.ledger.outcomes import HELD
from traceability.tables import EventRow, KeyRow, PayloadRow

MOST: Final = 100

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


def _hold(row: EventRow, declares_error: bool, body: str, context: Any, fields: dict[str, Any]) -> Hold:
    stated = tuple((lot, grams) for lot, grams in fields["junkan:stated"])
    return Hold(row, declares_error, body, context, stated, findings_of(fields))


async def holds(session: AsyncSession, organisation_id: int, after: int = -1, limit: int = MOST) -> list[Hold]:
    """What waits to be cleared, oldest first, from above an index on; what was declared erroneous waits for nothing."""
    cleared = exists().where(_clearing.releases == EventRow.index)
    rows = await session.execute(
        _HELD.where(EventRow.organisation_id == organisation_id, EventRow.index > after, ~cleared, ~TAKEN_BACK)
        .order_by(EventRow.index)
        .limit(limit)
    )
    return [_hold(*row) for row in rows]


async def held(session: AsyncSession, organisation_id: int, index: int) -> Hold:
    """One own event that was held, cleared since or not. Raises NotFound, also for anyone else's."""
    found = (
        await session.execute(_HELD.where(EventRow.organisation_id == organisation_id, EventRow.index == index))
    ).first()
    if found is None:
        raise NotFound("You have no such event on hold.", field="index", value=index)
    return _hold(*found)
