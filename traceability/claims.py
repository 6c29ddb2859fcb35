"""Claims: a purpose takes grams of a lot once, over all jurisdictions."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Invalid
from traceability.holdings import holding
from traceability.identifiers import new_token
from traceability.ledger.lots import PURPOSES, Purpose
from traceability.preparing import fact
from traceability.sequencing.commands import Accepted, Claiming, Command
from traceability.sequencing.sequencer import Sequencer
from traceability.tables import ClaimRow, LotRow

_PURPOSES: Final = {purpose: purpose for purpose in PURPOSES}


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim as it stands in the record."""

    fact_index: int
    lot: str
    purpose: str
    jurisdiction: str
    grams: int
    statement: str
    claimed_at: datetime
    custody: str | None


def purpose_of(text: str) -> Purpose:
    """The exclusive purpose. Raises Invalid."""
    purpose = _PURPOSES.get(text)  # type: ignore[call-overload]  # a plain text may be no purpose
    if purpose is None:
        raise Invalid(
            f"{text} is no purpose of a claim.", field="purpose", value=text, fix=f"Use one of {', '.join(PURPOSES)}."
        )
    return cast(Purpose, purpose)


async def claim(
    session: AsyncSession, sequencer: Sequencer, actor: Actor, claiming: Claiming, moment: datetime
) -> Accepted:
    """Claim grams that the actor holds.

    Raises NotFound, Invalid, DoubleClaim (the second on the same grams), or CustodyOverstated.
    """
    actor.must("claim")
    if claiming.grams <= 0:
        raise Invalid(
            "A claim needs a mass.", field="grams", value=claiming.grams, fix="State how much is claimed, in grams."
        )
    held = await holding(session, actor.organisation_id, claiming.lot)
    claiming = replace(claiming, lot=held.lot)
    pre, post = held.origins.recycled(claiming.grams)
    # Two claims are two facts, also where they state the same in the same microsecond: a clock names nothing.
    fact_id = f"urn:junkan:claim:{new_token()}"
    body = {
        "type": "Claim",
        "id": fact_id,
        "lot": claiming.lot,
        "purpose": claiming.purpose,
        "jurisdiction": claiming.jurisdiction,
        "grams": claiming.grams,
        "preConsumerGrams": pre,
        "postConsumerGrams": post,
        "statement": claiming.statement,
        "claimant": actor.organisation_uri,
        "time": moment.isoformat(),
    }
    if claiming.custody is not None:
        body["custody"] = claiming.custody.value
    stated = fact("claim", body, fact_id, actor, moment, sequencer.controls.version, claiming=claiming)
    return (await sequencer.submit(Command((stated,)))).accepted[0]


async def claims(session: AsyncSession, organisation_id: int) -> list[Claimed]:
    """Every claim of one organisation, newest first."""
    rows = await session.execute(
        select(ClaimRow, LotRow.uri)
        .join(LotRow, LotRow.id == ClaimRow.lot_id)
        .where(ClaimRow.holder == organisation_id)
        .order_by(ClaimRow.fact_index.desc())
    )
    return [
        Claimed(
            row.fact_index, uri, row.purpose, row.jurisdiction, row.grams, row.statement, row.claimed_at, row.custody
        )
        for row, uri in rows
    ]
