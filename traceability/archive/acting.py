"""Acting: a month of payloads leaves the database and comes back, each time as a leaf of the log."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import asyncpg

from foundation.access import Actor
from foundation.errors import Conflict, NotFound, Unavailable
from traceability.archive.checking import Against, check, check_row, log_row, payload_of
from traceability.archive.copying import Connection, Progress, rows_here
from traceability.archive.files import PART, PAYLOAD, BadCopy, Manifest, read_manifest, read_part
from traceability.archive.months import Month, MonthInUse, State, check_over, state
from traceability.preparing import fact
from traceability.sequencing.commands import Accepted, Command, IndexOf, Write
from traceability.sequencing.sequencer import Sequencer

PATIENCE: Final = "5s"
"""How long the table is waited for: whoever captures waits behind us."""
_ACT: Final = """
INSERT INTO archive_act (fact_index, month, act, first_index, last_index, manifest, acted_at)
SELECT $1, $2, $3, $4, $5, $6, $7 WHERE $3 <> coalesce(
    (SELECT act FROM archive_act WHERE month = $2 ORDER BY fact_index DESC LIMIT 1), 'attached')
"""


@dataclass(frozen=True, slots=True)
class Archivist:
    """What an act needs: the owner's address, the sequencer and its pool, the folder, who acts and when.

    `actor` answers for the act: it stands in the log under that person and their organisation.
    """

    owner: str
    writer: asyncpg.Pool
    sequencer: Sequencer
    folder: Path
    against: Against
    actor: Actor
    moment: datetime


async def detach(by: Archivist, month: Month, *, drop: bool, progress: Progress = lambda _: None) -> State:
    """Take a month's payloads out of the record, which stay beside it as a table of their own unless it is dropped.

    The copy is checked in this very run. Repeats what a run that died left undone. Raises MonthInUse, NotFound without
    a copy, BadCopy where it is not whole, Unavailable while somebody holds the table.
    """
    found = await state(by.writer, by.folder, by.moment, month)
    check_over(found)
    await _check_indexed(by.writer, found)
    if not found.copied:
        raise NotFound(
            f"There is no copy of {month.name} under {by.folder}.", field="month", value=month.name,
            fix=f"junkan archive take {month.name}",
        )  # fmt: skip
    manifest, digest = await check(
        by.writer, by.folder, month, by.against, here=found.place == "here", progress=progress
    )
    if found.act != "detached":
        await _record(by, month, "detached", manifest, digest)
    if found.place == "here":
        await _owner(by, _taken_out(month))
    if drop and found.place != "away":
        await _owner(by, f"DROP TABLE {month.table};")
    return await state(by.writer, by.folder, by.moment, month)


async def attach(by: Archivist, month: Month, progress: Progress = lambda _: None) -> State:
    """Bring a month's payloads back: the table that was kept, or one made of the copy; every row is checked again.

    Raises Conflict where they are in the record, NotFound where there is neither table nor copy, BadCopy.
    """
    found = await state(by.writer, by.folder, by.moment, month)
    if found.act != "detached":
        raise Conflict(f"The payloads of {month.name} are in the record.", field="month", value=month.name)
    if found.place == "away" and not found.copied:
        raise NotFound(
            f"There is no copy of {month.name} under {by.folder}.", field="month", value=month.name,
            fix="Put the folder of that month there.",
        )  # fmt: skip
    assert found.manifest is not None, "an act names its copy"
    manifest = None
    if found.place == "away":
        manifest, _ = await check(by.writer, by.folder, month, by.against, here=False, progress=progress)
    connection = await asyncpg.connect(by.owner)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('junkan.scope', 'record', true)")
            if manifest is not None:
                await _made_of_copy(connection, by.folder / month.name, month, manifest)
            if found.place != "here":
                await connection.execute(_put_back(month))
                await _check_back(connection, by, found)
    finally:
        await connection.close()
    await _record(by, month, "attached", found, found.manifest)
    return await state(by.writer, by.folder, by.moment, month)


async def _check_indexed(writer: asyncpg.Pool, found: State) -> None:
    """What events say is looked up in an index made of their payloads: it must have read them."""
    if await writer.fetchval("SELECT size FROM query_head") <= found.last:
        raise MonthInUse(
            f"The query index has not read all of {found.month.name} yet.", field="month", value=found.month.name,
            fix="Try again in a moment.",
        )  # fmt: skip


async def _record(
    by: Archivist, month: Month, act: Literal["detached", "attached"], copy: Manifest | State, digest: bytes
) -> Accepted:
    """The act as a leaf, and the row that says where the payloads are, in one commit."""
    body = {
        "type": "Archive", "act": act, "month": month.name, "firstIndex": copy.first, "lastIndex": copy.last,
        "facts": copy.facts, "manifest": digest.hex(), "by": by.actor.organisation_uri, "time": by.moment.isoformat(),
    }  # fmt: skip
    fact_id = f"urn:junkan:archive:{month.name}:{act}:{by.moment.isoformat()}"
    stated = fact("archive", body, fact_id, by.actor, by.moment, by.sequencer.controls.version)
    values = (IndexOf(), month.first, act, copy.first, copy.last, digest, by.moment)
    over = Conflict(f"Somebody else has {act} {month.name}.", field="month", value=month.name)
    return (await by.sequencer.submit(Command((stated,), (Write(_ACT, values, over),)))).accepted[0]


def _taken_out(month: Month) -> str:
    """The triggers that came with the parent go with it: what is kept keeps refusing to be changed."""
    return (
        f"ALTER TABLE event_payload DETACH PARTITION {month.table};"
        f"CREATE TRIGGER {month.table}_stays BEFORE INSERT OR UPDATE OR DELETE ON {month.table} FOR EACH ROW"
        " EXECUTE FUNCTION junkan_only_grows();"
    )


def _put_back(month: Month) -> str:
    begins, ends = month.begins.isoformat(), month.ends.isoformat()
    return (
        f"DROP TRIGGER IF EXISTS {month.table}_stays ON {month.table};"
        f"ALTER TABLE event_payload ATTACH PARTITION {month.table} FOR VALUES FROM ('{begins}') TO ('{ends}');"
    )


async def _owner(by: Archivist, statements: str) -> None:
    connection = await asyncpg.connect(by.owner)
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            await connection.execute(statements)
    except asyncpg.LockNotAvailableError as fault:
        raise Unavailable(
            "Somebody has been reading the payloads for too long.", fix="Send the same command again in a moment."
        ) from fault
    finally:
        await connection.close()


async def _made_of_copy(connection: Connection, place: Path, month: Month, manifest: Manifest) -> None:
    """A table like the others with the rows of the copy, which was checked before."""
    await connection.execute(f"CREATE TABLE {month.table} (LIKE event_payload INCLUDING ALL)")
    for part in manifest.parts:
        if part.table == "event_payload":
            rows = await asyncio.to_thread(read_part, place, part)
            await connection.copy_records_to_table(month.table, columns=list(PAYLOAD), records=rows.iter_rows())
    await connection.execute("SELECT junkan_guard_partition($1)", month.table)


async def _check_back(connection: Connection, by: Archivist, found: State) -> None:
    """Every payload that came back is the one that its leaf commits to; with the copy at hand, none is missing."""
    count = 0
    for first in range(found.first, found.last + 1, PART):
        below = min(first + PART, found.last + 1)
        events = await rows_here(connection, "event", found.month, first, below)
        payloads = await rows_here(connection, "event_payload", found.month, first, below)
        kept = {row["index"]: payload_of(row) for row in payloads.iter_rows(named=True)}
        for row in events.iter_rows(named=True):
            check_row(log_row(row, kept.get(row["index"])), by.against.event_hash)
        count += len(kept)
    if found.copied:
        manifest, _ = await asyncio.to_thread(read_manifest, by.folder / found.month.name)
        if count != manifest.facts - manifest.erased:
            raise BadCopy(f"{found.month.name}: {count} payloads came back, not {manifest.facts - manifest.erased}")
