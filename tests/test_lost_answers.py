"""An answer is lost, and the same is asked again up to ten times, at once or an hour later: it is done once."""

import asyncio
import random
from typing import Any

import asyncpg
import httpx
import pytest

from tests.conftest import BASE, PET, Firm, Hands, World
from tests.tiers import SEED, times, told
from traceability import composing
from traceability.identifiers import lot_uri, new_token

Asked = tuple[str, dict[str, Any] | bytes, dict[str, str]]


async def asked_again(
    client: httpx.AsyncClient, chance: random.Random, clock: Hands, request: Asked
) -> list[httpx.Response]:
    """The first answer is lost; then one to ten times more, some of them at the same time, some an hour later."""
    path, body, headers = request

    async def send() -> httpx.Response:
        content = body if isinstance(body, bytes) else None
        return await client.post(path, content=content, json=None if content else body, headers=headers)

    left, answers = chance.randint(1, 10), []
    if chance.randrange(2):
        await send()  # nobody hears of it
    while left > 0:
        together = chance.randint(1, left)
        answers += await asyncio.gather(*(send() for _ in range(together)))
        left -= together
        if chance.randrange(2):
            clock.forward(hours=1)
    return [*answers, await send()]


async def listing(client: httpx.AsyncClient, world: World, seller: Firm, lot: str) -> int:
    body = {"lot": lot, "price": "500", "currency": "USD", "smallest_grams": 1_000, "incoterm": "FCA"}
    made = await client.post("/api/v1/listings", json=body, headers=seller.bearer)
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


@pytest.mark.fault("T11")
async def test_what_is_asked_again_is_done_once(
    client: httpx.AsyncClient, world: World, owner: asyncpg.Connection
) -> None:
    chance, effects = random.Random(SEED), 0
    told(f"T11: seed {SEED}")
    seller, buyer = await world.firm("recycler"), await world.firm("manufacturer")
    for number in range(times(30, 5_000)):
        lot, keyed = await world.stock(seller, 100_000), {"Idempotency-Key": f"lost {number}"}
        match chance.choice(("buy", "offer", "claim", "event")):
            case "buy":
                path = f"/api/v1/listings/{await listing(client, world, seller, lot)}/buy"
                request: Asked = (path, {"grams": 5_000}, buyer.bearer | keyed)
                effect = "SELECT count(*) FROM trade WHERE lot_uri = $1"
            case "offer":
                path = f"/api/v1/listings/{await listing(client, world, seller, lot)}/offers"
                request = (path, {"grams": 5_000, "price": "480", "currency": "USD"}, buyer.bearer | keyed)
                effect = "SELECT count(*) FROM offer o JOIN listing l ON l.id = o.listing_id WHERE l.lot_uri = $1"
            case "claim":
                body = {"lot": lot, "purpose": "content", "grams": 4_000, "jurisdiction": "JP"}
                request = ("/api/v1/claims", body, seller.bearer | keyed)
                effect = "SELECT count(*) FROM claim c JOIN lot l ON l.id = c.lot_id WHERE l.uri = $1"
            case _:
                lot = lot_uri(BASE, new_token())
                event = composing.opening(world.at(seller), composing.Making(lot, 1_000, PET, "bale"))
                request = ("/epcis/capture", composing.document([event], world.clock()), seller.bearer)
                effect = "SELECT count(*) FROM entry e JOIN lot l ON l.id = e.lot_id WHERE l.uri = $1"
        answers = await asked_again(client, chance, world.clock, request)
        assert await owner.fetchval(effect, lot) == 1, request
        effects += 1
        assert {each.status_code for each in answers} <= {200, 201, 202, 409}, [each.text for each in answers]
        assert {each.json()["code"] for each in answers if each.status_code == 409} <= {"IDEMPOTENCY_KEY_IN_USE"}
        done = [each.json() for each in answers if each.status_code == 201]
        assert all(each == done[0] for each in done)
        assert answers[-1].status_code != 409
    assert effects == times(30, 5_000)
