"""The market's API: its handlers listed once, and the step of a trade's goods as a form or a client states it."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from marketplace import shipments
from marketplace.http import listings, offers, trades
from marketplace.http.goods import GoodsIn
from marketplace.shipments import Move, Step
from traceability.capture import Door
from traceability.sequencing.commands import Accepted

__all__ = ["ROUTES", "GoodsIn", "Step", "move_goods"]

ROUTES: Final = [*listings.ROUTES, *offers.ROUTES, *trades.ROUTES]


async def move_goods(
    session: AsyncSession, door: Door, actor: Actor, reference: str, step: Step, data: GoodsIn
) -> Accepted:
    """Ship, receive by own weight, or reject: one event, captured for the side that says it. Raises its refusal."""
    move = Move(step, data.facility_id, data.moved, data.weighing)
    return await shipments.move_goods(session, door, actor, reference, move)
