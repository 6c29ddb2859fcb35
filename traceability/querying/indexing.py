"""Indexing: what is committed becomes findable, behind the record and never in its way; anyone may bring it up."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg

from foundation.errors import Unavailable
from traceability.archive.reading import AWAY, STAY, Away, away_of
from traceability.eventhash.normal import prefixes
from traceability.events.reading import read
from traceability.querying.extensions import hashed
from traceability.querying.facts import VERSION, facts_of

STEP: Final = 500
"""Facts of the log that are read and committed at a time."""

BREATH: Final = 20
"""Events that are read before whoever captures has a turn again: about 5 ms."""

_BEHIND: Final = "SELECT l.size > q.size OR q.version <> $1 FROM log_head l, query_head q"
_HEAD: Final = "SELECT size, version FROM query_head FOR UPDATE"
_NEXT: Final = """
SELECT e.index, e.organisation_id, e.kind, p.body, p.context FROM event e
LEFT JOIN event_payload p ON e.kind = 'epcis' AND p.index = e.index AND p.record_time = e.record_time
WHERE e.index >= $1 ORDER BY e.index LIMIT $2
"""
_VALUES: Final = """
INSERT INTO event_value (organisation_id, kind, value)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING
"""
_PREFIXES: Final = """
INSERT INTO event_prefix (organisation_id, prefix, namespace)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING
"""
LONGEST: Final = 2000
"""Characters of a value that is listed: a B-tree holds no row above 2,704 bytes."""

Row = Mapping[str, Any]


async def bring_up(writer: asyncpg.Pool) -> int:
    """Index all that is committed now; returns how many facts of the log were read. Safe from many processes."""
    done = 0
    async with writer.acquire() as connection:
        while await connection.fetchval(_BEHIND, VERSION):
            read_now = await _step(connection)
            if not read_now:
                break
            done += read_now
    return done


async def _step(connection: asyncpg.Connection) -> int:
    """The next facts of the log, in one transaction; whoever else indexes waits for it and goes on behind it."""
    async with connection.transaction():
        size, version = await connection.fetchrow(_HEAD)
        if version > VERSION:
            return 0  # a newer process reads events in a newer way: it indexes for us
        if version < VERSION:
            for table in ("event_term", "event_number", "event_value", "event_prefix"):
                await connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own
            size = 0
        await connection.execute(STAY)
        away = away_of(await connection.fetch(AWAY))
        rows = await connection.fetch(_NEXT, size, STEP)
        _check_here(rows, away)
        await _write(connection, rows)
        if rows or version < VERSION:
            after = rows[-1]["index"] + 1 if rows else size
            await connection.execute("UPDATE query_head SET size = $1, version = $2", after, VERSION)
        return len(rows)


def _check_here(rows: Sequence[Row], months: Sequence[Away]) -> None:
    """An index made again reads every text: raises Unavailable where a month's are in the archive, never skips them."""
    for month in months:
        if any(month.holds(row["index"]) and row["kind"] == "epcis" and row["body"] is None for row in rows):
            name = month.month.name
            raise Unavailable(
                f"The query index is made again, and the events of {name} are in the archive.", field="month",
                value=name, fix=f"junkan archive attach {name}: it can leave again when the index has read it.",
            )  # fmt: skip


async def _write(connection: asyncpg.Connection, rows: Sequence[Row]) -> None:
    terms: set[tuple[int, int, int, int]] = set()
    numbers: set[tuple[int, int, str, str | None, int]] = set()
    values: set[tuple[int, str, str]] = set()
    bound: set[tuple[int, str, str]] = set()
    for at, row in enumerate(rows):
        if at % BREATH == 0:
            await asyncio.sleep(0)
        if row["body"] is None:  # no event, or one whose text was erased
            continue
        event, owner, index = read(row["body"].encode()), row["organisation_id"], row["index"]
        facts = facts_of(event, row["context"])
        terms |= {(owner, hashed(name), hashed(value), index) for name, value in facts.terms}
        numbers |= {(owner, hashed(name), number[:LONGEST], unit, index) for name, number, unit in facts.numbers}
        values |= {(owner, kind, value) for kind, value in facts.values if len(value.encode()) <= LONGEST}
        for context in (row["context"], event.get("@context")):
            bound |= {
                (owner, prefix, namespace)
                for prefix, namespace in prefixes(context).items()
                if len(prefix) + len(namespace.encode()) <= LONGEST
            }
    await connection.copy_records_to_table("event_term", records=sorted(terms))
    columns = ("organisation_id", "field", "number", "unit", "event_index")
    await connection.copy_records_to_table("event_number", columns=columns, records=list(numbers))
    for statement, found in ((_VALUES, values), (_PREFIXES, bound)):
        if found:
            # In one order, so that no two indexers could wait for each other's rows.
            await connection.execute(statement, *(list(column) for column in zip(*sorted(found), strict=True)))
