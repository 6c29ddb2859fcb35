"""Shipments: the events of a trade's goods (sent, received by own weight, rejected), each said by its own side."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, assert_never
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Conflict, Refusal
from foundation.registry import own_facility
from marketplace.trades import Side, Trade, check_side, trade
from traceability.archive.reading import payloads
from traceability.capture import Door, capture
from traceability.composing import At, Composed, document, received, rejected, shipped, weighed
from traceability.events import parse_event
from traceability.ledger.interpretation import REJECTING, own_prefix
from traceability.ledger.weighing import Weighing, weighing_of
from traceability.refusals import BalanceExceeded
from traceability.sequencing.commands import Accepted
from traceability.tables import EventRow

Step = Literal["ship", "receive", "reject"]
SIDES: Final[Mapping[Step, Side]] = {"ship": "seller", "receive": "buyer", "reject": "buyer"}
WORDS: Final[Mapping[Step, str]] = {"ship": "shipping", "receive": "receiving", "reject": REJECTING}


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a trade's goods: where, and by the mover's own scale (None: all that can move)."""

    step: Step
    facility_id: int
    grams: int | None = None
    weighing: Weighing | None = None


def shipping_event(told: Trade, at: At, grams: int | None = None) -> Composed:
    """The seller's statement: so much of what is set aside leaves (all of it where nothing is said).

    Raises Conflict where nothing is set aside any more, BalanceExceeded for more than that.
    """
    reserved = told.goods.reserved
    if reserved == 0:
        raise Conflict("This trade has left already.", field="trade", value=told.row.reference)
    if not 0 < (grams or reserved) <= reserved:
        raise BalanceExceeded(
            "This is more than what is set aside for this trade.", field="grams", value=grams,
            fix=f"Send at most {reserved} g, and sell the rest in a trade of its own.", reserved_grams=reserved,
        )  # fmt: skip
    lots = {told.row.lot_uri: grams or reserved}
    return _named(told, "ship", shipped(at, told.seller.uri, told.buyer.uri, lots, (told.row.reference,)))


def receiving_event(told: Trade, at: At, weighed: int | None = None) -> Composed:
    """The buyer's statement, by its own scale. Raises Conflict where nothing is on its way."""
    sent = _on_its_way(told)
    lots = {told.row.lot_uri: (sent, weighed or sent)}
    return _named(told, "receive", received(at, told.seller.uri, told.buyer.uri, lots, (told.row.reference,)))


def rejecting_event(told: Trade, at: At) -> Composed:
    """The buyer does not take it: what is on its way goes back whole. Raises Conflict where nothing is."""
    lots = {told.row.lot_uri: _on_its_way(told)}
    return _named(told, "reject", rejected(at, told.seller.uri, told.buyer.uri, lots, (told.row.reference,)))


def _on_its_way(told: Trade) -> int:
    if told.goods.in_transit <= 0:
        raise Conflict("Nothing of this trade is on its way.", field="trade", value=told.row.reference)
    return told.goods.in_transit


def _named(told: Trade, step: Step, event: Composed) -> Composed:
    """An id from the trade, the step and its number: two hands at once make one shipment, not two."""
    number = 1 + sum(said == WORDS[step] for _, said, _, _ in told.goods.events)
    return {"eventID": f"{told.row.reference}/{step}/{number}", **event}


def event_of(told: Trade, at: At, move: Move) -> dict[str, Any]:
    """The EPCIS event of this step. Raises Conflict or BalanceExceeded."""
    match move.step:
        case "ship":
            return shipping_event(told, at, move.grams)
        case "receive":
            return receiving_event(told, at, move.grams)
        case "reject":
            return rejecting_event(told, at)
        case _:
            assert_never(move.step)


async def weighings(record: AsyncSession, told: Trade) -> dict[int, Weighing]:
    """How either side weighed, by the leaf of its event; `record` reads with the record scope, for both parties."""
    indexes = [index for index, _, _, _ in told.goods.events]
    wanted = select(EventRow.index, EventRow.record_time).where(EventRow.index.in_(indexes))
    found: dict[int, Weighing] = {}
    facts = [(index, time) for index, time in await record.execute(wanted)]
    for index, kept in sorted((await payloads(record, facts)).items()):
        event = parse_event(kept.body.encode(), kept.context).event
        stated = weighing_of(event, own_prefix(kept.context)) if event is not None else None
        if stated is not None:
            found[index] = stated
    return found


async def move_goods(session: AsyncSession, door: Door, actor: Actor, reference: str, move: Move) -> Accepted:
    """Capture this step for the side whose it is.

    Raises NotFound, Forbidden, Conflict, BalanceExceeded, or the record's own refusal.
    A receipt far from the sender's weight is held (control C24): recorded, and counted only when it is released.
    """
    told = await trade(session, actor, reference)
    check_side(told, actor, SIDES[move.step])
    place = await own_facility(session, actor.organisation_id, move.facility_id)
    at = At(door.clock(), place.uri, ZoneInfo(place.time_zone))
    event = weighed(event_of(told, at, move), move.weighing if move.step != "reject" else None)
    captured = await capture(door, actor, document([event], door.clock()))
    (answer,) = captured.events
    if isinstance(answer, Refusal):
        raise answer
    return answer
