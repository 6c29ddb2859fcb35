"""Reading movements: for their two sides, and for the authorities of the countries that they touch."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import NotFound
from standards.plausibility import Thresholds
from traceability.identifiers import canonical_key
from traceability.movements.assembling import assembled
from traceability.movements.gathering import STANDS
from traceability.movements.tables import ProposalRow, RequestRow
from traceability.movements.telling import Movement
from traceability.tables import KeyRow

PAGE: Final = 25
MOST: Final = 200
NEWEST: Final = 2**62
REGULATOR: Final = "regulator"

_OF_LOT: Final = """(:lot = '' OR EXISTS (
    SELECT FROM entry x JOIN lot l ON l.id = x.lot_id WHERE x.event_index = e.index AND l.uri = :lot))"""
# Shipments that stand, newest first, of which {whose}; a receiver's are found by its balances, as no index is kept of
# a holder's entries.
_SHIPPED: Final = f"""
SELECT e.index FROM event e JOIN event_key k ON k.index = e.index {{more}}
WHERE e.kind IN ('epcis', 'release') AND e.biz_step IN ('shipping', 'departing') AND e.index < :before
    AND {{whose}} AND {_OF_LOT} AND {STANDS}
ORDER BY e.index DESC LIMIT :most
"""  # noqa: S608 - parts of one statement, no value among them
_GONE: Final = "SELECT FROM entry n WHERE n.event_index = e.index AND n.account = 'transit' AND n.grams > 0"
_TO_ME: Final = """SELECT n.event_index FROM balance b JOIN entry n ON n.lot_id = b.lot_id AND n.holder = b.holder
    WHERE b.holder = :mine AND b.account = 'transit' AND n.account = 'transit' AND n.grams > 0"""
_OWN: Final = text(
    "(" + _SHIPPED.format(more="", whose=f"e.organisation_id = :mine AND EXISTS ({_GONE})")
    + ") UNION (" + _SHIPPED.format(more="", whose=f"e.index IN ({_TO_ME})")
    + ") ORDER BY 1 DESC LIMIT :most"
)  # fmt: skip
# Of a country are the firms and places at both ends; where the goods were received is told by who drew them.
_ENDS: Final = "JOIN organisation s ON s.id = e.organisation_id LEFT JOIN facility f ON f.id = e.facility_id"
_ARRIVED: Final = """SELECT FROM entry n JOIN organisation r ON r.id = n.holder
    LEFT JOIN entry i ON i.lot_id = n.lot_id AND i.holder = n.holder AND i.account = 'transit' AND i.grams < 0
    LEFT JOIN event a ON a.index = i.event_index LEFT JOIN facility g ON g.id = a.facility_id
    WHERE n.event_index = e.index AND n.account = 'transit' AND n.grams > 0
        AND :country IN (s.country, f.country, r.country, g.country)"""
_OF_COUNTRY: Final = text(_SHIPPED.format(more=_ENDS, whose=f"EXISTS ({_ARRIVED})"))


async def movements(
    record: AsyncSession, actor: Actor, limits: Thresholds, moment: datetime, before: int = NEWEST, most: int = PAGE,
    lot: str = "",
) -> list[Movement]:  # fmt: skip
    """Shipments that the organisation sent or was sent; for an authority those of its country. Newest first.

    `record` reads with the record scope; `lot`: of this lot alone.
    """
    facts: dict[str, Any] = {"before": before, "most": most, "lot": canonical_key(lot)}
    if REGULATOR in actor.organisation_roles:
        found = await record.scalars(_OF_COUNTRY, {**facts, "country": actor.country})
    else:
        found = await record.scalars(_OWN, {**facts, "mine": actor.organisation_id})
    return await assembled(record, list(found), limits, moment)


async def movement(record: AsyncSession, actor: Actor, index: int, limits: Thresholds, moment: datetime) -> Movement:
    """One movement by its shipment's leaf (also where that was on hold once), with how both sides weighed.

    Raises NotFound, also for who is neither a side of it nor an authority over one.
    """
    released = await record.scalar(select(KeyRow.index).where(KeyRow.releases == index))
    for told in await assembled(record, [index if released is None else released], limits, moment, weighed=True):
        side = actor.organisation_id in (told.sender.id, told.receiver.id)
        if side or (REGULATOR in actor.organisation_roles and actor.country in told.countries):
            return told
    raise NotFound(
        "There is no such movement.", field="movement", value=index,
        fix="State the leaf of a shipment that counts and was not declared erroneous.",
    )  # fmt: skip


async def waiting(session: AsyncSession, actor: Actor, moment: datetime) -> list[int]:
    """The movements for which the other side proposed figures that this organisation has not answered yet."""
    rows = select(ProposalRow.movement).where(
        ProposalRow.other_id == actor.organisation_id, ProposalRow.answer.is_(None), ProposalRow.lapses_at > moment
    )
    return list(await session.scalars(rows.order_by(ProposalRow.lapses_at)))


async def requests(session: AsyncSession, actor: Actor) -> list[RequestRow]:
    """What waits for this authority's decision, the oldest first; nothing for anybody else."""
    if REGULATOR not in actor.organisation_roles:
        return []
    rows = select(RequestRow).where(RequestRow.country == actor.country, RequestRow.decision.is_(None))
    return list(await session.scalars(rows.order_by(RequestRow.fact_index).limit(MOST)))
