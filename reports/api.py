"""Reports over HTTP: declarations of what was placed on the market, dossiers, and the events behind a figure."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from litestar import get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor, May, Organisation
from foundation.database import Clock
from foundation.settings import Settings, data_home
from reports.declarations import Declaration, declarations, declare
from reports.dossier import Asked, dossier, dossiers, events_behind, make
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
    year: int = Field(ge=1990, le=2100)


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


@get("/api/v1/reports/{number:int}/events", opt={"access": Organisation("regulator")})
async def get_events_behind(
    record: Given[AsyncSession],
    actor: Given[Actor],
    settings: Given[Settings],
    number: FromPath[int],
    stage: FromQuery[str] = "",
    material: FromQuery[str] = "",
    month: FromQuery[str] = "",
    after: FromQuery[int] = -1,
) -> list[dict[str, Any]]:
    """The events behind a figure, by index; ask on with `after` = the last index."""
    row = await dossier(record, actor, number)
    wanted = {"stage": stage, "material": material, "month": month}
    return [asdict(each) for each in await events_behind(record, row, snapshots(settings), wanted, after)]


ROUTES: Final = [
    post_declaration, get_declarations, post_report, get_reports, get_report, get_events_behind,
]  # fmt: skip
