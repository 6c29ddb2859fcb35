"""Offers over HTTP: make one, buy at the listed price, accept, decline, withdraw."""

from typing import Annotated, Any, Final, Literal

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.settings import Settings, public_base
from marketplace.http.shapes import AnyRequest, BuyIn, OfferIn, paged, shown_offer
from marketplace.negotiation import Bid, accept, answer, buy, make_offer, offer, offers
from marketplace.paging import before, cut
from traceability.sequencing.sequencer import Sequencer


@post("/api/v1/listings/{number:int}/offers", opt={"access": May("trade")})
async def post_offer(
    transaction: Given[AsyncSession], actor: Given[Actor], clock: Given[Clock], number: FromPath[int],
    data: JSONBody[OfferIn],
) -> dict[str, Any]:  # fmt: skip
    """Offer for some of a listing."""
    bid = Bid(data.mass, data.price, data.currency, data.message)
    return shown_offer(await make_offer(transaction, actor, number, bid, clock()))


@post("/api/v1/listings/{number:int}/buy", opt={"access": May("trade")})
async def post_buy(
    transaction: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], settings: Given[Settings],
    clock: Given[Clock], number: FromPath[int], data: JSONBody[BuyIn],
) -> dict[str, Any]:  # fmt: skip
    """Buy at the listed price; the grams are reserved in the same commit."""
    base = public_base(settings)
    return {"reference": await buy(transaction, sequencer, actor, number, data.mass, base, clock())}


@get("/api/v1/offers", opt={"access": SIGNED_IN})
async def get_offers(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], cursor: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 100,
) -> Response[Any]:  # fmt: skip
    """Offers made to and by the organisation, newest first."""
    rows, following = cut(await offers(transaction, actor, before(cursor), limit + 1), limit)
    return paged(request, [shown_offer(row) for row in rows], following)


@get("/api/v1/offers/{number:int}", opt={"access": SIGNED_IN})
async def get_offer(transaction: Given[AsyncSession], actor: Given[Actor], number: FromPath[int]) -> dict[str, Any]:
    """One offer."""
    return shown_offer(await offer(transaction, actor, number))


@post("/api/v1/offers/{number:int}/accept", opt={"access": May("trade")})
async def post_accept(
    transaction: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], settings: Given[Settings],
    clock: Given[Clock], number: FromPath[int],
) -> dict[str, Any]:  # fmt: skip
    """Accept an offer; the grams are reserved in the same commit."""
    base = public_base(settings)
    return {"reference": await accept(transaction, sequencer, actor, number, base, clock())}


@post("/api/v1/offers/{number:int}/{done:str}", opt={"access": May("trade")}, status_code=204)
async def post_answer(
    transaction: Given[AsyncSession], actor: Given[Actor], clock: Given[Clock], number: FromPath[int],
    done: FromPath[Literal["decline", "withdraw"]],
) -> None:  # fmt: skip
    """Decline an offer (seller) or withdraw it (buyer)."""
    await answer(transaction, actor, number, "declined" if done == "decline" else "withdrawn", clock())


ROUTES: Final = [post_offer, post_buy, get_offers, get_offer, post_accept, post_answer]
