"""Each guard of the database is needed: with it a wrong statement is refused, and as soon as it alone is gone, not.

Everything happens in a transaction of its own that is rolled back, on a database made for it. Triggers and policies are
found in the database, so that a new one cannot be forgotten; the constraints that the design names are attacked one by
one. `make guards` prints every guard and what became of it.
"""

import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import asyncpg
import pytest

from tests.conftest import World
from traceability.claims import claim
from traceability.log import publish
from traceability.sequencing.commands import Claiming, Command, Reserve

TYPES = {
    "bigint": "1", "integer": "1", "smallint": "1", "numeric": "1", "text": "'x'", "bytea": "decode('00', 'hex')",
    "boolean": "true", "jsonb": "'{}'", "date": "'2026-11-23'", "timestamp with time zone": "'2026-11-23T00:00Z'",
    "uuid": "'00000000-0000-4000-8000-000000000000'", "text[]": "'{x}'", "bigint[]": "'{1}'", "smallint[]": "'{1}'",
    "bytea[]": "'{}'", "time without time zone": "'08:00'",
}  # fmt: skip
OPEN = {"organisation", "facility", "recalled_lot", "listing"}
"""Tables of which everybody may read some rows: who takes part, what is called back, what is on offer."""


@dataclass(frozen=True)
class Attack:
    """A statement that a guard refuses with this code, by whom it is sent, and how the guard is taken away."""

    guard: str
    removal: str
    statement: str
    code: str
    role: str = "junkan_writer"


def constraint(table: str, name: str, statement: str, code: str = "23514", role: str = "junkan_writer") -> Attack:
    return Attack(f"{table}.{name}", f"ALTER TABLE {table} DROP CONSTRAINT {name}", statement, code, role)


def index(table: str, name: str, statement: str) -> Attack:
    return Attack(f"{table}.{name}", f"DROP INDEX {name}", statement, "23505")


def trigger(table: str, name: str, statement: str, code: str) -> Attack:
    return Attack(f"{table}.{name}", f"DROP TRIGGER {name} ON {table}", statement, code)


ATTACKS = [
    constraint("balance", "balance_free_not_negative", "UPDATE balance SET free = -1, reserved = reserved + 2"),
    constraint(
        "balance", "balance_reserved_not_negative", "UPDATE balance SET reserved = -1, free = free + reserved + 1"
    ),
    *(
        constraint(
            "balance", f"balance_{purpose}_claimed_once", f"UPDATE balance SET claimed_{purpose} = free + reserved + 1"
        )
        for purpose in ("epr", "content", "credit")
    ),
    constraint(
        "balance", "balance_account_check", "UPDATE balance SET account = 'loss:drying' WHERE account = 'stock'",
        role="junkan_owner",
    ),
    constraint("balance", "balance_lot_id_fkey", "UPDATE balance SET lot_id = -1", "23503", "junkan_owner"),
    constraint("reservation", "reservation_check", "UPDATE reservation SET remaining = grams + 1"),
    constraint(
        "reservation", "reservation_reference_key",
        "INSERT INTO reservation (reference, lot_id, holder, counterparty, grams, remaining, created_at)"
        " SELECT reference, lot_id, holder, counterparty, grams, remaining, created_at FROM reservation LIMIT 1",
        "23505",
    ),
    constraint(
        "entry", "entry_grams_check",
        "INSERT INTO entry (event_index, lot_id, holder, account, grams, transforms)"
        " SELECT event_index, lot_id, holder, account, 0, false FROM entry WHERE lot_id IS NOT NULL LIMIT 1",
    ),
    constraint(
        "entry", "entry_check",
        "INSERT INTO entry (event_index, lot_id, holder, account, grams, transforms)"
        " SELECT event_index, NULL, holder, 'stock', unnest(ARRAY[5, -5]), false FROM entry LIMIT 2",
    ),
    constraint(
        "claim", "claim_grams_check",
        "INSERT INTO claim SELECT (jsonb_populate_record(c, '{\"fact_index\": -1, \"grams\": 0}')).*"
        " FROM claim c LIMIT 1",
    ),
    constraint(
        "lot", "lot_uri_key",
        "INSERT INTO lot SELECT (jsonb_populate_record(l, '{\"id\": -1, \"token\": \"Z\"}')).* FROM lot l LIMIT 1",
        "23505",
    ),
    index("event_key", "event_key_event_id_key", "INSERT INTO event_key SELECT (jsonb_populate_record(k,"
          " jsonb_build_object('index', -1, 'event_hash', '\\x' || repeat('ab', 32)))).* FROM event_key k"
          " WHERE NOT declares_error AND releases IS NULL LIMIT 1"),
    index("event_key", "event_key_event_hash_key", "INSERT INTO event_key SELECT (jsonb_populate_record(k,"
          " '{\"index\": -1, \"event_id\": \"urn:x\"}')).* FROM event_key k"
          " WHERE NOT declares_error AND releases IS NULL LIMIT 1"),
    index("event_key", "event_key_releases_key", "INSERT INTO event_key SELECT (jsonb_populate_record(k,"
          " jsonb_build_object('index', n, 'event_id', 'urn:r' || n, 'event_hash', '\\x' || repeat('a' || n - 90, 32),"
          " 'releases', 0))).* FROM event_key k, generate_series(91, 92) n"
          " WHERE k.index = (SELECT min(index) FROM event_key)"),
    constraint("event_key", "event_key_releases_earlier", "INSERT INTO event_key SELECT (jsonb_populate_record(k,"
               " jsonb_build_object('index', -2, 'event_id', 'urn:r', 'event_hash', '\\x' || repeat('cd', 32),"
               " 'releases', -1))).* FROM event_key k LIMIT 1"),
    trigger(
        "entry", "entries_sum_to_zero",
        "INSERT INTO entry (event_index, lot_id, holder, account, grams, transforms)"
        " SELECT event_index, lot_id, holder, account, 5, false FROM entry WHERE lot_id IS NOT NULL LIMIT 1", "JK002",
    ),
    trigger("tile", "tile_only_grows", "UPDATE tile SET hashes = sha256('x')", "JK003"),
    trigger(
        "checkpoint", "checkpoint_grows",
        "INSERT INTO checkpoint SELECT size + 1000, root, note, signed_at FROM checkpoint LIMIT 1", "JK004",
    ),
    trigger("log_head", "log_head_grows", "UPDATE log_head SET size = size - 1", "JK005"),
    constraint("tile", "tile_hashes_check", "INSERT INTO tile (level, number, hashes) VALUES (0, 77, 'short')"),
    Attack("event.rights", "GRANT INSERT, UPDATE ON event TO junkan_app",
           "UPDATE event SET outcome = 'counted' WHERE false", "42501", "junkan_app"),
    Attack("entry.rights", "GRANT INSERT, UPDATE ON entry TO junkan_app",
           "UPDATE entry SET grams = 1 WHERE false", "42501", "junkan_app"),
]  # fmt: skip


def told(line: str) -> None:
    """For `make guards`, which shows what tests say."""
    sys.stdout.write(line + "\n")


@pytest.fixture(scope="module", autouse=True)
async def played(world: World) -> None:
    """One firm with stock, something reserved, something claimed, and a signed checkpoint."""
    process, seller, buyer = world.process, await world.firm("recycler"), await world.firm("manufacturer")
    lot = await world.stock(seller, 1_000_000)
    me, you = seller.actor.organisation_id, buyer.actor.organisation_id
    await process.sequencer.submit(Command((Reserve("guards", lot, me, you, 1_000),)))
    async with process.database.begin(me) as session:
        wanted = Claiming(lot, "content", 1_000, seller.actor.country, "Evidence")
        await claim(session, process.sequencer, seller.actor, wanted, world.clock())
    await publish(process.database.writer, process.keys.active, process.origin, world.clock)


@pytest.fixture
async def undone(owner: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """The owner's connection in a transaction that leaves nothing behind."""
    wrapped = owner.transaction()
    await wrapped.start()
    yield owner
    await wrapped.rollback()


async def refusal(
    connection: asyncpg.Connection, statement: str, role: str | None = None
) -> asyncpg.PostgresError | None:
    """How the database refuses a statement of this role; None where it does not. Nothing stays of it."""
    wrapped = connection.transaction()
    await wrapped.start()
    try:
        if role:
            await connection.execute(f"SET LOCAL ROLE {role}")
        await connection.execute(statement)
    except asyncpg.PostgresError as refused:
        return refused
    finally:
        await wrapped.rollback()
    return None


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda each: each.guard)
async def test_a_named_guard_alone_refuses_it(undone: asyncpg.Connection, attack: Attack) -> None:
    refused = await refusal(undone, attack.statement, attack.role)
    assert refused is not None and refused.sqlstate == attack.code, (attack.guard, refused)
    await undone.execute(attack.removal)
    without = await refusal(undone, attack.statement, attack.role)
    assert without is None, (attack.guard, "something else refuses it too", without)


async def tables_with(owner: asyncpg.Connection, query: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in await owner.fetch(query)]


GROWING = """SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND NOT c.relispartition AND p.proname = 'junkan_only_grows' ORDER BY 1, 2"""
POLICED = """SELECT c.relname, '' FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
    AND c.relkind IN ('r', 'p') AND c.relrowsecurity AND NOT c.relispartition ORDER BY 1"""


async def filled(owner: asyncpg.Connection, table: str) -> None:
    """A row in this table, of whatever values: nothing but the trigger or the policy shall speak for or against it."""
    if await owner.fetchval(f"SELECT EXISTS (SELECT FROM {table})"):
        return
    columns = await owner.fetch(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = $1::text::regclass"
        " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity <> 'a'", table,
    )  # fmt: skip
    for name in await owner.fetch(
        "SELECT conname FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype = 'c'", table
    ):
        await owner.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name[0]}"')
    await owner.execute("SET LOCAL session_replication_role = replica")  # foreign keys are silent
    names, values = (
        ", ".join(f'"{each[0]}"' for each in columns),
        ", ".join(TYPES[each[1].partition("(")[0]] for each in columns),
    )
    await owner.execute(f"INSERT INTO {table} ({names}) VALUES ({values})")
    await owner.execute("SET LOCAL session_replication_role = origin")


async def removed(owner: asyncpg.Connection, table: str, name: str) -> None:
    """The trigger, from the table; a partitioned table's own are with each partition."""
    await owner.execute(f"DROP TRIGGER {name} ON {table}")
    for part in await owner.fetch(
        "SELECT i.inhrelid::regclass::text, t.tgname FROM pg_inherits i JOIN pg_trigger t ON t.tgrelid = i.inhrelid"
        " JOIN pg_proc p ON p.oid = t.tgfoid WHERE i.inhparent = $1::text::regclass AND NOT t.tgisinternal"
        " AND p.proname = 'junkan_only_grows' AND t.tgtype & 32 > 0 AND $2", table, name.endswith("not_truncated"),
    ):  # fmt: skip
        await owner.execute(f"DROP TRIGGER {part[1]} ON {part[0]}")


async def test_what_only_grows_does_so_by_its_own_trigger(owner: asyncpg.Connection) -> None:
    """Every such trigger there is, the truncating ones among them: found in the database, none by name."""
    found, kept = await tables_with(owner, GROWING), list[str]()
    assert len(found) > 60
    for table, name in found:
        wrapped = owner.transaction()
        await wrapped.start()
        await filled(owner, table)
        statement = await attack_on(owner, table, name)
        refused = await refusal(owner, statement)
        assert refused is not None and refused.sqlstate == "JK001", (table, name, statement, refused)
        assert f" on {table}" in str(refused), (table, name, refused)
        await removed(owner, table, name)
        without = await refusal(owner, statement)
        spoke = without is not None and without.sqlstate == "JK001" and f" on {table} " in f"{without} "
        assert not spoke, (table, name, "the same is refused without it", without)
        kept.append(f"{table}.{name}")
        await wrapped.rollback()
    told(f"{len(kept)} triggers: {', '.join(kept)}")


async def attack_on(owner: asyncpg.Connection, table: str, name: str) -> str:
    """What this trigger refuses, by when it fires."""
    kind = await owner.fetchval(
        "SELECT tgtype FROM pg_trigger WHERE tgrelid = $1::text::regclass AND tgname = $2", table, name
    )
    if kind & 32:
        return f"TRUNCATE {table} CASCADE"
    if kind & 16:
        column = await owner.fetchval(
            "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND attgenerated = ''"
            " AND NOT attisdropped AND attidentity <> 'a' ORDER BY attnum LIMIT 1", table,
        )  # fmt: skip
        return f'UPDATE {table} SET "{column}" = "{column}"'
    return f"DELETE FROM {table}"


async def test_nobody_reads_a_tenants_rows_because_of_its_policies(owner: asyncpg.Connection) -> None:
    """Without an organisation no row is seen, and every row once row-level security is off: the policy does it."""
    found, unread = await tables_with(owner, POLICED), list[str]()
    assert len(found) > 40
    for table, _ in found:
        if table in OPEN:
            continue
        wrapped = owner.transaction()
        await wrapped.start()
        await filled(owner, table)
        count = f"SELECT count(*) FROM {table}"
        await owner.execute("SET LOCAL ROLE junkan_app")
        if not await owner.fetchval(f"SELECT has_table_privilege('{table}', 'SELECT')"):
            unread.append(table)
        else:
            assert await owner.fetchval(count) == 0, (table, "is seen by nobody in particular")
            await owner.execute("RESET ROLE")
            await owner.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
            await owner.execute("SET LOCAL ROLE junkan_app")
            assert await owner.fetchval(count) > 0, (table, "is hidden by something else")
        await wrapped.rollback()
    told(f"{len(found) - len(unread)} tables by policy; {len(unread)} that the role may not read: {', '.join(unread)}")


def test_every_constraint_of_the_design_is_attacked() -> None:
    named: Sequence[str] = [each.guard for each in ATTACKS]
    assert len(named) == len(set(named)) >= 20
