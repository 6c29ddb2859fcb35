"""Listing: a lot is offered with its price and the verdicts of today; own listings are withdrawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.formats import mass_input
from app.pages.asking import speech_of
from app.pages.conditions import conditions_filled, conditions_told
from app.pages.forms.checking import Act, checked, filled
from app.pages.forms.choices import listed
from app.pages.forms.filling import Filled
from app.pages.offered import priced
from app.pages.passports import name_of
from app.pages.rendering import AnyRequest, show
from app.pages.stock.held import Held, held_of, lot_page
from app.pages.stock.lot import Said, all_said
from foundation.access import Actor, May
from foundation.database import Clock
from marketplace.conditions import NUMBERS
from marketplace.listings import LONGEST_TEXT, Terms, free_grams, incoterms, own_listings, publish, withdraw
from marketplace.prices import currencies, home_currency
from standards.catalogue import Catalogue
from standards.conformity import Judgement
from standards.trade.settlement import MoistureMethod
from traceability.holdings import holding
from traceability.judging import judged
from traceability.passport import find

HERE: Final = "/listings/new"
MOST: Final = 200


@dataclass(frozen=True)
class Setting:
    """The lot to list, and what every standard that speaks of it says today."""

    actor: Actor
    catalogue: Catalogue
    held: Held
    judged: Sequence[Judgement]
    said: Sequence[Said]


async def _setting(
    form: Filled, session: AsyncSession, record: AsyncSession, actor: Actor, catalogue: Catalogue, clock: Clock
) -> Setting:
    """Raises NotFound for a lot that the organisation does not hold."""
    t, lot = form.t, form.get("lot")
    held = await holding(session, actor.organisation_id, lot)
    found = await judged(record, catalogue, await find(record, uri=lot), None, clock().date())
    return Setting(actor, catalogue, held_of(t, held), found, all_said(t, lot, found, catalogue))


def _form(form: Filled, setting: Setting, status: int = 200) -> Response[str]:
    home = home_currency(setting.catalogue, setting.actor.country) or ""
    kept = {
        "price": "", "currency": home, "smallest_grams": "",
        "smallest_grams_unit": "t", "incoterm": "FCA", "description": "", "moisture_method": "",
        **dict.fromkeys(NUMBERS, ""), **form.values,
    }  # fmt: skip
    asked = (*NUMBERS, "moisture_method", "excess_accepted")
    return show(
        form.request, "recycler/listing_form.html", status=status, errors=form.errors, form=kept, held=setting.held,
        said=setting.said, currencies=listed(form.t, currencies(setting.catalogue)),
        incoterms=listed(form.t, incoterms(setting.catalogue)), conditions_numbers=NUMBERS,
        conditions_methods=[(str(each), form.t(f"settling.method.{each}")) for each in MoistureMethod],
        conditions_open=any(form.get(name) for name in asked),
    )  # fmt: skip


def _listed(form: Filled, setting: Setting) -> tuple[Act, Terms, list[Judgement]]:
    """Terms and the chosen verdicts, with everything that is wrong said on the form."""
    t, held = form.t, setting.held.holding
    price = form.number("price", t("common.price_per_tonne")) or Decimal(0)
    if price <= 0 and not form.errors:
        form.say("price", t("errors.positive", label=t("common.price_per_tonne")))
    currency = form.choice("currency", t("common.currency"), currencies(setting.catalogue))
    smallest = form.grams("smallest_grams", t("stock.smallest"))
    if smallest > held.free:
        form.say("smallest_grams", t("record.more_than_free", name=setting.held.name, mass=setting.held.free))
    incoterm = form.choice("incoterm", t("common.incoterm"), incoterms(setting.catalogue))
    text = form.text("description", t("common.description"), needed=False, longest=LONGEST_TEXT)
    conditions = conditions_filled(form)
    chosen = [each for each in setting.judged if form.get(f"with_{each.standard}")]
    named = [each for each in setting.said if form.get(f"with_{each.code}")]
    verdicts = "; ".join(f"{each.standard}: {t.name('verdict', each.verdict)}" for each in named)
    facts = [
        (t("common.lot"), setting.held.name), (t("common.free"), setting.held.free),
        (t("common.price_per_tonne"), priced(t, price, currency)), (t("stock.smallest"), t.mass(smallest)),
        (t("common.incoterm"), incoterm), (t("listing.verdicts_shown"), verdicts or t("common.none")),
        (t("common.description"), text or t("common.none")), *conditions_told(t, conditions),
    ]  # fmt: skip
    act = Act((t("nav.listings"), "/listings"), t("stock.sell"), facts, t("stock.publish"), note=t("listing.means"))
    return act, Terms(price, currency, smallest, incoterm, text, conditions), chosen


@get(HERE, opt={"access": May("trade")}, include_in_schema=False)
async def listing_page(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    catalogue: Given[Catalogue], clock: Given[Clock], lot: FromQuery[str],
) -> Response[str]:  # fmt: skip
    """The form, beside what the standards say of the lot today."""
    t = speech_of(request)
    form = Filled(request, t, {"lot": lot})
    setting = await _setting(form, transaction, record, actor, catalogue, clock)
    whole = mass_input(min(setting.held.holding.free, 1_000_000), "kg", t.lang)
    shown = {f"with_{each.code}": "yes" for each in setting.said if each.verdict == "conforming"}
    return _form(
        Filled(request, t, {"lot": lot, "smallest_grams": whole, "smallest_grams_unit": "kg", **shown}), setting
    )


@post(HERE, opt={"access": May("trade")}, include_in_schema=False)
async def listing_form(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    catalogue: Given[Catalogue], clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """Check it, then publish it with the verdicts that were chosen."""
    form = await filled(request)
    setting = await _setting(form, transaction, record, actor, catalogue, clock)
    act, terms, chosen = _listed(form, setting)

    async def do() -> str:
        lot, moment = setting.held.holding.lot, clock()
        row = await publish(transaction, actor, catalogue, lot, terms, chosen, moment.date(), moment)
        return f"/listings?done={row.id}"

    return await checked(form, act, clock(), partial(_form, form, setting), HERE, do)


@get("/listings", opt={"access": May("trade")}, include_in_schema=False)
async def listings_page(request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor]) -> Response[str]:
    """What the organisation offers; what is free comes from the ledger."""
    t = speech_of(request)
    rows = (await own_listings(transaction, actor))[:MOST]
    free = await free_grams(transaction, actor, rows)
    told = [
        {"id": row.id, "name": name_of(t, row.material, row.form), "price": priced(t, row.price, row.currency),
         "free": t.mass(free[row.id]) if row.id in free else "", "state": row.state, "day": t.day(row.judged_on),
         "lot": lot_page(row.lot_uri), "code": row.lot_uri[-6:]}
        for row in rows
    ]  # fmt: skip
    done = "done" in request.query_params
    flashes = [{"tone": "good", "text": t("listing.done")}] if done else []
    return show(request, "recycler/listings.html", listings=told, flashes=flashes)


@post("/listings/{number:int}/withdraw", opt={"access": May("trade")}, status_code=303, include_in_schema=False)
async def withdraw_form(transaction: Given[AsyncSession], actor: Given[Actor], number: FromPath[int]) -> Redirect:
    """No longer offered."""
    await withdraw(transaction, actor, number)
    return Redirect("/listings", status_code=303)


ROUTES: Final = [listing_page, listing_form, listings_page, withdraw_form]
