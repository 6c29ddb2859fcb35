"""Trades over HTTP: what was agreed, where the goods are, and each side's steps with them."""

from typing import Annotated, Any, Final

from litestar import Response, delete, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.settings import Settings, public_base
from marketplace.http.goods import GoodsIn, shown_weighings
from marketplace.http.shapes import AnyRequest, FindingsIn, paged, shown_account, shown_trade
from marketplace.paging import before, opaque
from marketplace.settling import Findings, account_of, state
from marketplace.shipments import Move, Step, move_goods, weighings
from marketplace.trades import cancel, close, trade, trades
from standards.catalogue import Catalogue
from traceability.capture import Door
from traceability.sequencing.sequencer import Sequencer


def reference_of(settings: Settings, token: str) -> str:
    """A trade's reference from the end of it."""
    return f"{public_base(settings)}/trade/{token}"


@get("/api/v1/trades", opt={"access": SIGNED_IN})
async def get_trades(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], cursor: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 100,
) -> Response[Any]:  # fmt: skip
    """The organisation's trades, newest first."""
    told = await trades(transaction, actor, before(cursor), limit + 1)
    following = opaque(str(told[limit - 1].row.id)) if len(told) > limit else None
    return paged(request, [shown_trade(each) for each in told[:limit]], following)


@get("/api/v1/trades/{token:str}", opt={"access": SIGNED_IN})
async def get_trade(
    transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor], settings: Given[Settings],
    token: FromPath[str],
) -> dict[str, Any]:  # fmt: skip
    """One trade; `token` is the end of its reference. `weighings`: how both sides weighed, as far as they say."""
    told = await trade(transaction, actor, reference_of(settings, token))
    return shown_trade(told) | {"weighings": shown_weighings(await weighings(record, told))}


@post("/api/v1/trades/{token:str}/{step:str}", opt={"access": May("capture")})
async def post_goods(
    transaction: Given[AsyncSession], door: Given[Door], actor: Given[Actor], settings: Given[Settings],
    token: FromPath[str], step: FromPath[Step], data: JSONBody[GoodsIn],
) -> dict[str, Any]:  # fmt: skip
    """Ship (seller), receive by own weight or reject (buyer); `recorded` says what became of the event."""
    reference = reference_of(settings, token)
    move = Move(step, data.facility_id, data.moved, data.weighing)
    done = await move_goods(transaction, door, actor, reference, move)
    recorded = {"leafIndex": done.index, "outcome": done.outcome, "reasons": list(done.reasons)}
    return shown_trade(await trade(transaction, actor, reference)) | {"recorded": recorded}


@post("/api/v1/trades/{token:str}/close", opt={"access": May("trade")})
async def post_close(
    transaction: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], settings: Given[Settings],
    token: FromPath[str],
) -> dict[str, Any]:  # fmt: skip
    """Nothing more will be sent: what is still set aside is free again."""
    reference = reference_of(settings, token)
    await close(transaction, sequencer, actor, reference)
    return shown_trade(await trade(transaction, actor, reference))


@get("/api/v1/trades/{token:str}/settlement", opt={"access": SIGNED_IN})
async def get_settlement(
    transaction: Given[AsyncSession], actor: Given[Actor], settings: Given[Settings], catalogue: Given[Catalogue],
    token: FromPath[str],
) -> dict[str, Any]:  # fmt: skip
    """What the delivery comes to under the trade's conditions, step by step, and what each side stated of it."""
    told = await trade(transaction, actor, reference_of(settings, token))
    return shown_account(told, await account_of(transaction, told, catalogue))


@post("/api/v1/trades/{token:str}/settlement", opt={"access": May("trade")})
async def post_settlement(
    transaction: Given[AsyncSession], actor: Given[Actor], settings: Given[Settings], catalogue: Given[Catalogue],
    clock: Given[Clock], token: FromPath[str], data: JSONBody[FindingsIn],
) -> dict[str, Any]:  # fmt: skip
    """State what one's own side found; settled is what both sides state."""
    told = await trade(transaction, actor, reference_of(settings, token))
    found = Findings(data.moisture_pct, data.contamination_pct, data.excess_accepted)
    return shown_account(told, await state(transaction, actor, told, catalogue, found, data.statement, clock()))


@delete("/api/v1/trades/{token:str}", opt={"access": May("trade")})
async def delete_trade(
    transaction: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], settings: Given[Settings],
    token: FromPath[str],
) -> None:  # fmt: skip
    """Cancel before anything has left."""
    await cancel(transaction, sequencer, actor, reference_of(settings, token))


ROUTES: Final = [get_trades, get_trade, get_settlement, post_settlement, post_close, post_goods, delete_trade]
