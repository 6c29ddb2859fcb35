"""Trading pages, for both sides: trades by what the ledger says of their goods, and claims of recycled content."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.formats import mass_input, parse_mass
from app.pages.asking import grams_of, speech_of
from app.pages.conditions import conditions_told
from app.pages.offered import priced
from app.pages.rendering import AnyRequest, errors_of, form_of, show
from app.words import Speech
from foundation.access import SIGNED_IN, Actor, May
from foundation.errors import Conflict, Invalid, NotFound, Refusal
from foundation.registry import Facility, facilities
from foundation.settings import Settings, public_base
from marketplace.api import GoodsIn, Step, move_goods
from marketplace.conditions import conditions_of
from marketplace.prices import cost
from marketplace.shipments import weighings
from marketplace.trades import Trade, cancel, trade, trades
from standards.catalogue import Catalogue
from traceability.capture import Door
from traceability.ledger.weighing import Basis, Weighing
from traceability.sequencing.sequencer import Sequencer

Side = Literal["seller", "buyer"]
DONE: Final = frozenset({"bought", "ship", "receive", "reject", "cancel"})
STEPS: Final = frozenset({"ship", "receive", "reject"})


@dataclass(frozen=True, slots=True)
class Dealt:
    """A trade from the actor's side, in words."""

    trade: Trade
    token: str
    side: Side
    other: str
    mass: str
    day: str
    cost: str
    price: str
    state: str


def _dealt(t: Speech, told: Trade, actor: Actor, catalogue: Catalogue, zone: str) -> Dealt:
    row = told.row
    price = cost(row.price, row.currency, row.grams, catalogue)
    side: Side = "seller" if row.seller == actor.organisation_id else "buyer"
    return Dealt(
        trade=told, token=row.reference.rpartition("/")[2], side=side,
        other=told.buyer.name if side == "seller" else told.seller.name, mass=t.mass(row.grams),
        day=t.day(row.agreed_at.astimezone(ZoneInfo(zone)).date()), cost=priced(t, price, row.currency),
        price=priced(t, row.price, row.currency), state=told.goods.state,
    )  # fmt: skip


@get("/trades", opt={"access": SIGNED_IN}, include_in_schema=False)
async def trades_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue]
) -> Response[str]:
    """Every trade of the organisation, what asks for a hand first."""
    t, zone = speech_of(request), zone_of(await facilities(transaction, actor.organisation_id))
    dealt = [_dealt(t, each, actor, catalogue, zone) for each in await trades(transaction, actor)]
    return show(request, "market/trades.html", dealt=dealt, waiting=[each for each in dealt if _waits(each)])


def _waits(dealt: Dealt) -> bool:
    """Whether this side is the one to act."""
    return (dealt.side, dealt.state) in {("seller", "reserved"), ("buyer", "shipped")}


def _reference(settings: Settings, token: str) -> str:
    return f"{public_base(settings)}/trade/{token}"


@get("/trades/{token:str}", opt={"access": SIGNED_IN}, include_in_schema=False)
async def trade_page(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    settings: Given[Settings], token: FromPath[str],
) -> Response[str]:  # fmt: skip
    """One trade: where its goods are by both sides' events, and what this side can do now."""
    told = await trade(transaction, actor, _reference(settings, token))
    return await _shown(request, transaction, record, actor, told)


async def _shown(
    request: AnyRequest, session: AsyncSession, record: AsyncSession, actor: Actor, told: Trade,
    form: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
) -> Response[str]:  # fmt: skip
    """The page of a trade, or the same with what was refused and everything kept."""
    t, goods = speech_of(request), told.goods
    places = await facilities(session, actor.organisation_id)
    default = goods.shipped if goods.state == "shipped" else told.row.grams
    empty = {"grams": mass_input(default, "kg", t.lang), "grams_unit": "kg", "facility_id": ""}
    done = request.query_params.get("done", "")
    dealt = _dealt(t, told, actor, request.app.state.process.catalogue, zone_of(places))
    return show(
        request, "market/trade.html", status=refusal.status if refusal else 200, dealt=dealt,
        goods=goods, weighed=_weighed(t, told, await weighings(record, told)),
        conditions=conditions_told(t, conditions_of(told.row.conditions)),
        timeline=_timeline(t, told, places), places=[(str(each.id), each.name) for each in places],
        form={**empty, **(form or {})}, errors=errors_of(request, refusal) if refusal else [],
        flashes=[{"tone": "good", "text": t(f"trade.done.{done}")}] if done in DONE else [],
    )  # fmt: skip


def _weighed(t: Speech, told: Trade, found: Mapping[int, Weighing]) -> list[tuple[str, ...]]:
    """How each side weighed: the step, then gross, tare, pallets and net; an estimate says so."""
    steps = {index: step for index, step, _, _ in told.goods.events}
    return [
        (f"{t.name('biz_step', steps[index])} · {t(f'weighing.{each.basis}')}",
         *("–" if grams is None else t.mass(grams) for grams in (each.gross, each.tare, each.pallet, each.net)))
        for index, each in sorted(found.items())
    ]  # fmt: skip


def zone_of(places: list[Facility]) -> str:
    """The clock that a firm reads: that of its first facility."""
    return places[0].time_zone if places else "UTC"


def _timeline(t: Speech, told: Trade, places: list[Facility]) -> list[dict[str, str]]:
    """Agreed, then each event of either side, on the clock of this side's facility."""
    zone = zone_of(places)
    agreed = {"title": t("trade.agreed"), "when": t.moment(told.row.agreed_at, zone), "tone": "done", "event": ""}
    rows = [agreed]
    for index, step, moment, outcome in told.goods.events:
        tone = "done" if outcome == "counted" else "warn"
        rows.append(
            {"title": t.name("biz_step", step), "when": t.moment(moment, zone), "tone": tone, "event": str(index),
             "outcome": outcome}
        )  # fmt: skip
    following = {"reserved": "trade.next.ship", "shipped": "trade.next.receive"}.get(told.goods.state)
    if following:
        rows.append({"title": t(following), "when": "", "tone": "off", "event": ""})
    return rows


@post("/trades/{token:str}/{step:str}", opt={"access": May("capture")}, include_in_schema=False)
async def goods_form(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    settings: Given[Settings], door: Given[Door], token: FromPath[str], step: FromPath[str],
) -> Response[Any]:  # fmt: skip
    """Ship (seller), receive by own weight or reject (buyer): one event of this side."""
    if step not in STEPS:
        raise NotFound("There is no such step.", field="step", value=step)
    form, reference = await form_of(request), _reference(settings, token)
    told = await trade(transaction, actor, reference)
    try:
        data = _stated(form, speech_of(request).lang, step)
        await move_goods(transaction, door, actor, reference, cast(Step, step), data)
    except Refusal as refusal:
        return await _shown(request, transaction, record, actor, told, form, refusal)
    return Redirect(f"/trades/{token}?done={step}", status_code=303)


def _stated(form: Mapping[str, str], lang: str, step: str) -> GoodsIn:
    """What was typed: the net mass, or gross, tare and pallets instead of it. Raises Invalid."""
    place = _facility(form)
    if step == "reject":
        return GoodsIn(facility_id=place)
    gross, tare, pallet = (
        parse_mass(form[name], "t" if form.get(f"{name}_unit") == "t" else "kg", lang, field=name) if form.get(name)
        else 0 for name in ("gross", "tare", "pallet")
    )  # fmt: skip
    basis: Basis | None = "estimated" if form.get("estimated") == "yes" else ("weighed" if gross else None)
    grams = None if gross else grams_of(form, lang) or None
    return GoodsIn(
        facility_id=place, grams=grams, basis=basis, gross_grams=gross or None, tare_grams=tare, pallet_grams=pallet
    )


def _facility(form: Mapping[str, str]) -> int:
    chosen = form.get("facility_id", "")
    if not chosen.isdigit():
        raise Invalid("Choose the facility.", field="facility_id", value=chosen, fix="Choose where it happens.")
    return int(chosen)


@post("/trades/{token:str}/cancel", opt={"access": May("trade")}, include_in_schema=False)
async def cancel_form(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    settings: Given[Settings], sequencer: Given[Sequencer], token: FromPath[str],
) -> Response[Any]:  # fmt: skip
    """Cancel before anything has left: the grams are free again."""
    reference = _reference(settings, token)
    try:
        await cancel(transaction, sequencer, actor, reference)
    except Conflict as refusal:
        told = await trade(transaction, actor, reference)
        return await _shown(request, transaction, record, actor, told, None, refusal)
    return Redirect(f"/trades/{token}?done=cancel", status_code=303)


ROUTES: Final = [trades_page, trade_page, goods_form, cancel_form]
