"""A POST sent again is answered again and done once: also at the same time, also where its answer was lost."""

import asyncio
import gc
import re

import asyncpg
import httpx
import pytest
from litestar import Litestar

from app.dependencies import SEATS
from tests.conftest import BASE, PET, Firm, World
from traceability import composing
from traceability.identifiers import lot_uri, new_token


@pytest.fixture
async def seller(world: World) -> Firm:
    return await world.firm("recycler")


@pytest.fixture
async def buyer(world: World) -> Firm:
    return await world.firm("manufacturer")


@pytest.fixture
async def listing(client: httpx.AsyncClient, world: World, seller: Firm) -> int:
    """A listing of a tonne."""
    lot = await world.stock(seller, 1_000_000)
    body = {"lot": lot, "price": "500", "currency": "USD", "smallest_grams": 1_000, "incoterm": "FCA"}
    made = await client.post("/api/v1/listings", json=body, headers=seller.bearer)
    assert made.status_code == 201, made.text
    number: int = made.json()["id"]
    return number


def _keyed(firm: Firm, key: str) -> dict[str, str]:
    return {**firm.bearer, "Idempotency-Key": key}


async def _trades(client: httpx.AsyncClient, firm: Firm) -> list[str]:
    return [each["reference"] for each in (await client.get("/api/v1/trades", headers=firm.bearer)).json()]


async def test_the_same_again_is_answered_the_same_and_done_once(
    client: httpx.AsyncClient, buyer: Firm, listing: int
) -> None:
    bid = {"grams": 5_000, "price": "480", "currency": "USD"}
    for path, body in (
        (f"/api/v1/listings/{listing}/offers", bid),
        (f"/api/v1/listings/{listing}/buy", {"grams": 5_000}),
    ):
        headers = _keyed(buyer, f"one for {path}")
        first = await client.post(path, json=body, headers=headers)
        again = await client.post(path, json=body, headers=headers)
        assert first.status_code == again.status_code == 201
        assert first.json() == again.json()
        assert "idempotency-replayed" not in first.headers
        assert again.headers["idempotency-replayed"] == "true"
    assert len(await _trades(client, buyer)) == 1
    offers = (await client.get("/api/v1/offers", headers=buyer.bearer)).json()
    assert len([each for each in offers if each["state"] == "open"]) == 1


async def test_another_request_under_the_same_key_is_refused(
    client: httpx.AsyncClient, buyer: Firm, listing: int
) -> None:
    path, headers = f"/api/v1/listings/{listing}/buy", _keyed(buyer, "k")
    assert (await client.post(path, json={"grams": 5_000}, headers=headers)).status_code == 201
    other = await client.post(path, json={"grams": 6_000}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(await _trades(client, buyer)) == 1


async def test_two_at_the_same_time_do_it_once(client: httpx.AsyncClient, buyer: Firm, listing: int) -> None:
    async def once() -> httpx.Response:
        return await client.post(
            f"/api/v1/listings/{listing}/buy", json={"grams": 5_000}, headers=_keyed(buyer, "at once")
        )

    answers = await asyncio.gather(*(once() for _ in range(12)))
    assert {each.status_code for each in answers} <= {201, 409}
    bought = {each.json()["reference"] for each in answers if each.status_code == 201}
    assert len(bought) == 1
    assert await _trades(client, buyer) == list(bought)
    assert all(each.json()["code"] == "IDEMPOTENCY_KEY_IN_USE" for each in answers if each.status_code == 409)


async def test_where_the_answer_was_lost_the_effect_is_told(
    client: httpx.AsyncClient, buyer: Firm, listing: int, owner: asyncpg.Connection
) -> None:
    path, headers = f"/api/v1/listings/{listing}/buy", _keyed(buyer, "lost")
    first = await client.post(path, json={"grams": 5_000}, headers=headers)
    # As after a crash between the sequencer's commit and the request's own.
    gone = await owner.execute(
        "WITH gone AS (DELETE FROM idempotency WHERE organisation_id = $1 AND key LIKE 'answer %' RETURNING 1)"
        " SELECT * FROM gone", buyer.actor.organisation_id,
    )  # fmt: skip
    assert gone == "SELECT 1"
    again = await client.post(path, json={"grams": 5_000}, headers=headers)
    assert again.status_code == 200
    assert again.json()["references"] == [first.json()["reference"]]
    assert len(await _trades(client, buyer)) == 1


async def test_a_refusal_is_not_kept_and_a_key_is_ones_own(
    client: httpx.AsyncClient, world: World, buyer: Firm, listing: int
) -> None:
    path, headers = f"/api/v1/listings/{listing}/buy", _keyed(buyer, "mine")
    assert (await client.post(path, json={"grams": 1}, headers=headers)).status_code == 400
    assert (await client.post(path, json={"grams": 5_000}, headers=headers)).status_code == 201
    other = await world.firm("manufacturer")
    theirs = await client.post(path, json={"grams": 5_000}, headers=_keyed(other, "mine"))
    assert theirs.status_code == 201
    assert "idempotency-replayed" not in theirs.headers


async def test_a_claim_and_a_key_are_made_once(client: httpx.AsyncClient, world: World, seller: Firm) -> None:
    lot = await world.stock(seller, 10_000)
    body = {"lot": lot, "purpose": "content", "grams": 4_000, "jurisdiction": "JP"}
    first = await client.post("/api/v1/claims", json=body, headers=_keyed(seller, "claim"))
    again = await client.post("/api/v1/claims", json=body, headers=_keyed(seller, "claim"))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert len((await client.get("/api/v1/claims", headers=seller.bearer)).json()) == 1
    long = await client.post("/api/v1/claims", json=body, headers=_keyed(seller, "x" * 256))
    assert (long.status_code, long.json()["errors"][0]["pointer"]) == (400, "Idempotency-Key")


async def test_a_machine_that_sends_no_key_is_told_so_before_anything_is_done(
    app: Litestar, world: World, seller: Firm
) -> None:
    """IETF draft-ietf-httpapi-idempotency-key-header, 2.7: required and missing is 400, with a link to what it is."""
    lot = await world.stock(seller, 1_000)
    body = {"lot": lot, "purpose": "content", "grams": 5, "jurisdiction": "JP"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as plain:
        posts = [
            path
            for path, item in (await plain.get("/openapi.json")).json()["paths"].items()
            if path.startswith("/api/v1/") and "post" in item
        ]
        assert len(posts) > 10
        for path in posts:
            filled = re.sub(r"\{[^}]*\}", "1", path)
            answer = await plain.post(filled, json={}, headers=seller.bearer)
            # A path whose rule the key does not meet is refused for that, and tells no more.
            assert (answer.status_code, answer.json()["code"]) in {
                (400, "IDEMPOTENCY_KEY_MISSING"), (403, "FORBIDDEN"),
            }, (path, answer.text)  # fmt: skip
        refused = await plain.post("/api/v1/claims", json=body, headers=seller.bearer)
        (error,) = refused.json()["errors"]
        assert (error["pointer"], "UUID" in error["fix"]) == ("Idempotency-Key", True)
        assert (await plain.get(refused.json()["type"], headers={"Accept": "text/html"})).status_code == 200
        assert (await plain.get("/api/v1/claims", headers=seller.bearer)).json() == []
        kept = await plain.post("/api/v1/claims", json=body, headers=_keyed(seller, "now with one"))
        assert kept.status_code == 201
        # Events have ids of their own, a withdrawal is the same twice, and what only reads needs none.
        event = composing.opening(world.at(seller), composing.Making(lot_uri(BASE, new_token()), 5, PET, "bale"))
        document = composing.document([event], world.clock())
        assert (await plain.post("/epcis/capture", content=document, headers=seller.bearer)).status_code == 202
        assert (await plain.delete("/api/v1/listings/1", headers=seller.bearer)).status_code == 404


async def test_every_description_of_a_post_names_the_key(client: httpx.AsyncClient) -> None:
    whole = (await client.get("/openapi.json")).json()
    for path, item in whole["paths"].items():
        names = [each["name"] for each in item.get("post", {}).get("parameters", []) if each["in"] == "header"]
        assert names == (["Idempotency-Key"] if path.startswith("/api/v1/") and "post" in item else []), path
    assert "Idempotency-Key" in (await client.get("/docs")).text


async def test_what_is_answered_from_before_keeps_no_seat_and_no_connection(
    client: httpx.AsyncClient, seller: Firm, buyer: Firm, listing: int
) -> None:
    """Also while no garbage is collected: a request that is cut short gives back at once what it had opened."""
    path, body = f"/api/v1/listings/{listing}/buy", {"grams": 5_000}
    bought = (await client.post(path, json=body, headers=_keyed(buyer, "bought"))).json()["reference"]
    path, headers = f"/api/v1/trades/{bought.rpartition('/')[2]}/ship", _keyed(seller, "shipped")
    first = await client.post(path, json={"facility_id": seller.facility_id}, headers=headers)
    assert first.is_success, first.text
    gc.disable()
    try:
        async with asyncio.timeout(30):
            for _ in range(3 * SEATS):
                again = await client.post(path, json={"facility_id": seller.facility_id}, headers=headers)
                assert again.headers["idempotency-replayed"] == "true"
    finally:
        gc.enable()
