"""Trades: what was agreed, and where its goods are by what both sides' events say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Conflict, Forbidden, NotFound
from foundation.registry import Organisation
from marketplace.paging import LARGEST_ID, MOST
from marketplace.reading import reading_record
from marketplace.tables import TradeRow
from traceability.ledger.book import STOCK, TRANSIT
from traceability.ledger.interpretation import REJECTING
from traceability.sequencing.commands import Command, GiveBack, Write
from traceability.sequencing.sequencer import Sequencer
from traceability.tables import EntryRow, EventRow, ReferenceRow, ReservationRow

State = Literal["reserved", "shipped", "received", "rejected", "cancelled"]
Side = Literal["seller", "buyer"]
CANCEL: Final = """
UPDATE trade SET state = 'cancelled' WHERE reference = $1 AND state = 'agreed' AND (seller = $2 OR buyer = $2)
    AND EXISTS (SELECT FROM reservation r WHERE r.reference = $1 AND r.remaining = r.grams)
"""
# The rest of a trade of which something left: it stands for what was sent.
CLOSE: Final = """
UPDATE trade SET state = 'agreed' WHERE reference = $1 AND state = 'agreed' AND (seller = $2 OR buyer = $2)
    AND EXISTS (SELECT FROM reservation r WHERE r.reference = $1 AND r.remaining BETWEEN 1 AND r.grams - 1)
"""


class Line(NamedTuple):
    """One entry of an event that names the trade; an event without entries is a line without account."""

    event: int
    biz_step: str | None
    time: datetime
    outcome: str
    holder: int | None
    account: str | None
    grams: int | None


@dataclass(frozen=True, slots=True)
class Goods:
    """Where a trade's goods are, in grams: set aside, sent by the seller's weight, on their way, received by the
    buyer's own weight; and the events that say so (index, biz_step, event time, outcome)."""

    state: State
    shipped: int
    received: int
    events: tuple[tuple[int, str, datetime, str], ...]
    reserved: int = 0
    in_transit: int = 0


@dataclass(frozen=True, slots=True)
class Trade:
    """A sale with its parties and the state of its goods."""

    row: TradeRow
    seller: Organisation
    buyer: Organisation
    goods: Goods


async def trade(session: AsyncSession, actor: Actor, reference: str) -> Trade:
    """One of the actor's own trades. Raises NotFound."""
    row = await session.scalar(select(TradeRow).where(TradeRow.reference == reference))
    if row is None or actor.organisation_id not in (row.seller, row.buyer):
        raise NotFound("There is no such trade.", field="trade", value=reference)
    (told,) = await _told(session, actor, [row])
    return told


async def trades(session: AsyncSession, actor: Actor, before: int = LARGEST_ID, limit: int = MOST) -> list[Trade]:
    """The actor's trades, newest first, from below the id `before`; four statements whatever their number."""
    mine = (TradeRow.seller == actor.organisation_id) | (TradeRow.buyer == actor.organisation_id)
    rows = select(TradeRow).where(mine, TradeRow.id < before).order_by(TradeRow.id.desc()).limit(limit)
    return await _told(session, actor, (await session.scalars(rows)).all())


async def _told(session: AsyncSession, actor: Actor, rows: Sequence[TradeRow]) -> list[Trade]:
    """These trades of the actor's, with both sides' events: both parties may read those, and only those."""
    if not rows:
        return []
    parties = {number for row in rows for number in (row.seller, row.buyer)}
    found = await session.scalars(select(Organisation).where(Organisation.id.in_(parties)))
    named = {each.id: each for each in found}
    references = [row.reference for row in rows]
    async with reading_record(session, actor):
        lines = await _lines(session, rows)
        kept = await session.execute(
            select(ReservationRow.reference, ReservationRow.remaining).where(ReservationRow.reference.in_(references))
        )
        reserved = {row.reference: row.remaining for row in kept}
    return [
        Trade(
            row, named[row.seller], named[row.buyer],
            goods_of(row, lines[row.reference], reserved.get(row.reference, 0)),
        )
        for row in rows
    ]  # fmt: skip


async def _lines(session: AsyncSession, rows: Sequence[TradeRow]) -> dict[str, list[Line]]:
    event = (EventRow.index, EventRow.biz_step, EventRow.event_time, EventRow.outcome)
    entry = (EntryRow.holder, EntryRow.account, EntryRow.grams)
    found = await session.execute(
        select(ReferenceRow.reference, *event, *entry)
        .join(ReferenceRow, ReferenceRow.event_index == EventRow.index)
        .join(TradeRow, TradeRow.reference == ReferenceRow.reference)
        .outerjoin(EntryRow, (EntryRow.event_index == EventRow.index) & (EntryRow.lot_id == TradeRow.lot_id))
        .where(ReferenceRow.reference.in_([row.reference for row in rows]))
        .where(EventRow.organisation_id.in_([TradeRow.seller, TradeRow.buyer]))
        .order_by(EventRow.index)
    )
    lines: dict[str, list[Line]] = {row.reference: [] for row in rows}
    for reference, *line in found:
        lines[reference].append(Line._make(line))
    return lines


def goods_of(row: TradeRow, lines: Sequence[Line], reserved: int = 0) -> Goods:
    """The state of a trade's goods from the entries of the events that name it.

    It follows the masses, not the order of events: an event declared erroneous has reversing entries, and is undone.
    """
    shipped = received = returned = in_transit = 0
    events: dict[int, tuple[int, str, datetime, str]] = {}
    for line in lines:
        events[line.event] = (line.event, line.biz_step or "", line.time, line.outcome)
        grams = line.grams or 0
        if (line.holder, line.account) == (row.buyer, TRANSIT):
            in_transit += grams
            shipped += grams if line.biz_step == "shipping" else 0
        elif (line.holder, line.account) == (row.buyer, STOCK):
            received += grams
        elif (line.holder, line.account, line.biz_step) == (row.seller, STOCK, REJECTING):
            returned += grams
    state: State
    if shipped == 0:
        state = "reserved" if row.state == "agreed" else "cancelled"
    elif in_transit > 0:
        state = "shipped"
    else:
        state = "received" if received or not returned else "rejected"
    return Goods(state, shipped, received, tuple(events.values()), reserved, in_transit)


def check_side(told: Trade, actor: Actor, side: Side) -> None:
    """Raises Forbidden for the other side."""
    if actor.organisation_id != (told.row.seller if side == "seller" else told.row.buyer):
        raise Forbidden(f"Only the {side} does this.", field="trade", value=told.row.reference)


async def cancel(session: AsyncSession, sequencer: Sequencer, actor: Actor, reference: str) -> None:
    """Cancel before anything has left: the grams are free again. Raises NotFound or Conflict."""
    left = Conflict("This trade has left already, or is cancelled.", field="trade", value=reference)
    await _give_back(session, sequencer, actor, reference, CANCEL, left)


async def close(session: AsyncSession, sequencer: Sequencer, actor: Actor, reference: str) -> None:
    """Nothing more will be sent: what is still set aside is free again, the trade stands for what has left.

    Raises NotFound, or Conflict where nothing has left yet or nothing is set aside.
    """
    nothing = Conflict(
        "Nothing has left yet, or nothing is set aside.", field="trade", value=reference,
        fix="Cancel a trade of which nothing has left.",
    )  # fmt: skip
    await _give_back(session, sequencer, actor, reference, CLOSE, nothing)


async def _give_back(
    session: AsyncSession, sequencer: Sequencer, actor: Actor, reference: str, sql: str, refusal: Conflict
) -> None:
    actor.must("trade")
    await trade(session, actor, reference)
    write = Write(sql, (reference, actor.organisation_id), refusal)
    await sequencer.submit(Command((GiveBack(reference),), (write,)))
