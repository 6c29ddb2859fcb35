"""Claims over HTTP: a purpose takes grams of a lot once, and at most under the lot's own custody model."""

from typing import Any, Final

from litestar import get, post
from litestar.di import NamedDependency as Given
from litestar.params import JSONBody
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from traceability.claims import Claimed, claim, claims, purpose_of
from traceability.http.epcis import told
from traceability.ledger.claiming import model_of
from traceability.sequencing.commands import Claiming
from traceability.sequencing.sequencer import Sequencer


class ClaimIn(BaseModel):
    """A purpose takes grams of a lot, once; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lot: str
    purpose: str
    grams: int = Field(gt=0)
    jurisdiction: str = Field(pattern="^[A-Z]{2}$")
    statement: str = ""
    custody: str | None = None


@post("/api/v1/claims", opt={"access": May("claim")})
async def post_claim(
    transaction: Given[AsyncSession],
    sequencer: Given[Sequencer],
    actor: Given[Actor],
    clock: Given[Clock],
    data: JSONBody[ClaimIn],
) -> dict[str, Any]:
    """Claim grams for an exclusive purpose; a second claim on the same grams is refused."""
    claiming = Claiming(
        data.lot, purpose_of(data.purpose), data.grams, data.jurisdiction, data.statement, model_of(data.custody)
    )
    return told(await claim(transaction, sequencer, actor, claiming, clock()))


def _shown_claim(each: Claimed) -> dict[str, Any]:
    return {
        "leafIndex": each.fact_index, "lot": each.lot, "purpose": each.purpose, "jurisdiction": each.jurisdiction,
        "grams": each.grams, "statement": each.statement, "claimedAt": each.claimed_at.isoformat(),
        "custody": each.custody,
    }  # fmt: skip


@get("/api/v1/claims", opt={"access": SIGNED_IN})
async def get_claims(transaction: Given[AsyncSession], actor: Given[Actor]) -> list[dict[str, Any]]:
    """Every claim of the organisation, newest first."""
    return [_shown_claim(each) for each in await claims(transaction, actor.organisation_id)]


ROUTES: Final = [post_claim, get_claims]
"""The claims' routes."""
