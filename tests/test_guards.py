"""The database keeps its promises itself: raw SQL past the service, as the runtime roles and as the owner."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from sqlalchemy import text

from foundation.database import check_promises, connect
from tests.conftest import World

AsApp = Callable[..., Awaitable[asyncpg.Connection]]
RECORD = ("event", "event_payload", "event_key", "event_reference", "lot", "entry", "claim", "measurement",
          "certificate", "permit", "declaration", "label_finding", "checkpoint", "tile", "held_corrective",
          "recall", "recalled_lot", "recall_answer", "scope_certificate", "scope_act", "certified_input",
          "archive_act")  # fmt: skip


@pytest.fixture(scope="module")
async def lot(world: World) -> tuple[str, int]:
    firm = await world.firm("recycler")
    return await world.stock(firm, 1_000_000), firm.actor.organisation_id


async def test_nobody_sees_anything_where_nothing_is_said(as_app: AsApp, lot: tuple[str, int]) -> None:
    connection = await as_app(None)
    for table in ("event", "event_payload", "event_key", "entry", "balance", "lot", "person", "api_key", "session",
                  "offer", "trade", "reservation", "claim", "measurement", "certificate", "declaration", "dossier",
                  "capture_job", "permit", "idempotency", "label_report", "label_finding", "recall",
                  "recalled_lot", "recall_answer", "scope_certificate", "scope_act", "transaction_certificate",
                  "certified_lot", "certified_input"):  # fmt: skip
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table


async def test_a_firm_sees_its_own_rows_and_no_other_firms(as_app: AsApp, world: World, lot: tuple[str, int]) -> None:
    mine = await as_app(lot[1])
    assert await mine.fetchval("SELECT count(*) FROM lot WHERE uri = $1", lot[0]) == 1
    other = await as_app((await world.firm("recycler")).actor.organisation_id)
    for table in ("event", "event_payload", "event_key", "entry", "balance", "lot", "person"):
        seen = await other.fetchval(f"SELECT count(*) FROM {table}")
        assert seen == (1 if table == "person" else 0), table


@pytest.mark.parametrize("table", RECORD)
@pytest.mark.parametrize("role", ["owner", "app", "writer"])
async def test_the_record_refuses_delete_and_truncate(
    world: World, table: str, role: str, lot: tuple[str, int]
) -> None:
    connection = await asyncpg.connect(getattr(world.process.urls, role))
    try:
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            filled = await connection.fetchval(f"SELECT count(*) FROM {table}") if role == "owner" else 1
            if statement.startswith("DELETE") and not filled:
                continue
            with pytest.raises(
                (asyncpg.RaiseError, asyncpg.InsufficientPrivilegeError, asyncpg.PostgresError)
            ) as refused:
                await connection.execute(statement)
            assert refused.value.sqlstate in {"JK001", "42501", "0A000"}, (table, role, refused.value)
    finally:
        await connection.close()


@pytest.mark.parametrize("role", ["owner", "app", "writer"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE event SET outcome = 'held'", "UPDATE entry SET grams = 1", "UPDATE lot SET material = 'glass'",
     "UPDATE event_payload SET body = '{}'", "UPDATE checkpoint SET size = 9", "UPDATE event_key SET event_id = 'x'"],
)  # fmt: skip
async def test_the_record_refuses_update(world: World, role: str, statement: str, lot: tuple[str, int]) -> None:
    process = world.process
    await process.database.writer.execute(
        "INSERT INTO checkpoint VALUES (1, $1, 'n', now()) ON CONFLICT DO NOTHING", bytes(32)
    )
    connection = await asyncpg.connect(getattr(process.urls, role))
    try:
        with pytest.raises(asyncpg.PostgresError) as refused:
            await connection.execute(statement)
        assert refused.value.sqlstate in {"JK001", "42501"}
    finally:
        await connection.close()


async def test_truncating_a_partition_is_refused(owner: asyncpg.Connection, lot: tuple[str, int]) -> None:
    names = await owner.fetch("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")
    assert len(names) > 20
    for (name,) in names:
        with pytest.raises(asyncpg.PostgresError) as refused:
            await owner.execute(f"TRUNCATE {name}")
        assert refused.value.sqlstate == "JK001"


async def test_entries_that_do_not_sum_to_zero_are_refused(world: World, lot: tuple[str, int]) -> None:
    with pytest.raises(asyncpg.PostgresError) as refused:
        await world.process.database.writer.execute(
            "INSERT INTO entry (event_index, lot_id, holder, account, grams, transforms)"
            " SELECT 999999, id, $1, 'stock', 5, false FROM lot LIMIT 1", lot[1],
        )  # fmt: skip
    assert refused.value.sqlstate == "JK002"


async def test_the_log_has_no_gap_and_no_event_gets_entries_later(world: World, lot: tuple[str, int]) -> None:
    writer = world.process.database.writer
    for statement, code in (
        ("UPDATE log_head SET size = size + 1", "JK005"),
        ("INSERT INTO entry (event_index, lot_id, holder, account, grams, transforms)"
         " SELECT event_index, lot_id, holder, account, unnest(ARRAY[5, -5]), false FROM entry"
         " WHERE lot_id IS NOT NULL LIMIT 2", "JK002"),
    ):  # fmt: skip
        with pytest.raises(asyncpg.PostgresError) as refused:
            await writer.execute(statement)
        assert refused.value.sqlstate == code


async def test_a_balance_is_the_sum_of_its_entries(world: World, lot: tuple[str, int]) -> None:
    """Free and reserved may change places; grams that no entry of the batch moves may not come or go."""
    writer = world.process.database.writer
    await writer.execute("UPDATE balance SET free = free - 1, reserved = reserved + 1")
    await writer.execute("UPDATE balance SET free = free + 1, reserved = reserved - 1")
    for change in ("free = free + 1", "free = free - 1", "reserved = reserved + 1"):
        with pytest.raises(asyncpg.PostgresError, match="its entries say 0 g") as refused:
            await writer.execute(f"UPDATE balance SET {change}")
        assert refused.value.sqlstate == "JK002"
    with pytest.raises(asyncpg.PostgresError, match="its entries say 0 g"):
        await writer.execute(
            "INSERT INTO balance (lot_id, holder, account, free) SELECT id, $1, 'transit', 1 FROM lot LIMIT 1", lot[1]
        )


@pytest.mark.parametrize(
    ("change", "guard"),
    [("free = -1, reserved = free + reserved + 1", "balance_free_not_negative"),
     ("reserved = -1, free = free + reserved + 1", "balance_reserved_not_negative"),
     ("claimed_epr = free + reserved + 1", "balance_epr_claimed_once"),
     ("claimed_content = free + reserved + 1", "balance_content_claimed_once"),
     ("claimed_credit = free + reserved + 1", "balance_credit_claimed_once"),
     ("claimed_content = -1", "balance_content_claimed_once")],
)  # fmt: skip
async def test_a_balance_cannot_go_wrong(world: World, change: str, guard: str, lot: tuple[str, int]) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await world.process.database.writer.execute(f"UPDATE balance SET {change}")
    assert refused.value.constraint_name == guard


async def test_tiles_only_grow_and_the_head_never_goes_back(world: World, lot: tuple[str, int]) -> None:
    writer = world.process.database.writer
    for statement, code in (
        ("UPDATE tile SET hashes = sha256('x')", "JK003"),
        ("UPDATE log_head SET size = size - 1", "JK005"),
    ):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await writer.execute(statement)
        assert refused.value.sqlstate == code


async def test_every_table_with_an_owner_has_forced_row_level_security(owner: asyncpg.Connection) -> None:
    unforced = await owner.fetch(
        "SELECT DISTINCT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
        " AND a.attname IN ('organisation_id', 'holder', 'seller', 'buyer', 'counterparty')"
        " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
    )
    assert not [row[0] for row in unforced]
    assert not await owner.fetch("SELECT viewname FROM pg_views WHERE schemaname = 'public'")


async def test_the_runtime_role_is_weak_and_the_server_durable(world: World) -> None:
    await check_promises(world.process.database)


async def test_what_one_request_may_read_does_not_leak_into_the_next(world: World) -> None:
    """A small pool, many organisations at once: nobody ever reads another's balance."""
    firms = [await world.firm("recycler") for _ in range(12)]
    for firm in firms:
        await world.stock(firm, 1_000 + firm.actor.organisation_id)
    async with connect(world.process.urls, pool_size=3) as database:

        async def reads(number: int) -> None:
            own = firms[number % len(firms)].actor.organisation_id
            async with database.begin(own) as session:
                rows = (await session.execute(text("SELECT holder, free FROM balance"))).all()
            assert rows == [(own, 1_000 + own)]

        for _ in range(6):
            await asyncio.gather(*(reads(number) for number in range(60)))
