"""Queries: the EPCIS query parameters that we know, as SQL over the record; an unknown one is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.errors import Invalid, NotFound
from traceability.identifiers import canonical_key
from traceability.tables import EntryRow, EventRow, KeyRow, LotRow, PayloadRow, ReferenceRow

MOST: Final = 100
DEFAULT: Final = 30

_TIMES: Final[Mapping[str, Any]] = {"eventTime": EventRow.event_time, "recordTime": EventRow.record_time}
_WORDS: Final[Mapping[str, Any]] = {
    "eventType": EventRow.event_type,
    "EQ_action": EventRow.action,
    "EQ_bizStep": EventRow.biz_step,
    "EQ_disposition": EventRow.disposition,
    "EQ_transformationID": EventRow.transformation_id,
    "EQ_eventID": EventRow.event_id,
}
_LOTS: Final = frozenset(
    {
        "MATCH_anyEPCClass", "MATCH_epcClass", "MATCH_inputEPCClass", "MATCH_outputEPCClass",
    }
)  # fmt: skip


class UnknownParameter(Invalid):
    """EPCIS 2.0, 8.2.7.1: a parameter that is not defined raises QueryParameterException."""

    code = "QUERY_PARAMETER"


@dataclass(frozen=True, slots=True)
class Found:
    """One page of events, as they were received, and the token of the next page (None: this is the last)."""

    events: tuple[msgspec.Raw, ...]
    contexts: tuple[Any, ...]
    next_page: str | None


def _time(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{text} is no time.", field=name, value=text, fix="Use ISO 8601 with an offset.") from error
    if moment.tzinfo is None:
        raise Invalid(f"{text} has no offset.", field=name, value=text, fix="Add Z or an offset such as +09:00.")
    return moment


def condition(name: str, text: str) -> ColumnElement[bool]:
    """One query parameter as a condition. Raises UnknownParameter or Invalid."""
    values = [value for part in text.split(",") for value in part.split("|") if value]
    if name in _WORDS:
        return _WORDS[name].in_(values)  # type: ignore[no-any-return]
    if name[:3] in {"GE_", "LT_"} and name[3:] in _TIMES:
        column, moment = _TIMES[name[3:]], _time(name, text)
        return column >= moment if name.startswith("GE_") else column < moment  # type: ignore[no-any-return]
    if name in _LOTS:
        # What was on hold is moved by its release, and stated by the event that was released.
        moved = (
            select(func.coalesce(KeyRow.releases, EntryRow.event_index))
            .select_from(EntryRow)
            .join(LotRow, LotRow.id == EntryRow.lot_id)
            .join(KeyRow, KeyRow.index == EntryRow.event_index)
            .where(LotRow.uri.in_([canonical_key(each) for each in values]))
        )
        if name == "MATCH_inputEPCClass":
            moved = moved.where(EntryRow.transforms, EntryRow.grams < 0)
        elif name == "MATCH_outputEPCClass":
            moved = moved.where(EntryRow.transforms, EntryRow.grams > 0)
        return EventRow.index.in_(moved)
    if name.startswith("EQ_bizTransaction_") or name == "EQ_bizTransaction":
        return EventRow.index.in_(select(ReferenceRow.event_index).where(ReferenceRow.reference.in_(values)))
    if name == "EXISTS_errorDeclaration":
        return exists().where(and_(KeyRow.index == EventRow.index, KeyRow.declares_error))
    raise UnknownParameter(
        f"{name} is no query parameter that we know.", field=name, value=text,
        fix="Use eventType, EQ_action, EQ_bizStep, GE_eventTime, LT_eventTime, MATCH_anyEPCClass and their kin.",
    )  # fmt: skip


async def find(session: AsyncSession, parameters: Mapping[str, str]) -> Found:
    """Events that the reader may see, oldest first; `perPage` (at most 100) and `nextPageToken` page through them."""
    wanted = dict(parameters)
    limit = wanted.pop("perPage", str(DEFAULT))
    after = wanted.pop("nextPageToken", "-1")
    for name, text in (("perPage", limit), ("nextPageToken", after)):
        if not text.removeprefix("-").isdigit():
            raise Invalid(f"{text} is no number.", field=name, value=text, fix="Use the token as it was given.")
    size = max(1, min(int(limit), MOST))
    conditions = [condition(name, text) for name, text in wanted.items()]
    rows = await session.execute(
        select(EventRow.index, PayloadRow.body, PayloadRow.context)
        .join(PayloadRow, and_(PayloadRow.index == EventRow.index, PayloadRow.record_time == EventRow.record_time))
        .where(EventRow.kind == "epcis", EventRow.index > int(after), *conditions)
        .order_by(EventRow.index)
        .limit(size + 1)
    )
    found = rows.all()
    page = found[:size]
    following = str(page[-1].index) if len(found) > size else None
    return Found(tuple(msgspec.Raw(row.body.encode()) for row in page), tuple(row.context for row in page), following)


async def one(session: AsyncSession, event_id: str) -> Found:
    """Every event of this id that the reader may see (an error declaration has the id of its event)."""
    rows = await session.execute(
        select(EventRow.index, PayloadRow.body, PayloadRow.context)
        .join(PayloadRow, and_(PayloadRow.index == EventRow.index, PayloadRow.record_time == EventRow.record_time))
        .where(EventRow.kind == "epcis", EventRow.event_id == event_id)
        .order_by(EventRow.index)
    )
    found = rows.all()
    if not found:
        raise NotFound("There is no such event.", field="eventID", value=event_id)
    return Found(tuple(msgspec.Raw(row.body.encode()) for row in found), tuple(row.context for row in found), None)
