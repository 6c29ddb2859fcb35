"""The market's pages: search what is offered, look at one listing, make an offer, buy at the price."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import grams_of, number_of, speech_of
from app.pages.forms.choices import listed
from app.pages.offered import Offered, forms, materials, priced, schemes_named, told
from app.pages.passports import named_properties, tell
from app.pages.rendering import AnyRequest, errors_of, form_of, show
from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.errors import Conflict, Invalid, Refusal
from foundation.settings import Settings, public_base
from marketplace.certified import Certified, Shown, certified_schemes, search_certified
from marketplace.listings import free_grams, listing
from marketplace.negotiation import Bid, buy, make_offer
from marketplace.prices import cost, currencies
from marketplace.search import Range, Search
from standards.catalogue import Catalogue
from traceability.passport import find, passport
from traceability.sequencing.sequencer import Sequencer
from traceability.tree.checkpoint import Verifier

ON_A_PAGE: Final = 12
FIELDS: Final = (
    "text",
    "material",
    "form",
    "country",
    "property",
    "low",
    "high",
    "currency",
    "price_low",
    "price_high",
    "scheme",
    "certificate",
)


class Facet(NamedTuple):
    """One country of what was found, and the address that narrows the search to it."""

    code: str
    name: str
    lots: int
    href: str
    current: bool


def _codes(facets: Sequence[Facet], chosen: str) -> list[str]:
    """The countries to choose from, the chosen one always among them."""
    return sorted({*(each.code for each in facets), *([chosen] if chosen else [])})


def _wanted(form: Mapping[str, str], lang: str) -> Search:
    """The search that a form asks for. Raises Invalid."""
    low, high = number_of(form["low"], lang, "low"), number_of(form["high"], lang, "high")
    if (low is not None or high is not None) and not form["property"]:
        raise Invalid("Choose the property that the range is of.", field="property", fix="Choose a property.")
    return Search(
        material=form["material"], form=form["form"], country=form["country"], currency=form["currency"],
        price_low=number_of(form["price_low"], lang, "price_low"),
        price_high=number_of(form["price_high"], lang, "price_high"), text=form["text"],
        ranges=[Range(form["property"], low, high)] if form["property"] else [],
    )  # fmt: skip


def _certified(form: Mapping[str, str]) -> Certified:
    """The certificate that a form asks for. Raises Invalid."""
    kind = form["certificate"] or Shown.SCOPE
    if kind not in set(Shown):
        raise Invalid("There is no such kind of certificate.", field="certificate", value=kind, fix="Choose one.")
    return Certified(form["scheme"], Shown(kind))


def _here(form: Mapping[str, str], **changed: str) -> str:
    """This search with something changed, as an address."""
    kept = {name: value for name, value in {**form, **changed}.items() if value}
    return "/market" + (f"?{urlencode(kept)}" if kept else "")


@get("/market", opt={"access": SIGNED_IN}, include_in_schema=False)
async def market_page(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    catalogue: Given[Catalogue], clock: Given[Clock],
) -> Response[str]:  # fmt: skip
    """What is offered, narrowed by a form that is an address, so that it can be kept and sent."""
    t = speech_of(request)
    form = {name: request.query_params.get(name, "").strip() for name in FIELDS}
    context: dict[str, Any] = {"found": [], "facets": [], "more": "", "errors": []}
    try:
        cursor, today = request.query_params.get("cursor", ""), clock().date()
        wanted, asked = _wanted(form, t.lang), _certified(form)
        page = await search_certified(transaction, actor, catalogue, wanted, asked, today, cursor, ON_A_PAGE)
        free = await free_grams(transaction, actor, page.listings)
        context["found"] = await told(t, record, page.listings, free, catalogue, today)
        context["facets"] = [
            Facet(code, t.country(code), count, _here(form, country=code), form["country"] == code)
            for code, count in page.by_country
        ]  # fmt: skip
        context["more"] = _here(form, cursor=page.next_page) if page.next_page else ""
    except Invalid as refusal:
        context["errors"] = errors_of(request, refusal)
    choices = {
        "materials": materials(t, catalogue), "forms": forms(t, catalogue),
        "properties": named_properties(t, catalogue), "currencies": listed(t, currencies(catalogue)),
        "schemes": schemes_named(t, await certified_schemes(transaction, actor), catalogue),
        "certificates": [(each.value, t(f"finding.{each}")) for each in Shown],
        "countries": [(code, t.country(code)) for code in _codes(context["facets"], form["country"])],
    }  # fmt: skip
    status = 400 if context["errors"] else 200
    return show(request, "market/search.html", status=status, form=form, choices=choices, **context)


async def _one(
    request: AnyRequest, transaction: AsyncSession, record: AsyncSession, actor: Actor, number: int, clock: Clock
) -> Offered:
    """One listing in words. Raises NotFound."""
    catalogue: Catalogue = request.app.state.process.catalogue
    row = await listing(transaction, number)
    free = await free_grams(transaction, actor, [row])
    (offered,) = await told(speech_of(request), record, [row], free, catalogue, clock().date())
    return offered


@get("/market/{number:int}", opt={"access": SIGNED_IN}, include_in_schema=False)
async def listing_page(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    catalogue: Given[Catalogue], verifiers: Given[Sequence[Verifier]], clock: Given[Clock], number: FromPath[int],
) -> Response[str]:  # fmt: skip
    """One listing: what it is, what it meets, what is missing, what it costs, and its passport."""
    offered = await _one(request, transaction, record, actor, number, clock)
    row = await find(record, uri=offered.row.lot_uri)
    seen = await passport(record, row, actor, verifiers, catalogue, clock().date())
    return show(
        request, "market/listing.html", offered=offered, told=tell(speech_of(request), seen, catalogue), seen=seen,
        own=offered.row.organisation_id == actor.organisation_id, reader_country=actor.country,
    )  # fmt: skip


@get("/market/{number:int}/buy", opt={"access": May("trade")}, include_in_schema=False)
async def buy_page(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    clock: Given[Clock], number: FromPath[int],
) -> Response[str]:  # fmt: skip
    """The check page before buying: what, how much, for how much."""
    offered = await _one(request, transaction, record, actor, number, clock)
    typed = {name: request.query_params.get(name, default) for name, default in (("grams", ""), ("grams_unit", "t"))}
    return _checked(request, offered, typed)


def _checked(
    request: AnyRequest, offered: Offered, typed: Mapping[str, str], refusal: Refusal | None = None
) -> Response[str]:
    """The check page, or the same with what is wrong and everything kept."""
    t, grams, errors = speech_of(request), 0, []
    try:
        grams = grams_of(typed, t.lang) if typed["grams"] else 0
    except Invalid as wrong:
        refusal = refusal or wrong
    if refusal is not None:
        errors = errors_of(request, refusal)
    ready = grams > 0 and refusal is None
    row, catalogue = offered.row, request.app.state.process.catalogue
    price = priced(t, cost(row.price, row.currency, grams, catalogue), row.currency) if grams else ""
    return show(
        request, "market/buy.html", status=refusal.status if refusal else 200, offered=offered, form=typed,
        grams=grams, mass=t.mass(grams), cost=price, ready=ready, errors=errors,
    )  # fmt: skip


@post("/market/{number:int}/buy", opt={"access": May("trade")}, include_in_schema=False)
async def buy_form(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    sequencer: Given[Sequencer], settings: Given[Settings], clock: Given[Clock], number: FromPath[int],
) -> Response[Any]:  # fmt: skip
    """Buy: once only, what the check page showed; a second press of the button finds less free, and asks again."""
    form = await form_of(request)
    offered = await _one(request, transaction, record, actor, number, clock)
    try:
        if form.get("seen_free") != str(offered.free_grams):
            raise Conflict("What is free has changed since this page was shown.", field="grams")
        grams = grams_of(form, speech_of(request).lang)
        reference = await buy(transaction, sequencer, actor, number, grams, public_base(settings), clock())
    except Refusal as refusal:
        typed = {"grams": form.get("grams", ""), "grams_unit": form.get("grams_unit", "t")}
        return _checked(request, offered, typed, refusal)
    return Redirect(f"/trades/{reference.rpartition('/')[2]}?done=bought", status_code=303)


@get("/market/{number:int}/offer", opt={"access": May("trade")}, include_in_schema=False)
async def offer_page(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    clock: Given[Clock], number: FromPath[int],
) -> Response[str]:  # fmt: skip
    """The form for an offer."""
    offered = await _one(request, transaction, record, actor, number, clock)
    form = {"grams": "", "grams_unit": "t", "price": "", "message": ""}
    return show(request, "market/offer.html", offered=offered, form=form)


@post("/market/{number:int}/offer", opt={"access": May("trade")}, include_in_schema=False)
async def offer_form(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    clock: Given[Clock], number: FromPath[int],
) -> Response[Any]:  # fmt: skip
    """Offer for some of it, at a price of one's own."""
    form = {"grams": "", "grams_unit": "t", "price": "", "message": "", **await form_of(request)}
    offered = await _one(request, transaction, record, actor, number, clock)
    lang = speech_of(request).lang
    try:
        price = number_of(form["price"], lang, "price")
        if price is None:
            raise Invalid("State a price per tonne.", field="price", fix="Write digits, such as 950.")
        bid = Bid(grams_of(form, lang), price, offered.row.currency, form["message"])
        await make_offer(transaction, actor, number, bid, clock())
    except Refusal as refusal:
        return show(
            request, "market/offer.html", status=refusal.status, offered=offered, form=form,
            errors=errors_of(request, refusal),
        )  # fmt: skip
    return Redirect("/offers?done=offered", status_code=303)


ROUTES: Final = [market_page, listing_page, buy_page, buy_form, offer_page, offer_form]
