"""Listings: a lot is offered; the ledger says what is free, the standards what it meets on this day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.database import Scope, set_reader
from foundation.errors import Conflict, Invalid, NotFound
from marketplace.tables import ListingPropertyRow, ListingRow
from standards.conformity import Judgement
from traceability.evidence import measurements
from traceability.holdings import Holding, holding
from traceability.tables import BalanceRow

INCOTERMS: Final = frozenset({"EXW", "FCA", "FAS", "FOB", "CFR", "CIF", "CPT", "CIP", "DAP", "DPU", "DDP"})


@dataclass(frozen=True, slots=True)
class Terms:
    """What the seller asks: price per tonne, the smallest quantity sold, where risk passes (Incoterms 2020)."""

    price: Decimal
    currency: str
    smallest_grams: int
    incoterm: str
    description: str = ""


def _check(terms: Terms, held: Holding) -> None:
    if terms.price < 0 or terms.price >= Decimal(10) ** 10:
        raise Invalid("This is no price.", field="price", value=str(terms.price), fix="State a price per tonne.")
    if len(terms.currency) != 3 or not terms.currency.isupper():
        raise Invalid(
            f"{terms.currency} is no currency.", field="currency", value=terms.currency, fix="Use a code such as JPY."
        )
    if terms.incoterm not in INCOTERMS:
        raise Invalid(
            f"{terms.incoterm} is no Incoterm.", field="incoterm", value=terms.incoterm,
            fix=f"Use one of {', '.join(sorted(INCOTERMS))}.",
        )  # fmt: skip
    if not 0 < terms.smallest_grams <= held.free:
        raise Invalid(
            "The smallest quantity is not between nothing and what is free.", field="smallest_grams",
            value=terms.smallest_grams, fix=f"State at most {held.free} g.", free_grams=held.free,
        )  # fmt: skip


def verdict_of(judged: Judgement) -> dict[str, Any]:
    """A verdict as a listing keeps it."""
    missing = [{"clause": each.clause, "reason": each.reason, "wants": list(each.wants)} for each in judged.missing]
    return {
        "standard": judged.standard, "verdict": str(judged.verdict), "grade": judged.grade, "missing": missing,
        "certainty": str(judged.certainty),
        "expires_on": judged.expires_on.isoformat() if judged.expires_on else None,
    }  # fmt: skip


async def publish(
    session: AsyncSession, actor: Actor, lot: str, terms: Terms, judged: Sequence[Judgement], today: date,
    moment: datetime,
) -> ListingRow:  # fmt: skip
    """List a lot that the actor holds. Raises NotFound, Invalid, or Conflict where it is listed already."""
    actor.must("trade")
    held = await holding(session, actor.organisation_id, lot)
    if held.free == 0:
        raise Conflict("Nothing of this lot is free.", field="lot", value=lot)
    _check(terms, held)
    row = ListingRow(
        organisation_id=actor.organisation_id, lot_id=held.lot_id, lot_uri=lot, material=held.material,
        form=held.form, country=actor.country, price=terms.price, currency=terms.currency,
        smallest_grams=terms.smallest_grams, incoterm=terms.incoterm, description=terms.description,
        verdicts=[verdict_of(each) for each in judged], judged_on=today, state="published", published_at=moment,
    )  # fmt: skip
    try:
        async with session.begin_nested():
            session.add(row)
            await session.flush()
    except IntegrityError as error:
        raise Conflict(
            "This lot is listed already.", field="lot", value=lot, fix="Withdraw that listing first."
        ) from error
    latest = {each.property: each for each in await measurements(session, held.lot_id) if each.comparator == "="}
    session.add_all(
        ListingPropertyRow(listing_id=row.id, property=name, value=each.value, unit=each.unit)
        for name, each in latest.items()
    )
    await session.flush()
    return row


async def withdraw(session: AsyncSession, actor: Actor, number: int) -> None:
    """No longer offered. Raises NotFound for anyone else's."""
    actor.must("trade")
    done = await session.execute(
        update(ListingRow)
        .where(ListingRow.id == number, ListingRow.organisation_id == actor.organisation_id)
        .where(ListingRow.state == "published")
        .values(state="withdrawn")
        .returning(ListingRow.id)
    )
    if done.first() is None:
        raise NotFound("You offer nothing under this number.", field="listing", value=number)


async def listing(session: AsyncSession, number: int) -> ListingRow:
    """A listing that the reader may see. Raises NotFound."""
    row = await session.get(ListingRow, number)
    if row is None:
        raise NotFound("There is no such listing.", field="listing", value=number)
    return row


async def own_listings(session: AsyncSession, actor: Actor) -> list[ListingRow]:
    """What the actor's organisation offers or offered, newest first."""
    rows = select(ListingRow).where(ListingRow.organisation_id == actor.organisation_id).order_by(ListingRow.id.desc())
    return list(await session.scalars(rows))


async def free_grams(session: AsyncSession, actor: Actor, rows: Sequence[ListingRow]) -> dict[int, int]:
    """What the ledger says is free of each published listing, by its id: that one number, of no other lot."""
    wanted = {(row.lot_id, row.organisation_id): row.id for row in rows if row.state == "published"}
    if not wanted:
        return {}
    await set_reader(session, actor.organisation_id, Scope.RECORD)
    found = await session.execute(
        select(BalanceRow.lot_id, BalanceRow.holder, BalanceRow.free).where(
            BalanceRow.account == "stock", BalanceRow.lot_id.in_({lot for lot, _ in wanted})
        )
    )
    await set_reader(session, actor.organisation_id, Scope.ORGANISATION)
    free = {wanted[lot, holder]: grams for lot, holder, grams in found if (lot, holder) in wanted}
    return {row.id: free.get(row.id, 0) for row in rows}
