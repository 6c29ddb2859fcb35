"""Certificates over HTTP: scope certificates, what their bodies do with them, and whether one stands on a day."""

from datetime import date
from typing import Annotated, Any, Final

from litestar import get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from standards.catalogue import Catalogue
from traceability.certificates.scopes import (
    LONGEST,
    Act,
    Scope,
    Standing,
    act_on_scope,
    record_scope,
    standing_scope,
    standings,
)
from traceability.http.epcis import told
from traceability.sequencing.sequencer import Sequencer

Name = Annotated[str, Field(min_length=1, max_length=200)]
Names = Annotated[list[Name], Field(max_length=100)]


class ScopeIn(BaseModel):
    """A scope certificate: organisations and sites by URI, materials by code; without `editions`, whichever."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    holder: Name
    body: Name
    scheme: Name
    number: Annotated[str, Field(min_length=1, max_length=100)]
    sites: Names
    materials: Names
    valid_from: date
    valid_to: date
    processes: Names = []
    editions: Names | None = None
    document_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class ActIn(BaseModel):
    """What the body does, from which day on, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    act: Act
    day: date
    statement: Annotated[str, Field(min_length=1, max_length=LONGEST)]


def scope_told(each: Standing) -> dict[str, Any]:
    """A scope certificate with its acts, as JSON."""
    row = each.row
    return {
        "scope": row.fact_index, "holder": row.holder_id, "body": row.body, "scheme": row.scheme,
        "editions": row.editions, "number": row.number, "sites": row.sites, "materials": row.materials,
        "processes": row.processes, "validFrom": row.valid_from.isoformat(), "validTo": row.valid_to.isoformat(),
        "documentSha256": row.document_sha256.hex() if row.document_sha256 else None, "evidence": each.evidence,
        "acts": [
            {"act": act.act, "day": act.day.isoformat(), "statement": act.statement, "leafIndex": act.fact_index}
            for act in each.acts
        ],
    }  # fmt: skip


@get("/api/v1/scope-certificates", opt={"access": SIGNED_IN})
async def get_scopes(transaction: Given[AsyncSession]) -> dict[str, Any]:
    """The organisation's own scope certificates and those that it issued, newest first."""
    return {"scopes": [scope_told(each) for each in await standings(transaction)]}


@get("/api/v1/scope-certificates/{index:int}", opt={"access": SIGNED_IN})
async def get_scope(transaction: Given[AsyncSession], index: FromPath[int]) -> dict[str, Any]:
    """One scope certificate with everything that was done with it."""
    return scope_told(await standing_scope(transaction, index))


@get("/api/v1/scope-certificates/{index:int}/standing", opt={"access": SIGNED_IN})
async def get_standing(
    transaction: Given[AsyncSession], catalogue: Given[Catalogue], index: FromPath[int], on: FromQuery[date],
    material: FromQuery[str], site: FromQuery[str], edition: FromQuery[str | None] = None,
) -> dict[str, Any]:  # fmt: skip
    """Whether it stands for this material, site and edition on that day, and if not, why not."""
    scope = await standing_scope(transaction, index)
    reasons = scope.against(catalogue, on, material, site, edition)
    return {"stands": not reasons, "reasons": reasons, "evidence": scope.evidence}


@post("/api/v1/scope-certificates", opt={"access": May("capture")})
async def post_scope(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    catalogue: Given[Catalogue], data: JSONBody[ScopeIn],
) -> dict[str, Any]:  # fmt: skip
    """Record a scope certificate as its holder (its word) or as its certification body (its own account)."""
    scope = Scope(
        data.holder, data.body, data.scheme, data.number, tuple(data.sites), tuple(data.materials), data.valid_from,
        data.valid_to, tuple(data.processes), None if data.editions is None else tuple(data.editions),
        data.document_sha256,
    )  # fmt: skip
    return told(await record_scope(record, sequencer, actor, catalogue, scope, clock()))


@post("/api/v1/scope-certificates/{index:int}/acts", opt={"access": May("capture")})
async def post_scope_act(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    index: FromPath[int], data: JSONBody[ActIn],
) -> dict[str, Any]:  # fmt: skip
    """The certificate's own body confirms, suspends, lifts or withdraws it."""
    return told(await act_on_scope(record, sequencer, actor, index, data.act, data.day, data.statement, clock()))


ROUTES: Final = [get_scopes, get_scope, get_standing, post_scope, post_scope_act]
"""The scope certificates' routes."""
