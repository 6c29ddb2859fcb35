"""The operator's pages in a real browser: nothing is wider than a phone, and they work without a script."""

import pytest
from playwright.async_api import Browser, BrowserContext

from tests.conftest import PASSWORD, Firm, World
from tests.test_browser import address, browser, fits, pytestmark
from tests.test_daybook import at
from traceability import composing
from traceability.identifiers import lot_uri, new_token

__all__ = ["address", "browser", "pytestmark"]

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 800}


async def signed_in(browser: Browser, address: str, firm: Firm) -> BrowserContext:
    """A browser with this person's session; it runs no scripts."""
    context = await browser.new_context(viewport=NARROW, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{address}/sign-in")
    await page.fill("input[name=email]", firm.email)
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button")
    return context


async def recorded(world: World, firm: Firm) -> int:
    """Stock, a hold and its index."""
    for grams in (1_234_567, 20_000_000):
        await world.stock(firm, grams)
    making = composing.Making(lot_uri("http://127.0.0.1:8000", new_token()), 5_000_000, "plastics.pet", "bale", "post")
    held = await world.capture(firm, composing.opening(at(world, firm, 40), making))
    return int(held.events[0].index)  # type: ignore[union-attr]


@pytest.mark.parametrize("lang", ["en", "ja", "th", "vi", "id", "ms", "fil"])
async def test_nothing_is_wider_than_a_phone_or_a_desk(browser: Browser, address: str, world: World, lang: str) -> None:
    firm = await world.firm("recycler")
    index = await recorded(world, firm)
    context = await signed_in(browser, address, firm)
    page = await context.new_page()
    await page.goto(f"{address}/queries/new")
    await page.fill(
        "input[name=name]", "everything-that-this-firm-ever-sent-to-anybody-anywhere-without-a-single-break"
    )
    await page.click("main form button")
    name = "everything-that-this-firm-ever-sent-to-anybody-anywhere-without-a-single-break"
    await page.goto(f"{address}/queries/subscribe?name={name}")
    await page.fill("input[name=dest]", f"https://example.org/{'hook' * 30}")
    await page.click("main form button.button")
    assert await page.title()
    measured = await browser.new_context(storage_state=await context.storage_state())
    looking = await measured.new_page()
    for path in (
        "/ledger", "/holds", f"/holds/{index}", "/log", "/captures", "/queries", "/queries/new",
        f"/queries/subscribe?name={name}", f"/queries/remove?name={name}", "/offers?done=offered", "/", "/record",
    ):  # fmt: skip
        for size in (NARROW, WIDE) if lang == "en" else (NARROW,):
            await looking.set_viewport_size(size)  # type: ignore[arg-type]
            answer = await looking.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={lang}")
            assert answer is not None
            assert answer.status == 200, path
            assert await fits(looking), (path, lang, size)


async def test_the_ledger_is_narrowed_and_turned_without_a_script(browser: Browser, address: str, world: World) -> None:
    firm = await world.firm("recycler")
    await recorded(world, firm)
    page = await (await signed_in(browser, address, firm)).new_page()
    await page.goto(f"{address}/ledger?lang=en")
    await page.select_option("select[name=facility]", label=f"Site of {firm.actor.organisation_name}")
    await page.click("main form button")
    assert "21,234.567 kg" in (await page.inner_text("main")).replace("\u00a0", " ")
    assert await page.input_value("select[name=facility]") == str(firm.facility_id)
