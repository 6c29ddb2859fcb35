"""Named queries: an organisation's own views on its events, by name, with what is asked for as it was sent."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from traceability.events import EventInvalid
from traceability.events.reading import read
from traceability.querying.answering import Reader
from traceability.querying.canonical import Names
from traceability.querying.finding import Page, PageToken, Paging
from traceability.querying.given import from_json
from traceability.querying.plan import Plan
from traceability.querying.planning import plan_of
from traceability.querying.refusals import NoSuchQuery, QueryExists, QueryInvalid
from traceability.querying.tables import NamedQueryRow

_NAME: Final = re.compile(r"[^\s/?#%\x00-\x1f\x7f]{1,255}")
_EXACT: Final = msgspec.json.Encoder(decimal_format="number")


def body_of(raw: bytes) -> dict[str, Any]:
    """A JSON object, read strictly, with exact numbers. Raises QueryInvalid."""
    try:
        body = read(raw)
    except EventInvalid as error:
        raise QueryInvalid(error.problems[0].message, field="", fix="Send a JSON object.") from error
    if not isinstance(body, dict):
        raise QueryInvalid("This is no JSON object.", field="", fix="Put it in braces.")
    return body


def parsed(query: Mapping[str, Any], names: Names) -> Plan:
    """What a query in JSON asks. Raises QueryParameter."""
    return plan_of(from_json({name: value for name, value in query.items() if name != "@context"}), names)


async def create(reader: Reader, raw: bytes, moment: datetime) -> NamedQueryRow:
    """Keep a query under its name (`{"name", "query"}`). Raises QueryInvalid, QueryParameter or QueryExists."""
    body = body_of(raw)
    name, query = body.get("name"), body.get("query")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise QueryInvalid(
            "A query needs a name.", field="/name", value=name if isinstance(name, str) else None,
            fix="State one of at most 255 characters, without spaces and / ? # %.",
        )  # fmt: skip
    if not isinstance(query, dict):
        raise QueryInvalid("The query is missing.", field="/query", fix="State it as an object of query parameters.")
    parsed(query, await reader.names(query.get("@context")))
    row = {
        "organisation_id": reader.organisation_id, "name": name, "created_at": moment,
        "query": msgspec.json.decode(_EXACT.encode(query)),
    }  # fmt: skip
    made = await reader.session.scalar(
        insert(NamedQueryRow).values(row).on_conflict_do_nothing().returning(NamedQueryRow.name)
    )
    if made is None:
        raise QueryExists(
            "There is a query of this name.", field="/name", value=name, fix="Use another name, or delete that query."
        )
    return NamedQueryRow(**row)


async def listed(session: AsyncSession, organisation_id: int, paging: Paging) -> tuple[list[NamedQueryRow], str | None]:
    """One page of the organisation's queries, by name."""
    wanted = select(NamedQueryRow).where(NamedQueryRow.organisation_id == organisation_id)
    if paging.token is not None:
        if not _NAME.fullmatch(paging.token):
            raise PageToken("This is no token of a page.", field="nextPageToken", value=paging.token[:100])
        wanted = wanted.where(NamedQueryRow.name > paging.token)
    rows = list(await session.scalars(wanted.order_by(NamedQueryRow.name).limit(paging.size + 1)))
    page = rows[: paging.size]
    return page, page[-1].name if len(rows) > paging.size else None


async def named(session: AsyncSession, organisation_id: int, name: str) -> NamedQueryRow:
    """One query. Raises NoSuchQuery, also for anyone else's."""
    row = await session.get(NamedQueryRow, (organisation_id, name)) if _NAME.fullmatch(name) else None
    if row is None:
        raise NoSuchQuery("There is no query of this name.", field="queryName", value=name[:255])
    return row


async def remove(session: AsyncSession, organisation_id: int, name: str) -> None:
    """Forget a query and end its subscriptions. Raises NoSuchQuery."""
    await named(session, organisation_id, name)
    await session.execute(
        delete(NamedQueryRow).where(NamedQueryRow.organisation_id == organisation_id, NamedQueryRow.name == name)
    )


async def events_of_query(reader: Reader, name: str, paging: Paging) -> Page:
    """The events that a named query finds now. Raises NoSuchQuery and what `find` raises."""
    row = await named(reader.session, reader.organisation_id, name)
    names = await reader.names(row.query.get("@context"))
    return await reader.found(plan_of_row(row, names), paging, names)


def plan_of_row(row: NamedQueryRow, names: Names) -> Plan:
    """What a kept query asks, its numbers exact again."""
    return parsed(read(_EXACT.encode(row.query)), names)
