"""Listings over HTTP: publish, search, look at, withdraw."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final

from litestar import Response, delete, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.errors import Invalid
from marketplace.certified import Certified, Shown, search_certified
from marketplace.http.shapes import AnyRequest, ListingIn, paged, shown_listing
from marketplace.judging import judged
from marketplace.listings import (
    Terms,
    free_grams,
    listed_properties,
    listing,
    own_listings,
    publish,
    sellers,
    withdraw,
)
from marketplace.search import Range, Search, Sort
from marketplace.tables import ListingRow
from standards.catalogue import Catalogue


async def _shown(session: AsyncSession, actor: Actor, rows: list[ListingRow]) -> list[dict[str, Any]]:
    """Listings as JSON, each with what is free now, who sells it and what is measured of it."""
    free = await free_grams(session, actor, rows)
    who, measured = await sellers(session, rows), await listed_properties(session, rows)
    return [shown_listing(row, free.get(row.id), who[row.id], measured[row.id]) for row in rows]


async def offer_lot(
    session: AsyncSession, actor: Actor, catalogue: Catalogue, clock: Clock, data: ListingIn
) -> dict[str, Any]:
    """Judge a lot against the chosen standards today, list it, and show the listing. Raises what these raise."""
    moment = clock()
    terms = Terms(data.price, data.currency, data.smallest_mass, data.incoterm, data.description,
                  data.conditions.stated)  # fmt: skip
    verdicts = await judged(session, actor, catalogue, data.lot, data.standards, moment.date())
    row = await publish(session, actor, catalogue, data.lot, terms, verdicts, moment.date(), moment)
    (shown,) = await _shown(session, actor, [row])
    return shown


@post("/api/v1/listings", opt={"access": May("trade")})
async def post_listing(
    transaction: Given[AsyncSession], actor: Given[Actor], clock: Given[Clock], catalogue: Given[Catalogue],
    data: JSONBody[ListingIn],
) -> dict[str, Any]:  # fmt: skip
    """List a lot that the organisation holds, with the verdicts of the standards named (of all where none is)."""
    return await offer_lot(transaction, actor, catalogue, clock, data)


def ranges_of(stated: list[str]) -> tuple[Range, ...]:
    """`intrinsic_viscosity:0.72..0.84` and the like, either end open. Raises Invalid."""
    found = []
    for text in stated:
        name, colon, ends = text.partition(":")
        low, dots, high = ends.partition("..")
        try:
            parts = [Decimal(end) if end else None for end in (low, high)]
        except InvalidOperation:
            parts = []
        if not (name and colon and dots and parts):
            raise Invalid(
                f"{text} is no range.", field="range", value=text,
                fix="Write property:low..high, such as intrinsic_viscosity:0.72..0.84; leave an end open if you like.",
            )  # fmt: skip
        found.append(Range(name, parts[0], parts[1]))
    return tuple(found)


@get("/api/v1/listings", opt={"access": SIGNED_IN})
async def get_listings(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    clock: Given[Clock], material: FromQuery[str] = "",
    form: FromQuery[str] = "", country: FromQuery[str] = "", currency: FromQuery[str] = "",
    price_from: FromQuery[Decimal | None] = None, price_to: FromQuery[Decimal | None] = None,
    text: FromQuery[str] = "", ranges: Annotated[list[str] | None, QueryParameter(name="range")] = None,
    scheme: FromQuery[str] = "", certificate: FromQuery[Shown] = Shown.SCOPE,
    sort: FromQuery[Sort] = Sort.NEWEST, cursor: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 20,
) -> Response[Any]:  # fmt: skip
    """Search what is offered; `range` (repeatable) is property:low..high in the property's own unit.

    With `scheme` (grs, rcs...) only lots that a certificate of it covers today: the maker's scope certificate for site
    and material, or a transaction certificate of the lot that you may know of. A holder's own word finds nothing.
    """
    measured = ranges_of(ranges or [])
    wanted = Search(material, form, country, currency, price_from, price_to, text, measured, sort)
    asked = Certified(scheme, certificate)
    page = await search_certified(transaction, actor, catalogue, wanted, asked, clock().date(), cursor, limit)
    shown = await _shown(transaction, actor, list(page.listings))
    body = {"listings": shown, "next": page.next_page, "byCountry": dict(page.by_country)}
    return paged(request, body, page.next_page)


@get("/api/v1/listings/own", opt={"access": SIGNED_IN})
async def get_own_listings(transaction: Given[AsyncSession], actor: Given[Actor]) -> list[dict[str, Any]]:
    """What the organisation offers or offered, newest first."""
    return await _shown(transaction, actor, await own_listings(transaction, actor))


@get("/api/v1/listings/{number:int}", opt={"access": SIGNED_IN})
async def get_listing(transaction: Given[AsyncSession], actor: Given[Actor], number: FromPath[int]) -> dict[str, Any]:
    """One listing."""
    (shown,) = await _shown(transaction, actor, [await listing(transaction, number)])
    return shown


@delete("/api/v1/listings/{number:int}", opt={"access": May("trade")})
async def delete_listing(transaction: Given[AsyncSession], actor: Given[Actor], number: FromPath[int]) -> None:
    """Withdraw a listing."""
    await withdraw(transaction, actor, number)


ROUTES: Final = [post_listing, get_listings, get_own_listings, get_listing, delete_listing]
