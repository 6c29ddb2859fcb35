"""Settling: what a delivery comes to under its trade's conditions, and what each side found of it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Conflict, Invalid
from marketplace.conditions import check_number, conditions_of
from marketplace.prices import minor_units
from marketplace.tables import StatementRow
from marketplace.trades import Trade
from standards.catalogue import Catalogue
from standards.trade.settlement import Conditions, Contract, Delivery, Settlement, settle

Progress = Literal["underway", "returned", "open", "stated", "disputed", "settled"]
LONGEST: Final = 1_000


class FigureMissing(Invalid):
    """The conditions ask for a figure that was not stated; fact `missing` names all of them."""

    code: ClassVar[str] = "FIGURE_MISSING"


class NothingToSettle(Conflict):
    """The goods have not all been received, or something is still set aside."""

    code: ClassVar[str] = "NOTHING_TO_SETTLE"


@dataclass(frozen=True, slots=True)
class Findings:
    """What one side found of the delivery: shares in percent, None where nobody measured."""

    moisture_pct: Decimal | None = None
    contamination_pct: Decimal | None = None
    excess_accepted: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """How far a trade is settled: `result` by the latest findings, and each side's latest statement."""

    conditions: Conditions
    progress: Progress
    result: Settlement | None
    seller: StatementRow | None
    buyer: StatementRow | None


async def account_of(session: AsyncSession, told: Trade, catalogue: Catalogue) -> Account:
    """The settlement of a trade that the reader is a side of, reckoned from the ledger as it stands now."""
    rows = select(StatementRow).where(StatementRow.trade_id == told.row.id).order_by(StatementRow.id)
    stated = list(await session.scalars(rows))
    latest = {each.organisation_id: each for each in stated}
    conditions = conditions_of(told.row.conditions)
    seller, buyer = latest.get(told.row.seller), latest.get(told.row.buyer)
    if told.goods.state == "rejected":
        return Account(conditions, "returned", None, seller, buyer)
    if told.goods.state != "received" or told.goods.reserved:
        return Account(conditions, "underway", None, seller, buyer)
    last = max((each for each in (seller, buyer) if each), key=lambda each: each.id, default=None)
    result = reckoned(told, conditions, findings_of(last) if last else Findings(), catalogue)
    return Account(conditions, _progress(result, seller, buyer), result, seller, buyer)


def findings_of(row: StatementRow) -> Findings:
    return Findings(row.moisture_pct, row.contamination_pct, row.excess_accepted)


def reckoned(told: Trade, conditions: Conditions, found: Findings, catalogue: Catalogue) -> Settlement:
    """What these findings come to: the seller's weight at loading, the buyer's own at discharge, from the ledger."""
    row, goods = told.row, told.goods
    contract = Contract(
        quantity_grams=row.grams, price_per_t=row.price, currency=row.currency, **asdict(conditions)
    )  # fmt: skip
    delivery = Delivery(goods.shipped, goods.received, **asdict(found))
    return settle(contract, delivery, minor_units(row.currency, catalogue))


def _progress(result: Settlement, seller: StatementRow | None, buyer: StatementRow | None) -> Progress:
    """Settled is what both state now, and what still comes to the amount that both saw."""
    if seller is None and buyer is None:
        return "open"
    if seller is None or buyer is None:
        return "stated"
    same = findings_of(seller) == findings_of(buyer) and seller.amount == buyer.amount
    if not same:
        return "disputed"
    return "settled" if seller.amount == amount_of(result) else "stated"


def amount_of(result: Settlement) -> Decimal | None:
    """What is to be paid; nothing for what is rejected, None where a figure is missing."""
    return Decimal(0) if result.status == "rejected" else result.amount


async def state(
    session: AsyncSession, actor: Actor, told: Trade, catalogue: Catalogue, found: Findings, statement: str,
    moment: datetime,
) -> Account:  # fmt: skip
    """State what one's own side found; the same findings as the other side's agree with it. Answers the account.

    Raises NothingToSettle while goods are on their way, NotAShare, or FigureMissing.
    """
    actor.must("trade")
    said = statement.strip()
    if len(said) > LONGEST or "\x00" in said:
        raise Invalid("This text cannot be kept.", field="statement", value=said[:80], fix=f"At most {LONGEST}.")
    if told.goods.state != "received" or told.goods.reserved:
        raise NothingToSettle(
            "There is nothing to settle yet.", field="trade", value=told.row.reference,
            fix="Settle when all that was sent has been received, and nothing is set aside any more.",
        )  # fmt: skip
    check_number("moisture_pct", found.moisture_pct)
    check_number("contamination_pct", found.contamination_pct)
    result = reckoned(told, conditions_of(told.row.conditions), found, catalogue)
    amount = amount_of(result)
    if amount is None:
        raise FigureMissing(
            "A figure that the conditions ask for is missing.", field=result.missing[0], value=None,
            missing=list(result.missing),
            fix=f"State {', '.join(result.missing)}.",
        )  # fmt: skip
    session.add(
        StatementRow(
            trade_id=told.row.id, organisation_id=actor.organisation_id, moisture_pct=found.moisture_pct,
            contamination_pct=found.contamination_pct, excess_accepted=found.excess_accepted, amount=amount,
            statement=said, stated_at=moment,
        )
    )  # fmt: skip
    await session.flush()
    return await account_of(session, told, catalogue)
