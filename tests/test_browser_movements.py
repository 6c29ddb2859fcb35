"""The pages of movements in a real browser: a phone holds them in every language, and they work without a script."""

import pytest
from playwright.async_api import Browser

from tests.conftest import World
from tests.test_browser import address, browser, fits, pytestmark
from tests.test_browser_operator import NARROW, WIDE, signed_in
from tests.test_movements import KG, T, both, proposed
from traceability.movements.proposing import Figure

__all__ = ["address", "browser", "pytestmark"]


@pytest.mark.parametrize("lang", ["en", "ja", "th", "vi", "id", "ms", "fil"])
async def test_a_movement_fits_a_phone_and_a_desk(browser: Browser, address: str, world: World, lang: str) -> None:
    sender, receiver = await world.firm("recycler", "TH", "Asia/Bangkok"), await world.firm("manufacturer")
    index, lot = await both(world, sender, receiver, 4 * T, 3_970_123)
    other, _ = await both(world, sender, receiver)
    await proposed(world, sender, index, Figure(lot, 3_970 * KG))
    context = await signed_in(browser, address, receiver)
    looking = await (await browser.new_context(storage_state=await context.storage_state())).new_page()
    for path in ("/movements", f"/movements/{index}", f"/movements/{other}"):
        for size in (NARROW, WIDE) if lang == "en" else (NARROW,):
            await looking.set_viewport_size(size)  # type: ignore[arg-type]
            answer = await looking.goto(f"{address}{path}?lang={lang}")
            assert answer is not None
            assert answer.status == 200, path
            assert await fits(looking), (path, lang, size)


async def test_figures_are_proposed_and_accepted_without_a_script(browser: Browser, address: str, world: World) -> None:
    sender, receiver = await world.firm("recycler", "TH", "Asia/Bangkok"), await world.firm("manufacturer")
    index, _ = await both(world, sender, receiver, 4 * T, 3_970 * KG)
    page = await (await signed_in(browser, address, receiver)).new_page()
    await page.goto(f"{address}/movements/{index}?lang=en")
    await page.click("details.more summary")
    await page.fill("input[name^=sent_]", "3970")
    await page.fill("textarea[name=reason]", "The gate's scale")
    await page.click("details.more form button")
    await page.click("main form button[value=commit]")
    assert "Other figures proposed" in await page.inner_text("main")
    theirs = await (await signed_in(browser, address, sender)).new_page()
    await theirs.goto(f"{address}/?lang=en")
    await theirs.click("main a[href='/movements']")
    await theirs.click(f"main a[href='/movements/{index}']")
    await theirs.click("button[value=accept]")
    await theirs.click("main form button[value=commit]")
    assert "Accepted by the other side" in await theirs.inner_text("main")
