"""Movements by page and over HTTP: both sides see both figures, propose and answer; authorities open what is final."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import asyncpg
import httpx
import pytest
from litestar import Litestar

from app.words import LANGUAGES
from tests.conftest import Firm, World
from tests.pagework import said
from tests.test_marketplace import Client, agreed, at
from tests.test_movements import KG, T, both, proposed, sent
from tests.test_pages_holds import as_person
from traceability.movements.proposing import Figure


@pytest.fixture
async def sender(world: World) -> Firm:
    return await world.firm("recycler", "TH", "Asia/Bangkok")


@pytest.fixture
async def receiver(world: World) -> Firm:
    return await world.firm("manufacturer", "JP")


def fields(page: str, name: str) -> str:
    """The name of the form's field for a mass of the only lot."""
    found = re.search(rf'name="({name}_\d+)"', page)
    assert found, page
    return found[1]


async def test_by_page_one_side_proposes_and_the_other_accepts(
    app: Litestar, world: World, sender: Firm, receiver: Firm
) -> None:
    index, lot = await both(world, sender, receiver, 4 * T, 3_970 * KG)
    here = f"/movements/{index}"
    async with as_person(app, sender) as ours, as_person(app, receiver) as theirs:
        listed = await theirs.open("/movements")
        assert f'href="{here}"' in listed
        assert "−30 kg (−0.75%)" in said(listed)
        assert "Differing" in said(listed)
        page = await theirs.open(here)
        form = {"what": "propose", fields(page, "sent"): "3,970", "reason": "The gate's scale says so"}
        again = await theirs.send(here, {**form, "reason": "", "step": "check"})
        assert again.status_code == 400
        assert 'value="3,970"' in again.text
        check = await theirs.check(here, form)
        assert "4 t → 3.97 t" in said(check)
        assert "14 days" in said(check)
        assert (await theirs.commit(here, check)).status_code == 303
        assert (await theirs.commit(here, check)).status_code == 303  # a second press is the same proposal
        seen = said(await ours.open(here))
        assert "Other figures proposed" in seen
        assert "The gate's scale says so" in seen
        home = await ours.open("/")
        assert "Proposed figures to answer: 1" in said(home)
        assert f'href="{here}"' in (await ours.open("/movements"))
        assert "Waiting for your answer" in said(await ours.open("/movements"))
        assert "Waiting for your answer" not in said(await theirs.open("/movements"))
        number = re.search(r'name="proposal" value="(\d+)"', await ours.open(here))
        assert number
        done = await ours.do(here, {"what": "accept", "proposal": number[1], "statement": ""})
        assert "Agreed" in said(done)
        assert "Accepted by the other side" in said(done)
        assert "Proposed figures to answer" not in said(await ours.open("/"))
        late = await ours.send(here, {"what": "decline", "proposal": number[1], "statement": "", "step": "commit"})
        assert late.status_code == 409
        ledger = await ours.open("/ledger")
        assert "Movement amended by both sides · Both sides' figures" in said(ledger)
        assert ledger.count(f'href="/movements?{urlencode({"lot": lot})}"') == 2  # the shipment's line, the amendment's
        of_lot = await ours.open("/movements", lot=lot)
        assert "Movements of this lot" in said(of_lot)
        assert f'href="{here}"' in of_lot
        assert f'href="{here}"' not in await ours.open("/movements", lot=await world.stock(sender, T))
        assert "/movements?lot=" in await ours.open("/stock/lot", uri=lot)


async def test_no_check_page_turns_the_clock_back(
    app: Litestar, world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm
) -> None:
    """Its stamp comes from the browser: it names what is said, and does not say whether that comes in time."""
    index, lot = await both(world, sender, receiver)
    number = await proposed(world, receiver, index, Figure(lot, 3_990 * KG))
    here, early = f"/movements/{index}", world.clock().isoformat()
    async with as_person(app, sender) as ours:
        accept = {"what": "accept", "proposal": str(number), "statement": "", "step": "commit", "stamp": early}
        world.clock.forward(days=15)
        await ours.sign_in(sender)
        assert (await ours.send(here, accept)).status_code == 409
        other = {"what": "propose", fields(check_again := await ours.open(here), "sent"): "3990", "reason": "Scale"}
        assert "Propose other figures" in said(check_again)
        done = await ours.send(here, {**other, "step": "commit", "stamp": early})
        assert done.status_code == 303
        lapses = await owner.fetchval("SELECT max(lapses_at) FROM movement_proposal WHERE movement = $1", index)
        assert lapses - world.clock() > timedelta(days=13)
        world.clock.forward(days=181)
        await ours.sign_in(sender)
        late = await ours.send(here, {**other, "step": "commit", "stamp": early})
        assert late.status_code == 409


async def test_what_is_wrong_is_said_on_the_form(app: Litestar, world: World, sender: Firm, receiver: Firm) -> None:
    index, _ = await both(world, sender, receiver)
    here = f"/movements/{index}"
    async with as_person(app, sender) as ours:
        page = await ours.open(here)
        name = fields(page, "received")
        nothing = await ours.send(here, {"what": "propose", "reason": "Scale", "step": "check"})
        assert (nothing.status_code, "Change at least one figure" in said(nothing.text)) == (400, True)
        far = await ours.send(here, {"what": "propose", name: "3000", "reason": "Scale", "step": "commit"})
        assert far.status_code == 409
        assert "too far apart" in said(far.text)
        assert 'value="3000"' in far.text
        for wrong in ({"what": "accept", "proposal": "1"}, {"what": "decide", "request": "x"}, {"what": "steal"}):
            assert (await ours.send(here, wrong)).status_code == 404


async def test_an_authority_is_asked_and_opens_a_final_movement_by_page(
    app: Litestar, world: World, sender: Firm, receiver: Firm
) -> None:
    index, _ = await both(world, sender, receiver)
    here, authority = f"/movements/{index}", await world.firm("regulator", "TH")
    world.clock.forward(days=181)
    async with as_person(app, sender) as ours, as_person(app, authority) as office:
        page = await ours.open(here)
        assert "These figures are final since" in said(page)
        assert "Propose other figures" not in said(page)
        asked = await ours.do(here, {"what": "ask", "reason": "The ticket was of another lorry"})
        assert "Waits for the authority: Thailand" in said(asked)
        assert "Requests to open a movement again: 1" in said(await office.open("/"))
        listed = await office.open("/movements")
        assert "The ticket was of another lorry" in said(listed)
        number = re.search(r'name="request" value="(\d+)"', await office.open(here))
        assert number
        form = {"what": "decide", "request": number[1], "decision": "grant", "statement": "Ticket seen"}
        undecided = await office.send(here, {**form, "decision": "", "step": "check"})
        assert undecided.status_code == 400
        await office.do(here, form)
        assert "opened this movement again until" in said(await ours.open(here))
        assert "Propose other figures" in said(await ours.open(here))
        assert "Requests to open a movement again" not in said(await office.open("/"))


async def test_a_trade_leads_to_both_sides_figures(
    app: Litestar, client: httpx.AsyncClient, world: World, sender: Firm, receiver: Firm
) -> None:
    seller, buyer = Client(client, sender), Client(client, receiver)
    token = await agreed(world, seller, buyer)
    await seller.post(f"/trades/{token}/ship", at(seller))
    index = (await buyer.get("/movements"))["movements"][0]["movement"]
    await buyer.post(f"/trades/{token}/receive", at(buyer, grams=4 * T - 20 * KG))
    (lot,) = (await buyer.get(f"/movements/{index}"))["lots"]
    assert (lot["sentGrams"], lot["receivedGrams"], lot["differenceGrams"], lot["differencePpm"]) == (
        4 * T, 3_980_000, -20_000, -5_000,
    )  # fmt: skip
    offered = {"figures": [{"lot": lot["lot"], "sent_grams": 3_980_000}], "reason": "Tare was wrong"}
    made = await buyer.post(f"/movements/{index}/proposals", offered)
    world.clock.forward(milliseconds=5)
    await buyer.post(f"/movements/{index}/proposals", offered, expect=409)
    assert (await seller.get("/movements"))["toAnswer"] == [index]
    await buyer.post(f"/movements/{index}/proposals/{made['leafIndex']}/answer", {"answer": "accept"}, expect=403)
    said_twice = {**sender.bearer, "Idempotency-Key": "one answer"}
    answers = [
        await client.post(f"/api/v1/movements/{index}/proposals/{made['leafIndex']}/answer", json={"answer": "accept"},
                          headers=said_twice) for _ in range(2)
    ]  # fmt: skip
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    goods = (await seller.get(f"/trades/{token}"))["goods"]
    assert (goods["shippedGrams"], goods["receivedGrams"]) == (3_980_000, 3_980_000)
    assert (await seller.get("/movements"))["toAnswer"] == []
    async with as_person(app, receiver) as browser:
        assert f'href="/movements/{index}"' in await browser.open(f"/trades/{token}")


async def test_machines_page_through_movements_and_strangers_see_none(
    client: httpx.AsyncClient, world: World, sender: Firm, receiver: Firm
) -> None:
    lot = await world.stock(sender, 10 * T)
    indexes = [await sent(world, sender, receiver, {lot: T}) for _ in range(3)]
    first = await client.get("/api/v1/movements", params={"limit": 2}, headers=receiver.bearer)
    assert [each["movement"] for each in first.json()["movements"]] == indexes[:0:-1]
    following = await client.get(first.links["next"]["url"], headers=receiver.bearer)
    assert [each["movement"] for each in following.json()["movements"]] == indexes[:1]
    stranger, authority = await world.firm("recycler", "TH"), await world.firm("regulator", "JP")
    assert (await client.get("/api/v1/movements", headers=stranger.bearer)).json()["movements"] == []
    figures = {"figures": [{"lot": lot, "sent_grams": 1}], "reason": "x"}
    for method, path, body in (
        ("GET", "", None), ("POST", "/proposals", figures), ("POST", "/requests", {"reason": "x"}),
    ):  # fmt: skip
        here = f"/api/v1/movements/{indexes[0]}{path}"
        answer = await client.request(method, here, json=body, headers=stranger.bearer)
        assert answer.status_code == 404, answer.text
    seen = (await client.get("/api/v1/movements", headers=authority.bearer)).json()
    assert indexes[2] in [each["movement"] for each in seen["movements"]]
    for bad in ("x", "-1", "9" * 30):
        assert (await client.get("/api/v1/movements", params={"cursor": bad}, headers=sender.bearer)).status_code == 400
    unknown = {"figures": [{"lot": lot, "sent_grams": -1}], "reason": "x"}
    refused = await client.post(f"/api/v1/movements/{indexes[0]}/proposals", json=unknown, headers=sender.bearer)
    assert refused.status_code in {400, 422}
    assert "sent_grams" in refused.text


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_every_language_tells_a_movement_without_gaps(
    app: Litestar, world: World, sender: Firm, receiver: Firm, lang: str
) -> None:
    index, lot = await both(world, sender, receiver, 4 * T, 3_970 * KG)
    await proposed(world, sender, index, Figure(lot, 3_970 * KG))
    async with as_person(app, receiver) as browser:
        for path in ("/movements", f"/movements/{index}", "/"):
            page = await browser.open(path, lang=lang)
            assert not re.search(r"\b(movement|tasks|fact|state)\.[a-z_]+", said(page)), said(page)
            if lang != "en":
                assert 'lang="en"' not in page[page.index("<main") : page.index("</main")]
