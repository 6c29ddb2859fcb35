"""Declarations: what producers say they placed on the market, each a fact of the log; a correction supersedes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Conflict, Forbidden, Invalid
from reports.tables import DeclarationRow
from reports.years import reporting_year
from traceability.preparing import fact, id_of
from traceability.sequencing.commands import Accepted, Command, IndexOf, Write
from traceability.sequencing.sequencer import Sequencer

INSERT: Final = """
INSERT INTO declaration (fact_index, organisation_id, country, year, material, category, grams, supersedes, declared_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Declaration:
    """Grams of a material placed on one country's market in one calendar year, by packaging category."""

    country: str
    year: int
    material: str
    category: str
    grams: int
    supersedes: int | None = None


async def declare(
    session: AsyncSession, sequencer: Sequencer, actor: Actor, stated: Declaration, moment: datetime
) -> Accepted:
    """State or correct what was placed on the market.

    Raises Forbidden, Invalid, or Conflict where a first statement stands already (supersede it instead).
    """
    actor.must("declare")
    if not actor.organisation_roles & {"producer", "pro", "manufacturer"}:
        raise Forbidden("Only producers and their organisations declare what was placed on the market.")
    _check(stated, sequencer, moment)
    if stated.supersedes is not None:
        await _superseded(session, actor, stated)
    body = {
        "type": "PlacedOnMarket", "producer": actor.organisation_uri, "country": stated.country, "year": stated.year,
        "material": stated.material, "category": stated.category, "grams": stated.grams,
        "supersedes": stated.supersedes, "time": moment.isoformat(),
    }  # fmt: skip
    row = Write(
        INSERT,
        (IndexOf(), actor.organisation_id, stated.country, stated.year, stated.material, stated.category,
         stated.grams, stated.supersedes, moment),
        Conflict(
            "This is declared already.", field="year", value=stated.year,
            fix="Correct the earlier declaration: name it in `supersedes`.",
        ),
    )  # fmt: skip
    declared = fact("declaration", body, id_of("declaration", body), actor, moment, sequencer.controls.version)
    return (await sequencer.submit(Command((declared,), (row,)))).accepted[0]


def _check(stated: Declaration, sequencer: Sequencer, moment: datetime) -> None:
    if stated.material not in sequencer.controls.materials:
        raise Invalid(
            f"{stated.material} is no material of the taxonomy.", field="material", value=stated.material,
            fix="Use a code such as plastics.pet.",
        )  # fmt: skip
    reporting_year(stated.year, moment)
    if stated.grams < 0:
        raise Invalid("A mass is not negative.", field="grams", value=stated.grams, fix="State 0 or more.")


async def _superseded(session: AsyncSession, actor: Actor, stated: Declaration) -> None:
    earlier = await session.get(DeclarationRow, stated.supersedes)
    same = earlier is not None and (
        (earlier.organisation_id, earlier.country, earlier.year, earlier.material, earlier.category)
        == (actor.organisation_id, stated.country, stated.year, stated.material, stated.category)
    )
    if not same:
        raise Invalid(
            "The declaration to supersede is not yours, or speaks of something else.", field="supersedes",
            value=stated.supersedes, fix="Name your own declaration of the same country, year, material and category.",
        )  # fmt: skip


async def declarations(session: AsyncSession, organisation_id: int) -> list[DeclarationRow]:
    """Everything that one organisation declared, newest first; superseded statements stay readable."""
    rows = await session.scalars(
        select(DeclarationRow)
        .where(DeclarationRow.organisation_id == organisation_id)
        .order_by(DeclarationRow.fact_index.desc())
    )
    return list(rows)


async def versions(session: AsyncSession, indexes: Sequence[int]) -> dict[int, int]:
    """Which version of its statement each declaration is: 1 for a first one, 2 for what supersedes it, and so on."""
    row = select(DeclarationRow.fact_index.label("leaf"), DeclarationRow.supersedes)
    back = row.where(DeclarationRow.fact_index.in_(indexes)).cte("back", recursive=True)
    earlier = select(back.c.leaf, DeclarationRow.supersedes).join(
        DeclarationRow, DeclarationRow.fact_index == back.c.supersedes
    )
    back = back.union_all(earlier)
    found = await session.execute(select(back.c.leaf, func.count().label("version")).group_by(back.c.leaf))
    return {row.leaf: row.version for row in found}
