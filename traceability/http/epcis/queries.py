"""Named queries over HTTP, and the subscriptions that send their answers."""

from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from litestar.status_codes import HTTP_201_CREATED, HTTP_204_NO_CONTENT
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock, Database
from foundation.outgoing import Outgoing
from foundation.settings import Settings, secret
from foundation.webhooks import sealing_key
from traceability.http.epcis.answers import answer, pairs_of
from traceability.http.epcis.discovery import VERSIONS, epc_format
from traceability.http.epcis.events import paging, reader_of, told
from traceability.querying.answering import PAGED
from traceability.querying.named import create, events_of_query, listed, named, remove
from traceability.querying.refusals import NotOffered, QueryParameter
from traceability.subscriptions.subscribing import shown, subscribe, subscription, subscriptions, unsubscribe

LARGEST: Final = 1_000_000
AnyRequest = Request[Any, Any, Any]


@post("/queries", status_code=HTTP_201_CREATED, request_max_body_size=LARGEST, opt={"access": May("read")})
async def create_query(
    request: AnyRequest, actor: Given[Actor], transaction: Given[AsyncSession], database: Given[Database],
    clock: Given[Clock],
) -> Response[bytes]:  # fmt: skip
    """Give a query a name: 201 with its address, 409 where the name is taken."""
    reader = reader_of(request, transaction, database, actor)
    made = await create(reader, await request.body(), clock())
    location = {"Location": f"/epcis/queries/{quote(made.name, safe='')}", **VERSIONS}
    body = msgspec.json.encode({"name": made.name, "query": made.query})
    return Response(body, media_type="application/json", headers=location)


@get("/queries", opt={"access": SIGNED_IN})
async def get_queries(request: AnyRequest, actor: Given[Actor], transaction: Given[AsyncSession]) -> Response[bytes]:
    """The organisation's named queries, in pages."""
    rows, token = await listed(transaction, actor.organisation_id, paging(request))
    return answer(request, msgspec.json.encode([{"name": row.name, "query": row.query} for row in rows]), token)


@get("/queries/{name:str}", opt={"access": SIGNED_IN})
async def get_query(
    request: AnyRequest, actor: Given[Actor], transaction: Given[AsyncSession], name: FromPath[str]
) -> Response[bytes]:
    """What a named query asks."""
    row = await named(transaction, actor.organisation_id, name)
    return answer(request, msgspec.json.encode({"name": row.name, "query": row.query}))


@delete("/queries/{name:str}", status_code=HTTP_204_NO_CONTENT, opt={"access": May("read")})
async def delete_query(actor: Given[Actor], transaction: Given[AsyncSession], name: FromPath[str]) -> None:
    """Forget a named query; its subscriptions end with it."""
    await remove(transaction, actor.organisation_id, name)


@get("/queries/{name:str}/events", opt={"access": SIGNED_IN})
async def get_query_events(
    request: AnyRequest, actor: Given[Actor], transaction: Given[AsyncSession], database: Given[Database],
    clock: Given[Clock], name: FromPath[str],
) -> Response[bytes]:  # fmt: skip
    """The events that a named query finds now, in pages."""
    if "upgrade" in request.headers:
        raise NotOffered("Subscriptions by websocket are not offered.", fix="Subscribe by webhook.")
    for parameter, value in pairs_of(request):
        if parameter not in PAGED:
            raise QueryParameter(
                "A named query takes no further parameters.", field=parameter, value=value[:200],
                fix="Ask /epcis/events, or name another query.",
            )  # fmt: skip
    page = await events_of_query(reader_of(request, transaction, database, actor), name, paging(request))
    return await told(request, transaction, clock, page, name)


@post("/queries/{name:str}/subscriptions", status_code=HTTP_201_CREATED, opt={"access": May("read")})
async def create_subscription(
    request: AnyRequest, actor: Given[Actor], transaction: Given[AsyncSession], settings: Given[Settings],
    clock: Given[Clock], name: FromPath[str],
) -> Response[bytes]:  # fmt: skip
    """Send what a named query finds to a webhook: as it is recorded (`stream`) or on a `schedule` (UTC).

    Messages are signed with `signatureToken`; where none is given, one is made and told in this answer only.
    """
    outgoing, key = Outgoing(settings.outgoing_loopback), sealing_key(secret(settings))
    raw, wanted = await request.body(), epc_format(request.headers)
    row, made = await subscribe(transaction, actor, name, raw, outgoing, key, wanted, clock())
    location = {"Location": f"/epcis/queries/{quote(name, safe='')}/subscriptions/{row.id}", **VERSIONS}
    body = msgspec.json.encode({**shown(row), **({"signatureToken": made} if made else {})})
    return Response(body, media_type="application/json", headers=location)


@get("/queries/{name:str}/subscriptions", opt={"access": SIGNED_IN})
async def get_subscriptions(
    request: AnyRequest, actor: Given[Actor], transaction: Given[AsyncSession], name: FromPath[str]
) -> Response[bytes]:
    """The subscriptions of a named query, in pages."""
    rows, token = await subscriptions(transaction, actor.organisation_id, name, paging(request))
    return answer(request, msgspec.json.encode([shown(row) for row in rows]), token)


@get("/queries/{name:str}/subscriptions/{number:str}", opt={"access": SIGNED_IN})
async def get_subscription(
    request: AnyRequest, actor: Given[Actor], transaction: Given[AsyncSession], name: FromPath[str],
    number: FromPath[str],
) -> Response[bytes]:  # fmt: skip
    """One subscription: when it was last taken, and what went wrong since."""
    row = await subscription(transaction, actor.organisation_id, name, number)
    return answer(request, msgspec.json.encode(shown(row)))


@delete("/queries/{name:str}/subscriptions/{number:str}", status_code=HTTP_204_NO_CONTENT, opt={"access": May("read")})
async def delete_subscription(
    actor: Given[Actor], transaction: Given[AsyncSession], name: FromPath[str], number: FromPath[str]
) -> None:
    """End a subscription."""
    await unsubscribe(transaction, actor.organisation_id, name, number)


ROUTES: Final = [
    create_query, get_queries, get_query, delete_query, get_query_events, create_subscription, get_subscriptions,
    get_subscription, delete_subscription,
]  # fmt: skip
