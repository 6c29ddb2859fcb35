"""Judging for machines: lots against every standard at once, what they reach elsewhere, and a draft beside the law."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final, cast

from litestar import Request, Response, post
from litestar.di import NamedDependency as Given
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema

from app.api.asked import LARGEST, MOST_LOTS, Asked, asked_json, asked_table
from foundation.access import PUBLIC
from foundation.database import Clock
from foundation.errors import Invalid
from standards.catalogue import Catalogue, CatalogueError, schema_of
from standards.conformity.drafting import draft_from, side_by_side, told_beside
from standards.conformity.equivalents import equivalents, told_equivalent
from standards.conformity.evaluation import evaluations
from standards.conformity.lots import Lot
from standards.conformity.rules import Standard
from standards.conformity.shelf import Shelf, judge_lot, shelf_of
from standards.recognition import recognitions

OPEN: Final = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
AnyRequest = Request[Any, Any, Any]


def _body(**more: Any) -> RequestBody:
    """The body of a question: lots by their schema, and what else this route reads."""
    lot = {key: value for key, value in schema_of("lot")[0].items() if key != "$schema"}
    properties: dict[str, Any] = {
        "lots": {"type": "array", "minItems": 1, "maxItems": MOST_LOTS, "items": lot, "examples": [lot["examples"]],
                 "description": "What is shown of each lot; nothing of it is stored."},
        "as_of": {"type": "string", "format": "date", "description": "The day to judge for; today if left out."},
        "decision_rule": {"enum": ["simple", "guard_band"],
                          "description": "guard_band holds values with their uncertainty against the limits."},
        **more,
    }  # fmt: skip
    schema = cast(Schema, {"type": "object", "required": ["lots"], "properties": properties})
    return RequestBody(content={"application/json": OpenAPIMediaType(schema=schema)}, required=True)


CHOSEN: Final = {"type": "array", "items": {"type": "string"}, "examples": [["en-15348"]],
                 "description": "Only these standards; all that speak of the lot where it is left out."}  # fmt: skip
DRAFT: Final = {"type": "string", "description": "A standard in YAML, by /standards/schemas/standard.json."}
AGAINST: Final = {
    "type": "string",
    "description": "The standard beside it; that of the same id if left out.",
}


@dataclass
class JudgeOperation(Operation):
    """How the interface describes judging."""

    def __post_init__(self) -> None:
        self.request_body = _body(standards=CHOSEN)


@dataclass
class EquivalentsOperation(Operation):
    """How the interface describes equivalents."""

    def __post_init__(self) -> None:
        self.request_body = _body()


@dataclass
class DraftOperation(Operation):
    """How the interface describes drafts."""

    def __post_init__(self) -> None:
        self.request_body = _body(draft=DRAFT, against=AGAINST)


async def asked(request: AnyRequest, shelf: Shelf, clock: Clock) -> Asked:
    """The question of a request: JSON, or a table where it says text/csv. Raises Invalid."""
    raw, today = await request.body(), clock().date()
    table = request.headers.get("content-type", "").partition(";")[0].strip() == "text/csv"
    read = asked_table if table else asked_json
    return await asyncio.to_thread(read, raw, shelf, today)


def judged(shelf: Shelf, question: Asked) -> list[dict[str, Any]]:
    """Every lot with its evaluations, each whole and with the hash of its canonical bytes."""
    return [_judged(shelf, question, lot) for lot in question.lots]


def _judged(shelf: Shelf, question: Asked, lot: Lot) -> dict[str, Any]:
    said = judge_lot(shelf, lot, question.as_of, question.rule, question.standards)
    made = evaluations(said, lot)
    return {
        "name": lot.name, "material": lot.material, "form": lot.form, "unread": list(lot.unread),
        "evaluations": [{**each.document, "sha256": each.sha256} for each in made],
    }  # fmt: skip


@post("/api/v1/judge", opt={"access": PUBLIC}, status_code=200, request_max_body_size=LARGEST,
      operation_class=JudgeOperation)  # fmt: skip
async def judge_lots(request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock]) -> Response[dict[str, Any]]:
    """Judge up to a hundred lots against every standard that speaks of them (or those named). Nothing is stored.

    Each evaluation is a snapshot: the standard by its bytes, every input by its hash, all findings, what is missing,
    until when it holds. `advisory` ones rest on nothing that was read in the text: no ground for a trade by themselves.
    A table of lots (text/csv) is read too.
    """
    shelf = shelf_of(catalogue)
    question = await asked(request, shelf, clock)
    lots = await asyncio.to_thread(judged, shelf, question)
    told = {"as_of": question.as_of.isoformat(), "decision_rule": question.rule, "catalogue": catalogue.digest}
    return Response({**told, "lots": lots}, headers=OPEN)


@post("/api/v1/equivalents", opt={"access": PUBLIC}, status_code=200, request_max_body_size=LARGEST,
      operation_class=EquivalentsOperation)  # fmt: skip
async def lots_equivalents(
    request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock]
) -> Response[dict[str, Any]]:
    """Which standards and grades of other countries and schemes the lots reach, and what each of the others lacks."""
    shelf = shelf_of(catalogue)
    question = await asked(request, shelf, clock)
    known = recognitions(catalogue)

    def reached() -> list[dict[str, Any]]:
        return [
            {"name": lot.name, "material": lot.material, "form": lot.form,
             "equivalents": [told_equivalent(each)
                             for each in equivalents(shelf, lot, question.as_of, known, question.rule)]}
            for lot in question.lots
        ]  # fmt: skip

    told = {"as_of": question.as_of.isoformat(), "catalogue": catalogue.digest}
    return Response({**told, "lots": await asyncio.to_thread(reached)}, headers=OPEN)


@post("/api/v1/standards/draft", opt={"access": PUBLIC}, status_code=200, request_max_body_size=LARGEST,
      operation_class=DraftOperation)  # fmt: skip
async def draft_beside_law(
    request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock]
) -> Response[dict[str, Any]]:
    """What a draft standard would change for these lots, beside what is in force. It is not kept, never decides."""
    shelf = shelf_of(catalogue)
    question = await asked(request, shelf, clock)
    draft = await asyncio.to_thread(drafted, question.draft, shelf)
    current = shelf.standards.get(question.against or draft.id)
    rows = await asyncio.to_thread(
        lambda: list(side_by_side(draft, current, question.lots, question.as_of, question.rule))
    )
    told = {
        "as_of": question.as_of.isoformat(), "status": "draft", "against": current.id if current else None,
        "draft": {"id": draft.id, "edition": draft.edition, "sha256": draft.digest},
        "changed": sum(row.changed for row in rows), "lots": [told_beside(row) for row in rows],
    }  # fmt: skip
    return Response(told, headers=OPEN)


def drafted(text: str, shelf: Shelf) -> Standard:
    """A contributed standard. Raises Invalid with every fault: line, key and what to write."""
    if not text.strip():
        raise Invalid("There is no draft.", field="draft", fix="Send a standard in YAML.")
    try:
        return draft_from(text, shelf)
    except CatalogueError as wrong:
        problems = [
            {"pointer": "draft", "code": "INVALID", "line": each.line, "key": each.key, "message": each.sentence,
             "fix": each.fix}
            for each in wrong.problems
        ]  # fmt: skip
        first = wrong.problems[0]
        raise Invalid(f"Line {first.line}, {first.key or 'document'}: {first.sentence}.", field="draft", fix=first.fix,
                      problems=problems) from None  # fmt: skip


ROUTES: Final = [judge_lots, lots_equivalents, draft_beside_law]
