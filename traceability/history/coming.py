"""Coming: what is on its way to an organisation, and who sent it under which papers."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.registry import Organisation
from traceability.holdings import Holding, holdings
from traceability.tables import EntryRow, EventRow, ReferenceRow


@dataclass(frozen=True, slots=True)
class Coming:
    """A lot in transit to the reader: by whom it was last sent, when, under which references."""

    held: Holding
    sender_uri: str
    sender_name: str
    sent_on: date
    references: tuple[str, ...]


async def coming(record: AsyncSession, organisation_id: int) -> list[Coming]:
    """Everything in transit to this organisation. `record` reads with the record scope, for the senders' events.

    A receiver may know who sends to it (one step up); nothing else of the sender's events is told.
    """
    held = await holdings(record, organisation_id, account="transit")
    if not held:
        return []
    rows = await record.execute(
        select(EntryRow.lot_id, EventRow.index, EventRow.event_day, Organisation)
        .join(EventRow, EventRow.index == EntryRow.event_index)
        .join(Organisation, Organisation.id == EventRow.organisation_id)
        .where(
            EntryRow.lot_id.in_([each.lot_id for each in held]), EntryRow.holder == organisation_id,
            EntryRow.account == "transit", EntryRow.grams > 0, EventRow.organisation_id != organisation_id,
        )
        .order_by(EventRow.index)
    )  # fmt: skip
    last = {lot_id: (index, day, sender) for lot_id, index, day, sender in rows}
    papers: dict[int, list[str]] = {}
    wanted = select(ReferenceRow).where(ReferenceRow.event_index.in_([index for index, _, _ in last.values()]))
    for row in await record.scalars(wanted.order_by(ReferenceRow.reference)):
        papers.setdefault(row.event_index, []).append(row.reference)
    found = [(each, *last[each.lot_id]) for each in held if each.lot_id in last]
    return [
        Coming(each, sender.uri, sender.name, day, tuple(papers.get(index, ()))) for each, index, day, sender in found
    ]
