"""Recalls over HTTP: open one, follow it, answer for what is held, end it."""

from typing import Annotated, Any, Final

from litestar import get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, JSONBody
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from traceability.http.epcis import told
from traceability.recalls.calling import (
    LONGEST,
    MOST_LOTS,
    Answer,
    Call,
    Done,
    Reason,
    answer_recall,
    end_recall,
    open_recall,
)
from traceability.recalls.reading import Holder, Notice, Recall, notices, recall, recalls
from traceability.recalls.tables import RecallAnswerRow, RecallRow
from traceability.sequencing.sequencer import Sequencer

Statement = Annotated[str, Field(min_length=1, max_length=LONGEST)]


class RecallIn(BaseModel):
    """Lots to call back, for what reason, and what was found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lots: list[Annotated[str, Field(max_length=2_000)]] = Field(min_length=1, max_length=MOST_LOTS)
    reason: Reason
    statement: Statement


class AnswerIn(BaseModel):
    """What was done with one lot."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lot: str = Field(max_length=2_000)
    answer: Done
    statement: Statement


class EndIn(BaseModel):
    """Why the recall is over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    statement: Statement


def _row(row: RecallRow) -> dict[str, Any]:
    return {
        "recall": row.fact_index, "reason": row.reason, "byAuthority": row.authority,
        "openedAt": row.opened_at.isoformat(), "open": row.closed_index is None, "endedBy": row.closed_index,
    }  # fmt: skip


def _answer(row: RecallAnswerRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "answer": row.answer, "statement": row.statement, "at": row.answered_at.isoformat(),
        "leafIndex": row.fact_index,
    }  # fmt: skip


def _holder(each: Holder) -> dict[str, Any]:
    return {
        "organisation": each.organisation, "lot": each.lot.uri if each.lot else None, "grams": each.grams,
        "answered": each.answer is not None, "answer": _answer(each.answer) if each.lot else None,
    }  # fmt: skip


def _whole(each: Recall) -> dict[str, Any]:
    return {
        **_row(each.row), "openedBy": each.opened_by, "statement": each.row.statement, "lots": each.lots,
        "named": [lot.uri for lot in each.named], "grams": each.grams,
        "holders": [_holder(holder) for holder in each.holders],
    }  # fmt: skip


def _notice(each: Notice) -> dict[str, Any]:
    return {**_row(each.row), "lot": each.lot.uri, "grams": each.grams, "answer": _answer(each.answer)}


@get("/api/v1/recalls", opt={"access": SIGNED_IN})
async def get_recalls(record: Given[AsyncSession], actor: Given[Actor]) -> dict[str, Any]:
    """Recalls that concern the organisation, newest first; `notices`: recalled lots that it holds now."""
    rows = await recalls(record, actor)
    return {"recalls": [_row(row) for row in rows], "notices": [_notice(each) for each in await notices(record, actor)]}


@get("/api/v1/recalls/{index:int}", opt={"access": SIGNED_IN})
async def get_recall(record: Given[AsyncSession], actor: Given[Actor], index: FromPath[int]) -> dict[str, Any]:
    """One recall: what is under it, who holds it as far as the reader may be told, and what was answered."""
    return _whole(await recall(record, actor, index))


@post("/api/v1/recalls", opt={"access": May("capture")})
async def post_recall(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    data: JSONBody[RecallIn],
) -> dict[str, Any]:  # fmt: skip
    """Call lots back, with everything made of them: none of it can be promised, claimed or listed until this ends."""
    call = Call(data.lots, data.reason, data.statement)
    return told(await open_recall(record, sequencer, actor, call, clock()))


@post("/api/v1/recalls/{index:int}/answers", opt={"access": May("capture")})
async def post_recall_answer(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    index: FromPath[int], data: JSONBody[AnswerIn],
) -> dict[str, Any]:  # fmt: skip
    """Say what was done with a recalled lot."""
    answer = Answer(index, data.lot, data.answer, data.statement)
    return told(await answer_recall(record, sequencer, actor, answer, clock()))


@post("/api/v1/recalls/{index:int}/end", opt={"access": May("capture")})
async def post_recall_end(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    index: FromPath[int], data: JSONBody[EndIn],
) -> dict[str, Any]:  # fmt: skip
    """The recall is over."""
    return told(await end_recall(record, sequencer, actor, index, data.statement, clock()))


ROUTES: Final = [get_recalls, get_recall, post_recall, post_recall_answer, post_recall_end]
