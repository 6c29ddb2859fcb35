"""Listings: a lot is offered; the ledger says what is free, the standards what it meets on this day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar, Final

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Conflict, Invalid, NotFound
from foundation.registry import Organisation
from marketplace.conditions import USUAL, told
from marketplace.judging import results
from marketplace.prices import check_price, minor_units
from marketplace.reading import reading_record
from marketplace.tables import ListingPropertyRow, ListingRow
from standards.catalogue import Catalogue
from standards.codes import Code, codes
from standards.conformity import Judgement
from standards.properties import Property
from standards.quantities import QuantityError, convert
from standards.trade.settlement import Conditions
from traceability.holdings import Holding, holding
from traceability.judging import known_properties
from traceability.recalls.reading import recalled
from traceability.refusals import LotRecalled
from traceability.tables import BalanceRow, MeasurementRow

LONGEST_TEXT: Final = 2_000
ONE_LIVE: Final = "listing_one_live_per_lot"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the seller asks: price per tonne, the smallest quantity sold, where risk passes (an Incoterms rule)."""

    price: Decimal
    currency: str
    smallest_grams: int
    incoterm: str
    description: str = ""
    conditions: Conditions = USUAL


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


@lru_cache(maxsize=4)
def incoterms(catalogue: Catalogue) -> Mapping[str, Code]:
    """The terms of delivery by code, in the edition of the catalogue, read once for it."""
    return codes(catalogue, "incoterms")


class TextTooLong(Invalid):
    """A text is longer than we keep; fact `limit` is how many characters there may be. Nothing of it is cut off."""

    code: ClassVar[str] = "TEXT_TOO_LONG"


def check_text(text: str, field: str) -> None:
    """Raises TextTooLong, or Invalid for what a text cannot hold (NUL)."""
    if len(text) > LONGEST_TEXT:
        raise TextTooLong(
            f"This text has {len(text)} characters: more than {LONGEST_TEXT}.", field=field, value=text[:80],
            fix=f"Use at most {LONGEST_TEXT} characters.", limit=LONGEST_TEXT,
        )  # fmt: skip
    if "\x00" in text:
        raise Invalid("A text cannot hold NUL.", field=field, value=text[:80], fix="Take that character out.")


def _check(terms: Terms, held: Holding, catalogue: Catalogue) -> None:
    check_price(terms.price)
    minor_units(terms.currency, catalogue)  # money in a currency without them could not be told
    check_text(terms.description, "description")
    if terms.incoterm not in (known := incoterms(catalogue)):
        edition = catalogue.document("code-list", "incoterms").data["edition"]
        raise Invalid(
            f"{terms.incoterm} is no term of {edition}.", field="incoterm", value=terms.incoterm,
            fix=f"Use one of {', '.join(known)}.",
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

    A result in words, one that is only a bound and one that does not convert exactly cannot be found by a range.
    """
    found: dict[str, tuple[Decimal, str]] = {}
    for row in rows:
        if row.comparator != "=" or row.value is None or row.unit is None:
            found.pop(row.property, None)
            continue
        unit = known[row.property].unit if known and row.property in known else None
        try:
            found[row.property] = (convert(row.value, row.unit, unit), unit) if unit else (row.value, row.unit)
        except QuantityError:
            found.pop(row.property, None)
    return found


async def publish(
    session: AsyncSession, actor: Actor, catalogue: Catalogue, lot: str, terms: Terms, judged: Sequence[Judgement],
    today: date, moment: datetime,
) -> ListingRow:  # fmt: skip
    """List a lot that the actor holds, with the verdicts of today and its measured properties (units: `searchable`).

    Raises NotFound, Invalid (also for a currency or term that the catalogue does not know), or Conflict where nothing
    of it is free or it is listed already.
    """
    actor.must("trade")
    held = await holding(session, actor.organisation_id, lot)
    if held.free == 0:
        raise Conflict("Nothing of this lot is free.", field="lot", value=lot)
    if await recalled(session, [held.lot_id]):
        raise LotRecalled("This lot is under a recall.", field="lot", value=lot, fix="Wait until the recall is over.")
    _check(terms, held, catalogue)
    row = ListingRow(
        organisation_id=actor.organisation_id, lot_id=held.lot_id, lot_uri=held.lot, material=held.material,
        form=held.form, country=actor.country, price=terms.price, currency=terms.currency,
        smallest_grams=terms.smallest_grams, incoterm=terms.incoterm, description=terms.description,
        conditions=told(terms.conditions),
        verdicts=[verdict_of(each) for each in judged], judged_on=today, state="published", published_at=moment,
    )  # fmt: skip
    await _add(session, row)
    measured = searchable(await results(session, actor, held.lot_id), known_properties(catalogue))
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
