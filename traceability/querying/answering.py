"""Answering: what a reader asks of the record by parameters, by a resource, or by the name of a query."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from sqlalchemy import ARRAY, Text, cast, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.errors import NotFound
from foundation.registry import Organisation
from traceability.events import vocabulary
from traceability.querying.canonical import Names
from traceability.querying.compiling import counting
from traceability.querying.facts import CLASSES, EPCS
from traceability.querying.finding import Page, PageToken, Paging, find, names_seen, of_id
from traceability.querying.given import Given, from_address
from traceability.querying.indexing import bring_up
from traceability.querying.matching import match
from traceability.querying.parameters import FIXED, KINDS
from traceability.querying.plan import Condition, Plan
from traceability.querying.planning import plan_of
from traceability.querying.refusals import QueryParameter
from traceability.querying.tables import ValueRow
from traceability.querying.translating import EpcFormat, Written, writer_of

PAGED: Final = frozenset({"perPage", "nextPageToken"})
RESOURCES: Final[Mapping[str, str]] = {
    "eventTypes": "eventType", "epcs": "MATCH_anyEPC", "bizSteps": "EQ_bizStep", "bizLocations": "EQ_bizLocation",
    "readPoints": "EQ_readPoint", "dispositions": "EQ_disposition",
}  # fmt: skip
"""Top-level resource -> the parameter that one of its members fixes."""

_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "eventTypes": KINDS, "bizSteps": tuple(vocabulary.BIZ_STEPS), "dispositions": tuple(vocabulary.DISPOSITIONS),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, in which transaction, with the pool that brings the index up, and the prefixes that they bind."""

    session: AsyncSession
    writer: asyncpg.Pool
    organisation_id: int
    bound: Mapping[str, str]

    async def names(self, *contexts: Any) -> Names:
        """Brings the index up to what is committed now, and tells the prefixes."""
        await bring_up(self.writer)
        return await names_seen(self.session, self.organisation_id, *contexts, dict(self.bound))

    async def found(self, plan: Plan, paging: Paging, names: Names) -> Page:
        """One page of the plan's events."""
        return await find(self.session, self.organisation_id, plan, paging, names)

    async def any(self, plan: Plan) -> bool:
        """Whether any event matches."""
        return bool((await self.session.execute(counting(plan, self.organisation_id, 0))).scalar_one())


def asked(pairs: Iterable[tuple[str, str]]) -> dict[str, Given]:
    """The query parameters of an address, without those of paging."""
    return {name: given for name, given in from_address(pairs).items() if name not in PAGED}


async def events(reader: Reader, pairs: Iterable[tuple[str, str]], paging: Paging) -> Page:
    """The events that match the parameters of an address. Raises QueryParameter and what `find` raises."""
    names = await reader.names()
    return await reader.found(plan_of(asked(pairs), names), paging, names)


async def event(reader: Reader, event_id: str) -> Page:
    """Every event of this id. Raises NotFound."""
    return await of_id(reader.session, reader.organisation_id, event_id)


async def members(reader: Reader, kind: str, paging: Paging) -> tuple[list[str], str | None]:
    """The members of a top-level resource, in order: words of the vocabulary, and what events hold."""
    await bring_up(reader.writer)
    held = select(ValueRow.value.label("value")).where(
        ValueRow.organisation_id == reader.organisation_id, ValueRow.kind == kind
    )
    words = select(func.unnest(cast(list(_WORDS.get(kind, ())), ARRAY(Text))).collate("C").label("value"))
    every = union(held, words).subquery()
    wanted = select(every.c.value).order_by(every.c.value).limit(paging.size + 1)
    if paging.token is not None:
        if "\x00" in paging.token:
            raise PageToken("This is no token of a page.", field="nextPageToken", value=paging.token[:100])
        wanted = wanted.where(every.c.value > paging.token)
    found = list(await reader.session.scalars(wanted))
    page = found[: paging.size]
    return page, page[-1] if len(found) > paging.size else None


def fixed(kind: str, member: str, names: Names) -> Condition:
    """What one member of a resource means for events. Raises NotFound for what no event can hold."""
    given = Given(RESOURCES[kind], (member,), typed=True)
    try:
        if kind == "epcs":
            return match(given, names, (*EPCS, "parentID", *CLASSES))
        condition = FIXED[RESOURCES[kind]](given, names)
    except QueryParameter as error:
        raise NotFound("There is no such resource.", field=kind, value=member) from error
    assert condition is not None
    return condition


async def member(reader: Reader, kind: str, one: str) -> None:
    """That this member is there. Raises NotFound."""
    names = await reader.names()
    if one not in _WORDS.get(kind, ()) and not await reader.any(Plan().also(fixed(kind, one, names))):
        raise NotFound("There is no such resource.", field=kind, value=one)


async def events_of(reader: Reader, kind: str, one: str, pairs: Iterable[tuple[str, str]], paging: Paging) -> Page:
    """The events of one member, narrowed by parameters. Raises NotFound and what `events` raises."""
    names = await reader.names()
    parameters = asked(pairs)
    if RESOURCES[kind] in parameters:
        raise parameters[RESOURCES[kind]].wrong("The address fixes this parameter already.", "Leave it out.")
    condition = fixed(kind, one, names)
    if one not in _WORDS.get(kind, ()) and not await reader.any(Plan().also(condition)):
        raise NotFound("There is no such resource.", field=kind, value=one)
    return await reader.found(plan_of(parameters, names).also(condition), paging, names)


async def writing(session: AsyncSession, wanted: EpcFormat) -> Written | None:
    """How EPCs are written for this reader; EPC URNs need the company prefixes that organisations stated."""
    prefixes: list[str] = []
    if wanted is EpcFormat.URN:
        prefixes = list(await session.scalars(select(func.unnest(Organisation.gs1_prefixes))))
    return writer_of(wanted, prefixes)
