"""Isolation: no organisation reaches another's rows, by raw SQL or by any route, alone or all at once."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from foundation.access import Actor
from foundation.access.sessions import sign_in
from foundation.database import Scope, connect
from tests.conftest import BASE, CHEAP, PASSWORD, Firm, World, with_key

AsApp = Callable[..., Awaitable[asyncpg.Connection]]
# Tables that hold nothing of anybody: the log's own, and the schema's.
NOBODYS = {
    "alembic_version", "log_head", "query_head", "tile", "checkpoint", "cosignature", "witnessed", "witnessed_fork",
    "archive_act",
}  # fmt: skip
# What everybody may read on purpose: who takes part and where, and what is offered.
DIRECTORY = {"organisation", "facility"}
OWNERS = ("organisation_id", "holder", "seller", "buyer", "counterparty")


@pytest.fixture(scope="module")
async def mine(client_of_module: httpx.AsyncClient, world: World) -> Firm:
    """A firm with something in as many tables as its own doing fills."""
    firm, buyer = await world.firm("recycler"), await world.firm("manufacturer")
    lot = await world.stock(firm, 1_000_000)
    body = {"lot": lot, "price": "500", "currency": "USD", "smallest_grams": 1_000, "incoterm": "FCA"}
    key = {**firm.bearer, "Idempotency-Key": "isolation"}
    listed = await client_of_module.post("/api/v1/listings", json=body, headers=key)
    assert listed.status_code == 201, listed.text
    number = listed.json()["id"]
    bid = {"grams": 5_000, "price": "480", "currency": "USD"}
    for what, asked in (("offers", bid), ("buy", {"grams": 5_000})):
        path = f"/api/v1/listings/{number}/{what}"
        assert (await client_of_module.post(path, json=asked, headers=buyer.bearer)).status_code == 201
    claim = {"lot": lot, "purpose": "content", "grams": 1_000, "jurisdiction": "JP"}
    assert (await client_of_module.post("/api/v1/claims", json=claim, headers=firm.bearer)).status_code == 201
    async with world.process.database.begin(None, Scope.AUTHENTICATION) as session:
        assert await sign_in(session, firm.email, PASSWORD, world.clock(), CHEAP)
    return firm


@pytest.fixture(scope="module")
async def client_of_module(app: object) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=BASE, event_hooks={"request": [with_key]})


async def _owned(owner: asyncpg.Connection) -> dict[str, list[str]]:
    """Tables that name an organisation, with the columns that do; partitions are their parent's matter."""
    rows = await owner.fetch(
        "SELECT c.relname, array_agg(a.attname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND a.attname = ANY($1) AND NOT a.attisdropped GROUP BY 1", list(OWNERS),
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}


async def test_every_table_is_walled_or_known_to_be_nobodys(owner: asyncpg.Connection) -> None:
    bare = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT relispartition AND NOT (relrowsecurity AND relforcerowsecurity)"
    )
    assert {row[0] for row in bare} <= NOBODYS
    views = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'"
        " AND NOT coalesce('security_invoker=true' = ANY(reloptions), false)"
    )
    assert not views
    # Materialized views know no row-level security at all.
    assert not await owner.fetch("SELECT 1 FROM pg_matviews WHERE schemaname = 'public'")


async def test_a_partition_cannot_be_read_past_its_parent(owner: asyncpg.Connection, as_app: AsApp, mine: Firm) -> None:
    names = [row[0] for row in await owner.fetch("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")]
    assert names
    open_ones = []
    for name in names:
        connection = await as_app(None)
        try:
            if await connection.fetchval(f"SELECT count(*) FROM {name}"):
                open_ones.append(name)
        except asyncpg.InsufficientPrivilegeError:
            pass
        await connection.close()
    assert not open_ones


async def test_others_see_nothing_of_what_is_mine_in_any_table(
    owner: asyncpg.Connection, as_app: AsApp, world: World, mine: Firm
) -> None:
    own = mine.actor.organisation_id
    stranger = (await world.firm("recycler")).actor.organisation_id
    inside, readers = await as_app(own), {stranger: await as_app(stranger), None: await as_app(None)}
    seen, filled = {}, set()
    for table, columns in (await _owned(owner)).items():
        named = " OR ".join(f"{column} = {own}" for column in columns)
        counting = f"SELECT count(*) FROM {table} WHERE {named}"
        if await inside.fetchval(counting):
            filled.add(table)
        for reader, outside in readers.items():
            count = await outside.fetchval(counting)
            if count:
                seen[table, reader] = count
    # A listing is published on purpose; everything else is its organisation's alone.
    assert {table for table, _ in seen} <= DIRECTORY | {"listing"}
    assert {table for table, reader in seen if reader is None} <= DIRECTORY | {"listing"}
    needed = {"event", "event_payload", "entry", "lot", "balance", "offer", "trade", "reservation", "claim", "person",
              "api_key", "session", "idempotency", "listing", "facility"}  # fmt: skip
    assert filled >= needed


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO facility (organisation_id, uri, name, country, time_zone, created_at)"
        " VALUES ({own}, 'urn:stolen', 'X', 'JP', 'Asia/Tokyo', now())",
        "INSERT INTO api_key (organisation_id, name, prefix, key_hash, roles, created_at, expires_at)"
        " VALUES ({own}, 'x', 'jk_live_0', 'x', '{{admin}}', now(), now())",
        "INSERT INTO idempotency VALUES ({own}, 'k', 'x', 200, '{{}}', now())",
        "INSERT INTO person (organisation_id, email, name, password_hash, roles, created_at)"
        " VALUES ({own}, 'thief@example.org', 'x', 'x', '{{admin}}', now())",
        "INSERT INTO session VALUES ('x', 1, {own}, now(), now())",
    ],
)
async def test_nobody_writes_in_anothers_name(as_app: AsApp, world: World, mine: Firm, statement: str) -> None:
    connection = await as_app((await world.firm("recycler")).actor.organisation_id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await connection.execute(statement.format(own=mine.actor.organisation_id))


@pytest.mark.parametrize("table", ["facility", "person", "api_key", "organisation", "listing", "offer"])
async def test_nobody_changes_anothers_rows(as_app: AsApp, world: World, mine: Firm, table: str) -> None:
    connection = await as_app((await world.firm("recycler")).actor.organisation_id)
    column = {"listing": "state = 'withdrawn'", "offer": "state = 'declined'"}.get(table, "name = 'stolen'")
    where = {"organisation": "id", "offer": "seller"}.get(table, "organisation_id")
    done = await connection.execute(f"UPDATE {table} SET {column} WHERE {where} = $1", mine.actor.organisation_id)
    assert done == "UPDATE 0"


async def test_who_read_last_is_forgotten_with_the_transaction(urls: object, mine: Firm) -> None:
    connection = await asyncpg.connect(urls.app)  # type: ignore[attr-defined]
    try:
        async with connection.transaction():
            await connection.execute(
                "SELECT set_config('junkan.organisation', $1, true)", str(mine.actor.organisation_id)
            )
            assert await connection.fetchval("SELECT count(*) FROM balance") > 0
        assert await connection.fetchval("SELECT count(*) FROM balance") == 0
        assert await connection.fetchval("SELECT junkan_organisation()") is None
    finally:
        await connection.close()


async def test_a_thousand_interleaved_readers_on_five_connections_see_their_own_only(world: World) -> None:
    firms = [await world.firm("recycler") for _ in range(50)]
    numbers = [firm.actor.organisation_id for firm in firms]
    order = [number for number in numbers for _ in range(20)]
    random.Random(7).shuffle(order)
    async with connect(world.process.urls, pool_size=5) as database:

        async def read(number: int) -> set[int]:
            async with database.begin(number) as session:
                people = await session.execute(text("SELECT organisation_id FROM person"))
                keys = await session.execute(text("SELECT organisation_id FROM api_key"))
            return {row[0] for row in people} | {row[0] for row in keys}

        seen = await asyncio.gather(*(read(number) for number in order))
    assert [(number, rows) for number, rows in zip(order, seen, strict=True) if rows != {number}] == []


async def _ids(owner: asyncpg.Connection, actor: Actor) -> dict[str, list[str]]:
    """Addresses of what belongs to this organisation, by the path they fill."""
    own = actor.organisation_id
    trade = await owner.fetchval("SELECT reference FROM trade WHERE seller = $1", own)
    offer = await owner.fetchval("SELECT id FROM offer WHERE seller = $1 AND state = 'open'", own)
    key = await owner.fetchval("SELECT id FROM api_key WHERE organisation_id = $1", own)
    token = trade.rpartition("/")[2]
    return {
        "GET": [f"/api/v1/offers/{offer}"],
        "POST": [f"/api/v1/offers/{offer}/accept", f"/api/v1/offers/{offer}/decline", f"/api/v1/trades/{token}/ship"],
        "DELETE": [f"/api/v1/keys/{key}", f"/api/v1/trades/{token}"],
    }


def _beside(path: str) -> str:
    """The same address of something that does not exist."""
    parts = path.split("/")
    parts[4] = "99999999" if parts[4].isdigit() else "0" * len(parts[4])
    return "/".join(parts)


async def test_a_stranger_is_told_the_same_of_what_is_anothers_and_of_what_is_not(
    client: httpx.AsyncClient, owner: asyncpg.Connection, world: World, mine: Firm
) -> None:
    stranger = await world.firm("recycler")
    goods = {"facility_id": stranger.facility_id, "grams": 5_000}
    for method, paths in (await _ids(owner, mine.actor)).items():
        for path in paths:
            told = []
            for asked in (path, _beside(path)):
                body = goods if "/trades/" in path and method == "POST" else None
                answer = await client.request(method, asked, headers=stranger.bearer, json=body)
                problem = answer.json()
                told.append((answer.status_code, problem["code"], problem["detail"], sorted(problem)))
                assert (await client.request(method, asked)).status_code == 401
            assert told[0] == told[1], path
            assert told[0][0] == 404, path


async def test_what_was_hidden_is_still_there_for_its_owner(
    client: httpx.AsyncClient, owner: asyncpg.Connection, mine: Firm
) -> None:
    offer = (await _ids(owner, mine.actor))["GET"][0]
    assert (await client.get(offer, headers=mine.bearer)).status_code == 200
    assert len((await client.get("/api/v1/trades", headers=mine.bearer)).json()) == 1
