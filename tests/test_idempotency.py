"""A POST sent again is answered again and done once: also at the same time, also where its answer was lost."""

import asyncio

import asyncpg
import httpx
import pytest

from tests.conftest import Firm, World


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
