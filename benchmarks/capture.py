"""Capture of transformations (8 inputs, 2 outputs; all steps, durable) as a share of raw COPY of the same rows."""

import asyncio
import statistics
import time
from typing import Any

import asyncpg

from benchmarks.world import Bench, bench
from traceability.capture import capture
from traceability.sequencing.writing import BALANCE, ENTRY, EVENT, KEY, LOT, PAYLOAD

EVENTS = 4_096
IN_FLIGHT = 1_024
BATCH = 512
TABLES = {"event": EVENT, "event_payload": PAYLOAD, "event_key": KEY, "lot": LOT, "entry": ENTRY, "balance": BALANCE}


async def captured(world: Bench, count: int, in_flight: int) -> tuple[float, list[float]]:
    """Seconds for `count` captures with `in_flight` at once, and each one's own seconds."""
    lots = await world.stock(400)
    documents = [world.transformation(lots, number) for number in range(count)]
    room, taken = asyncio.Semaphore(in_flight), []

    async def one(raw: bytes) -> None:
        async with room:
            began = time.perf_counter()
            assert (await capture(world.door, world.actor, raw)).success
            taken.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(one(raw) for raw in documents))
    return time.perf_counter() - began, taken


async def copied(world: Bench, first: int) -> tuple[float, int]:
    """Seconds to COPY exactly the rows of those captures into tables of the same shape and indexes, 512 a commit."""
    owner = await asyncpg.connect(world.process.urls.owner)
    try:
        rows: dict[str, list[Any]] = {}
        for table, columns in TABLES.items():
            await owner.execute(f"CREATE TABLE copy_{table} (LIKE {table} INCLUDING DEFAULTS INCLUDING INDEXES)")
            wanted = {"event": "index", "event_payload": "index", "event_key": "index", "entry": "event_index"}
            key = wanted.get(table)
            where = f"WHERE {key} >= {first}" if key else ("WHERE form = 'flake'" if table == "lot" else "")
            if table == "balance":
                where = "WHERE lot_id IN (SELECT id FROM lot WHERE form = 'flake')"
            rows[table] = await owner.fetch(f"SELECT {', '.join(columns)} FROM {table} {where}")
        events = len(rows["event"])
        shares = {table: -(-len(found) * BATCH // events) for table, found in rows.items()}
        began = time.perf_counter()
        for batch in range(-(-events // BATCH)):
            async with owner.transaction():
                for table, columns in TABLES.items():
                    part = rows[table][batch * shares[table] : (batch + 1) * shares[table]]
                    await owner.copy_records_to_table(f"copy_{table}", columns=columns, records=part)
        return time.perf_counter() - began, events
    finally:
        await owner.close()


async def run() -> list[str]:
    """Ratios; the goal of the whole is 0.70 of raw COPY."""
    async with bench() as world:
        await captured(world, 512, 512)
        first = await world.process.database.writer.fetchval("SELECT size FROM log_head")
        seconds, taken = await captured(world, EVENTS, IN_FLIGHT)
        limit, events = await copied(world, first)
        _, calm = await captured(world, 256, 8)
    rate, most = EVENTS / seconds, events / limit
    return [
        f"{EVENTS} captures, {IN_FLIGHT} in flight: {rate:,.0f}/s; raw COPY of the same rows {most:,.0f}/s",
        f"share of raw COPY {rate / most:.2f} (goal 0.70)",
        f"p50 {statistics.median(taken) * 1000:.0f} ms, p99 {statistics.quantiles(taken, n=100)[98] * 1000:.0f} ms; "
        f"8 in flight p99 {statistics.quantiles(calm, n=100)[98] * 1000:.1f} ms",
    ]
