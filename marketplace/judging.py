"""Judging: a lot that its holder offers, against the standards of a day, by everything on record about it."""

from collections.abc import Collection
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Invalid
from marketplace.reading import reading_record
from standards.catalogue import Catalogue
from standards.conformity import Judgement, Verdict
from traceability import judging
from traceability.evidence import measurements
from traceability.holdings import holding
from traceability.tables import LotRow, MeasurementRow

DECIDED: Final = frozenset({Verdict.CONFORMING, Verdict.NONCONFORMING, Verdict.INCOMPLETE})


async def results(session: AsyncSession, actor: Actor, lot_id: int) -> list[MeasurementRow]:
    """Every result for a lot that the actor holds, a laboratory's too, in order of recording."""
    async with reading_record(session, actor):
        return await measurements(session, lot_id)


async def judged(
    session: AsyncSession, actor: Actor, catalogue: Catalogue, lot: str, chosen: Collection[str] | None, as_of: date
) -> list[Judgement]:
    """What the chosen standards say of a lot that the actor holds; with None, every one that has something to say.

    Raises NotFound for a lot of others, Invalid for a standard that we do not know.
    """
    known = judging.known_standards(catalogue)
    unknown = [each for each in chosen or () if each not in known]
    if unknown:
        raise Invalid(
            f"{unknown[0]} is no standard that we know.", field="standards", value=unknown[0],
            fix=f"Use some of {', '.join(sorted(known))}.",
        )  # fmt: skip
    held = await holding(session, actor.organisation_id, lot)
    async with reading_record(session, actor):
        row = (await session.scalars(select(LotRow).where(LotRow.id == held.lot_id))).one()
        said = await judging.judged(session, catalogue, row, chosen, as_of)
    return said if chosen is not None else [each for each in said if each.verdict in DECIDED]
