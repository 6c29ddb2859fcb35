"""Standing: the event that a lot rests on now, which is not the one that made it first where that was corrected."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from traceability.tables import EntryRow, KeyRow, LotRow


@dataclass(frozen=True, slots=True)
class Standing:
    """Grams that came into being with a lot, by the event that still says so."""

    event_index: int
    grams: int


async def standing(record: AsyncSession, lot_ids: Collection[int]) -> dict[int, Standing]:
    """Per lot the first event that brought it into its maker's stock and was not declared erroneous.

    A lot without one rests on nothing any more and is absent. `record` reads with the record scope.
    """
    later, undone = aliased(KeyRow), aliased(EntryRow)
    # A declaration that is held made no entries: it takes nothing back.
    taken_back = exists().where(
        later.event_id == KeyRow.event_id, later.organisation_id == KeyRow.organisation_id, later.declares_error,
        undone.event_index == later.index,
    )  # fmt: skip
    rows = await record.execute(
        select(EntryRow.lot_id, EntryRow.event_index, EntryRow.grams)
        .join(LotRow, LotRow.id == EntryRow.lot_id)
        .join(KeyRow, KeyRow.index == EntryRow.event_index)
        .where(EntryRow.lot_id.in_(lot_ids), EntryRow.holder == LotRow.organisation_id, EntryRow.account == "stock")
        .where(EntryRow.grams > 0, KeyRow.organisation_id == LotRow.organisation_id)
        .where(~KeyRow.declares_error, ~taken_back)
        .order_by(EntryRow.event_index)
    )
    found: dict[int, Standing] = {}
    for lot_id, index, grams in rows:
        if lot_id is not None:
            found.setdefault(lot_id, Standing(index, grams))
    return found
