"""Offering pages: a lot is listed after the ledger and the standards were asked; own listings are withdrawn."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import grams_of, number_of, speech_of
from app.pages.passports import name_of
from app.pages.rendering import AnyRequest, errors_of, form_of, language_of, show
from app.pages.stock import row_of, verdict_row
from foundation.access import Actor, May
from foundation.database import Clock
from foundation.errors import Invalid, Refusal
from foundation.settings import Settings, public_base
from marketplace.listings import INCOTERMS, Terms, free_grams, own_listings, publish, withdraw
from marketplace.negotiation import accept, answer, offers
from standards.catalogue import Catalogue
from traceability.holdings import Holding, holding
from traceability.judging import judged
from traceability.sequencing.sequencer import Sequencer

CURRENCIES: Final = ("JPY", "THB", "VND", "IDR", "MYR", "PHP", "SGD", "USD", "EUR")
EMPTY: Final = {
    "price": "", "currency": "USD", "smallest": "", "smallest_unit": "t", "incoterm": "FCA", "description": ""
}  # fmt: skip


async def _verdicts(session: AsyncSession, catalogue: Catalogue, held: Holding, clock: Clock) -> list[Any]:
    lot = (held.material, held.form, held.origins)
    return await judged(session, catalogue, held.lot_id, held.maker, lot, clock().date())


async def _form(
    request: AnyRequest, held: Holding, verdicts: list[Any], catalogue: Catalogue, form: Mapping[str, str],
    refusal: Refusal | None = None,
) -> Response[str]:  # fmt: skip
    t = speech_of(request)
    return show(
        request, "recycler/listing_form.html", status=refusal.status if refusal else 200,
        errors=errors_of(request, refusal) if refusal else [], lot=row_of(t, held), form={**EMPTY, **form},
        verdicts=[verdict_row(t, catalogue, each) for each in verdicts],
        currencies=[(code, code) for code in CURRENCIES], incoterms=[(code, code) for code in sorted(INCOTERMS)],
    )  # fmt: skip


@get("/listings/new", opt={"access": May("trade")}, include_in_schema=False)
async def listing_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    clock: Given[Clock], lot: FromQuery[str],
) -> Response[str]:  # fmt: skip
    """The form, beside what the standards say of the lot today."""
    held = await holding(transaction, actor.organisation_id, lot)
    return await _form(request, held, await _verdicts(transaction, catalogue, held, clock), catalogue, {})


@post("/listings/new", opt={"access": May("trade")}, status_code=200, include_in_schema=False)
async def listing_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """List the lot with the verdicts of today."""
    form, lang, moment = await form_of(request), language_of(request), clock()
    held = await holding(transaction, actor.organisation_id, form.get("lot", ""))
    verdicts = await _verdicts(transaction, catalogue, held, clock)
    try:
        price = number_of(form.get("price", ""), lang, "price")
        if price is None:
            raise Invalid("State a price.", field="price", value="", fix="State a price per tonne.")
        smallest = grams_of(form, lang, "smallest")
        terms = Terms(price, form.get("currency", ""), smallest, form.get("incoterm", ""), form.get("description", ""))
        decided = [each for each in verdicts if str(each.verdict) in {"conforming", "nonconforming", "incomplete"}]
        await publish(transaction, actor, held.lot, terms, decided, moment.date(), moment)
    except Refusal as refusal:
        return await _form(request, held, verdicts, catalogue, form, refusal)
    return Redirect("/listings", status_code=303)


@get("/listings", opt={"access": May("trade")}, include_in_schema=False)
async def listings_page(request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor]) -> Response[str]:
    """What the firm offers; what is free comes from the ledger."""
    t = speech_of(request)
    rows = (await own_listings(transaction, actor))[:100]
    free = await free_grams(transaction, actor, rows)
    told = [
        {"id": row.id, "name": name_of(t, row.material, row.form), "price": t.money(row.price, row.currency),
         "free": t.mass(free[row.id]) if row.id in free else "", "open": row.state == "published",
         "day": t.day(row.judged_on)}
        for row in rows
    ]  # fmt: skip
    return show(request, "recycler/listings.html", listings=told)


@post("/listings/{number:int}/withdraw", opt={"access": May("trade")}, status_code=303, include_in_schema=False)
async def withdraw_form(transaction: Given[AsyncSession], actor: Given[Actor], number: FromPath[int]) -> Redirect:
    """No longer offered."""
    await withdraw(transaction, actor, number)
    return Redirect("/listings", status_code=303)


@get("/offers", opt={"access": May("trade")}, include_in_schema=False)
async def offers_page(request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor]) -> Response[str]:
    """Offers made to and by the firm; open ones to it can be answered."""
    t = speech_of(request)
    told = [
        {"id": row.id, "mass": t.mass(row.grams), "price": t.money(row.price, row.currency), "message": row.message,
         "state": row.state, "mine": row.seller == actor.organisation_id, "listing": row.listing_id}
        for row in (await offers(transaction, actor))[:100]
    ]  # fmt: skip
    return show(request, "recycler/offers.html", offers=told)


@post("/offers/{number:int}/{done:str}", opt={"access": May("trade")}, status_code=303, include_in_schema=False)
async def answer_form(
    transaction: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], settings: Given[Settings],
    clock: Given[Clock], number: FromPath[int], done: FromPath[str],
) -> Redirect:  # fmt: skip
    """Accept (the grams are reserved in the same commit), decline, or take an own offer back."""
    if done == "accept":
        reference = await accept(transaction, sequencer, actor, number, public_base(settings), clock())
        return Redirect(f"/trades/{reference.rpartition('/')[2]}", status_code=303)
    await answer(transaction, actor, number, "declined" if done == "decline" else "withdrawn", clock())
    return Redirect("/offers", status_code=303)


ROUTES: Final = [offers_page, answer_form, listing_page, listing_form, listings_page, withdraw_form]
