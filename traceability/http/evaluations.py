"""Evaluations over HTTP: what the standards say of a recorded lot, as snapshots that name every input by its hash."""

from datetime import date
from typing import Any, Final

from litestar import get
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor
from foundation.database import Clock
from foundation.errors import Invalid, NotFound
from standards.catalogue import Catalogue
from traceability.holdings import holding
from traceability.judging import evaluated, known_standards
from traceability.passport import find
from traceability.tables import LotRow


async def own_lot(session: AsyncSession, record: AsyncSession, actor: Actor, uri: str) -> LotRow:
    """A lot that the actor's organisation made or holds. Raises NotFound for any other, known or not."""
    row = await find(record, uri=uri)
    if row.organisation_id != actor.organisation_id:
        await holding(session, actor.organisation_id, uri)
    return row


@get("/api/v1/evaluations", opt={"access": SIGNED_IN})
async def lot_evaluations(
    transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    clock: Given[Clock], lot: FromQuery[str], standard: FromQuery[str] = "", on: FromQuery[date | None] = None,
) -> dict[str, Any]:  # fmt: skip
    """What every standard (or one) says of a lot that the organisation made or holds, on a day (today)."""
    if standard and standard not in known_standards(catalogue):
        raise Invalid(f"{standard[:80]} is no standard that we know.", field="standard", value=standard[:80],
                      fix="Look them up at /api/v1/standards.")  # fmt: skip
    try:
        row = await own_lot(transaction, record, actor, lot)
    except NotFound:
        raise NotFound("You have no such lot.", field="lot", value=lot, fix="Check the lot's identity.") from None
    made = await evaluated(record, catalogue, row, [standard] if standard else None, on or clock().date())
    told = [{**each.document, "sha256": each.sha256} for each in made]
    return {"lot": row.uri, "catalogue": catalogue.digest, "evaluations": told}


ROUTES: Final = [lot_evaluations]
