"""Trades: what was agreed, and where its goods are by what both sides' events say."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.database import Scope, set_reader
from foundation.errors import Conflict, Forbidden, NotFound
from foundation.registry import Organisation
from marketplace.tables import TradeRow
from traceability.composing import At, Composed, received, rejected, shipped
from traceability.ledger.interpretation import REJECTING
from traceability.sequencing.commands import Command, GiveBack, Write
from traceability.sequencing.sequencer import Sequencer
from traceability.tables import EntryRow, EventRow, ReferenceRow, ReservationRow

State = Literal["reserved", "shipped", "received", "rejected", "cancelled"]
CANCEL: Final = """
UPDATE trade SET state = 'cancelled' WHERE reference = $1 AND state = 'agreed' AND (seller = $2 OR buyer = $2)
    AND EXISTS (SELECT FROM reservation r WHERE r.reference = $1 AND r.remaining = r.grams)
"""


@dataclass(frozen=True, slots=True)
class Goods:
    """Where a trade's goods are: sender's and receiver's own masses, and the events that say so."""

    state: State
    shipped: int
    received: int
    events: tuple[tuple[int, str, datetime, str], ...]  # index, biz_step, event time, outcome


@dataclass(frozen=True, slots=True)
class Trade:
    """A sale with its parties' names and the state of its goods."""

    row: TradeRow
    seller: Organisation
    buyer: Organisation
    goods: Goods


async def trade(session: AsyncSession, actor: Actor, reference: str) -> Trade:
    """One of the actor's own trades. Raises NotFound."""
    row = await session.scalar(select(TradeRow).where(TradeRow.reference == reference))
    if row is None or actor.organisation_id not in (row.seller, row.buyer):
        raise NotFound("There is no such trade.", field="trade", value=reference)
    return await _told(session, actor, row)


async def trades(session: AsyncSession, actor: Actor) -> list[Trade]:
    """The actor's trades, newest first (the last hundred)."""
    mine = (TradeRow.seller == actor.organisation_id) | (TradeRow.buyer == actor.organisation_id)
    rows = await session.scalars(select(TradeRow).where(mine).order_by(TradeRow.id.desc()).limit(100))
    return [await _told(session, actor, row) for row in rows.all()]


async def _told(session: AsyncSession, actor: Actor, row: TradeRow) -> Trade:
    parties = await session.scalars(select(Organisation).where(Organisation.id.in_([row.seller, row.buyer])))
    names = {each.id: each for each in parties}
    return Trade(row, names[row.seller], names[row.buyer], await _goods(session, actor, row))


async def _goods(session: AsyncSession, actor: Actor, row: TradeRow) -> Goods:
    """Both sides' events under the trade's reference: both parties may read these, and only these."""
    await set_reader(session, actor.organisation_id, Scope.RECORD)
    event = (EventRow.index, EventRow.biz_step, EventRow.event_time, EventRow.outcome)
    found = await session.execute(
        select(*event, EntryRow.account, EntryRow.grams)
        .join(ReferenceRow, ReferenceRow.event_index == EventRow.index)
        .outerjoin(EntryRow, (EntryRow.event_index == EventRow.index) & (EntryRow.lot_id == row.lot_id))
        .where(
            ReferenceRow.reference == row.reference, EventRow.organisation_id.in_([row.seller, row.buyer])
        )
        .order_by(EventRow.index)
    )  # fmt: skip
    lines = found.all()
    await set_reader(session, actor.organisation_id, Scope.ORGANISATION)
    return goods_of(row.state, [tuple(line) for line in lines])


def goods_of(agreed: str, lines: list[tuple[Any, ...]]) -> Goods:
    """The state of a trade's goods from (index, biz_step, time, outcome, account, grams) of the events that name it."""
    shipped_grams = received_grams = 0
    state: State = "cancelled" if agreed == "cancelled" else "reserved"
    events: dict[int, tuple[int, str, datetime, str]] = {}
    for index, step, time, outcome, account, grams in lines:
        events[index] = (index, step or "", time, outcome)
        if outcome != "counted" or grams is None:
            continue
        if step == "shipping" and account == "transit":
            shipped_grams, state = shipped_grams + grams, "shipped"
        elif step == "receiving" and account == "stock":
            received_grams, state = received_grams + grams, "received"
        elif step == REJECTING:
            state = "rejected"
    return Goods(state, shipped_grams, received_grams, tuple(events.values()))


def shipment(told: Trade, at: At, grams: int | None = None) -> Composed:
    """The seller's shipping event for a trade. Raises Conflict where it left already."""
    if told.goods.state != "reserved":
        raise Conflict("This trade has left already.", field="trade", value=told.row.reference)
    lots = {told.row.lot_uri: grams or told.row.grams}
    return shipped(at, told.seller.uri, told.buyer.uri, lots, (told.row.reference,))


def receipt(told: Trade, at: At, weighed: int) -> Composed:
    """The buyer's receiving event, by its own scale. Raises Conflict where nothing is on its way."""
    _on_its_way(told)
    lots = {told.row.lot_uri: (told.goods.shipped, weighed)}
    return received(at, told.seller.uri, told.buyer.uri, lots, (told.row.reference,))


def rejection(told: Trade, at: At) -> Composed:
    """The buyer does not take it: it goes back whole. Raises Conflict where nothing is on its way."""
    _on_its_way(told)
    lots = {told.row.lot_uri: told.goods.shipped}
    return rejected(at, told.seller.uri, told.buyer.uri, lots, (told.row.reference,))


def _on_its_way(told: Trade) -> None:
    if told.goods.state != "shipped":
        raise Conflict("Nothing of this trade is on its way.", field="trade", value=told.row.reference)


def check_side(told: Trade, actor: Actor, side: Literal["seller", "buyer"]) -> None:
    """Raises Forbidden for the other side."""
    if actor.organisation_id != (told.row.seller if side == "seller" else told.row.buyer):
        raise Forbidden(f"Only the {side} does this.", field="trade", value=told.row.reference)


async def cancel(session: AsyncSession, sequencer: Sequencer, actor: Actor, reference: str) -> None:
    """Cancel before anything has left: the grams are free again. Raises NotFound or Conflict."""
    actor.must("trade")
    told = await trade(session, actor, reference)
    left = Conflict("This trade has left already, or is cancelled.", field="trade", value=reference)
    if told.goods.state != "reserved":
        raise left
    write = Write(CANCEL, (reference, actor.organisation_id), left)
    await sequencer.submit(Command((GiveBack(reference),), (write,)))


async def reserved_grams(session: AsyncSession, reference: str) -> int:
    """What is still set aside for a trade."""
    remaining = await session.scalar(select(ReservationRow.remaining).where(ReservationRow.reference == reference))
    return remaining or 0
