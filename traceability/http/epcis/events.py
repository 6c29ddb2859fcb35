"""Events over HTTP: the query language by address, single events, and the top-level resources with theirs."""

from typing import Any, Final

from litestar import Request, Response, delete, get
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from litestar.status_codes import HTTP_204_NO_CONTENT
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor
from foundation.database import Clock, Database
from traceability.http.epcis.answers import answer, collection, decoded, document, pairs_of, raw_tail
from traceability.http.epcis.discovery import epc_format, extensions_of
from traceability.querying import answering
from traceability.querying.answering import RESOURCES, Reader
from traceability.querying.finding import Page, Paging, paging_of
from traceability.querying.refusals import NotOffered

TOP: Final = ("events", *RESOURCES, "capture", "queries")
QUERY: Final = "SimpleEventQuery"
AnyRequest = Request[Any, Any, Any]


def reader_of(request: AnyRequest, session: AsyncSession, database: Database, actor: Actor) -> Reader:
    """Who reads: the request's actor, with the prefixes that its headers bind."""
    return Reader(session, database.writer, actor.organisation_id, extensions_of(request.headers))


def paging(request: AnyRequest) -> Paging:
    """The page that the address asks for."""
    asked = dict(pairs_of(request))
    return paging_of(asked.get("perPage"), asked.get("nextPageToken"))


async def told(
    request: AnyRequest, session: AsyncSession, clock: Clock, page: Page, name: str = QUERY
) -> Response[bytes]:
    """A page of events as the standard's document, its EPCs in the format that the client asked for."""
    write = await answering.writing(session, epc_format(request.headers))
    return answer(request, document(page.events, clock(), name=name, write=write), page.following)


@get("/", opt={"access": SIGNED_IN})
async def top_level(request: AnyRequest) -> Response[bytes]:
    """The top-level resources."""
    return collection(request, TOP)


@get("/events", opt={"access": SIGNED_IN})
async def get_events(
    request: AnyRequest, actor: Given[Actor], transaction: Given[AsyncSession], database: Given[Database],
    clock: Given[Clock],
) -> Response[bytes]:  # fmt: skip
    """The events that match the parameters of the EPCIS query language, as an EPCISQueryDocument, in pages."""
    reader = reader_of(request, transaction, database, actor)
    page = await answering.events(reader, pairs_of(request), paging(request))
    return await told(request, transaction, clock, page)


@get("/events/{event_id:path}", opt={"access": SIGNED_IN})
async def get_event(
    request: AnyRequest, actor: Given[Actor], transaction: Given[AsyncSession], database: Given[Database],
    clock: Given[Clock], event_id: FromPath[str],
) -> Response[bytes]:  # fmt: skip
    """The event of this id and what declares it erroneous; the id is split from the raw path."""
    reader = reader_of(request, transaction, database, actor)
    page = await answering.event(reader, decoded(raw_tail(request, "/epcis/events/")))
    return await told(request, transaction, clock, page)


def _kind(request: AnyRequest) -> str:
    return str(request.url.path).split("/")[2]


@get([f"/{kind}" for kind in RESOURCES], opt={"access": SIGNED_IN})
async def get_members(
    request: AnyRequest, actor: Given[Actor], transaction: Given[AsyncSession], database: Given[Database]
) -> Response[bytes]:
    """The members of a top-level resource: the standard's words, and what the reader's events hold."""
    reader = reader_of(request, transaction, database, actor)
    members, token = await answering.members(reader, _kind(request), paging(request))
    write = await answering.writing(transaction, epc_format(request.headers))
    return collection(request, list(dict.fromkeys(map(write, members) if write else members)), token)


@get([f"/{kind}/{{rest:path}}" for kind in RESOURCES], opt={"access": SIGNED_IN})
async def get_member(
    request: AnyRequest, actor: Given[Actor], transaction: Given[AsyncSession], database: Given[Database],
    clock: Given[Clock], rest: FromPath[str],
) -> Response[bytes]:  # fmt: skip
    """One member, or with `/events` behind it its events; identifiers are split from the raw path."""
    reader, kind = reader_of(request, transaction, database, actor), _kind(request)
    one, slash, last = raw_tail(request, f"/epcis/{kind}/").rpartition("/")
    if slash and last == "events":
        page = await answering.events_of(reader, kind, decoded(one), pairs_of(request), paging(request))
        return await told(request, transaction, clock, page)
    await answering.member(reader, kind, decoded(one + slash + last))
    return collection(request, ["events"])


@delete("/nextPageToken/{token:str}", status_code=HTTP_204_NO_CONTENT, opt={"access": SIGNED_IN})
async def end_token(token: FromPath[str]) -> None:
    """Tokens of pages are kept by nobody, so there is nothing to invalidate."""
    raise NotOffered("Tokens of pages are not kept here: there is nothing to invalidate.", value=token[:100])


ROUTES: Final = [top_level, get_events, get_event, get_members, get_member, end_token]
