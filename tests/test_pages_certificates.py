"""The page of certificates: its holder and its body see how each stands today; a stranger sees none."""

from datetime import timedelta

import httpx
from litestar import Litestar

from tests.conftest import BASE, Firm, World
from tests.pagework import Browser, said
from tests.test_certificates import acted, scoped, stated


async def seen(app: Litestar, firm: Firm) -> str:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as client:
        browser = Browser(client)
        await browser.sign_in(firm)
        return said(await browser.open("/evidence/scopes"))


async def test_a_suspended_certificate_is_shown_so_to_holder_and_body_and_not_to_a_stranger(
    app: Litestar, client: httpx.AsyncClient, world: World
) -> None:
    holder, body, stranger = [await world.firm(role) for role in ("recycler", "certifier", "recycler")]
    scope = await scoped(client, holder, stated(holder, body, "SC-PAGE"))
    page = await seen(app, holder)
    assert "SC-PAGE" in page and "In force" in page and "The holder's word" in page
    day = world.clock().date() - timedelta(days=1)
    assert await acted(client, body, scope, "confirmed", day) == 201
    assert await acted(client, body, scope, "suspended", day) == 201
    for firm, sees in ((body, True), (stranger, False)):
        page = await seen(app, firm)
        assert ("SC-PAGE" in page and "Suspended" in page and "The certifier's account" in page) is sees
