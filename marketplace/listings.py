"""Listings: a lot is offered; the ledger says what is free, the standards what it meets on this day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Conflict, Invalid, NotFound
from foundation.registry import Organisation
from marketplace.judging import results
from marketplace.prices import check_price
from marketplace.reading import reading_record
from marketplace.tables import ListingPropertyRow, ListingRow
from standards.conformity import Judgement
from standards.properties import Property
from standards.quantities import QuantityError, convert
from traceability.holdings import Holding, holding
from traceability.tables import BalanceRow, MeasurementRow

INCOTERMS: Final = frozenset({"EXW", "FCA", "FAS", "FOB", "CFR", "CIF", "CPT", "CIP", "DAP", "DPU", "DDP"})
LONGEST_TEXT: Final = 2_000
ONE_LIVE: Final = "listing_one_live_per_lot"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the seller asks: price per tonne, the smallest quantity sold, where risk passes (Incoterms 2020)."""

    price: Decimal
    currency: str
    smallest_grams: int
    incoterm: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Seller:
    """Who offers, as far as a stranger is told: the name only where the seller made it public."""

    name: str | None
    roles: tuple[str, ...]
    country: str

    @property
    def shown(self) -> str:
        """The name, else 'verified recycler, TH'."""
        return self.name or f"verified {self.roles[0] if self.roles else 'seller'}, {self.country}"


def check_text(text: str, field: str) -> None:
    """Raises Invalid for a text that is too long, or holds what a text cannot (NUL)."""
    if len(text) > LONGEST_TEXT or "\x00" in text:
        raise Invalid(
            "This text cannot be kept.", field=field, value=text[:80], fix=f"Use at most {LONGEST_TEXT} characters."
        )


def _check(terms: Terms, held: Holding) -> None:
    check_price(terms.price, terms.currency)
    check_text(terms.description, "description")
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
        "standard": judged.standard, "edition": judged.edition, "verdict": str(judged.verdict), "grade": judged.grade,
        "missing": missing, "certainty": str(judged.certainty), "warnings": list(judged.warnings),
        "advisory": judged.advisory,
        "expires_on": judged.expires_on.isoformat() if judged.expires_on else None,
    }  # fmt: skip


def searchable(
    rows: Sequence[MeasurementRow], known: Mapping[str, Property] | None = None
) -> dict[str, tuple[Decimal, str]]:
    """The latest exact result per property, in the property's own unit where `known` says which that is.

    A result that is only a bound, or that does not convert exactly, cannot be found by a range and is left out.
    """
    found: dict[str, tuple[Decimal, str]] = {}
    for row in rows:
        if row.comparator != "=":
            found.pop(row.property, None)
            continue
        unit = known[row.property].unit if known and row.property in known else None
        try:
            found[row.property] = (convert(row.value, row.unit, unit), unit) if unit else (row.value, row.unit)
        except QuantityError:
            found.pop(row.property, None)
    return found


async def publish(
    session: AsyncSession, actor: Actor, lot: str, terms: Terms, judged: Sequence[Judgement], today: date,
    moment: datetime, *, known: Mapping[str, Property] | None = None,
) -> ListingRow:  # fmt: skip
    """List a lot that the actor holds, with the verdicts of today and its measured properties (units: `searchable`).

    Raises NotFound, Invalid, or Conflict where nothing of it is free or it is listed already.
    """
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
    await _add(session, row)
    measured = searchable(await results(session, actor, held.lot_id), known)
    session.add_all(
        ListingPropertyRow(listing_id=row.id, property=name, value=value, unit=unit)
        for name, (value, unit) in measured.items()
    )
    await session.flush()
    return row


async def _add(session: AsyncSession, row: ListingRow) -> None:
    try:
        async with session.begin_nested():
            session.add(row)
            await session.flush()
    except IntegrityError as error:
        if ONE_LIVE not in str(error.orig):
            raise
        raise Conflict(
            "This lot is listed already.", field="lot", value=row.lot_uri, fix="Withdraw that listing first."
        ) from error


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


async def listed_properties(session: AsyncSession, rows: Sequence[ListingRow]) -> dict[int, list[ListingPropertyRow]]:
    """The measured properties of these listings, by listing and in the order of their codes."""
    found = await session.scalars(
        select(ListingPropertyRow)
        .where(ListingPropertyRow.listing_id.in_([row.id for row in rows]))
        .order_by(ListingPropertyRow.listing_id, ListingPropertyRow.property)
    )
    grouped: dict[int, list[ListingPropertyRow]] = {row.id: [] for row in rows}
    for each in found:
        grouped[each.listing_id].append(each)
    return grouped


async def sellers(session: AsyncSession, rows: Sequence[ListingRow]) -> dict[int, Seller]:
    """Who offers these listings, by listing, as far as a stranger is told."""
    columns = (Organisation.id, Organisation.name, Organisation.name_public, Organisation.roles, Organisation.country)
    found = await session.execute(select(*columns).where(Organisation.id.in_({row.organisation_id for row in rows})))
    by_number = {
        number: Seller(name if public else None, tuple(roles), country)
        for number, name, public, roles, country in found
    }
    return {row.id: by_number[row.organisation_id] for row in rows}


async def free_grams(session: AsyncSession, actor: Actor, rows: Sequence[ListingRow]) -> dict[int, int]:
    """What the ledger says is free of each published listing, by its id: that one number, and of no other lot."""
    wanted = {(row.lot_id, row.organisation_id): row.id for row in rows if row.state == "published"}
    if not wanted:
        return {}
    balances = select(BalanceRow.lot_id, BalanceRow.holder, BalanceRow.free).where(
        BalanceRow.account == "stock", BalanceRow.lot_id.in_({lot for lot, _ in wanted})
    )
    async with reading_record(session, actor):
        found = (await session.execute(balances)).all()
    free = dict.fromkeys(wanted.values(), 0)
    return free | {wanted[lot, holder]: grams for lot, holder, grams in found if (lot, holder) in wanted}
