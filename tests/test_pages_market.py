"""The market's pages: found, checked, bought once, shipped, weighed in, claimed once; and nobody else looks in."""

import html
import re
from dataclasses import dataclass

import asyncpg
import httpx
import pytest
from litestar import Litestar

from app.pages import claiming, market, public, trading
from marketplace.listings import LONGEST_TEXT
from tests.conftest import Firm, World
from tests.pageworld import Chain, chain, csrf_of, listed, page_app, signed_in

GAP = "\u00a0"


@dataclass(frozen=True)
class Stall:
    """A seller with a listed lot, a buyer, and somebody else; each with a browser."""

    made: Chain
    listing: int
    buyer_firm: Firm
    seller: httpx.AsyncClient
    buyer: httpx.AsyncClient
    stranger: httpx.AsyncClient


@pytest.fixture(scope="module")
def pages(world: World) -> Litestar:
    return page_app(world, public.ROUTES, market.ROUTES, trading.ROUTES, claiming.ROUTES)


@pytest.fixture
async def stall(world: World, pages: Litestar) -> Stall:
    made = await chain(world)
    listing = await listed(world, made.recycler, made.pellet)
    buyer, stranger = await world.firm("manufacturer"), await world.firm("manufacturer", "TH", "Asia/Bangkok")
    return Stall(
        made, listing, buyer, await signed_in(pages, world, made.recycler), await signed_in(pages, world, buyer),
        await signed_in(pages, world, stranger),
    )  # fmt: skip


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def hidden_of(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with this action."""
    form = page[page.index(f'action="{action}"') :]
    form = form[: form.index("</form>")]
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in fields}


async def buy(stall: Stall, grams: str = "2.5") -> str:
    """Buy through the check page; answers the path of the trade."""
    path = f"/market/{stall.listing}/buy"
    check = await stall.buyer.get(path, params={"grams": grams, "grams_unit": "t"})
    assert check.status_code == 200, check.text
    done = await stall.buyer.post(path, data=hidden_of(check.text, path))
    assert done.status_code == 303, text_of(done.text)
    return str(done.headers["location"]).partition("?")[0]


async def act(browser: httpx.AsyncClient, path: str, step: str, **fields: str) -> httpx.Response:
    page = (await browser.get(path)).text
    return await browser.post(f"{path}/{step}", data={**hidden_of(page, f"{path}/{step}"), **fields})


async def bought_and_received(stall: Stall) -> str:
    path = await buy(stall)
    assert (await act(stall.seller, path, "ship", grams="2500", grams_unit="kg")).status_code == 303
    assert (await act(stall.buyer, path, "receive", grams="2,495", grams_unit="kg")).status_code == 303
    return path


async def test_a_lot_is_found_by_material_form_property_price_and_words(stall: Stall) -> None:
    fits = {
        "material": "plastics", "form": "pellet", "country": "JP", "property": "intrinsic_viscosity", "low": "0.7",
        "high": "0.9", "currency": "JPY", "price_low": "100000", "price_high": "120,000", "text": "hot-washed",
    }  # fmt: skip
    link = f'href="/market/{stall.listing}"'
    page = await stall.buyer.get("/market", params=fits)
    assert page.status_code == 200
    assert link in page.text
    assert f"JPY{GAP}118,500" in page.text
    assert f"6.1{GAP}t" in page.text
    assert "GRS until" in page.text
    assert "Incomplete" in page.text
    for name, value in (
        ("material", "plastics.pp"), ("form", "bale"), ("country", "TH"), ("low", "0.8"), ("price_high", "118499"),
        ("text", "cold-washed"), ("currency", "USD"),
    ):  # fmt: skip
        assert link not in (await stall.buyer.get("/market", params={**fits, name: value})).text, name


async def test_a_wrong_number_in_the_search_is_named_and_everything_typed_is_kept(stall: Stall) -> None:
    page = await stall.buyer.get("/market", params={"property": "moisture", "low": "dry", "text": "kept"})
    assert page.status_code == 400
    assert 'href="#f-low"' in page.text
    assert 'value="dry"' in page.text
    assert 'value="kept"' in page.text


async def test_more_listings_than_a_page_holds_are_paged_and_counted_by_country(world: World, stall: Stall) -> None:
    seller = await world.firm("recycler", "VN", "Asia/Ho_Chi_Minh")
    for _ in range(market.ON_A_PAGE + 1):
        await listed(world, seller, await world.stock(seller, 3_000_000, "flake"), "700", "USD")
    first = (await stall.buyer.get("/market", params={"country": "VN"})).text
    assert f"Vietnam · {market.ON_A_PAGE + 1}" in html.unescape(first)
    older = html.unescape(re.search(r'rel="next" href="([^"]+)"', first)[1])  # type: ignore[index]
    second = (await stall.buyer.get(older)).text
    seen = [set(re.findall(r'href="/market/(\d+)"', page)) for page in (first, second)]
    assert (len(seen[0]), len(seen[1])) == (market.ON_A_PAGE, 1)
    assert not seen[0] & seen[1]


async def test_a_listing_shows_what_it_meets_what_is_missing_and_how_it_came_about(stall: Stall) -> None:
    said = text_of((await stall.buyer.get(f"/market/{stall.listing}")).text)
    for words in (
        "All five checks passed.", "EN 15348", "Missing: ", "Intrinsic viscosity", "Where it came from",
        f"JPY{GAP}118,500".replace(GAP, " "), "verified recycler, Japan", "Buy at this price", "Make an offer",
    ):  # fmt: skip
        assert words in said, words
    own = text_of((await stall.seller.get(f"/market/{stall.listing}")).text)
    assert "This is your own listing." in own
    assert "Buy at this price" not in own


async def test_the_check_page_names_the_act_and_the_second_press_buys_nothing(
    stall: Stall, owner: asyncpg.Connection
) -> None:
    path = f"/market/{stall.listing}/buy"
    check = await stall.buyer.get(path, params={"grams": "2.5", "grams_unit": "t"})
    assert f"Buy 2.5{GAP}t for JPY{GAP}296,250" in check.text
    fields = hidden_of(check.text, path)
    assert (await stall.buyer.post(path, data=fields)).status_code == 303
    again = await stall.buyer.post(path, data=fields)
    assert again.status_code == 409
    assert 'class="problem"' in again.text
    assert f'value="{fields["grams"]}"' in again.text
    trades = "SELECT count(*) FROM trade WHERE lot_uri = $1"
    assert await owner.fetchval(trades, stall.made.pellet) == 1


@pytest.mark.parametrize(
    ("grams", "unit", "status"), [("100", "kg", 400), ("much", "t", 400), ("7", "t", 409), ("0", "t", 200)]
)
async def test_a_wrong_quantity_is_refused_at_its_field(stall: Stall, grams: str, unit: str, status: int) -> None:
    path = f"/market/{stall.listing}/buy"
    check = await stall.buyer.get(path, params={"grams": grams, "grams_unit": unit})
    if 'method="post" action="/market' not in check.text:
        assert check.status_code == status
        return
    done = await stall.buyer.post(path, data=hidden_of(check.text, path))
    assert done.status_code == status
    assert 'id="f-grams-error"' in done.text


async def test_an_offer_is_made_and_its_faults_are_named(stall: Stall, owner: asyncpg.Connection) -> None:
    path = f"/market/{stall.listing}/offer"
    token = csrf_of((await stall.buyer.get(path)).text)
    bad = {"_csrf_token": token, "grams": "1", "grams_unit": "t", "price": "", "message": "Could you?"}
    wrong = await stall.buyer.post(path, data=bad)
    assert wrong.status_code == 400
    assert "Could you?" in wrong.text
    long = {**bad, "price": "101,500", "message": "Could you? " + "x" * LONGEST_TEXT}
    answer = await stall.buyer.post(path, data=long)
    assert answer.status_code == 400
    assert "This text is too long. Use at most 2000 characters." in text_of(answer.text)
    assert 'id="f-message-error"' in answer.text
    assert long["message"] in answer.text
    assert await owner.fetchval("SELECT count(*) FROM offer WHERE listing_id = $1", stall.listing) == 0
    assert (await stall.buyer.post(path, data={**bad, "price": "101,500"})).status_code == 303
    row = await owner.fetchrow("SELECT grams, price, state FROM offer WHERE listing_id = $1", stall.listing)
    assert (row["grams"], row["price"], row["state"]) == (1_000_000, 101_500, "open")


async def test_both_sides_move_the_goods_and_each_keeps_its_own_weight(stall: Stall) -> None:
    path = await buy(stall)
    assert "Reserved" in text_of((await stall.seller.get(path)).text)
    waiting = text_of((await stall.buyer.get(path)).text)
    assert f"Waiting for {stall.made.recycler.actor.organisation_name} to ship." in waiting
    assert f"Ship 2.5{GAP}t" in (await stall.seller.get("/trades")).text
    assert (await act(stall.seller, path, "ship", grams="2500", grams_unit="kg")).status_code == 303
    assert f"Receive 2.5{GAP}t" in (await stall.buyer.get("/trades")).text
    assert (await act(stall.buyer, path, "receive", grams="2.495", grams_unit="t")).status_code == 303
    for browser in (stall.seller, stall.buyer):
        said = (await browser.get(path)).text
        assert f"2.5{GAP}t" in said
        assert f"2.495{GAP}t" in said
        assert f"-5{GAP}kg" in said
        assert said.count("/events/") == 2


async def test_a_rejected_load_goes_back_whole(stall: Stall, owner: asyncpg.Connection) -> None:
    path = await buy(stall)
    await act(stall.seller, path, "ship", grams="2500", grams_unit="kg")
    assert (await act(stall.buyer, path, "reject")).status_code == 303
    assert "Rejected" in text_of((await stall.buyer.get(path)).text)
    free = "SELECT free + reserved FROM balance b JOIN lot l ON l.id = b.lot_id WHERE l.uri = $1 AND holder = $2"
    assert await owner.fetchval(free, stall.made.pellet, stall.made.recycler.actor.organisation_id) == 6_100_000


async def test_a_trade_is_cancelled_before_it_leaves_and_not_after(stall: Stall) -> None:
    path = await buy(stall)
    assert (await act(stall.buyer, path, "cancel")).status_code == 303
    assert "Cancelled" in text_of((await stall.buyer.get(path)).text)
    other = await buy(stall)
    page = (await stall.buyer.get(other)).text
    await act(stall.seller, other, "ship", grams="2500", grams_unit="kg")
    late = await stall.buyer.post(f"{other}/cancel", data=hidden_of(page, f"{other}/cancel"))
    assert late.status_code == 409
    assert 'class="problem"' in late.text


async def test_a_wrong_weight_is_refused_and_kept(stall: Stall) -> None:
    path = await buy(stall)
    wrong = await act(stall.seller, path, "ship", grams="two", grams_unit="kg")
    assert wrong.status_code == 400
    assert 'value="two"' in wrong.text
    too_much = await act(stall.seller, path, "ship", grams="9000", grams_unit="kg")
    assert too_much.status_code == 409
    token = csrf_of((await stall.buyer.get(path)).text)
    other_side = await stall.buyer.post(
        f"{path}/ship", data={"_csrf_token": token, "facility_id": str(stall.buyer_firm.facility_id), "grams": "1"}
    )
    assert other_side.status_code == 403


async def test_recycled_content_is_claimed_once_and_the_second_claim_is_told_what_is_left(
    stall: Stall, world: World
) -> None:
    await bought_and_received(stall)
    page = (await stall.buyer.get("/claims")).text
    fields = {
        "_csrf_token": csrf_of(page), "lot": stall.made.pellet, "grams": "2000", "grams_unit": "kg",
        "jurisdiction": "JP", "statement": "Bottle preforms",
    }  # fmt: skip
    check = await stall.buyer.post("/claims", data=fields)
    assert check.status_code == 200
    assert f"Claim 2{GAP}t of recycled content" in check.text
    confirm = hidden_of(check.text, "/claims")
    assert (await stall.buyer.post("/claims", data=confirm)).status_code == 303
    pressed_twice = await stall.buyer.post("/claims", data=confirm)
    assert pressed_twice.status_code == 409
    again = await stall.buyer.post("/claims", data=fields)
    assert again.status_code == 409
    assert f"Still claimable: 495{GAP}kg." in again.text
    assert "Bottle preforms" in again.text
    world.clock.forward(seconds=1)
    rest = await stall.buyer.post("/claims", data={**fields, "grams": "495", "jurisdiction": "TH"})
    assert (await stall.buyer.post("/claims", data=hidden_of(rest.text, "/claims"))).status_code == 303


async def test_a_claim_names_what_is_missing(stall: Stall) -> None:
    await bought_and_received(stall)
    token = csrf_of((await stall.buyer.get("/claims")).text)
    for fields, at in (
        ({"grams": "1"}, "f-lot"),
        ({"lot": stall.made.pellet, "grams": "some", "jurisdiction": "JP"}, "f-grams"),
        ({"lot": stall.made.pellet, "grams": "1"}, "f-jurisdiction"),
    ):
        wrong = await stall.buyer.post("/claims", data={"_csrf_token": token, **fields})
        assert wrong.status_code == 400
        assert f'href="#{at}"' in wrong.text


async def test_nobody_else_sees_a_trade_its_price_its_parties_or_a_claim(
    stall: Stall, pages: Litestar, world: World
) -> None:
    path = await bought_and_received(stall)
    assert (await stall.stranger.get(path)).status_code == 404
    canaries = [
        stall.made.recycler.actor.organisation_name, stall.buyer_firm.actor.organisation_name,
        stall.made.collector.actor.organisation_name, stall.made.sorter.actor.organisation_name, "296,250",
        path.rpartition("/")[2], stall.made.recycler.email,
    ]  # fmt: skip
    elsewhere = await signed_in(pages, world, await world.firm("regulator", "VN"))
    for browser in (stall.stranger, elsewhere):
        for place in ("/market", f"/market/{stall.listing}", "/trades", "/claims", stall.made.pellet):
            told = (await browser.get(place)).text
            assert [each for each in canaries if each in told] == [], place
    bare = httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url="http://127.0.0.1:8000")
    async with bare as public_reader:
        for place in ("/market", f"/market/{stall.listing}", "/trades", path, "/claims"):
            assert (await public_reader.get(place)).status_code == 401, place


async def test_a_form_without_its_token_does_nothing(stall: Stall) -> None:
    path = f"/market/{stall.listing}/buy"
    assert (await stall.buyer.post(path, data={"grams": "1", "grams_unit": "t"})).status_code == 403
    assert (await stall.buyer.post("/claims", data={"lot": stall.made.pellet})).status_code == 403


async def test_pages_hold_to_the_strict_policy(stall: Stall) -> None:
    path = await buy(stall)
    for place in ("/market", f"/market/{stall.listing}", f"/market/{stall.listing}/offer", path, "/trades", "/claims"):
        page = (await stall.buyer.get(place, params={"lang": "ja"})).text
        assert '<html lang="ja">' in page
        assert not re.search(r'\sstyle="|<style|\son\w+="|javascript:', page)
        assert not re.search(r"<script(?! src=)", page)
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids)), place


async def test_who_made_an_offer_is_told_so_and_who_answers_it_too(stall: Stall) -> None:
    path = f"/market/{stall.listing}/offer"
    token = csrf_of((await stall.buyer.get(path)).text)
    terms = {"_csrf_token": token, "grams": "2", "grams_unit": "t", "price": "90000", "message": ""}
    for _ in range(2):
        made = await stall.buyer.post(path, data=terms)
        assert made.headers["location"] == "/offers?done=offered"
    told = await stall.buyer.get(made.headers["location"])
    assert 'class="flash good"' in told.text
    assert "Your offer is with the seller" in text_of(told.text)
    assert "flash" not in (await stall.buyer.get("/offers")).text
    assert "flash" not in (await stall.buyer.get("/offers", params={"done": "site.name"})).text
    page = (await stall.seller.get("/offers")).text
    first, second = sorted(set(re.findall(r"/offers/(\d+)/decline", page)), key=int)
    told_no = await stall.seller.post(f"/offers/{first}/decline", data={"_csrf_token": csrf_of(page)})
    assert "The offer is declined" in text_of((await stall.seller.get(told_no.headers["location"])).text)
    taken = await stall.buyer.post(f"/offers/{second}/withdraw", data={"_csrf_token": token})
    assert "You took your offer back" in text_of((await stall.buyer.get(taken.headers["location"])).text)
