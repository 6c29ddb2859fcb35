"""Pages in a real browser: a recycler records stock on a narrow screen, and anyone opens its label without a script."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from litestar import Litestar
from playwright.async_api import Browser, Page, async_playwright

from tests.conftest import PASSWORD, World
from tests.serving import served
from tests.test_accounts_captured import EU, KG, make, new, stock

CHROMIUM = shutil.which("chromium")
NEEDED = "browser" in os.environ.get("JUNKAN_TESTS_NEED", "")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not NEEDED, reason="no chromium on this machine"),
]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
async def address(app: Litestar) -> AsyncIterator[str]:
    async with served(app) as address:
        yield address


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    assert CHROMIUM, "chromium is needed here"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


async def fits(page: Page) -> bool:
    """Whether nothing is wider than the screen."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


async def test_a_recycler_records_stock_on_a_phone_without_a_script(
    browser: Browser, address: str, world: World
) -> None:
    firm = await world.firm("recycler")
    context = await browser.new_context(viewport={"width": 360, "height": 800}, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{address}/sign-in")
    await page.fill("input[name=email]", firm.email)
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button")
    await page.goto(f"{address}/stock")
    assert "Stock" in await page.title()
    lot = await world.stock(firm, 12_345_000)
    await page.goto(f"{address}/stock")
    assert "12.345" in await page.inner_text("main")
    token = lot.rpartition("/")[2]
    stranger = await (await browser.new_context(java_script_enabled=False)).new_page()
    answer = await stranger.goto(f"{address}/id/{token}")
    assert answer is not None
    assert answer.status == 200
    assert "PET" in await stranger.inner_text("main")


@pytest.mark.parametrize("lang", ["en", "ja", "th", "vi", "id", "ms", "fil"])
async def test_public_pages_fit_320_pixels_in_every_language(browser: Browser, address: str, lang: str) -> None:
    page = await (await browser.new_context(viewport={"width": 320, "height": 700})).new_page()
    for path in ("/", "/sign-in", "/standards", "/log"):
        answer = await page.goto(f"{address}{path}?lang={lang}")
        assert answer is not None
        assert answer.status == 200, path
        assert await page.get_attribute("html", "lang") == lang
        assert await fits(page), (path, lang)


async def test_a_crossing_is_asked_and_asked_again_on_a_narrow_screen_without_a_script(
    browser: Browser, address: str
) -> None:
    context = await browser.new_context(viewport={"width": 320, "height": 700}, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{address}/crossing?lang=en")
    asked = {
        "material": "plastics.pet", "form": "flake", "exporting": "TH", "importing": "SG", "operation": "R3",
        "hazardous": "no", "single_polymer": "yes", "almost_free": "yes",
    }  # fmt: skip
    for name, value in asked.items():
        await page.select_option(f"select[name={name}]", value)
    await page.click("form#ask button")
    assert "Not known enough" in await page.inner_text(".seal")
    await page.check("input[name=confirmed][value=national_import]")
    await page.click("button[form=ask]")
    assert "Allowed" in await page.inner_text(".seal")
    assert await page.input_value("select[name=importing]") == "SG"
    wide = await (await browser.new_context(viewport={"width": 320, "height": 700})).new_page()
    await wide.goto(page.url)
    assert await fits(wide)


async def test_accounts_and_a_process_fit_a_phone_and_a_desk(browser: Browser, address: str, world: World) -> None:
    firm = await world.firm("recycler")
    waste, virgin = await stock(world, firm, 1_000 * KG, "post", "segregated"), await stock(world, firm, KG, "virgin")
    sold = new(KG * 3 // 4, "mass_balance_credit", credited={"post": KG // 2})
    for lot, grams, output in ((waste, 900 * KG, new(700 * KG)), (virgin, KG, sold)):
        await make(world, firm, {lot: grams}, output, scheme=EU)
    for width in (360, 1280):
        context = await browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=True)
        page = await context.new_page()
        await page.goto(f"{address}/sign-in")
        await page.fill("input[name=email]", firm.email)
        await page.fill("input[name=password]", PASSWORD)
        await page.click("main button")
        for lang in ("en", "th", "vi"):
            for path in ("/accounts", f"/record/transformation?lot={waste}"):
                answer = await page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={lang}")
                assert answer is not None
                assert answer.status == 200, path
                assert await fits(page), (path, lang, width)
        await page.goto(f"{address}/accounts?lang=en")
        await page.click("main a[href^='/accounts?account=']")
        assert "500" in await page.inner_text("main")
        if shots := os.environ.get("SHOTS"):
            await page.screenshot(path=f"{shots}/accounts-{width}.png", full_page=True)
