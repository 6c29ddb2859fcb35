"""Copying: a month's facts, with every column of both their tables, out of the database and into Parquet."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

import asyncpg
import polars as pl

from foundation.errors import Conflict, NotFound
from traceability.archive.files import EVENT, PART, Manifest, Table, frame, sync, write_manifest, write_part
from traceability.archive.months import Month, State, check_over

Connection: TypeAlias = asyncpg.Connection
Progress = Callable[[int], None]
"""Told now and then how many facts are done."""

_COLUMNS: Final[dict[Table, str]] = {
    "event": ", ".join(EVENT),
    "event_payload": "index, record_time, organisation_id, body, document::text, context::text, fields::text, salt",
}
_CHECKPOINT: Final = "SELECT note FROM checkpoint WHERE size > $1 ORDER BY size LIMIT 1"


async def rows_here(connection: Connection, table: Table, month: Month, first: int, below: int) -> pl.DataFrame:
    """The rows of these indexes as the database has them; its times say in which partition to look."""
    statement = (
        f"SELECT {_COLUMNS[table]} FROM {table}"  # noqa: S608 - names of our own
        " WHERE record_time >= $1 AND record_time < $2 AND index >= $3 AND index < $4 ORDER BY index"
    )
    rows = await connection.fetch(statement, month.begins, month.ends, first, below)
    return await asyncio.to_thread(frame, table, rows)


async def copy(writer: asyncpg.Pool, folder: Path, found: State, progress: Progress = lambda _: None) -> Manifest:
    """Write the month into the archive `folder`, whole or not at all; it is not yet checked.

    Raises MonthInUse, NotFound where the database has the payloads no more or no checkpoint covers the month, Conflict
    where there is a copy already.
    """
    check_over(found)
    month = found.month
    if found.place != "here":
        raise NotFound(
            f"The payloads of {month.name} are not in the record.", field="month", value=month.name,
            fix="Attach them first.",
        )  # fmt: skip
    if found.copied:
        raise Conflict(
            f"There is a copy of {month.name} already.", field="month", value=month.name,
            fix="Check it, or move its folder away to take another one.",
        )  # fmt: skip
    draft = folder / f".{month.name}.draft"
    await asyncio.to_thread(_fresh, draft)
    async with writer.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        note = await connection.fetchval(_CHECKPOINT, found.last)
        if note is None:
            raise NotFound("No checkpoint covers this month yet.", field="month", value=month.name)
        manifest = await _parts(connection, draft, found, note, progress)
    await asyncio.to_thread(_settle, draft, folder / month.name, manifest)
    return manifest


async def _parts(connection: Connection, draft: Path, found: State, note: str, progress: Progress) -> Manifest:
    parts, payloads = [], 0
    for number, first in enumerate(range(found.first, found.last + 1, PART)):
        last = min(first + PART - 1, found.last)
        for table in _COLUMNS:
            rows = await rows_here(connection, table, found.month, first, last + 1)
            parts.append(await asyncio.to_thread(write_part, draft, table, number, first, last, rows))
            payloads += rows.height if table == "event_payload" else 0
        progress(last + 1 - found.first)
    name, facts = found.month.name, found.facts
    return Manifest(name, found.first, found.last, facts, facts - payloads, note, tuple(parts))


def _fresh(draft: Path) -> None:
    shutil.rmtree(draft, ignore_errors=True)  # of a run that died
    draft.mkdir(parents=True)


def _settle(draft: Path, place: Path, manifest: Manifest) -> None:
    write_manifest(draft, manifest)
    sync(draft)
    draft.rename(place)
    sync(place.parent)
