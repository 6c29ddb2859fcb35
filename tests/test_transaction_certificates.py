"""Transaction certificates: never above inputs times the yield, also when asked at once; used once; cancelled whole."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest

from foundation.database import Scope
from tests.conftest import Firm, World
from tests.test_certificates import SCOPES, acted, scoped, stated
from tests.test_recalls import handed, turned
from traceability.certificates import transactions as rooms

Json = dict[str, Any]
ISSUED = "/api/v1/transaction-certificates"


@pytest.fixture
async def seller(world: World) -> Firm:
    return await world.firm("recycler", "TH", "Asia/Bangkok")


@pytest.fixture
async def buyer(world: World) -> Firm:
    return await world.firm("compounder", "JP")


@pytest.fixture
async def body(world: World) -> Firm:
    return await world.firm("certifier")


@pytest.fixture
async def scope(client: httpx.AsyncClient, seller: Firm, body: Firm) -> int:
    return await scoped(client, body, stated(seller, body))


async def admitted(
    client: httpx.AsyncClient, body: Firm, scope: int, lot: str, share: str = "0.8", **inputs: Any
) -> httpx.Response:
    document = {"lot": lot, "yield_share": share, **inputs}
    return await client.post(f"{SCOPES}/{scope}/inputs", json=document, headers=body.bearer)


async def issued(
    client: httpx.AsyncClient, body: Firm, scope: int, number: str, lot: str, seller: Firm, buyer: Firm, grams: int,
    day: str = "2026-06-01",
) -> httpx.Response:  # fmt: skip
    document = {
        "number": number, "lot": lot, "buyer": buyer.actor.organisation_uri, "site": seller.facility, "grams": grams,
        "shipped_on": day,
    }  # fmt: skip
    return await client.post(f"{SCOPES}/{scope}/transactions", json=document, headers=body.bearer)


async def certified(owner: asyncpg.Connection, scope: int) -> int:
    return int(await owner.fetchval("SELECT certified FROM certified_lot WHERE scope = $1", scope))


async def test_never_more_than_inputs_times_yield_is_certified_and_cancelling_restores_it(
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
    world: World,
    seller: Firm,
    buyer: Firm,
    body: Firm,
    scope: int,
) -> None:
    lot = await world.stock(seller, 2_000_000)
    early = await issued(client, body, scope, "T-0", lot, seller, buyer, 1)
    assert early.status_code == 409
    assert (await admitted(client, body, scope, lot, reclaimed_grams=1_000_001)).status_code == 201
    first = await issued(client, body, scope, "T-1", lot, seller, buyer, 500_000)
    assert first.status_code == 201, first.text
    over = await issued(client, body, scope, "T-2", lot, seller, buyer, 300_001)
    assert (over.status_code, over.json()["code"]) == (409, "NOT_CERTIFIABLE")
    assert (over.json()["reasons"], over.json()["available_grams"]) == (["VOLUME_EXCEEDS_AVAILABLE"], 300_000)
    number = (await client.get(ISSUED, headers=buyer.bearer)).json()["certificates"][0]["certificate"]
    said = {"statement": "The shipment never left"}
    for firm, status in ((seller, 404), (body, 201), (body, 409)):
        answer = await client.post(f"{ISSUED}/{number}/cancel", json=said, headers=firm.bearer)
        assert answer.status_code == status, answer.text
    assert await certified(owner, scope) == 0
    assert (await issued(client, body, scope, "T-3", lot, seller, buyer, 800_000)).status_code == 201
    assert (await issued(client, body, scope, "T-4", lot, seller, buyer, 1)).status_code == 409


async def test_nor_more_than_the_lot_weighs(
    client: httpx.AsyncClient, world: World, seller: Firm, buyer: Firm, body: Firm,
    scope: int,
) -> None:  # fmt: skip
    lot = await world.stock(seller, 1_000)
    assert (await admitted(client, body, scope, lot, "1", reclaimed_grams=5_000)).status_code == 201
    over = await issued(client, body, scope, "T-1", lot, seller, buyer, 1_001)
    assert (over.status_code, over.json()["available_grams"]) == (409, 1_000)
    assert (await issued(client, body, scope, "T-1", lot, seller, buyer, 1_000)).status_code == 201


async def test_a_certificate_that_did_not_stand_on_the_shipping_day_certifies_nothing(
    client: httpx.AsyncClient, world: World, seller: Firm, buyer: Firm, body: Firm,
    scope: int,
) -> None:  # fmt: skip
    lot = await world.stock(seller, 1_000)
    assert (await admitted(client, body, scope, lot, reclaimed_grams=1_000)).status_code == 201
    assert await acted(client, body, scope, "suspended", "2026-05-01") == 201
    no = await issued(client, body, scope, "T-1", lot, seller, buyer, 100)
    assert (no.status_code, no.json()["reasons"]) == (409, ["SCOPE_SUSPENDED_ON_SHIPMENT_DATE"])
    assert (await issued(client, body, scope, "T-1", lot, seller, buyer, 100, "2026-04-30")).status_code == 201
    assert (await issued(client, body, scope, "T-1", lot, seller, buyer, 100, "2026-04-30")).status_code == 409
    holders = await scoped(client, seller, stated(seller, body, "SC-9"))
    assert (await admitted(client, body, holders, lot, reclaimed_grams=1)).status_code == 409  # the holder's word only
    assert (await admitted(client, seller, scope, lot, reclaimed_grams=1)).status_code == 404


async def test_what_was_received_carries_on_once_along_the_chain(
    client: httpx.AsyncClient, world: World, seller: Firm, buyer: Firm, body: Firm,
    scope: int,
) -> None:  # fmt: skip
    lot, third = await world.stock(seller, 2_000_000), await world.firm("manufacturer")
    assert (await admitted(client, body, scope, lot, "1", reclaimed_grams=1_000_000)).status_code == 201
    assert (await issued(client, body, scope, "T-1", lot, seller, buyer, 1_000_000)).status_code == 201
    source = (await client.get(ISSUED, headers=buyer.bearer)).json()["certificates"][0]["certificate"]
    await handed(world, seller, buyer, lot, 1_500_000)
    pellet, _ = await turned(world, buyer, lot, 1_000_000)
    stranger = await world.stock(buyer, 1_000_000)
    own = await scoped(client, body, stated(buyer, body, "SC-B"))
    assert (await admitted(client, body, own, stranger, received={source: 1})).status_code == 409  # not made of it
    assert (await admitted(client, body, own, pellet, received={source: 700_000})).status_code == 201
    assert (await admitted(client, body, own, pellet, received={source: 300_001})).status_code == 409
    assert (await admitted(client, body, own, pellet, "0.9", received={source: 1})).status_code == 409
    over = await issued(client, body, own, "T-2", pellet, buyer, third, 560_001)
    assert (over.status_code, over.json()["available_grams"]) == (409, 560_000)
    assert (await issued(client, body, own, "T-2", pellet, buyer, third, 560_000)).status_code == 201
    drawn = await client.post(f"{ISSUED}/{source}/cancel", json={"statement": "late"}, headers=body.bearer)
    assert drawn.status_code == 409


async def test_asked_at_once_only_what_is_there_is_certified(
    client: httpx.AsyncClient, owner: asyncpg.Connection, world: World, seller: Firm, buyer: Firm, body: Firm,
    scope: int,
) -> None:  # fmt: skip
    lot = await world.stock(seller, 1_000_000)
    assert (await admitted(client, body, scope, lot, "1", reclaimed_grams=1_000_000)).status_code == 201
    read = asyncio.Barrier(6)

    async def one(number: int) -> object:
        asked = rooms.Issue(
            scope, f"T-{number}", lot, buyer.actor.organisation_uri, seller.facility, 400_000, world.clock().date()
        )
        async with world.process.database.begin(None, Scope.RECORD) as record:
            catalogue = world.process.catalogue
            submit = world.process.sequencer.submit

            class Waiting:
                """All six have read what is left before one of them writes."""

                controls = world.process.sequencer.controls

                async def submit(self, command: Any) -> Any:
                    await read.wait()
                    return await submit(command)

            sequencer: Any = Waiting()
            return await rooms.issue(record, sequencer, body.actor, catalogue, asked, world.clock())

    done = await asyncio.gather(*(one(number) for number in range(6)), return_exceptions=True)
    refused = [each for each in done if isinstance(each, rooms.NotCertifiable)]
    assert (len(done) - len(refused), len(refused)) == (2, 4), done
    assert await certified(owner, scope) == 800_000
    assert await owner.fetchval("SELECT sum(grams) FROM transaction_certificate WHERE scope = $1", scope) == 800_000


async def test_the_database_keeps_the_bound_itself(
    client: httpx.AsyncClient,
    owner: asyncpg.Connection,
    world: World,
    seller: Firm,
    buyer: Firm,
    body: Firm,
    scope: int,
) -> None:
    lot = await world.stock(seller, 1_000)
    assert (await admitted(client, body, scope, lot, reclaimed_grams=1_000)).status_code == 201
    assert (await issued(client, body, scope, "T-1", lot, seller, buyer, 800)).status_code == 201
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute("UPDATE certified_lot SET certified = certified + 1 WHERE scope = $1", scope)
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute("UPDATE transaction_certificate SET used = grams + 1 WHERE scope = $1", scope)
    with pytest.raises(asyncpg.PostgresError, match="never edited"):
        await owner.execute("UPDATE transaction_certificate SET grams = grams + 1 WHERE scope = $1", scope)
