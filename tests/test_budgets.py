"""Budgets: how many bytes a page costs its reader, measured on real answers with the compression that users get."""

import gzip
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace as Bag

import httpx
import pytest
from litestar import Litestar

from app.formats import LANGUAGES
from app.pages import claiming, logbook, market, public, regulator, trading
from app.pages.passports import tell
from app.pages.rendering import Renderer
from app.words import switches
from foundation.database import Scope
from tests.conftest import BASE, World
from tests.pageworld import Chain, chain, csrf_of, listed, page_app, signed_in
from traceability.passport import find, passport
from traceability.stages import STAGES

KB = 1_000
HEADERS = {"accept": "text/html", "accept-encoding": "gzip"}


@pytest.fixture(scope="module")
async def made(world: World) -> Chain:
    return await chain(world)


@pytest.fixture(scope="module")
def pages(world: World) -> Litestar:
    return page_app(
        world, public.ROUTES, market.ROUTES, trading.ROUTES, claiming.ROUTES, regulator.ROUTES, logbook.ROUTES
    )


@pytest.fixture
async def phone(pages: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url=BASE, headers=HEADERS) as client:
        yield client


async def transferred(client: httpx.AsyncClient, path: str) -> tuple[int, str]:
    """Bytes of body and header lines as sent, and the text."""
    async with client.stream("GET", path) as answer:
        body = b"".join([part async for part in answer.aiter_raw()])
        assert answer.status_code == 200, path
        head = sum(len(name) + len(value) + 4 for name, value in answer.headers.raw)
        plain = gzip.decompress(body) if answer.headers.get("content-encoding") == "gzip" else body
    return len(body) + head, plain.decode(errors="replace")


def parts_of(page: str) -> list[str]:
    """What a browser fetches for this page by itself."""
    links = re.findall(r'<link rel="(?:icon|stylesheet)" href="([^"]+)"', page)
    return links + re.findall(r'<(?:script|img)[^>]* src="([^"]+)"', page)


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_a_scan_costs_at_most_30_kb_and_3_requests(phone: httpx.AsyncClient, made: Chain, lang: str) -> None:
    html, page = await transferred(phone, f"{made.pellet}?lang={lang}")
    others = parts_of(page)
    total = html + sum([(await transferred(phone, each))[0] for each in others])
    assert html <= 14 * KB, html
    assert total <= 30 * KB, total
    assert 1 + len(others) <= 3, others


async def test_the_longest_chain_that_a_page_shows_still_fits(world: World, made: Chain) -> None:
    process = world.process
    async with process.database.begin(None, Scope.RECORD) as record:
        lot = await find(record, uri=made.pellet)
        today = process.clock().date()
        seen = await passport(record, lot, None, process.verifiers, process.catalogue, today)
    many = [replace(seen.stages[n % 4], lots=1_000 + n, biz_step=f"step-{n}") for n in range(STAGES)]
    seen = replace(seen, stages=tuple(many), certificates=seen.certificates * 5)
    renderer = Renderer.of(process.settings)
    t = renderer.words.speech("th")
    page = renderer.templates.get_template("public/passport.html").render(
        t=t, here="/id/x", site=renderer.site, viewer=None, switches=switches("/id/x", "", "th"), csrf="", errors=[],
        flashes=[], told=tell(t, seen, process.catalogue), seen=seen, lot=lot, data="/api", reasons=[("other", "x")],
        thanks=False, form=Bag(reason="", message=""),
    )  # fmt: skip
    assert len(gzip.compress(page.encode(), 6)) <= 14 * KB


async def test_market_pages_cost_at_most_150_kb(world: World, pages: Litestar, made: Chain) -> None:
    seller = await world.firm("recycler")
    for _ in range(market.ON_A_PAGE):
        await listed(world, seller, await world.stock(seller, 3_000_000, "flake"))
    number = await listed(world, made.recycler, made.pellet)
    buyer = await signed_in(pages, world, await world.firm("manufacturer"))
    buyer.headers.update(HEADERS)
    for path in ("/market?lang=ja", f"/market/{number}", f"/market/{number}/buy?grams=1&grams_unit=t", "/claims"):
        html, page = await transferred(buyer, path)
        others = parts_of(page)
        total = html + sum([(await transferred(buyer, each))[0] for each in others])
        assert total <= 150 * KB, (path, total)
        assert 1 + len(others) <= 12, others


async def test_regulator_pages_cost_at_most_250_kb(world: World, pages: Litestar, made: Chain) -> None:
    browser = await signed_in(pages, world, await world.firm("regulator", "TH", "Asia/Bangkok"))
    browser.headers.update(HEADERS)
    fields = {"_csrf_token": csrf_of((await browser.get("/reports")).text), "year": str(world.clock().year)}
    report = (await browser.post("/reports", data=fields)).headers["location"]
    for path in (report, f"{report}/figure?law=eu-packaging&of=counted", "/events/0", "/log"):
        html, page = await transferred(browser, path)
        others = parts_of(page)
        total = html + sum([(await transferred(browser, each))[0] for each in others])
        assert total <= 250 * KB, (path, total)
        assert 1 + len(others) <= 15, others
