"""Every page, as axe-core sees it (WCAG 2.2 AA): none can be forgotten, because whatever links lead to is opened."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Final, Literal
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from playwright.async_api import Page, async_playwright

from app.routes import ROUTES
from tests.conftest import BASE, PASSWORD, PET, Firm, World
from tests.pagework import Browser as Walker
from tests.pageworld import KG, chain, listed, publish_now
from tests.serving import served
from tests.test_browser import CHROMIUM, FLAGS, fits, pytestmark
from tests.test_pages_captures import GOOD, sent
from tests.test_pages_holds import as_person
from traceability import composing
from traceability.identifiers import lot_uri, new_token

__all__ = ["pytestmark"]

TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SCREENS: Final[Sequence[tuple[int, Literal["dark", "light"]]]] = ((360, "dark"), (1280, "light"))
WIDEST: Final = """() => [...document.querySelectorAll("main *")]
    .reduce((one, other) => other.getBoundingClientRect().right > one.getBoundingClientRect().right ? other : one)
    .outerHTML.slice(0, 200)"""
LINK: Final = re.compile(r'<a[^>]* href="([^"#]*)')
FILES: Final = re.compile(r"\.csv$|/export/|/(import-)?template/|gs1resolver$|/queries/(end|remove|subscribe)$")
# Pages that no link leads to in this world, each with what it would take.
UNSEEN: Final = {
    "/record/import/{digest:str}": "a file that was uploaded and waits",
    "/record/receipt": "what was recorded a moment ago",
    "/evidence/scopes/{index:int}": "a scope certificate of a body",
    "/evidence/scopes/{index:int}/{kind:str}": "a scope certificate of a body",
    "/label-reports/answer": "a label that somebody reported",
    "/scan": "a code typed in leads on to its label",
    "/market/{number:int}/buy": "how much is asked on the listing's own page",
}


def patterns() -> dict[str, re.Pattern[str]]:
    """Every page with its address as a pattern, the plainest first."""
    found = {
        path: re.compile(re.sub(r"{\w+:(\w+)}", lambda part: {"int": r"\d+", "path": ".+"}.get(part[1], "[^/]+"), path))
        for handler in ROUTES
        if isinstance(handler, HTTPRouteHandler) and "GET" in handler.http_methods
        and handler.fn.__module__.startswith("app.pages")
        for path in handler.paths
        if not re.match(r"/[0-9]+/", path) and not FILES.search(path)
    }  # fmt: skip
    return dict(sorted(found.items(), key=lambda each: (each[0].count("{"), each[0])))


def page_of(path: str) -> str | None:
    return next((name for name, pattern in patterns().items() if pattern.fullmatch(path)), None)


async def walked(client: httpx.AsyncClient) -> dict[str, str]:
    """One address of every page that links lead to from the first one, each opened."""
    found, waiting = dict[str, str](), ["/"]
    while waiting:
        address = waiting.pop(0)
        page = page_of(urlsplit(address).path)
        if page is None or page in found:
            continue
        answer = await client.get(address, follow_redirects=True)
        if answer.status_code == 409:  # what cannot be done any more is said on a page of its own
            continue
        assert answer.status_code == 200, (address, answer.status_code)
        found[page] = address
        for href in LINK.findall(answer.text):
            there = urlsplit(urljoin(str(answer.url), href.replace("&amp;", "&")))
            if there.netloc == answer.url.netloc.decode():
                waiting.append(there.path + (f"?{there.query}" if there.query else ""))
    return found


@pytest.fixture(scope="module")
async def people(app: Litestar, world: World) -> dict[str, Firm | None]:
    """A visitor, and people in a world in which something of every kind happened."""
    made = await chain(world)
    number = await listed(world, made.recycler, made.pellet)
    buyer, regulator = await world.firm("manufacturer"), await world.firm("regulator", "TH", "Asia/Bangkok")
    late = composing.At(world.clock() - timedelta(days=40), made.recycler.facility, made.recycler.zone)
    held = composing.Making(lot_uri(BASE, new_token()), 5_000 * KG, PET, "bale")
    assert (await world.capture(made.recycler, composing.opening(late, held))).success
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as machine:
        for path, body, firm in (
            (f"/api/v1/listings/{number}/offers", {"grams": 900 * KG, "price": "100000", "currency": "JPY"}, buyer),
            (f"/api/v1/listings/{number}/buy", {"grams": 1_000 * KG}, buyer),
            ("/api/v1/recalls", {"lots": [made.waste], "reason": "hazardous", "statement": "Lead"}, regulator),
        ):
            answer = await machine.post(path, json=body, headers={**firm.bearer, "Idempotency-Key": path})
            assert answer.status_code == 201, answer.text
    await sent(app, made.recycler, GOOD)
    await publish_now(world)
    async with as_person(app, regulator) as desk:
        issued = await desk.send("/reports", {"year": str(world.clock().year)})
        assert issued.status_code == 303, issued.text
    others = {name: await world.firm(name) for name in ("producer", "laboratory", "certifier")}
    return {
        "visitor": None, "collector": made.collector, "recycler": made.recycler, "buyer": buyer, "regulator": regulator,
        **others,
    }  # fmt: skip


@pytest.fixture(scope="module")
async def address(app: Litestar) -> AsyncIterator[str]:
    async with served(app) as address:
        yield address


@pytest.fixture(scope="module")
async def seen(people: Mapping[str, Firm | None], address: str) -> dict[str, dict[str, str]]:
    """The pages that each of them comes to first, with one address of each."""
    found, known = dict[str, dict[str, str]](), set[str]()
    for name, firm in people.items():
        async with httpx.AsyncClient(base_url=address, headers={"accept": "text/html"}) as client:
            if firm is not None:
                await Walker(client).sign_in(firm)
            pages = await walked(client)
            found[name] = {page: path for page, path in pages.items() if page not in known}
            known |= pages.keys()
    return found


async def test_links_lead_to_every_page(seen: Mapping[str, Mapping[str, str]]) -> None:
    opened = {page for pages in seen.values() for page in pages}
    assert set(patterns()) - opened == set(UNSEEN)


async def test_no_page_keeps_anybody_out(
    seen: Mapping[str, Mapping[str, str]], people: Mapping[str, Firm | None], address: str
) -> None:
    """Every page once, on a phone in the dark and on a desk in the light."""
    faults = list[str]()
    assert CHROMIUM, "chromium is needed here"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, pages in seen.items():
            page = await (await browser.new_context(bypass_csp=True)).new_page()
            await page.add_init_script(AXE_SCRIPT)
            firm = people[name]
            if firm is not None:
                await page.goto(f"{address}/sign-in")
                await page.fill("input[name=email]", firm.email)
                await page.fill("input[name=password]", PASSWORD)
                await page.click("main button")
            for path in pages.values():
                await page.goto(f"{address}{path}")
                faults += [f"{path} {fault}" for fault in await faults_of(page)]
            await page.context.close()
        await browser.close()
    assert not faults, "\n".join(faults)


async def faults_of(page: Page) -> list[str]:
    """What axe-core finds on the page as it stands, and whether it is wider than the screen."""
    found = list[str]()
    for width, scheme in SCREENS:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        answer = await page.evaluate("tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", TAGS)
        found += [f"{width} {scheme}: {each['id']}: {each['nodes'][0]['html'][:120]}" for each in answer["violations"]]
        found += [] if await fits(page) else [f"{width}: too wide: {await page.evaluate(WIDEST)}"]
    return found
