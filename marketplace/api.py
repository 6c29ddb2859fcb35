"""The market over HTTP: listings, search, offers, purchases, trades and the shipping of their goods."""

from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from litestar import delete, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery, JSONBody, Parameter
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.registry import own_facility
from foundation.settings import Settings, public_base
from marketplace.listings import Terms, free_grams, listing, publish, withdraw
from marketplace.negotiation import Bid, accept, answer, buy, make_offer, offers
from marketplace.payloads import BuyIn, GoodsIn, ListingIn, OfferIn
from marketplace.search import Range, Search, search
from marketplace.tables import ListingRow, OfferRow
from marketplace.trades import Trade, cancel, check_side, receipt, rejection, shipment, trade, trades
from traceability.capture import Door, capture
from traceability.composing import At, document
from traceability.sequencing.sequencer import Sequencer


def shown_listing(row: ListingRow, free: int | None) -> dict[str, Any]:
    """A listing as JSON; what is free comes from the ledger."""
    return {
        "id": row.id, "lot": row.lot_uri, "material": row.material, "form": row.form, "country": row.country,
        "pricePerTonne": str(row.price), "currency": row.currency, "smallestGrams": row.smallest_grams,
        "incoterm": row.incoterm, "description": row.description, "verdicts": row.verdicts,
        "judgedOn": row.judged_on.isoformat(), "state": row.state, "freeGrams": free,
    }  # fmt: skip


def shown_offer(row: OfferRow) -> dict[str, Any]:
    """An offer as JSON."""
    return {
        "id": row.id, "listing": row.listing_id, "grams": row.grams, "pricePerTonne": str(row.price),
        "currency": row.currency, "state": row.state, "message": row.message,
        "createdAt": row.created_at.isoformat(),
    }  # fmt: skip


def shown_trade(told: Trade) -> dict[str, Any]:
    """A trade as JSON, with the state of its goods as both sides' events say."""
    row = told.row
    return {
        "reference": row.reference, "seller": told.seller.name, "buyer": told.buyer.name, "lot": row.lot_uri,
        "grams": row.grams, "pricePerTonne": str(row.price), "currency": row.currency,
        "goods": {
            "state": told.goods.state, "shippedGrams": told.goods.shipped, "receivedGrams": told.goods.received,
            "leafIndexes": [index for index, _, _, _ in told.goods.events],
        },
    }  # fmt: skip


@post("/api/v1/listings", opt={"access": May("trade")})
async def post_listing(
    transaction: Given[AsyncSession],
    actor: Given[Actor],
    clock: Given[Clock],
    data: JSONBody[ListingIn],
) -> dict[str, Any]:
    """List a lot that the organisation holds."""
    terms = Terms(data.price, data.currency, data.smallest_grams, data.incoterm, data.description)
    moment = clock()
    row = await publish(transaction, actor, data.lot, terms, (), moment.date(), moment)
    return shown_listing(row, (await free_grams(transaction, actor, [row])).get(row.id))


@get("/api/v1/listings", opt={"access": SIGNED_IN})
async def get_listings(
    transaction: Given[AsyncSession],
    actor: Given[Actor],
    material: FromQuery[str] = "",
    form: FromQuery[str] = "",
    country: FromQuery[str] = "",
    currency: FromQuery[str] = "",
    price_from: FromQuery[Decimal | None] = None,
    price_to: FromQuery[Decimal | None] = None,
    text: FromQuery[str] = "",
    with_property: FromQuery[str] = "",
    low: FromQuery[Decimal | None] = None,
    high: FromQuery[Decimal | None] = None,
    cursor: FromQuery[str] = "",
    limit: Annotated[int, Parameter(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """Search what is offered; `with_property`, `low` and `high` ask for a measured range."""
    ranges = (Range(with_property, low, high),) if with_property else ()
    wanted = Search(material, form, country, currency, price_from, price_to, text, ranges)
    page = await search(transaction, wanted, cursor, limit)
    free = await free_grams(transaction, actor, page.listings)
    return {
        "listings": [shown_listing(row, free.get(row.id)) for row in page.listings],
        "next": page.next_page, "byCountry": dict(page.by_country),
    }  # fmt: skip


@get("/api/v1/listings/{number:int}", opt={"access": SIGNED_IN})
async def get_listing(transaction: Given[AsyncSession], actor: Given[Actor], number: FromPath[int]) -> dict[str, Any]:
    """One listing."""
    row = await listing(transaction, number)
    return shown_listing(row, (await free_grams(transaction, actor, [row])).get(row.id))


@delete("/api/v1/listings/{number:int}", opt={"access": May("trade")})
async def delete_listing(transaction: Given[AsyncSession], actor: Given[Actor], number: FromPath[int]) -> None:
    """Withdraw a listing."""
    await withdraw(transaction, actor, number)


@post("/api/v1/listings/{number:int}/offers", opt={"access": May("trade")})
async def post_offer(
    transaction: Given[AsyncSession],
    actor: Given[Actor],
    clock: Given[Clock],
    number: FromPath[int],
    data: JSONBody[OfferIn],
) -> dict[str, Any]:
    """Offer for some of a listing."""
    bid = Bid(data.grams, data.price, data.currency, data.message)
    return shown_offer(await make_offer(transaction, actor, number, bid, clock()))


@post("/api/v1/listings/{number:int}/buy", opt={"access": May("trade")})
async def post_buy(
    transaction: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], settings: Given[Settings],
    clock: Given[Clock], number: FromPath[int], data: JSONBody[BuyIn],
) -> dict[str, str]:  # fmt: skip
    """Buy at the listed price; the grams are reserved in the same commit."""
    reference = await buy(transaction, sequencer, actor, number, data.grams, public_base(settings), clock())
    return {"reference": reference}


@get("/api/v1/offers", opt={"access": SIGNED_IN})
async def get_offers(transaction: Given[AsyncSession], actor: Given[Actor]) -> list[dict[str, Any]]:
    """Offers made to and by the organisation, newest first."""
    return [shown_offer(row) for row in await offers(transaction, actor)]


@post("/api/v1/offers/{number:int}/accept", opt={"access": May("trade")})
async def post_accept(
    transaction: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], settings: Given[Settings],
    clock: Given[Clock], number: FromPath[int],
) -> dict[str, str]:  # fmt: skip
    """Accept an offer; the grams are reserved in the same commit."""
    return {"reference": await accept(transaction, sequencer, actor, number, public_base(settings), clock())}


@post("/api/v1/offers/{number:int}/{done:str}", opt={"access": May("trade")}, status_code=204)
async def post_answer(
    transaction: Given[AsyncSession], actor: Given[Actor], clock: Given[Clock], number: FromPath[int],
    done: FromPath[Literal["decline", "withdraw"]],
) -> None:  # fmt: skip
    """Decline an offer (seller) or withdraw it (buyer)."""
    state = "declined" if done == "decline" else "withdrawn"
    await answer(transaction, actor, number, state, clock())


@get("/api/v1/trades", opt={"access": SIGNED_IN})
async def get_trades(transaction: Given[AsyncSession], actor: Given[Actor]) -> list[dict[str, Any]]:
    """The organisation's trades, newest first."""
    return [shown_trade(told) for told in await trades(transaction, actor)]


Step = Literal["ship", "receive", "reject"]


async def move_goods(
    session: AsyncSession, door: Door, actor: Actor, reference: str, step: Step, data: GoodsIn
) -> None:
    """Ship, receive by own weight, or reject: one event, captured for the side that says it. Raises its refusal."""
    told = await trade(session, actor, reference)
    check_side(told, actor, "seller" if step == "ship" else "buyer")
    place = await own_facility(session, actor.organisation_id, data.facility_id)
    at = At(door.clock(), place.uri, ZoneInfo(place.time_zone))
    match step:
        case "ship":
            event = shipment(told, at, data.grams)
        case "receive":
            event = receipt(told, at, data.grams or told.goods.shipped)
        case "reject":
            event = rejection(told, at)
    captured = await capture(door, actor, document([event], door.clock()))
    for each in captured.events:
        if isinstance(each, Exception):
            raise each


@post("/api/v1/trades/{token:str}/{step:str}", opt={"access": May("capture")})
async def post_goods(
    transaction: Given[AsyncSession],
    door: Given[Door],
    actor: Given[Actor],
    settings: Given[Settings],
    token: FromPath[str],
    step: FromPath[Step],
    data: JSONBody[GoodsIn],
) -> dict[str, Any]:
    """Ship (seller), receive by own weight or reject (buyer); `token` is the end of the trade's reference."""
    reference = f"{public_base(settings)}/trade/{token}"
    await move_goods(transaction, door, actor, reference, step, data)
    return shown_trade(await trade(transaction, actor, reference))


@delete("/api/v1/trades/{token:str}", opt={"access": May("trade")})
async def delete_trade(
    transaction: Given[AsyncSession],
    sequencer: Given[Sequencer],
    actor: Given[Actor],
    settings: Given[Settings],
    token: FromPath[str],
) -> None:
    """Cancel before anything has left."""
    await cancel(transaction, sequencer, actor, f"{public_base(settings)}/trade/{token}")


ROUTES: Final = [
    post_listing, get_listings, get_listing, delete_listing, post_offer, post_buy, get_offers, post_accept,
    post_answer, get_trades, post_goods, delete_trade,
]  # fmt: skip
