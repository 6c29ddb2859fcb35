"""The page of certificates: its holder and its body see how each stands today; a stranger sees none."""

from datetime import timedelta

import httpx
import pytest
from litestar import Litestar

from app.words import LANGUAGES
from tests.conftest import BASE, Firm, World
from tests.pagework import Browser, said
from tests.test_certificates import acted, reasons, scoped, stated
from tests.test_pages_holds import as_person
from tests.test_recalls import opened


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


async def test_a_holder_records_and_its_body_confirms_admits_certifies_and_cancels_by_page(
    app: Litestar, client: httpx.AsyncClient, world: World
) -> None:
    holder, body, buyer = [await world.firm(role) for role in ("recycler", "certifier", "compounder")]
    lot = await world.stock(holder, 2_000_000)
    async with as_person(app, holder) as browser:
        assert "/evidence/scope" in await browser.open("/evidence/scopes")
        empty = await browser.send("/evidence/scope", {"step": "check"})
        assert empty.status_code == 400
        assert empty.text.count('class="error"') == 7
        form = {
            "body": body.actor.organisation_uri, "scheme": "GRS", "number": "SC-FORM", "site-0": "yes",
            "material": "plastics.pet", "material-2": "", "valid_from": "2026-01-01", "valid_to": "2099-12-31",
        }  # fmt: skip
        check = await browser.check("/evidence/scope", form)
        assert holder.actor.organisation_uri in said(check)
        done = await browser.commit("/evidence/scope", check)
        here = done.headers["location"].partition("?")[0]
        assert "The holder's word" in said(await browser.open(here))
        assert "/act" not in await browser.open(here)
        assert (await browser.client.get(f"{here}/act")).status_code == 404
    async with as_person(app, body) as browser:
        assert "Confirm the certificate first" in said(await browser.open(here))
        act = {"act": "confirmed", "day": "2026-01-01", "statement": "Our own account"}
        await browser.commit(f"{here}/act", await browser.check(f"{here}/act", act))
        refused = await browser.send(f"{here}/inputs", {"step": "check", "lot": lot, "yield": "101"})
        assert "not above 100" in said(refused.text)
        assert "at least one certificate" in said(refused.text)
        went_in = {"lot": lot, "yield": "80", "reclaimed": "1", "reclaimed_unit": "t"}
        await browser.commit(f"{here}/inputs", await browser.check(f"{here}/inputs", went_in))
        asked = {
            "number": "TC-1", "lot": lot, "buyer": buyer.actor.organisation_uri, "site": holder.facility,
            "grams": "900", "grams_unit": "kg", "shipped_on": "2026-06-01",
        }  # fmt: skip
        over = await browser.commit(f"{here}/transaction", await browser.check(f"{here}/transaction", asked))
        assert over.status_code == 409
        fits = await browser.check(f"{here}/transaction", {**asked, "grams": "800"})
        assert (await browser.commit(f"{here}/transaction", fits)).status_code == 303
        page = await browser.open(here)
        assert "TC-1" in page and buyer.actor.organisation_name in page
        cancels = page.partition(f"{here}/cancel?certificate=")[2].partition('"')[0]
        form = {"certificate": cancels, "statement": "It never left"}
        await browser.commit(f"{here}/cancel", await browser.check(f"{here}/cancel", form))
        assert "Cancelled" in said(await browser.open(here))
    index = int(here.rpartition("/")[2])
    asked_of = {"on": "2026-06-01", "material": "plastics.pet", "site": holder.facility}
    assert await reasons(client, holder, index, **asked_of) == []


async def test_nothing_is_certified_of_a_lot_that_is_called_back(
    app: Litestar, client: httpx.AsyncClient, world: World
) -> None:
    holder, body, buyer = [await world.firm(role) for role in ("recycler", "certifier", "compounder")]
    lot = await world.stock(holder, 2_000_000)
    scope = await scoped(client, body, stated(holder, body, "SC-BACK"))
    base = f"/api/v1/scope-certificates/{scope}"
    inputs = {"lot": lot, "yield_share": "0.8", "reclaimed_grams": 1_000_000}
    assert (await client.post(f"{base}/inputs", json=inputs, headers=body.bearer)).status_code == 201
    await opened(world, holder, lot)
    asked = {
        "number": "T-1", "lot": lot, "buyer": buyer.actor.organisation_uri, "site": holder.facility, "grams": 1,
        "shipped_on": "2026-06-01",
    }  # fmt: skip
    answer = await client.post(f"{base}/transactions", json=asked, headers=body.bearer)
    assert (answer.status_code, answer.json()["code"]) == (409, "LOT_RECALLED")


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_the_forms_speak_every_language(
    app: Litestar, client: httpx.AsyncClient, world: World, lang: str
) -> None:
    holder, body = await world.firm("recycler"), await world.firm("certifier")
    scope = await scoped(client, body, stated(holder, body, f"SC-{lang}"))
    for firm, paths in (
        (holder, ("/evidence/scope", f"/evidence/scopes/{scope}")),
        (body, ("/evidence/scope", *(f"/evidence/scopes/{scope}{each}"
                                     for each in ("", "/act", "/inputs", "/transaction", "/cancel?certificate=1")))),
    ):  # fmt: skip
        async with as_person(app, firm) as browser:
            for path in paths:
                text = await browser.open(f"{path}{'&' if '?' in path else '?'}lang={lang}")
                assert "scheme_page." not in said(text) and "scope_act." not in said(text)
