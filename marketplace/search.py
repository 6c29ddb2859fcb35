"""Search: what is offered, by material, form, property, country and price; paged by an opaque cursor."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar, assert_never

from sqlalchemy import BigInteger, ColumnElement, Select, and_, any_, cast, exists, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.errors import Invalid
from marketplace.listings import check_text
from marketplace.paging import MOST, foreign, id_of, opaque, price_of, values_of
from marketplace.tables import ListingPropertyRow, ListingRow
from traceability.recalls.tables import RecalledLotRow

S = TypeVar("S", bound=Select[*tuple[Any, ...]])


class Sort(StrEnum):
    """The order of what is found; by price needs a currency, for prices in different ones are not compared."""

    NEWEST = "newest"
    CHEAPEST = "cheapest"
    DEAREST = "dearest"


@dataclass(frozen=True, slots=True)
class Range:
    """A property between two values in the property's own unit, ends included, either end open."""

    property: str
    low: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """What a buyer looks for; empty means any. `lots`: only among lots of these ids; None: among all."""

    material: str = ""
    form: str = ""
    country: str = ""
    currency: str = ""
    price_low: Decimal | None = None
    price_high: Decimal | None = None
    text: str = ""
    ranges: Sequence[Range] = field(default_factory=tuple)
    sort: Sort = Sort.NEWEST
    lots: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Listings, the cursor of the next page, and how many there are by country for the same search."""

    listings: tuple[ListingRow, ...]
    next_page: str | None
    by_country: tuple[tuple[str, int], ...]


def _check(wanted: Search) -> None:
    for name in ("material", "form", "country", "currency", "text"):
        check_text(getattr(wanted, name), name)
    priced = wanted.price_low is not None or wanted.price_high is not None or wanted.sort is not Sort.NEWEST
    if priced and not wanted.currency:
        raise Invalid(
            "Prices are compared in one currency only.", field="currency", value="", fix="Choose the currency as well."
        )
    ends = [("price", wanted.price_low, wanted.price_high)]
    for name, low, high in [*ends, *((each.property, each.low, each.high) for each in wanted.ranges)]:
        check_text(name, "property")
        if any(end is not None and not end.is_finite() for end in (low, high)):
            raise Invalid(f"The range of {name} needs numbers.", field=name, fix="Write digits, such as 0.72.")
        if low is not None and high is not None and low > high:
            raise Invalid(
                f"The range of {name} begins above its end.", field=name, value=f"{low} to {high}",
                fix="Exchange the two ends.",
            )  # fmt: skip


def _measured(wanted: Range) -> ColumnElement[bool]:
    measured = and_(ListingPropertyRow.listing_id == ListingRow.id, ListingPropertyRow.property == wanted.property)
    if wanted.low is not None:
        measured = and_(measured, ListingPropertyRow.value >= wanted.low)
    if wanted.high is not None:
        measured = and_(measured, ListingPropertyRow.value <= wanted.high)
    return exists().where(measured)


def _recalled() -> ColumnElement[bool]:
    return exists().where(RecalledLotRow.lot_id == ListingRow.lot_id, RecalledLotRow.open)


def _filtered(wanted: Search, statement: S, *, country: bool) -> S:
    row = ListingRow
    conditions: list[ColumnElement[bool]] = [row.state == "published", ~_recalled()]
    if wanted.material:
        below = row.material.startswith(f"{wanted.material}.", autoescape=True)
        conditions.append(or_(row.material == wanted.material, below))
    for column, value in ((row.form, wanted.form), (row.currency, wanted.currency)):
        conditions += [column == value] if value else []
    if country and wanted.country:
        conditions.append(row.country == wanted.country)
    if wanted.price_low is not None:
        conditions.append(row.price >= wanted.price_low)
    if wanted.price_high is not None:
        conditions.append(row.price <= wanted.price_high)
    if wanted.text:
        said = (row.description, row.material, row.form)
        conditions.append(or_(*(each.icontains(wanted.text, autoescape=True) for each in said)))
    if wanted.lots is not None:  # one value, however many they are
        conditions.append(row.lot_id == any_(cast(sorted(wanted.lots), ARRAY(BigInteger))))
    conditions += [_measured(each) for each in wanted.ranges]
    return statement.where(*conditions)


def _after(sort: Sort, cursor: str) -> ColumnElement[bool]:
    """What comes after the row at which a page ended. Raises Invalid for a cursor of another order."""
    order, price, number = values_of(cursor, 3)
    if order != sort.value:
        raise foreign(cursor)
    last = tuple_(price_of(price, cursor), id_of(number, cursor))
    match sort:
        case Sort.NEWEST:
            return ListingRow.id < id_of(number, cursor)
        case Sort.CHEAPEST:
            return tuple_(ListingRow.price, ListingRow.id) > last
        case Sort.DEAREST:
            return tuple_(ListingRow.price, ListingRow.id) < last
        case _:
            assert_never(sort)


def _ordered(sort: Sort) -> tuple[ColumnElement[Any], ...]:
    match sort:
        case Sort.NEWEST:
            return (ListingRow.id.desc(),)
        case Sort.CHEAPEST:
            return ListingRow.price.asc(), ListingRow.id.asc()
        case Sort.DEAREST:
            return ListingRow.price.desc(), ListingRow.id.desc()
        case _:
            assert_never(sort)


async def search(session: AsyncSession, wanted: Search, cursor: str = "", limit: int = 20) -> Page:
    """Published listings in the order asked for, stable while new ones come in.

    Raises Invalid for a foreign cursor, a range that begins above its end, or prices without a currency.
    """
    _check(wanted)
    size = max(1, min(limit, MOST))
    rows = _filtered(wanted, select(ListingRow), country=True).order_by(*_ordered(wanted.sort)).limit(size + 1)
    if cursor:
        rows = rows.where(_after(wanted.sort, cursor))
    found = (await session.scalars(rows)).all()
    page, last = found[:size], found[min(size, len(found)) - 1] if found else None
    following = opaque(wanted.sort, str(last.price), str(last.id)) if last and len(found) > size else None
    counts = _filtered(wanted, select(ListingRow.country, func.count()), country=False).group_by(ListingRow.country)
    facets = [(country, number) for country, number in await session.execute(counts)]
    return Page(tuple(page), following, tuple(sorted(facets, key=lambda facet: (-facet[1], facet[0]))))
