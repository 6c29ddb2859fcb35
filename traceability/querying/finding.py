"""Finding: a page of the events that answer a plan, as its reader may see them, and the way to the next page."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

import msgspec
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.errors import Invalid, NotFound
from traceability.archive.reading import check_here, payloads
from traceability.querying.canonical import Names, names_of
from traceability.querying.compiling import conditions_of, counting, matching, ordered, ordered_by_field
from traceability.querying.plan import MOST_PER_PAGE, PER_PAGE, Plan
from traceability.querying.refusals import QueryTooComplex, QueryTooLarge
from traceability.querying.tables import PrefixRow

PATIENCE: Final = 20_000
"""Milliseconds that a query may take in the database."""
_CANCELLED: Final = "57014"
# A plan for any value takes a common word for a rare one (tried: 50 times slower): each query gets a plan of its own.
_BOUNDED: Final = text(
    "SELECT set_config('statement_timeout', :patience, true), set_config('plan_cache_mode', 'force_custom_plan', true)"
)
_UNBOUNDED: Final = text("SET LOCAL statement_timeout TO DEFAULT")


class PageToken(Invalid):
    """A page was asked for by a token that we did not give, or that belongs to another query."""

    code: ClassVar[str] = "PAGE_TOKEN"


@dataclass(frozen=True, slots=True)
class FoundEvent:
    """An event as it was received, with its place in the record."""

    index: int
    event_id: str
    record_time: datetime
    body: str
    context: Any


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the events, and the token of the page behind them (None: these are the last)."""

    events: tuple[FoundEvent, ...]
    following: str | None = None


@dataclass(frozen=True, slots=True)
class Paging:
    """How many events a page has, and where it begins."""

    size: int = PER_PAGE
    token: str | None = None


def paging_of(per_page: str | None, token: str | None) -> Paging:
    """From the parameters `perPage` (at most 1,000: more gives so many) and `nextPageToken`. Raises Invalid."""
    if per_page is None:
        return Paging(PER_PAGE, token)
    if not per_page.isascii() or not per_page.isdigit() or int(per_page[:9]) < 1:
        raise Invalid("A page has at least one event.", field="perPage", value=per_page, fix="State a number from 1.")
    return Paging(min(int(per_page[:9]), MOST_PER_PAGE), token)


class _Token(msgspec.Struct, array_like=True):
    """Behind which event the page begins, how many were given before it, and of which query."""

    digest: str
    index: int
    time_us: int
    given: int


def _digest(plan: Plan) -> str:
    return hashlib.sha256(repr(plan).encode()).hexdigest()[:16]


def _read_token(token: str | None, plan: Plan) -> _Token:
    if token is None:
        return _Token("", -1, 0, 0)
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)), type=_Token)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise PageToken(
            "This is no token of a page.", field="nextPageToken", value=token[:100], fix="Use the Link of the answer."
        ) from error
    if found.digest != _digest(plan):
        raise PageToken(
            "This token belongs to another query.", field="nextPageToken", value=token[:100],
            fix="Repeat the query's parameters as they were, or ask for its first page.",
        )  # fmt: skip
    return found


def _write_token(plan: Plan, last: Any, given: int) -> str:
    time_us = round(last.event_time.timestamp() * 1_000_000)
    packed = msgspec.json.encode(_Token(_digest(plan), last.at, time_us, given))
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def _moment(time_us: int) -> datetime:
    seconds, rest = divmod(time_us, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


async def names_seen(session: AsyncSession, organisation_id: int, *contexts: Any) -> Names:
    """The prefixes that a query binds itself, and those that the organisation's own events bound."""
    bound = names_of(*contexts).bound
    rows = await session.execute(
        select(PrefixRow.prefix, PrefixRow.namespace).where(PrefixRow.organisation_id == organisation_id)
    )
    seen: dict[str, tuple[str, ...]] = {}
    for prefix, namespace in rows:
        seen[prefix] = (*seen.get(prefix, ()), namespace)
    return Names(bound, seen)


async def find(session: AsyncSession, organisation_id: int, plan: Plan, paging: Paging, names: Names) -> Page:
    """One page of the organisation's events that match. Raises QueryTooLarge, QueryTooComplex or PageToken."""
    token = _read_token(paging.token, plan)
    size = paging.size if plan.limit is None else min(paging.size, plan.limit - token.given)
    if size < 1:
        return Page(())
    try:
        await session.execute(_BOUNDED, {"patience": str(PATIENCE)})
        if plan.most is not None and token.given == 0:
            count = (await session.execute(counting(plan, organisation_id, plan.most))).scalar_one()
            if count > plan.most:
                raise QueryTooLarge(
                    "More events match than the query allows.", field="maxEventCount", value=plan.most,
                    fix="Narrow the query, allow more, or page through the events without maxEventCount.",
                )  # fmt: skip
        if plan.order is not None and plan.order.by == "field":  # of which the texts are read
            await check_here(session, conditions_of(plan, organisation_id))
        rows = (await session.execute(_page(plan, organisation_id, token, names).limit(size + 1))).all()
        texts = await payloads(session, [(row.at, row.record_time) for row in rows[:size]])
        await session.execute(_UNBOUNDED)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _CANCELLED:
            raise
        raise QueryTooComplex(
            "This query takes too long.", fix="Narrow it, for example by GE_eventTime and LT_eventTime."
        ) from error
    given = token.given + min(len(rows), size)
    more = len(rows) > size and (plan.limit is None or given < plan.limit)
    events = tuple(
        FoundEvent(row.at, row.event_id, row.record_time, texts[row.at].body, texts[row.at].context)
        for row in rows[:size]
        if row.at in texts  # what was erased has no text
    )
    return Page(events, _write_token(plan, rows[size - 1], given) if more else None)


def _page(plan: Plan, organisation_id: int, token: _Token, names: Names) -> Any:
    statement = matching(plan, organisation_id)
    if plan.order is not None and plan.order.by == "field":
        keys = [spelled for name in plan.order.names for spelled in spellings(name, names)]
        by_field = ordered_by_field(statement, plan.order, list(dict.fromkeys(keys)), organisation_id)
        return by_field.offset(token.given)
    after = None if token.digest == "" else (_moment(token.time_us), token.index)
    return ordered(statement, plan.order, after)


def spellings(name: str, names: Names) -> list[str]:
    """How events may write a field's address: in full, or by any prefix that is known for its beginning."""
    known = [(prefix, (namespace,)) for prefix, namespace in names.bound.items()]
    written = [
        f"{prefix}:{name[len(namespace) :]}"
        for prefix, namespaces in (*known, *names.seen.items())
        for namespace in namespaces
        if namespace and name.startswith(namespace)
    ]
    return [name, *written]


async def of_id(session: AsyncSession, organisation_id: int, event_id: str) -> Page:
    """Every event of this id: the event, and whatever declares it erroneous. Raises NotFound."""
    plan = Plan(event_ids=((event_id,),))
    page = await find(session, organisation_id, plan, Paging(MOST_PER_PAGE), Names({}))
    if not page.events:
        raise NotFound("There is no such event.", field="eventID", value=event_id)
    return page
