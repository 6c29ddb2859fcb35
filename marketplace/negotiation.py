"""Negotiation: offers and their answers; an acceptance reserves the grams in the same commit as the trade."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.listings import check_text, listing
from marketplace.paging import LARGEST_ID, MOST
from marketplace.prices import check_price
from marketplace.tables import ListingRow, OfferRow
from traceability.identifiers import new_token
from traceability.sequencing.commands import Command, Reserve, Write
from traceability.sequencing.sequencer import Sequencer

ACCEPT: Final = """
UPDATE offer SET state = 'accepted', answered_at = $3 WHERE id = $1 AND seller = $2 AND state = 'open'
"""
AGREE: Final = """
INSERT INTO trade (reference, offer_id, seller, buyer, lot_id, lot_uri, grams, price, currency, conditions, state,
    agreed_at)
SELECT $1, o.id, o.seller, o.buyer, l.lot_id, l.lot_uri, o.grams, o.price, o.currency, l.conditions, 'agreed', $3
FROM offer o JOIN listing l ON l.id = o.listing_id WHERE o.id = $2
"""
BUY: Final = """
WITH made AS (
    INSERT INTO offer (listing_id, seller, buyer, grams, price, currency, state, message, created_at, answered_at)
    SELECT l.id, l.organisation_id, $2, $3, l.price, l.currency, 'accepted', '', $5, $5 FROM listing l
    WHERE l.id = $1 AND l.state = 'published' AND l.price = $6 AND l.currency = $7 RETURNING *
)
INSERT INTO trade (reference, offer_id, seller, buyer, lot_id, lot_uri, grams, price, currency, conditions, state,
    agreed_at)
SELECT $4, made.id, made.seller, made.buyer, l.lot_id, l.lot_uri, made.grams, made.price, made.currency,
    l.conditions, 'agreed', $5
FROM made JOIN listing l ON l.id = made.listing_id
"""


MOST_GRAMS: Final = 10**15  # a thousand million tonnes: more is a slip of the keyboard, and a bigint ends at 9e18


@dataclass(frozen=True, slots=True)
class Bid:
    """What a buyer offers: grams at a price per tonne."""

    grams: int
    price: Decimal
    currency: str
    message: str = ""


def trade_reference(public_url: str) -> str:
    """A new trade's paper, as events name it in their bizTransactionList."""
    return f"{public_url}/trade/{new_token()}"


def _check(actor: Actor, row: ListingRow, grams: int) -> None:
    actor.must("trade")
    if row.organisation_id == actor.organisation_id:
        raise Forbidden("This is your own listing.", field="listing", value=row.id)
    if row.state != "published":
        raise Conflict("This is not offered any more.", field="listing", value=row.id)
    if grams > MOST_GRAMS:
        raise Invalid("This is no quantity.", field="grams", value=grams, fix="State the mass in grams, kg or t.")
    if grams < row.smallest_grams:
        raise Invalid(
            "This is less than the seller sells.", field="grams", value=grams,
            fix=f"Ask for at least {row.smallest_grams} g.", smallest_grams=row.smallest_grams,
        )  # fmt: skip


async def make_offer(session: AsyncSession, actor: Actor, number: int, bid: Bid, moment: datetime) -> OfferRow:
    """Offer for some of a listing. Raises NotFound, Forbidden, Conflict or Invalid."""
    row = await listing(session, number)
    _check(actor, row, bid.grams)
    check_price(bid.price)
    check_text(bid.message, "message")
    if bid.currency != row.currency:  # which was checked when the lot was listed
        raise Invalid(
            "The seller asks in another currency.", field="currency", value=bid.currency, fix=f"Use {row.currency}."
        )
    made = OfferRow(
        listing_id=row.id, seller=row.organisation_id, buyer=actor.organisation_id, grams=bid.grams, price=bid.price,
        currency=bid.currency, state="open", message=bid.message, created_at=moment, answered_at=None,
    )  # fmt: skip
    session.add(made)
    await session.flush()
    return made


async def answer(
    session: AsyncSession, actor: Actor, number: int, state: Literal["declined", "withdrawn"], moment: datetime
) -> None:
    """Decline (seller) or withdraw (buyer) an open offer.

    Raises NotFound, Forbidden for the other side's answer, or Conflict where it is answered.
    """
    actor.must("trade")
    side = OfferRow.seller if state == "declined" else OfferRow.buyer
    done = await session.execute(
        update(OfferRow)
        .where(OfferRow.id == number, side == actor.organisation_id, OfferRow.state == "open")
        .values(state=state, answered_at=moment)
        .returning(OfferRow.id)
    )
    if done.first() is None:
        row = await offer(session, actor, number)
        if actor.organisation_id != (row.seller if state == "declined" else row.buyer):
            whose = "seller declines" if state == "declined" else "buyer withdraws"
            raise Forbidden(f"The {whose} an offer.", field="offer", value=number)
        raise Conflict("This offer is answered already.", field="offer", value=number)


async def offer(session: AsyncSession, actor: Actor, number: int) -> OfferRow:
    """An offer that the actor made or was made. Raises NotFound."""
    row = await session.get(OfferRow, number)
    if row is None or actor.organisation_id not in (row.seller, row.buyer):
        raise NotFound("There is no such offer.", field="offer", value=number)
    return row


async def offers(session: AsyncSession, actor: Actor, before: int = LARGEST_ID, limit: int = MOST) -> list[OfferRow]:
    """Offers that the actor made or was made, newest first, from below the id `before`."""
    mine = (OfferRow.seller == actor.organisation_id) | (OfferRow.buyer == actor.organisation_id)
    rows = select(OfferRow).where(mine, OfferRow.id < before).order_by(OfferRow.id.desc()).limit(limit)
    return list(await session.scalars(rows))


async def accept(
    session: AsyncSession, sequencer: Sequencer, actor: Actor, number: int, public_url: str, moment: datetime
) -> str:
    """Accept an offer: reservation, offer and trade in one commit. Answers the trade's reference.

    Raises NotFound, Forbidden (not the seller), Conflict (answered meanwhile), or BalanceExceeded (sold meanwhile).
    """
    actor.must("trade")
    row = await offer(session, actor, number)
    if row.seller != actor.organisation_id:
        raise Forbidden("The seller accepts an offer.", field="offer", value=number)
    if row.state != "open":
        raise Conflict("This offer is answered already.", field="offer", value=number)
    listed = await listing(session, row.listing_id)
    reference = trade_reference(public_url)
    answered = Conflict("This offer is answered already.", field="offer", value=number)
    writes = (
        Write(ACCEPT, (number, row.seller, moment), answered),
        Write(AGREE, (reference, number, moment), answered),
    )
    reserve = Reserve(reference, listed.lot_uri, row.seller, row.buyer, row.grams)
    await sequencer.submit(Command((reserve,), writes))
    return reference


async def buy(
    session: AsyncSession, sequencer: Sequencer, actor: Actor, number: int, grams: int, public_url: str,
    moment: datetime,
) -> str:  # fmt: skip
    """Buy at the listed price: reservation, accepted offer and trade in one commit. Answers the trade's reference.

    Raises NotFound, Forbidden, Invalid, Conflict (withdrawn or priced anew meanwhile), or BalanceExceeded.
    """
    row = await listing(session, number)
    _check(actor, row, grams)
    reference = trade_reference(public_url)
    changed = Conflict("This is not offered so any more.", field="listing", value=number, fix="Look at it again.")
    bought = Write(BUY, (number, actor.organisation_id, grams, reference, moment, row.price, row.currency), changed)
    reserve = Reserve(reference, row.lot_uri, row.organisation_id, actor.organisation_id, grams)
    await sequencer.submit(Command((reserve,), (bought,)))
    return reference
