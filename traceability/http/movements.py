"""Movements over HTTP: both sides' figures side by side, proposals and answers, and requests to the authority."""

from datetime import datetime
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.errors import Invalid
from foundation.registry import Organisation
from traceability.http.epcis import told
from traceability.movements.answering import Answer, answer
from traceability.movements.proposing import LONGEST, MOST_LOTS, Figure, propose
from traceability.movements.reading import NEWEST, PAGE, movement, movements, requests, waiting
from traceability.movements.reopening import Decision, ask, decide
from traceability.movements.tables import RequestRow
from traceability.movements.telling import Goods, Movement, Proposal, Said
from traceability.sequencing.sequencer import Sequencer

MOST: Final = 100
Mass = Annotated[int, Field(gt=0, lt=2**53, strict=True)]
Why = Annotated[str, Field(min_length=1, max_length=LONGEST)]


LOT: Final = "https://junkan.example/id/7Q4M2K9XTR3VB8WHN5CZD1EGJF"


class In(BaseModel):
    """What a client sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FigureIn(In):
    """A lot with the figures that it should have; what is left out stays as it is."""

    lot: Annotated[str, Field(max_length=2_000, examples=[LOT])]
    sent_grams: Mass | None = Field(default=None, examples=[12_480_000])
    received_grams: Mass | None = Field(default=None, examples=[12_460_000])


class ProposalIn(In):
    """Other figures for a movement, and why."""

    figures: list[FigureIn] = Field(
        min_length=1, max_length=MOST_LOTS, examples=[[{"lot": LOT, "received_grams": 12_460_000}]]
    )
    reason: Why = Field(examples=["The scale was read before the pallet was taken off."])


class AnswerIn(In):
    """What becomes of a proposal."""

    answer: Answer = Field(examples=["accept"])
    statement: Annotated[str, Field(max_length=LONGEST)] = Field(default="", examples=["Weighed again: agreed."])


class RequestIn(In):
    """Why a final movement should be opened again."""

    reason: Why = Field(examples=["The weighbridge was found to be out of calibration on that day."])


class DecisionIn(In):
    """What the authority decides, and why."""

    decision: Decision = Field(examples=["grant"])
    statement: Why = Field(examples=["The calibration report bears it out."])


def _party(firm: Organisation) -> dict[str, Any]:
    return {"uri": firm.uri, "name": firm.name, "country": firm.country}


def _goods(each: Goods) -> dict[str, Any]:
    return {
        "lot": each.lot, "material": each.material, "form": each.form, "firstSentGrams": each.stated,
        "sentGrams": each.sent, "receivedGrams": each.received if each.came else None,
        "heldGrams": each.held, "returnedGrams": each.returned, "inTransitGrams": each.underway,
        "differenceGrams": each.difference, "differencePpm": each.ppm,
    }  # fmt: skip


def _said(each: Said, told_of: Movement) -> dict[str, Any]:
    scale = each.weighing
    return {
        "leafIndex": each.index, "by": "sender" if each.organisation_id == told_of.sender.id else "receiver",
        "bizStep": each.biz_step, "day": each.day.isoformat(), "recordTime": each.recorded.isoformat(),
        "counted": each.counted is not None, "grams": each.grams,
        "weighing": None if scale is None else {
            "basis": scale.basis, "grossGrams": scale.gross, "tareGrams": scale.tare, "palletGrams": scale.pallet,
            "netGrams": scale.net,
        },
    }  # fmt: skip


def _proposal(each: Proposal, told_of: Movement, moment: datetime) -> dict[str, Any]:
    row, lots = each.row, {goods.lot_id: goods.lot for goods in told_of.goods}
    return {
        "proposal": row.fact_index, "by": "sender" if row.proposer_id == told_of.sender.id else "receiver",
        "reason": row.reason, "proposedAt": row.proposed_at.isoformat(), "lapsesAt": row.lapses_at.isoformat(),
        "standing": each.standing(moment), "answerLeafIndex": row.answer_index, "statement": row.statement,
        "answeredAt": row.answered_at.isoformat() if row.answered_at else None,
        "figures": [
            {"lot": lots.get(figure.lot_id), "sentGrams": {"was": figure.sent_was, "is": figure.sent},
             "receivedGrams": None if figure.received is None else
             {"was": figure.received_was, "is": figure.received}}
            for figure in each.figures
        ],
    }  # fmt: skip


def _request(row: RequestRow, told_of: Movement) -> dict[str, Any]:
    return {
        "request": row.fact_index, "by": "sender" if row.organisation_id == told_of.sender.id else "receiver",
        "country": row.country, "reason": row.reason, "askedAt": row.asked_at.isoformat(),
        "decision": row.decision, "statement": row.statement, "decisionLeafIndex": row.decision_index,
        "openUntil": row.open_until.isoformat() if row.open_until else None,
    }  # fmt: skip


def shown_movement(each: Movement, moment: datetime) -> dict[str, Any]:
    """A movement as JSON, masses in grams: both sides' figures of each lot, and what is proposed to change."""
    return {
        "movement": each.index, "sender": _party(each.sender), "receiver": _party(each.receiver),
        "status": each.status, "final": each.final(moment),
        "finalFrom": each.final_from.isoformat() if each.final_from else None,
        "lots": [_goods(goods) for goods in each.goods], "statements": [_said(said, each) for said in each.said],
        "proposals": [_proposal(one, each, moment) for one in each.proposals],
        "requests": [_request(row, each) for row in each.requests],
    }  # fmt: skip


@get("/api/v1/movements", opt={"access": SIGNED_IN})
async def get_movements(
    request: Request[Any, Any, Any], record: Given[AsyncSession], actor: Given[Actor], sequencer: Given[Sequencer],
    clock: Given[Clock], cursor: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=MOST)] = PAGE,
) -> Response[Any]:  # fmt: skip
    """Shipments that the organisation sent or was sent; for an authority those of its country. Newest first.

    `toAnswer`: movements for which the other side proposed figures that this one has not answered; `toDecide`: those
    that this authority is asked to open again.
    """
    if not (cursor == "" or (cursor.isascii() and cursor.isdigit() and len(cursor) < 19)):
        raise Invalid("This is no cursor.", field="cursor", value=cursor[:40], fix="Use the one of the last page.")
    moment, before = clock(), int(cursor) if cursor else NEWEST
    found = await movements(record, actor, sequencer.controls.limits, moment, before, limit + 1)
    page = found[:limit]
    following = f"{request.url.path}?cursor={page[-1].index}&limit={limit}" if len(found) > limit else None
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    body = {
        "movements": [shown_movement(each, moment) for each in page],
        "toAnswer": await waiting(record, actor, moment),
        "toDecide": [row.movement for row in await requests(record, actor)],
    }  # fmt: skip
    return Response(body, headers=headers)


@get("/api/v1/movements/{index:int}", opt={"access": SIGNED_IN})
async def get_movement(
    record: Given[AsyncSession], actor: Given[Actor], sequencer: Given[Sequencer], clock: Given[Clock],
    index: FromPath[int],
) -> dict[str, Any]:  # fmt: skip
    """One movement by the leaf of its shipment: for its two sides and the authorities of their countries."""
    moment = clock()
    return shown_movement(await movement(record, actor, index, sequencer.controls.limits, moment), moment)


@post("/api/v1/movements/{index:int}/proposals", opt={"access": May("capture")})
async def post_proposal(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    index: FromPath[int], data: JSONBody[ProposalIn],
) -> dict[str, Any]:  # fmt: skip
    """Propose other figures to the other side; the old ones stand until it accepts."""
    figures = [Figure(each.lot, each.sent_grams, each.received_grams) for each in data.figures]
    return told(await propose(record, sequencer, actor, index, figures, data.reason, clock()))


@post("/api/v1/movements/{index:int}/proposals/{proposal:int}/answer", opt={"access": May("capture")})
async def post_answer(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    index: FromPath[int], proposal: FromPath[int], data: JSONBody[AnswerIn],
) -> dict[str, Any]:  # fmt: skip
    """Accept or decline the other side's proposal, or withdraw one's own."""
    return told(await answer(record, sequencer, actor, index, proposal, data.answer, data.statement, clock()))


@post("/api/v1/movements/{index:int}/requests", opt={"access": May("capture")})
async def post_request(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    index: FromPath[int], data: JSONBody[RequestIn],
) -> dict[str, Any]:  # fmt: skip
    """Ask the authority of one's own country to open a final movement again."""
    return told(await ask(record, sequencer, actor, index, data.reason, clock()))


@post("/api/v1/movements/{index:int}/requests/{number:int}/decision", opt={"access": May("capture")})
async def post_decision(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    index: FromPath[int], number: FromPath[int], data: JSONBody[DecisionIn],
) -> dict[str, Any]:  # fmt: skip
    """The authority grants a request, for a time, or declines it with its reason."""
    return told(await decide(record, sequencer, actor, index, number, data.decision, data.statement, clock()))


ROUTES: Final = [get_movements, get_movement, post_proposal, post_answer, post_request, post_decision]
