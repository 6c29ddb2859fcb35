"""Each question to the database may be the last: what was asked is done once or not at all, and may be sent again."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest

from app.process import opened
from app.server import create_app
from foundation.database import Urls
from foundation.settings import Settings
from tests.conftest import BASE, PET, Firm, Hands, World, with_key
from tests.tiers import SEED, times, told
from tests.wire import When, Wire, wired
from traceability import composing
from traceability.identifiers import lot_uri, new_token

COMMANDS = ("capture", "claim", "listing", "offer", "buy", "accept", "permit", "measurement")


@dataclass(frozen=True)
class Asked:
    """One request, always under the same key, and what counts its effect on this lot."""

    path: str
    body: dict[str, Any] | bytes
    headers: dict[str, str]
    effect: str
    lot: str

    async def send(self, client: httpx.AsyncClient) -> httpx.Response:
        raw = self.body if isinstance(self.body, bytes) else None
        async with asyncio.timeout(30):
            return await client.post(
                self.path, content=raw, json=None if raw else self.body, headers=self.headers
            )  # fmt: skip


@pytest.fixture(scope="module")
async def broken(settings: Settings, urls: Urls, clock: Hands) -> AsyncIterator[tuple[Wire, httpx.AsyncClient]]:
    """A second process of the same installation, over a wire that may break."""
    async with wired(urls) as (wire, over), opened(settings, over, clock) as process:
        hooks = {"request": [with_key]}
        transport = httpx.ASGITransport(create_app(process))
        async with httpx.AsyncClient(transport=transport, base_url=BASE, event_hooks=hooks) as client:
            yield wire, client


class Scene:
    """Makes each command anew: a lot, and what has to be there before."""

    def __init__(self, world: World, client: httpx.AsyncClient, seller: Firm, buyer: Firm) -> None:
        self.world, self.client, self.seller, self.buyer = world, client, seller, buyer

    async def listed(self, lot: str) -> int:
        made = await self.client.post("/api/v1/listings", json=self.listing(lot), headers=self.seller.bearer)
        assert made.status_code == 201, made.text
        return int(made.json()["id"])

    def listing(self, lot: str) -> dict[str, Any]:
        return {"lot": lot, "price": "500", "currency": "USD", "smallest_grams": 1_000, "incoterm": "FCA"}

    async def asked(self, command: str) -> Asked:  # noqa: PLR0911 - one of each kind
        lot, key = await self.world.stock(self.seller, 100_000), {"Idempotency-Key": new_token()}
        mine, theirs = self.seller.bearer | key, self.buyer.bearer | key
        bid = {"grams": 5_000, "price": "480", "currency": "USD"}
        match command:
            case "capture":
                lot = lot_uri(BASE, new_token())
                event = composing.opening(self.world.at(self.seller), composing.Making(lot, 1_000, PET, "bale"))
                raw, counted = composing.document([event], self.world.clock()), "entry e JOIN lot l ON l.id = e.lot_id"
                return Asked("/epcis/capture", raw, mine, f"{counted} WHERE l.uri = $1", lot)
            case "claim":
                body = {"lot": lot, "purpose": "content", "grams": 4_000, "jurisdiction": "JP"}
                return Asked(
                    "/api/v1/claims", body, mine, "claim c JOIN lot l ON l.id = c.lot_id WHERE l.uri = $1", lot
                )
            case "listing":
                return Asked("/api/v1/listings", self.listing(lot), mine, "listing WHERE lot_uri = $1", lot)
            case "offer":
                path = f"/api/v1/listings/{await self.listed(lot)}/offers"
                made = "offer o JOIN listing l ON l.id = o.listing_id WHERE l.lot_uri = $1"
                return Asked(path, bid, theirs, made, lot)
            case "buy":
                path = f"/api/v1/listings/{await self.listed(lot)}/buy"
                return Asked(path, {"grams": 5_000}, theirs, "trade WHERE lot_uri = $1", lot)
            case "accept":
                path = f"/api/v1/listings/{await self.listed(lot)}/offers"
                made = await self.client.post(path, json=bid, headers=self.buyer.bearer)
                accepted = f"/api/v1/offers/{made.json()['id']}/accept"
                return Asked(accepted, {}, mine, "trade WHERE lot_uri = $1", lot)
            case "permit":
                number = lot.rpartition("/")[2]
                body = {"facility": self.seller.facility, "number": number, "authority": "Ministry",
                        "process": "sorting", "material": "*", "valid_from": "2026-01-01"}  # fmt: skip
                return Asked("/api/v1/sites/permits", body, mine, "permit WHERE number = $1", number)
            case _:
                body = {"lot": lot, "property": "moisture", "value": "1", "unit": "%", "evidence": "E2",
                        "sampled_on": "2026-11-01"}  # fmt: skip
                made = "measurement m JOIN lot l ON l.id = m.lot_id WHERE l.uri = $1"
                return Asked("/api/v1/measurements", body, mine, made, lot)


@pytest.fixture(scope="module")
async def scene(world: World, app: Any) -> AsyncIterator[Scene]:
    transport, hooks = httpx.ASGITransport(app), {"request": [with_key]}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, event_hooks=hooks) as client:
        yield Scene(world, client, await world.firm("recycler"), await world.firm("manufacturer"))


async def until_done(client: httpx.AsyncClient, asked: Asked) -> list[httpx.Response]:
    """Sent again under the same key until it is answered that it is done."""
    answers = []
    for _ in range(4):
        answers.append(await asked.send(client))
        if answers[-1].is_success:
            break
        assert answers[-1].headers["content-type"].startswith("application/problem+json")
    return answers


@pytest.mark.fault("T10")
@pytest.mark.parametrize("command", COMMANDS)
async def test_a_command_that_is_cut_off_anywhere_is_done_once_when_it_is_sent_again(
    broken: tuple[Wire, httpx.AsyncClient], scene: Scene, owner: asyncpg.Connection, command: str
) -> None:
    wire, client = broken
    first = await scene.asked(command)
    assert (answered := await first.send(client)).is_success, answered.text
    second = await scene.asked(command)  # statements are prepared by now
    wire.asked = 0
    assert (await second.send(client)).is_success
    questions, wrong = wire.asked, []
    assert questions > 2
    moments: tuple[When, ...] = ("before", "after")
    every = [(at, when) for at in range(1, questions + 1) for when in moments]
    tried = random.Random(SEED).sample(every, min(len(every), times(8, 10_000)))
    for at, when in tried:
        asked = await scene.asked(command)
        wire.breaks(at, when)
        answers = await until_done(client, asked)
        wire.cut_at = None
        effects = await owner.fetchval(f"SELECT count(*) FROM {asked.effect}", asked.lot)
        codes = [each.status_code for each in answers]
        if effects != 1 or not answers[-1].is_success or 500 in codes:
            wrong.append((at, when, codes, effects, answers[0].text[:200]))
    told(f"T10: seed {SEED}, {command}: {len(tried)} of {len(every)} ways to break it")
    assert not wrong


@pytest.mark.fault("T13")
async def test_while_the_database_is_away_it_is_said_so_and_nothing_hangs(
    broken: tuple[Wire, httpx.AsyncClient], scene: Scene, owner: asyncpg.Connection
) -> None:
    """Connections break in the middle of many requests; for a moment there are none; then all is as it was."""
    (wire, client), chance = broken, random.Random(SEED)
    told(f"T13: seed {SEED}")
    for _ in range(times(5, 200)):
        wanted = [await scene.asked(chance.choice(("capture", "claim", "listing"))) for _ in range(8)]

        async def away() -> None:
            await asyncio.sleep(chance.random() * 0.05)
            wire.cut_all(down=True)
            await asyncio.sleep(chance.random() * 0.3)
            wire.down = False

        *answers, _ = await asyncio.gather(*(each.send(client) for each in wanted), away())
        for answer in answers:
            assert answer.is_success or answer.status_code == 503, answer.text
            assert answer.is_success or int(answer.headers["retry-after"]) <= 2
        for each in wanted:
            assert (await until_done(client, each))[-1].is_success
            assert await owner.fetchval(f"SELECT count(*) FROM {each.effect}", each.lot) == 1
