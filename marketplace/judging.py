"""Judging: a lot that its holder offers, against the standards of a day, by everything on record about it."""

from collections.abc import Collection, Mapping
from datetime import date
from functools import lru_cache
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Invalid
from marketplace.reading import reading_record
from standards.catalogue import Catalogue
from standards.conformity import Judgement, Standard, Verdict, judge, standards
from standards.properties import Property, properties
from traceability.evidence import certificates, measurements
from traceability.holdings import holding
from traceability.judging import known_lot
from traceability.tables import MeasurementRow

DECIDED: Final = frozenset({Verdict.CONFORMING, Verdict.NONCONFORMING, Verdict.INCOMPLETE})


@lru_cache(maxsize=4)
def known_standards(catalogue: Catalogue) -> Mapping[str, Standard]:
    """Every standard by id, read once per catalogue."""
    return standards(catalogue)


@lru_cache(maxsize=4)
def known_properties(catalogue: Catalogue) -> Mapping[str, Property]:
    """Every property by code, read once per catalogue."""
    return properties(catalogue)


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
    known = known_standards(catalogue)
    unknown = [each for each in chosen or () if each not in known]
    if unknown:
        raise Invalid(
            f"{unknown[0]} is no standard that we know.", field="standards", value=unknown[0],
            fix=f"Use some of {', '.join(sorted(known))}.",
        )  # fmt: skip
    held = await holding(session, actor.organisation_id, lot)
    measured = await results(session, actor, held.lot_id)
    async with reading_record(session, actor):
        certified = await certificates(session, held.lot_id, held.maker, as_of)
    shown = known_lot(held.material, held.form, held.origins, measured, certified)
    if chosen is not None:
        return [judge(known[each], shown, as_of) for each in dict.fromkeys(chosen)]
    verdicts = (judge(each, shown, as_of) for each in known.values())
    return [each for each in verdicts if each.verdict in DECIDED]
