"""The menu: whoever somebody is and whatever they may, every page that they are led to lets them in."""

import re
from html import unescape

import asyncpg
import httpx
import pytest
from litestar import Litestar

from app.words import load_words
from foundation.access.actor import ROLES as RIGHTS
from foundation.registry import ROLES
from tests.conftest import BASE, World
from tests.pageworld import signed_in

NOT_THEIRS = load_words().text("en", "report.for_regulators")


def _links(page: str) -> list[str]:
    """Every address of ours that a page links to, each once, in order."""
    found = (unescape(each) for each in re.findall(r'<a[^>]* href="(/[^"#]*)"', page))
    return list(dict.fromkeys(each for each in found if "lang=" not in each))


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_every_page_of_the_menu_and_of_home_lets_its_reader_in(
    app: Litestar, world: World, owner: asyncpg.Connection, role: str
) -> None:
    firm = await world.firm(role)
    browser = await signed_in(app, world, firm)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as anybody:
        open_to_all = {*_links((await anybody.get("/")).text)} - {"/"}
    seen: set[str] = set()
    async with browser:
        for rights in (sorted(RIGHTS), ["read"], *([each] for each in sorted(RIGHTS - {"read"}))):
            changed = "UPDATE person SET roles = $1 WHERE id = $2"
            assert await owner.execute(changed, rights, firm.actor.person_id) == "UPDATE 1"
            home = await browser.get("/")
            assert home.status_code == 200
            links = _links(home.text)
            assert {"/standards", "/log"} <= set(links)
            for each in links:
                if each in open_to_all & seen:
                    continue  # its answer does not hang on rights
                seen.add(each)
                answer = await browser.get(each)
                assert answer.status_code == 200, (role, rights, each)
                assert NOT_THEIRS not in unescape(answer.text), (role, rights, each)


async def test_nobody_is_led_to_what_asks_them_to_sign_in_first(app: Litestar, world: World) -> None:
    firm = await world.firm("recycler")
    browser = await signed_in(app, world, firm)
    async with browser:
        browser.cookies.clear()
        home = (await browser.get(BASE)).text
        answers = {each: (await browser.get(each)).status_code for each in _links(home)}
    assert set(answers.values()) == {200}, answers
