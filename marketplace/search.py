"""Search: what is offered, by material, form, property, country and price; paged by an opaque cursor."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, TypeVar

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.errors import Invalid
from marketplace.tables import ListingPropertyRow, ListingRow

MOST: Final = 100


S = TypeVar("S", bound=Select[*tuple[Any, ...]])


@dataclass(frozen=True, slots=True)
class Range:
    """A property between two values, either end open."""

    property: str
    low: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """What a buyer looks for; empty means any."""

    material: str = ""
    form: str = ""
    country: str = ""
    currency: str = ""
    price_low: Decimal | None = None
    price_high: Decimal | None = None
    text: str = ""
    ranges: Sequence[Range] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Page:
    """Listings, the cursor of the next page, and how many there are by country for the same search."""

    listings: tuple[ListingRow, ...]
    next_page: str | None
    by_country: tuple[tuple[str, int], ...]


def _cursor(text: str) -> int | None:
    if not text:
        return None
    try:
        return int(base64.urlsafe_b64decode(text.encode()).decode())
    except (ValueError, binascii.Error) as error:
        raise Invalid("This is no page of ours.", field="cursor", value=text, fix="Use the cursor as given.") from error


def _filtered(wanted: Search, statement: S, *, country: bool) -> S:
    conditions = [ListingRow.state == "published"]
    if wanted.material:
        conditions.append(
            (ListingRow.material == wanted.material) | ListingRow.material.startswith(f"{wanted.material}.")
        )
    for column, value in ((ListingRow.form, wanted.form), (ListingRow.currency, wanted.currency)):
        conditions += [column == value] if value else []
    if country and wanted.country:
        conditions.append(ListingRow.country == wanted.country)
    if wanted.price_low is not None:
        conditions.append(ListingRow.price >= wanted.price_low)
    if wanted.price_high is not None:
        conditions.append(ListingRow.price <= wanted.price_high)
    if wanted.text:
        conditions.append(ListingRow.description.icontains(wanted.text, autoescape=True))
    for each in wanted.ranges:
        measured = and_(ListingPropertyRow.listing_id == ListingRow.id, ListingPropertyRow.property == each.property)
        if each.low is not None:
            measured = and_(measured, ListingPropertyRow.value >= each.low)
        if each.high is not None:
            measured = and_(measured, ListingPropertyRow.value <= each.high)
        conditions.append(exists().where(measured))
    return statement.where(*conditions)


async def search(session: AsyncSession, wanted: Search, cursor: str = "", limit: int = 20) -> Page:
    """Published listings, newest first, stable while new ones come in. Raises Invalid for a foreign cursor."""
    size = max(1, min(limit, MOST))
    rows = _filtered(wanted, select(ListingRow), country=True).order_by(ListingRow.id.desc()).limit(size + 1)
    before = _cursor(cursor)
    if before is not None:
        rows = rows.where(ListingRow.id < before)
    found = (await session.scalars(rows)).all()
    page = found[:size]
    following = base64.urlsafe_b64encode(str(page[-1].id).encode()).decode() if len(found) > size else None
    counts = _filtered(wanted, select(ListingRow.country, func.count()), country=False).group_by(ListingRow.country)
    facets = sorted(((country, number) for country, number in await session.execute(counts)), key=lambda f: -f[1])
    return Page(tuple(page), following, tuple(facets))
