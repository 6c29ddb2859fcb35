"""Weighing: gross less tare and pallets is the net, to the gram; both sides' tickets stand side by side."""

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar

from app.words import LANGUAGES
from tests.conftest import Firm, World
from tests.pagework import said
from tests.test_capture import refusal
from tests.test_marketplace import TONNE, Client, agreed, at
from tests.test_pages_holds import as_person
from traceability import composing
from traceability.ledger.weighing import Weighing, check
from traceability.refusals import Incomplete, WeightsDisagree

MASS = st.integers(0, 10**12)


@pytest.fixture
async def seller(client: httpx.AsyncClient, world: World) -> Client:
    return Client(client, await world.firm("recycler", "TH", "Asia/Bangkok"))


@pytest.fixture
async def buyer(client: httpx.AsyncClient, world: World) -> Client:
    return Client(client, await world.firm("manufacturer"))


@given(MASS, MASS, MASS, st.integers(-10, 10))
def test_only_the_sum_fits(net: int, tare: int, pallet: int, off: int) -> None:
    weighing = Weighing("weighed", net + tare + pallet, tare, pallet)
    assert weighing.net == net
    if net + off == net and net > 0:
        check(weighing, net)
    else:
        with pytest.raises(WeightsDisagree):
            check(weighing, net + off)


async def test_a_ticket_that_does_not_add_up_is_refused_and_one_that_does_is_kept(world: World) -> None:
    firm, other = await world.firm("recycler"), await world.firm("recycler")
    lot = await world.stock(firm, 10 * TONNE)
    parties = firm.actor.organisation_uri, other.actor.organisation_uri

    def sent(weighing: Any) -> dict[str, Any]:
        return composing.shipped(world.at(firm), *parties, {lot: TONNE}) | {"junkan:weighing": weighing}

    ticket = {"junkan:basis": "weighed", "junkan:gross": 13_500, "junkan:tare": 12_480, "junkan:uom": "KGM"}
    wrong = refusal(await world.capture(firm, sent(ticket)))
    assert isinstance(wrong, WeightsDisagree)
    assert (wrong.value, wrong.facts["net_grams"]) == (1_020_000, TONNE)
    for stated in (
        {"junkan:basis": "guessed"}, {**ticket, "junkan:uom": "LTR"}, {**ticket, "junkan:gross": -1},
        {"junkan:basis": "weighed", "junkan:tare": 5, "junkan:uom": "KGM"}, {**ticket, "junkan:gross": "13500"},
    ):  # fmt: skip
        assert isinstance(refusal(await world.capture(firm, sent(stated))), Incomplete), stated
    fits = {**ticket, "junkan:pallet": 20}
    assert (await world.capture(firm, sent(fits))).success
    assert (await world.capture(firm, sent({"junkan:basis": "estimated"}))).success
    assert (await world.capture(firm, sent("13.5 t, says the driver"))).success  # not ours to read: recorded as it is


async def test_both_sides_weigh_a_trade_and_see_both_tickets(world: World, seller: Client, buyer: Client) -> None:
    token = await agreed(world, seller, buyer)
    ticket = {"gross_grams": 16 * TONNE, "tare_grams": 12 * TONNE, "basis": "weighed"}
    off = await seller.post(f"/trades/{token}/ship", at(seller, **ticket, grams=4 * TONNE + 1), expect=400)
    assert off["code"] == "WEIGHTS_DISAGREE"
    await seller.post(f"/trades/{token}/ship", at(seller, tare_grams=5), expect=400)
    shipped = await seller.post(f"/trades/{token}/ship", at(seller, **ticket))
    assert shipped["recorded"]["outcome"] == "counted"
    assert shipped["goods"]["shippedGrams"] == 4 * TONNE
    await buyer.post(f"/trades/{token}/receive", at(buyer, grams=4 * TONNE - 10_000, basis="estimated"))
    for side in (seller, buyer):
        told = (await side.get(f"/trades/{token}"))["weighings"]
        assert [(each["basis"], each["grossGrams"], each["netGrams"]) for each in told] == [
            ("weighed", 16 * TONNE, 4 * TONNE), ("estimated", None, None),
        ]  # fmt: skip


async def test_goods_that_are_held_say_so(world: World, seller: Client, buyer: Client) -> None:
    token = await agreed(world, seller, buyer)
    await seller.post(f"/trades/{token}/ship", at(seller))
    held = await buyer.post(f"/trades/{token}/receive", at(buyer, grams=3 * TONNE))
    assert (held["recorded"]["outcome"], held["recorded"]["reasons"]) == ("held", ["RECEIPT_MISMATCH"])


async def test_by_page_gross_and_tare_stand_in_for_the_weight(app: Litestar, world: World) -> None:
    firm, other = await world.firm("recycler"), await world.firm("compounder")
    lot = await world.stock(firm, 2 * TONNE)
    parties = firm.actor.organisation_uri, other.actor.organisation_uri
    assert (await world.capture(firm, composing.shipped(world.at(firm), *parties, {lot: 2 * TONNE}))).success
    async with as_person(app, other) as browser:
        form = {"lot": lot, "answer": "take", "grams": "2000", "grams_unit": "kg", "day": day_of(world, other)}
        form |= {"facility": await place(browser.client, other)}
        ticket = {"gross": "14.5", "gross_unit": "t", "tare": "12480", "pallet": "30", "estimated": ""}
        check_page = await browser.check("/record/arrival", {**form, **ticket})
        assert "1,990" in said(check_page) or "1.99" in said(check_page)
        assert "12,480" in said(check_page) or "12.48" in said(check_page)
        only_tare = await browser.send("/record/arrival", {**form, "tare": "5", "step": "check"})
        assert only_tare.status_code == 400
        done = await browser.commit("/record/arrival", check_page)
        assert done.status_code == 303


def day_of(world: World, firm: Firm) -> str:
    return world.clock().astimezone(firm.zone).date().isoformat()


async def place(client: httpx.AsyncClient, firm: Firm) -> str:
    page = (await client.get("/record/collected")).text
    hidden = page.partition('name="facility" value="')[2].partition('"')[0]
    return hidden or page.partition('id="f-facility"')[2].partition('value="')[2].partition('"')[0]


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_the_fields_speak_every_language(app: Litestar, world: World, lang: str) -> None:
    async with as_person(app, await world.firm("recycler")) as browser:
        text = said(await browser.open(f"/record/dispatch?lang={lang}"))
        assert "weighing." not in text
