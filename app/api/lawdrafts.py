"""Draft laws for machines: what one would change beside the law in force; nothing of it is kept."""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

from litestar import Request, Response, post
from litestar.di import NamedDependency as Given
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema

from app.api.standards import day_asked
from app.owing.comparing import told_difference
from app.owing.drafting import LARGEST, drafted, in_force, told_beside, tried
from foundation.access import PUBLIC
from foundation.database import Clock
from foundation.errors import Invalid
from standards.catalogue import Catalogue
from standards.conformity.lotdata.rows import exact_json
from standards.responsibility.comparing import differences

NAMES: Final = ("draft", "against", "calculation", "table", "on")


@dataclass
class DraftOperation(Operation):
    """How the interface describes the trying of a draft."""

    def __post_init__(self) -> None:
        about = {
            "draft": "An edition of a law in YAML, by /standards/schemas/rule-pack.json.",
            "against": "The edition beside it, by id; the newest of the same law if left out.",
            "table": "Cases as CSV: year, case, a column for each input; the law's own cases if left out.",
            "calculation": "The calculation that the table is for.",
            "on": "The day on which what both say is compared.",
        }
        properties = {name: {"type": "string", "description": text} for name, text in about.items()}
        schema = {"type": "object", "required": ["draft"], "properties": properties}
        content = {"application/json": OpenAPIMediaType(schema=cast(Schema, schema))}
        self.request_body = RequestBody(content=content, required=True)


@post("/api/v1/laws-draft", opt={"access": PUBLIC}, status_code=200, request_max_body_size=LARGEST,
      operation_class=DraftOperation)  # fmt: skip
async def try_draft(
    request: Request[Any, Any, Any], catalogue: Given[Catalogue], clock: Given[Clock]
) -> Response[dict[str, Any]]:
    """A draft law beside the law in force: what they say, and what each step of given cases comes to under both."""
    asked = _asked(await request.body())
    day = day_asked(asked["on"], clock().date())
    body = await asyncio.to_thread(_tried, catalogue, asked, day)
    draft, current = body.pop("draft_edition"), body.pop("current")
    told = [told_difference(line) for line in differences(current, draft, day) if not line.same]
    return Response({**body, "on": day.isoformat(), "differences": told}, headers={"Cache-Control": "no-store"})


def _asked(raw: bytes) -> dict[str, str]:
    try:
        body = exact_json(raw.decode())
    except ValueError as wrong:
        raise Invalid(f"This is no JSON: {wrong}.", field="", fix="Send a JSON object with `draft`.") from None
    if not isinstance(body, dict):
        raise Invalid("This is no object.", field="", fix="Send a JSON object with `draft`.")
    if unknown := [name for name in body if name not in NAMES]:
        raise Invalid("No such field.", field=str(unknown[0])[:80], fix=f"Known: {', '.join(NAMES)}.")
    for name, value in body.items():
        if not isinstance(value, str):
            raise Invalid("This is no text.", field=name, value=str(value)[:80], fix="Send it as text.")
    return {name: str(body.get(name, "")) for name in NAMES}


def _tried(catalogue: Catalogue, asked: dict[str, str], day: date) -> dict[str, Any]:
    draft = drafted(asked["draft"])
    current = in_force(catalogue, draft, asked["against"], day)
    rows = tried(draft, current, asked["calculation"], asked["table"])
    about = {"id": draft.id, "sha256": draft.digest, "status": "draft"}
    return {
        "draft_edition": draft, "current": current, "draft": about,
        "against": {"id": current.id, "sha256": current.digest}, "compliance_grade": False,
        "changed": sum(row.changed for row in rows), "rows": [told_beside(row) for row in rows],
    }  # fmt: skip


ROUTES: Final = [try_draft]
