"""The settlement's pages: conditions on the listing, both sides' figures, agreement; in every language."""

import httpx
import pytest
from litestar import Litestar

from app.pages import claiming, market, offering, public, settling, trading
from app.words import LANGUAGES
from tests.conftest import World
from tests.pageworld import csrf_of, page_app
from tests.test_pages_market import Stall, act, stall, text_of

__all__ = ["stall"]

WET = {
    "tolerance_pct": "5", "moisture_allowance_pct": "10", "moisture_method": "dry_basis",
    "contamination_allowance_pct": "1.5", "contamination_multiplier": "2", "reject_above_pct": "5",
}  # fmt: skip


@pytest.fixture(scope="module")
def pages(world: World) -> Litestar:
    return page_app(
        world, public.ROUTES, market.ROUTES, trading.ROUTES, settling.ROUTES, claiming.ROUTES, offering.ROUTES
    )


async def listed_with(stall: Stall, world: World, **conditions: str) -> httpx.Response:
    lot = await world.stock(stall.made.recycler, 3_000_000, "flake")
    form = (await stall.seller.get("/listings/new", params={"lot": lot})).text
    fields = {
        "_csrf_token": csrf_of(form), "lot": lot, "price": "100000", "currency": "JPY", "smallest_grams": "1",
        "smallest_grams_unit": "t", "incoterm": "FCA", "description": "", "step": "commit", **conditions,
    }  # fmt: skip
    return await stall.seller.post("/listings/new", data=fields)


async def delivered(stall: Stall, world: World, **conditions: str) -> str:
    """The path of a trade of one tonne, sent and received, under these conditions."""
    done = await listed_with(stall, world, **conditions)
    assert done.status_code == 303, text_of(done.text)
    number = done.headers["location"].rpartition("=")[2]
    path = f"/market/{number}/buy"
    check = await stall.buyer.get(path, params={"grams": "1", "grams_unit": "t"})
    if conditions:
        assert "Conditions agreed" in check.text
    fields = {"_csrf_token": csrf_of(check.text), "grams": "1", "grams_unit": "t", "seen_free": "3000000"}
    bought = await stall.buyer.post(path, data=fields)
    assert bought.status_code == 303, text_of(bought.text)
    trade = str(bought.headers["location"]).partition("?")[0]
    assert (await act(stall.seller, trade, "ship", grams="1000", grams_unit="kg")).status_code == 303
    assert (await act(stall.buyer, trade, "receive", grams="1000", grams_unit="kg")).status_code == 303
    return trade


async def found(browser: httpx.AsyncClient, trade: str, **fields: str) -> httpx.Response:
    path = f"{trade}/settlement"
    page = (await browser.get(path)).text
    return await browser.post(path, data={"_csrf_token": csrf_of(page), **fields})


async def test_both_sides_come_to_the_same_amount_on_the_page(stall: Stall, world: World) -> None:
    trade = await delivered(stall, world, **WET)
    path = f"{trade}/settlement"
    assert f'href="{path}"' in (await stall.buyer.get(trade)).text
    first = await found(stall.buyer, trade, moisture_pct="14", contamination_pct="1.5", statement="Oven")
    assert first.status_code == 303, text_of(first.text)
    seen = text_of((await stall.seller.get(path)).text)
    assert "One side has stated" in seen
    assert "14% found, 10% allowed, on a dry basis" in seen
    assert "Oven" in seen
    other = await found(stall.seller, trade, moisture_pct="13", contamination_pct="1.5")
    assert other.status_code == 303
    assert "state different figures" in text_of((await stall.buyer.get(path)).text)
    form = (await stall.seller.get(path)).text
    assert 'name="moisture_pct" type="text" value="14"' in form
    agreed = await found(stall.seller, trade, moisture_pct="14", contamination_pct="1.50")
    assert agreed.status_code == 303
    settled = text_of((await stall.buyer.get(path)).text).replace("\u00a0", " ")
    assert "Settled: both sides state the same" in settled
    assert "JPY 95,600" in settled


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_every_language_tells_the_steps_without_gaps(stall: Stall, world: World, lang: str) -> None:
    trade = await delivered(stall, world, **WET)
    refused = await found(stall.buyer, trade, moisture_pct="140", contamination_pct="")
    assert refused.status_code == 400
    assert 'value="140"' in refused.text
    await found(stall.buyer, trade, moisture_pct="11", contamination_pct="6")
    page = await stall.seller.get(f"{trade}/settlement", params={"lang": lang})
    assert page.status_code == 200
    assert "settling." not in page.text
    assert "{" not in text_of(page.text)


async def test_a_listing_s_wrong_condition_is_said_at_its_field_and_everything_is_kept(
    stall: Stall, world: World
) -> None:
    wrong = await listed_with(stall, world, moisture_allowance_pct="10", moisture_method="")
    assert wrong.status_code == 400
    assert 'href="#f-moisture_method"' in wrong.text
    assert '<details class="more" open>' in wrong.text
    assert 'name="moisture_allowance_pct" type="text" value="10"' in wrong.text


async def test_nobody_else_opens_a_settlement(stall: Stall, world: World) -> None:
    trade = await delivered(stall, world)
    assert (await stall.stranger.get(f"{trade}/settlement")).status_code == 404
    told = text_of((await stall.buyer.get(f"{trade}/settlement")).text)
    assert "Nothing was asked beside the price" in told
