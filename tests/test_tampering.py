"""Whoever holds the database alters any row of the record, by any means: the check of the whole log names it."""

import random
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.conftest import World
from tests.tiers import SEED, times, told
from traceability import composing
from traceability.claims import claim
from traceability.export import verify_database
from traceability.ledger.interpretation import PLACING
from traceability.log import publish
from traceability.sequencing.commands import Claiming

# What the check cannot hold against anything: which person or key it was, and where, both only for looking up; a text
# that is no longer beside its fact, as after an erasure; the moment of a signature, which is no part of it; how claims
# lie on what is left of a lot, where the claims themselves are facts of the log.
UNCHECKED = {
    "event": {"actor", "facility_id"}, "event_payload": {"index", "record_time"}, "checkpoint": {"signed_at"},
    "balance": {"claimed_epr", "claimed_content", "claimed_credit"},
}  # fmt: skip
# A text may be erased, which is told as a note; an older checkpoint is vouched for by those who kept it.
REMOVABLE = ("event", "entry", "balance")
RECORD = ("event", "event_payload", "entry", "balance", "checkpoint")


@pytest.fixture(scope="module")
async def played(world: World) -> World:
    """A small log with everything in it, under three checkpoints."""
    process, one, two = world.process, await world.firm("recycler"), await world.firm("manufacturer")
    uris = one.actor.organisation_uri, two.actor.organisation_uri
    for _ in range(3):
        lot = await world.stock(one, 1_000_000)
        await world.capture(one, composing.shipped(world.at(one), *uris, {lot: 400_000}))
        await world.capture(two, composing.received(world.at(two), *uris, {lot: (400_000, 399_000)}))
        await world.capture(one, composing.departed(world.at(one), PLACING, {lot: 1_000}))
        async with process.database.begin(one.actor.organisation_id) as session:
            await claim(session, process.sequencer, one.actor, Claiming(lot, "content", 5, "JP", ""), world.clock())
        await publish(process.database.writer, process.keys.active, process.origin, world.clock)
    return world


@pytest.fixture
async def forger(played: World, owner: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """The owner, who has silenced every trigger and thrown away what constrains a row."""
    await owner.execute("SET session_replication_role = replica")
    for table, name in await owner.fetch(CONSTRAINTS, RECORD):
        await owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE")
    yield owner


async def found(world: World) -> list[str]:
    process = world.process
    return [f"{each.code} {each.index}" for each in
            await verify_database(process.database.writer, process.keys, process.origin) if not each.note]  # fmt: skip


CONSTRAINTS = """
SELECT conrelid::regclass::text, conname FROM pg_constraint
WHERE conrelid::regclass::text = ANY($1::text[]) AND contype IN ('c', 'f', 'u', 'p')
"""
ALTERED = """
SELECT a.attname::text, format_type(a.atttypid, -1) FROM pg_attribute a
WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped
"""
OTHER = {
    "bigint": "coalesce({c}, 0) + 1", "bytea": "sha256({c})", "text": "coalesce({c}, '') || 'x'",
    "boolean": "NOT {c}", "date": "{c} + 1", "timestamp with time zone": "{c} + interval '1 second'",
    "jsonb": "jsonb_build_object('other', 1)", "text[]": "array_append({c}, 'x')", "integer": "{c} + 1",
}  # fmt: skip


@pytest.mark.fault("T17")
async def test_an_altered_row_of_the_record_is_named(played: World, forger: asyncpg.Connection) -> None:
    """A value changed or a row removed, found, and put back as it was."""
    chance = random.Random(SEED)
    told(f"T17: seed {SEED}")
    assert not await found(played)
    missed = []
    for _ in range(times(60, 2_000)):
        table = chance.choice(RECORD)
        columns = [tuple(row) for row in await forger.fetch(ALTERED, table)]
        column, kind = chance.choice([each for each in columns if each[0] not in UNCHECKED.get(table, ())])
        stated = "WHERE kind = 'epcis'" if table == "event" else ""  # of a fact of our own, not all is in its text
        rows = await forger.fetch(f"SELECT tableoid::regclass::text, ctid::text FROM {table} {stated} ORDER BY 1, 2")
        where, at = chance.choice(rows)
        change = f"UPDATE {where} SET {column} = {OTHER[kind].format(c=column)}"
        ways = (change, f"DELETE FROM {where}") if table in REMOVABLE else (change,)
        how = f"{chance.choice(ways)} WHERE ctid::text = '{at}'"
        await forger.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM {where}")
        await forger.execute(how)
        if not await found(played):
            missed.append(how)
        await forger.execute(f"DELETE FROM {where}")
        await forger.execute(f"INSERT INTO {where} SELECT * FROM kept")
        await forger.execute("DROP TABLE kept")
    assert not missed, sorted({each.partition(" WHERE")[0] for each in missed})
    assert not await found(played)
