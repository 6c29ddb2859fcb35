"""Reservations on one hot lot and on sixteen: through the sequencer's batches against SELECT FOR UPDATE, row by row."""

import asyncio
import time
from itertools import count

import asyncpg

from benchmarks.world import Bench, bench
from traceability.refusals import BalanceExceeded
from traceability.sequencing.commands import Command, Reserve

RESERVATIONS = 20_000
BY_ROW = 1_500
IN_FLIGHT = 1_024
CONNECTIONS = 20
GRAMS = 1_000
_NUMBERS = count()


async def batched(world: Bench, lots: list[str], wanted: int) -> tuple[float, int]:
    """Seconds for this many reservations, and how many were granted; each is answered when it is durable."""
    granted, numbers = 0, iter(range(wanted))

    async def buyer() -> None:
        nonlocal granted
        for number in numbers:
            reference, lot = f"bench:{next(_NUMBERS)}", lots[number % len(lots)]
            item = Reserve(reference, lot, world.actor.organisation_id, 0, GRAMS)
            try:
                await world.process.sequencer.submit(Command((item,)))
            except BalanceExceeded:
                continue
            granted += 1

    began = time.perf_counter()
    await asyncio.gather(*(buyer() for _ in range(IN_FLIGHT)))
    return time.perf_counter() - began, granted


async def by_row(owner: str, lots: int, wanted: int) -> float:
    """Seconds for the same by locking the row, as one would write it first: read, decide, update, insert, commit."""
    pool = await asyncpg.create_pool(owner, min_size=CONNECTIONS, max_size=CONNECTIONS)
    await pool.execute(
        "CREATE TABLE IF NOT EXISTS plain_balance (lot int PRIMARY KEY, free bigint, reserved bigint);"
        "CREATE TABLE IF NOT EXISTS plain_reservation (id bigserial PRIMARY KEY, lot int, grams bigint);"
        "TRUNCATE plain_balance"
    )
    await pool.executemany("INSERT INTO plain_balance VALUES ($1, $2, 0)", [(lot, 10**12) for lot in range(lots)])

    async def one(number: int) -> None:
        async with pool.acquire() as connection, connection.transaction():
            lot = number % lots
            free = await connection.fetchval("SELECT free FROM plain_balance WHERE lot = $1 FOR UPDATE", lot)
            assert free >= GRAMS
            await connection.execute(
                "UPDATE plain_balance SET free = free - $2, reserved = reserved + $2 WHERE lot = $1", lot, GRAMS
            )
            await connection.execute("INSERT INTO plain_reservation (lot, grams) VALUES ($1, $2)", lot, GRAMS)

    try:
        began = time.perf_counter()
        await asyncio.gather(*(one(number) for number in range(wanted)))
        return time.perf_counter() - began
    finally:
        await pool.close()


async def over(world: Bench) -> int:
    """Grams of all lots that are reserved beyond what there was: zero, whatever was asked."""
    found = await world.process.database.writer.fetchval(
        "SELECT coalesce(sum(greatest(r.grams - b.reserved, 0)), 0) FROM (SELECT lot_id, sum(remaining) AS grams"
        " FROM reservation GROUP BY lot_id) r JOIN balance b ON b.lot_id = r.lot_id AND b.account = 'stock'"
    )
    return int(found)


async def run() -> list[str]:
    """Ratios; the goal is 50 times SELECT FOR UPDATE, and nothing over-allocated."""
    lines = []
    async with bench() as world:
        for lots in (1, 16):
            hot = await world.stock(lots)
            await batched(world, hot, 2_000)
            seconds, granted = await batched(world, hot, RESERVATIONS)
            rows = await by_row(world.process.urls.owner, lots, BY_ROW)
            ours, theirs = granted / seconds, BY_ROW / rows
            lines.append(
                f"{lots} lot{'s' if lots > 1 else ''}: {ours:,.0f}/s durable, SELECT FOR UPDATE on {CONNECTIONS} "
                f"connections {theirs:,.0f}/s: {ours / theirs:.1f} x (goal 50)"
            )
        lines.append(f"grams reserved beyond the balance: {await over(world)}")
    return lines
