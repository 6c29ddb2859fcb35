"""Holdings: what an organisation has, asked of the ledger; nobody else stores a balance."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.errors import NotFound
from traceability.identifiers import canonical_key
from traceability.ledger.origins import Origins
from traceability.tables import BalanceRow, LotRow


@dataclass(frozen=True, slots=True)
class Holding:
    """A lot as one organisation holds it, in grams. `account` is stock or transit (on its way to the holder)."""

    lot_id: int
    lot: str
    token: str | None
    material: str
    form: str
    custody: str | None
    origins: Origins
    maker: int
    facility_id: int | None
    made_on: date
    account: str
    free: int
    reserved: int
    claimed_epr: int
    claimed_content: int
    claimed_credit: int


_HELD: Select[LotRow, BalanceRow] = select(LotRow, BalanceRow).join(BalanceRow, BalanceRow.lot_id == LotRow.id)


def _holding(row: Row[LotRow, BalanceRow]) -> Holding:
    lot, balance = row
    return Holding(
        lot.id, lot.uri, lot.token, lot.material, lot.form, lot.custody, Origins.from_json(lot.origins),
        lot.organisation_id, lot.facility_id, lot.created_day, balance.account, balance.free, balance.reserved,
        balance.claimed_epr, balance.claimed_content, balance.claimed_credit,
    )  # fmt: skip


async def holdings(session: AsyncSession, organisation_id: int, *, account: str = "stock") -> list[Holding]:
    """Everything of which this organisation holds a gram, newest lot first."""
    rows = await session.execute(
        _HELD.where(
            BalanceRow.holder == organisation_id,
            BalanceRow.account == account,
            BalanceRow.free + BalanceRow.reserved > 0,
        ).order_by(LotRow.id.desc())
    )
    return [_holding(row) for row in rows]


async def holding(session: AsyncSession, organisation_id: int, lot: str, *, account: str = "stock") -> Holding:
    """One lot at this organisation, by its URI in any spelling. Raises NotFound (also where only others hold it)."""
    own = _HELD.where(BalanceRow.holder == organisation_id, BalanceRow.account == account)
    row = (await session.execute(own.where(LotRow.uri == canonical_key(lot)))).first()
    if row is None:
        raise NotFound("You hold no such lot.", field="lot", value=lot, fix="Check the lot's identity.")
    return _holding(row)
