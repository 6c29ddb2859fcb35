"""Gathering: the facts around shipments as the record holds them, ready to be paired."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from traceability.archive.reading import payloads
from traceability.bundle.rows import Payload
from traceability.events import Event, EventInvalid, parse_event
from traceability.ledger.interpretation import movement_of, own_prefix
from traceability.ledger.movements import Receipt
from traceability.movements.pairing import Step
from traceability.movements.tables import FigureRow, ProposalRow
from traceability.tables import EventRow

STANDS: Final = """NOT k.declares_error AND NOT EXISTS (
    SELECT FROM event_key d JOIN event x ON x.index = d.index WHERE d.event_id = k.event_id
        AND d.organisation_id = k.organisation_id AND d.declares_error AND x.outcome <> 'held')"""
"""A fact (`k` its key) that is no declaration of error, and that none takes back which is not itself on hold."""

_STEPS: Final = text(f"""
SELECT n.lot_id, n.holder, e.index, e.organisation_id, e.event_id, e.facility_id, e.event_day, e.event_time,
    e.record_time, e.biz_step, k.releases,
    sum(n.grams) FILTER (WHERE n.account = 'transit')::bigint AS transit,
    coalesce(sum(n.grams) FILTER (WHERE n.account = 'stock'), 0)::bigint AS stock,
    (SELECT o.holder FROM entry o WHERE o.event_index = e.index AND o.lot_id = n.lot_id AND o.holder <> n.holder
        LIMIT 1) AS other,
    (SELECT coalesce(array_agg(r.reference), '{{}}') FROM event_reference r WHERE r.event_index = e.index) AS papers
FROM unnest(CAST(:lots AS bigint[]), CAST(:holders AS bigint[])) AS a (lot_id, holder)
JOIN entry n ON n.lot_id = a.lot_id AND n.holder = a.holder
JOIN event e ON e.index = n.event_index JOIN event_key k ON k.index = e.index
WHERE e.kind IN ('epcis', 'release') AND {STANDS}
GROUP BY n.lot_id, n.holder, e.index, e.record_time, k.releases
HAVING sum(n.grams) FILTER (WHERE n.account = 'transit') <> 0
""")  # noqa: S608 - parts of one statement, no value among them
# The month of what is on hold never leaves for the archive: its payload is here.
_HELD: Final = text(f"""
SELECT e.index AS leaf, e.organisation_id, e.event_day, e.record_time, p.body, p.context
FROM event e JOIN event_key k ON k.index = e.index
JOIN event_payload p ON p.index = e.index AND p.record_time = e.record_time
WHERE e.organisation_id = ANY (CAST(:holders AS bigint[])) AND e.outcome = 'held' AND e.kind = 'epcis'
    AND e.biz_step IN ('receiving', 'accepting') AND {STANDS}
    AND NOT EXISTS (SELECT FROM event_key r WHERE r.releases = e.index)
    AND EXISTS (SELECT FROM jsonb_array_elements(p.fields -> 'junkan:stated') s (value)
        WHERE s.value ->> 0 = ANY (CAST(:uris AS text[])))
ORDER BY e.index
""")  # noqa: S608 - parts of one statement, no value among them

_SETTLED: Final = text("""
SELECT k.index, p.movement FROM event_key k
JOIN amended_event a ON a.organisation_id = k.organisation_id AND a.event_id = k.event_id
JOIN movement_proposal p ON p.fact_index = a.proposal WHERE k.index = ANY (CAST(:facts AS bigint[]))
""")

Course = tuple[int, int]
"""A lot (id) and who receives it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A counted fact of a course: who stated it, where and when, and its entries' sums in grams.

    `index` is where its entries are, `releases` where it was stated if it was on hold once.
    """

    lot_id: int
    holder: int
    index: int
    organisation_id: int
    event_id: str
    facility_id: int | None
    event_day: date
    event_time: datetime
    record_time: datetime
    biz_step: str | None
    releases: int | None
    transit: int
    stock: int
    other: int | None
    papers: list[str]

    @property
    def stated_index(self) -> int:
        """The leaf in which it was stated."""
        return self.index if self.releases is None else self.releases

    @property
    def stated(self) -> int:
        """The grams that it states: what was sent, what came by the receiver's weight, or what went back."""
        return self.transit if self.transit > 0 else self.stock or -self.transit


@dataclass(frozen=True, slots=True)
class HeldReceipt:
    """A receipt that does not count yet: per lot (URI) the grams weighed, and of how many of the sender's."""

    index: int
    holder: int
    day: date
    recorded: datetime
    lots: dict[str, tuple[int, int | None]]


async def moved(record: AsyncSession, courses: Collection[Course]) -> list[Moved]:
    """Every counted fact that moved these lots into transit to these receivers, or out of it. Record scope."""
    lots, holders = [lot for lot, _ in courses], [holder for _, holder in courses]
    rows = await record.execute(_STEPS, {"lots": lots, "holders": holders})
    return [Moved(*row) for row in rows]


def step_of(row: Moved, settled: int | None) -> Step:
    """As the pairing reads it; `settled` is the shipment that both sides agreed it answers."""
    papers = frozenset(row.papers)
    if row.transit > 0:
        return Step(row.index, "sent", row.transit, sender=row.organisation_id, references=papers)
    if row.stock > 0:
        return Step(row.index, "received", -row.transit, row.stock, references=papers, movement=settled)
    return Step(row.index, "returned", -row.transit, sender=row.other, references=papers, movement=settled)


async def settled(record: AsyncSession, facts: Collection[int]) -> dict[int, int]:
    """Of these facts the shipments that they belong to for good, as both sides agreed on their figures."""
    found = await record.execute(_SETTLED, {"facts": list(facts)})
    return dict(found.all())


async def agreed(record: AsyncSession, lots: Collection[int]) -> dict[int, list[Step]]:
    """What both sides of any movement of these lots agreed to change, by the lot's id."""
    rows = await record.execute(
        select(ProposalRow, FigureRow)
        .join(FigureRow, FigureRow.proposal == ProposalRow.fact_index)
        .where(FigureRow.lot_id.in_(lots), ProposalRow.answer == "accepted")
    )
    found: dict[int, list[Step]] = {}
    for row, figure in rows:
        sent, received = changes_of(figure)
        step = Step(
            row.answer_index or 0, "amended", sent, received, movement=row.movement, underway=figure.received is None
        )  # fmt: skip
        found.setdefault(figure.lot_id, []).append(step)
    return found


def changes_of(figure: FigureRow) -> tuple[int, int]:
    """By how much a figure changes what was sent and what was received, in grams."""
    known = figure.received is not None and figure.received_was is not None
    return figure.sent - figure.sent_was, (figure.received or 0) - (figure.received_was or 0) if known else 0


async def held_receipts(record: AsyncSession, holders: Collection[int], uris: Collection[str]) -> list[HeldReceipt]:
    """Receipts of these lots that are on hold and wait to be cleared."""
    rows = await record.execute(_HELD, {"holders": list(holders), "uris": list(uris)})
    found = []
    for row in rows:
        movement = movement_of(event, own_prefix(row.context)) if (event := event_of(row)) is not None else None
        if isinstance(movement, Receipt):
            lots = {part.lot: (part.grams, movement.dispatched.get(part.lot)) for part in movement.parts}
            found.append(HeldReceipt(row.leaf, row.organisation_id, row.event_day, row.record_time, lots))
    return found


def event_of(row: Any) -> Event | None:
    """The event of a payload; None for what cannot be read any more."""
    try:
        return parse_event(row.body.encode(), row.context).event
    except EventInvalid:
        return None


async def texts(record: AsyncSession, indexes: Collection[int]) -> dict[int, Payload]:
    """What was stated in these leaves, wherever it is kept now. Raises NotAtHand."""
    rows = await record.execute(select(EventRow.index, EventRow.record_time).where(EventRow.index.in_(indexes)))
    return await payloads(record, [(index, time) for index, time in rows])
