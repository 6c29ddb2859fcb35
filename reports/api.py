"""Reports over HTTP: declarations of what was placed on the market, dossiers, and the facts behind a figure."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor, May, Organisation
from foundation.database import Clock
from foundation.settings import Settings, data_home
from reports.behind import Explained, Figure, explain
from reports.declarations import Declaration, declarations, declare
from reports.dossier import Asked, dossier, dossiers, make
from reports.tables import DeclarationRow, DossierRow
from standards.catalogue import Catalogue
from traceability.http.epcis import told
from traceability.sequencing.sequencer import Sequencer


class DeclarationIn(BaseModel):
    """Grams of a material placed on one country's market in a calendar year."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    country: str = Field(pattern="^[A-Z]{2}$")
    year: int
    material: str
    category: str = Field(min_length=1)
    grams: int
    supersedes: int | None = None


class AskedIn(BaseModel):
    """Whose figures, for which reporting year."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    country: str = Field(pattern="^[A-Z]{2}$")
    year: int


def snapshots(settings: Settings) -> Path:
    """Where snapshots lie in the data directory."""
    return data_home(settings) / "snapshots"


def _declared(row: DeclarationRow) -> dict[str, Any]:
    return {
        "leafIndex": row.fact_index, "country": row.country, "year": row.year, "material": row.material,
        "category": row.category, "grams": row.grams, "supersedes": row.supersedes,
        "declaredAt": row.declared_at.isoformat(),
    }  # fmt: skip


def shown(row: DossierRow) -> dict[str, Any]:
    """A dossier as JSON."""
    return {"id": row.id, "digest": row.digest, "madeAt": row.made_at.isoformat(), **row.body}


@post("/api/v1/declarations", opt={"access": May("declare")})
async def post_declaration(
    transaction: Given[AsyncSession],
    sequencer: Given[Sequencer],
    actor: Given[Actor],
    clock: Given[Clock],
    data: JSONBody[DeclarationIn],
) -> dict[str, Any]:
    """State what was placed on the market, or supersede an earlier statement."""
    return told(await declare(transaction, sequencer, actor, Declaration(**data.model_dump()), clock()))


@get("/api/v1/declarations", opt={"access": May("declare")})
async def get_declarations(transaction: Given[AsyncSession], actor: Given[Actor]) -> list[dict[str, Any]]:
    """What the organisation declared, newest first."""
    return [_declared(row) for row in await declarations(transaction, actor.organisation_id)]


@post("/api/v1/reports", opt={"access": Organisation("regulator")})
async def post_report(
    record: Given[AsyncSession],
    actor: Given[Actor],
    settings: Given[Settings],
    catalogue: Given[Catalogue],
    clock: Given[Clock],
    data: JSONBody[AskedIn],
) -> dict[str, Any]:
    """Issue a report of the regulator's own country on everything below the newest checkpoint."""
    return shown(await make(record, actor, Asked(data.country, data.year), catalogue, snapshots(settings), clock()))


@get("/api/v1/reports", opt={"access": Organisation("regulator")})
async def get_reports(record: Given[AsyncSession], actor: Given[Actor]) -> list[dict[str, Any]]:
    """The reports issued for the regulator's country."""
    return [
        {"id": row.id, "country": row.country, "year": row.year, "digest": row.digest, "size": row.checkpoint_size}
        for row in await dossiers(record, actor)
    ]


@get("/api/v1/reports/{number:int}", opt={"access": Organisation("regulator")})
async def get_report(record: Given[AsyncSession], actor: Given[Actor], number: FromPath[int]) -> dict[str, Any]:
    """One report."""
    return shown(await dossier(record, actor, number))


def shown_behind(row: DossierRow, found: Explained) -> dict[str, Any]:
    """What is behind a figure as JSON; each fact with its leaf and the proof that the report's checkpoint holds it."""
    facts = [
        {"kind": each.kind, "leafIndex": each.index, "day": each.day.isoformat(), "organisation": each.organisation,
         "material": each.material, "stage": each.stage, "quantity": each.quantity or None, "reason": each.reason,
         "grams": each.grams, "version": each.version,
         "proof": f"/log/proof/inclusion?index={each.index}&size={row.checkpoint_size}"}
        for each in found.page
    ]  # fmt: skip
    return {
        "figure": found.figure.query, "grams": found.grams, "facts": found.facts, "lines": found.lines,
        "terms": [asdict(term) for term in found.terms], "behind": facts, "next": found.next,
    }  # fmt: skip


@get("/api/v1/reports/{number:int}/behind", opt={"access": Organisation("regulator")})
async def get_behind(
    request: Request[Any, Any, Any],
    record: Given[AsyncSession],
    actor: Given[Actor],
    settings: Given[Settings],
    catalogue: Given[Catalogue],
    number: FromPath[int],
    law: FromQuery[str],
    of: FromQuery[str],
    rate: FromQuery[str | None] = None,
    material: FromQuery[str | None] = None,
    stage: FromQuery[str | None] = None,
    reason: FromQuery[str | None] = None,
    month: FromQuery[str | None] = None,
    start: Annotated[int, QueryParameter(ge=0)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
) -> Response[dict[str, Any]]:
    """The facts behind a figure, with their proofs: they make it to the gram, or the answer is refused.

    `law` and `of` name it: numerator, denominator, placed, recycled or recovered of a `rate` and the law's `material`;
    counted or left_out by `stage`, `material` and `reason`; moved or not_counted by `stage`, `month` and `reason`.
    """
    row = await dossier(record, actor, number)
    figure = Figure(law, of, rate, material, stage, reason, month)
    found = await explain(record, row, catalogue, snapshots(settings), figure, start, limit)
    headers = {}
    if found.next is not None:
        query = urlencode({**figure.query, "start": found.next, "limit": limit})
        headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
    return Response(shown_behind(row, found), headers=headers)


ROUTES: Final = [
    post_declaration, get_declarations, post_report, get_reports, get_report, get_behind,
]  # fmt: skip
