"""Traces over a large ledger: the product's own walk against the bare index probes that it cannot do without."""

import hashlib
import itertools
import random
import re
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import asyncpg

from benchmarks.world import Bench, bench
from foundation.database import Scope
from traceability.genealogy.walking import BACK, DEEPEST, MOST, trace
from traceability.sequencing.writing import ENTRY, KEY, LOT

ENTRIES: Final = (150_000,)
"""What `make bench` builds; `--entries 1000000,10000000` for the sizes of the goal."""
INPUTS, OUTPUTS, GRAMS = 8, 2, 1_000_000
LEVELS = 6
NEAR = 40  # lots to either side that a lot is made of: what is made together lies together in time
WRONG = 200  # of so many transformations one was declared erroneous and taken back
STEP = 100_000
ROUNDS, ROOTS = 5, 200
NEWEST = 10_000  # of the lots of a level: labels of new ones are scanned, in a ledger of any size
DAY = date(2026, 11, 1)

# The same rows of the same indexes, everything given: no recursion, no set of what was seen, no order.
PROBES: Final = """
SELECT count(*), sum(l.created_index) FROM unnest($1::bigint[]) AS given (lot_id)
JOIN lot l ON l.id = given.lot_id
LEFT JOIN entry mine ON mine.lot_id = given.lot_id AND mine.transforms AND mine.grams > 0
LEFT JOIN event_key made ON made.index = mine.event_index
LEFT JOIN event_key wrong ON wrong.event_id = made.event_id AND wrong.declares_error
LEFT JOIN entry other ON other.event_index = mine.event_index AND other.transforms AND other.grams < 0
"""
NESTED: Final = "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off"
# Layout E of the reference: an incidence row a lot with one B-tree, the lots of an event in its own row.
LAYOUT: Final = """
CREATE TABLE e_event (ev bigint PRIMARY KEY, inputs bigint[] NOT NULL, outputs bigint[] NOT NULL);
CREATE TABLE e_incidence (lot bigint NOT NULL, ev bigint NOT NULL, grams bigint NOT NULL, dir smallint NOT NULL);
CREATE INDEX e_incidence_index ON e_incidence (lot, dir, ev)
"""


@dataclass(frozen=True)
class Happened:
    """One event: its lots, and whether it is a declaration of error that takes the event before it back."""

    inputs: Sequence[int]
    outputs: Sequence[int]
    wrong: bool = False


def levels_of(entries: int) -> list[range]:
    """Lots of each level: the first are collected, the others made of 8 of the level below, 2 at a time."""
    made = entries // (2 + (LEVELS - 1) * (INPUTS + OUTPUTS) // OUTPUTS) // OUTPUTS * OUTPUTS
    return [range(1 + level * made, 1 + (level + 1) * made) for level in range(LEVELS)]


def happened(levels: Sequence[range]) -> Iterator[Happened]:
    """Every event in order; always the same ones."""
    rng = random.Random(1)
    yield from (Happened((), (lot,)) for lot in levels[0])
    for below, level in itertools.pairwise(levels):
        for at in range(0, len(level), OUTPUTS):
            first = min(max(at - NEAR, 0), len(below) - 2 * NEAR)
            event = Happened(rng.sample(below[first : first + 2 * NEAR], INPUTS), level[at : at + OUTPUTS])
            yield event
            if rng.randrange(WRONG) == 0:
                yield Happened(event.inputs, event.outputs, wrong=True)


def _rows(index: int, event: Happened, holder: int) -> tuple[list[Any], list[Any], Any]:
    """The lots, entries and key of an event, as the sequencer writes them."""
    sign, mixed = (-1 if event.wrong else 1), bool(event.inputs) and not event.wrong
    drawn, made = GRAMS, GRAMS * INPUTS // OUTPUTS if event.inputs else GRAMS
    entries = [(index, lot, holder, "stock", -sign * drawn, mixed) for lot in event.inputs]
    entries += [(index, lot, holder, "stock", sign * made, mixed) for lot in event.outputs]
    entries += [] if event.inputs else [(index, None, holder, "collected", -made, False)]
    lots = [] if event.wrong else [
        (lot, f"http://127.0.0.1:8000/id/{lot:026}", f"{lot:026}", holder, None, "plastics.pet", "flake",
         "segregated", None, None, [], index, DAY)
        for lot in event.outputs
    ]  # fmt: skip
    named = index - 1 if event.wrong else index
    digest = hashlib.sha256(index.to_bytes(8)).digest()
    return lots, entries, (index, holder, f"ni:///sha-256;{named:064x}?ver=CBV2.0", digest, event.wrong, None)


async def build(world: Bench, levels: Sequence[range]) -> tuple[int, int]:
    """COPY the whole ledger in, beside the same events in layout E; answers how many events and entries there are."""
    owner = await asyncpg.connect(world.process.urls.owner)
    await owner.execute(LAYOUT)
    index = entered = 0
    events = happened(levels)
    while part := list(itertools.islice(events, STEP)):
        rows = [_rows(index + at, event, world.actor.organisation_id) for at, event in enumerate(part)]
        async with world.process.database.writer.acquire() as writer:
            await writer.copy_records_to_table("lot", columns=LOT, records=[lot for lots, _, _ in rows for lot in lots])
            entries = [entry for _, each, _ in rows for entry in each]
            await writer.copy_records_to_table("entry", columns=ENTRY, records=entries)
            await writer.copy_records_to_table("event_key", columns=KEY, records=[key for _, _, key in rows])
        numbered = list(enumerate(part, start=index))
        arrays = [(at, list(event.inputs), list(event.outputs)) for at, event in numbered]
        await owner.copy_records_to_table("e_event", records=arrays)
        incidences = [(lot, at, GRAMS, way) for at, event in numbered for way, lots in
                      enumerate((event.inputs, event.outputs)) for lot in lots]  # fmt: skip
        await owner.copy_records_to_table("e_incidence", records=incidences)
        index, entered = index + len(part), entered + len(entries)
    await world.process.database.writer.execute(
        "UPDATE log_head SET size = $1, record_time = now(), next_lot_id = $2", index, levels[-1].stop
    )
    for table in ("lot", "entry", "event_key", "e_event", "e_incidence"):
        await owner.execute(f"VACUUM ANALYZE {table}")
    await owner.close()
    return index, entered


async def stored(world: Bench, events: int) -> dict[str, float]:
    """Bytes an event of each table, with its indexes."""
    owner = await asyncpg.connect(world.process.urls.owner)
    names = ("entry", "event_key", "e_incidence", "e_event")
    sizes = {name: await owner.fetchval("SELECT pg_total_relation_size($1::text::regclass)", name) for name in names}
    await owner.close()
    return {name: size / events for name, size in sizes.items()}


@dataclass(frozen=True)
class Walked:
    """Milliseconds of each root (the median of its rounds): the recursive statement, the probes, the product's own
    function; lots of each answer."""

    statement: list[float]
    probes: list[float]
    function: list[float]
    lots: list[int]

    def told(self, name: str) -> str:
        """A line with the ratios of the goal."""
        (half, most), (bare, worst), (own, slow) = map(_p50_p99, (self.statement, self.probes, self.function))
        return (
            f"  {name}, {statistics.median(self.lots):,.0f} lots: statement {half:.2f} / {most:.2f} ms,"
            f" probes {bare:.2f} / {worst:.2f} ms: {half / bare:.2f} x (goal 1.5), {most / worst:.2f} x (goal 2);"
            f" trace() {own:.2f} / {slow:.2f} ms"
        )


def _p50_p99(taken: Sequence[float]) -> tuple[float, float]:
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]


async def walked(world: Bench, roots: Sequence[int]) -> Walked:
    """Each root's trace, again and again: the statement and the probes prepared, in turns, and the function."""
    taken = dict[int, list[tuple[float, float, float]]]()
    sizes = dict[int, int]()
    connection = await asyncpg.connect(world.process.urls.app)
    await connection.execute("SELECT set_config('junkan.scope', 'record', false)")
    limits = await asyncpg.connect(world.process.urls.app)
    await limits.execute("SELECT set_config('junkan.scope', 'record', false)")
    await limits.execute(NESTED)
    numbers = iter(range(1, 10))
    sql = re.sub(r":(lot|deepest|most)\b", lambda _: f"${next(numbers)}", BACK)
    statement, probes = await connection.prepare(sql), await limits.prepare(PROBES)
    async with world.process.database.begin(None, Scope.RECORD) as session:
        for again in range(ROUNDS + 1):
            for root in roots:
                began = time.perf_counter()
                rows = await statement.fetch(root, DEEPEST, MOST + 1)
                walk = time.perf_counter()
                lots = [row["id"] for row in rows]
                given = time.perf_counter()
                await probes.fetch(lots)
                bare = time.perf_counter()
                descent = await trace(session, root, "back")
                done = time.perf_counter()
                assert [each.lot_id for each in descent.lots] == lots and descent.complete
                sizes[root] = len(lots)
                if again:  # the first round warms
                    taken.setdefault(root, []).append((walk - began, bare - given, done - bare))
    await connection.close()
    await limits.close()
    typical = [[statistics.median(each) * 1000 for each in zip(*rounds, strict=True)] for rounds in taken.values()]
    statement_ms, probes_ms, function_ms = (list(each) for each in zip(*typical, strict=True))
    return Walked(statement_ms, probes_ms, function_ms, list(sizes.values()))


async def run(sizes: Sequence[int] = ENTRIES) -> list[str]:
    """Ratios of each size; the goals are 1.5 x (p50) and 2 x (p99) of the probes, 3 ms, 1.3 x of layout E, flat."""
    lines, before = [], dict[str, float]()
    for size in sizes:
        levels = levels_of(size)
        async with bench() as world:
            began = time.perf_counter()
            events, entries = await build(world, levels)
            built = time.perf_counter() - began
            bytes_of = await stored(world, events)
            rng = random.Random(2)
            found = {
                name: await walked(world, rng.sample(levels[level][-NEWEST:], count))
                for name, level, count in (("product trace", 2, ROOTS), ("deep trace", LEVELS - 1, ROOTS // 10))
            }
        lines.append(f"{entries:,} entries of {events:,} events, built in {built:.0f} s")
        for name, each in found.items():
            half = statistics.median(each.statement)
            flat = f"; {half / before[name]:.2f} x of the size before (goal 1.2)" if name in before else ""
            lines.append(each.told(name) + flat)
            before[name] = half
        layout = bytes_of["e_incidence"] + bytes_of["e_event"]
        lines.append(
            f"  stored an event: entries {bytes_of['entry']:.0f} B, keys {bytes_of['event_key']:.0f} B; layout E"
            f" {bytes_of['e_incidence']:.0f} B and {bytes_of['e_event']:.0f} B for its own rows: entries"
            f" {bytes_of['entry'] / bytes_of['e_incidence']:.2f} x, with keys"
            f" {(bytes_of['entry'] + bytes_of['event_key']) / layout:.2f} x (goal 1.3)"
        )
    return lines
