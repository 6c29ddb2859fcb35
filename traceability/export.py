"""Export: the whole log out of the database and the archive, as the rows that anyone can check offline."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import asyncpg

from foundation.keys import KeyRing
from traceability.archive.files import BadCopy
from traceability.archive.months import NotAtHand
from traceability.archive.reading import AWAY, STAY, Away, away_of, check_copied, payloads_of
from traceability.bundle import BalanceLine, EntryLine, Finding, LogRow, Payload, check_log, write_bundle
from traceability.eventhash import event_hash
from traceability.extracted import differing
from traceability.log import micros, sign_head
from traceability.tree.checkpoint import BadNote, Verifier, format_vkey, open_checkpoint
from traceability.tree.leaf import leaf_data
from traceability.tree.merkle import Frontier, leaf_hash

FACTS: Final = """
SELECT e.index, e.kind, e.event_hash, e.root, e.record_time, p.body, p.context, p.salt, p.fields
FROM event e LEFT JOIN event_payload p ON p.index = e.index AND p.record_time = e.record_time ORDER BY e.index
"""
ENTRIES: Final = """
SELECT n.event_index, l.uri, o.uri, n.account, n.grams FROM entry n
JOIN organisation o ON o.id = n.holder LEFT JOIN lot l ON l.id = n.lot_id
ORDER BY n.event_index, coalesce(l.uri, '') COLLATE "C", o.uri COLLATE "C", n.account COLLATE "C", n.grams
"""
BALANCES: Final = """
SELECT l.uri, o.uri, b.account, b.free, b.reserved FROM balance b
JOIN organisation o ON o.id = b.holder JOIN lot l ON l.id = b.lot_id
ORDER BY l.uri COLLATE "C", o.uri COLLATE "C", b.account COLLATE "C"
"""


@dataclass(frozen=True, slots=True)
class WholeLog:
    """Everything at one moment, under a checkpoint signed over exactly that.

    `away`: months whose payloads are in the archive; `damaged`: what is wrong with their copies there.
    """

    rows: list[LogRow]
    entries: list[EntryLine]
    balances: list[BalanceLine]
    note: str
    vkey: str
    away: tuple[Away, ...] = ()
    damaged: tuple[Finding, ...] = ()


def _row(row: Any) -> LogRow:
    payload = None if row["body"] is None else Payload(row["body"], row["context"], row["salt"], row["fields"])
    return LogRow(row["index"], row["kind"], row["event_hash"], row["root"], micros(row["record_time"]), payload)


async def whole_log(
    pool: asyncpg.Pool, keys: KeyRing, origin: str, progress: Callable[[int], None] = lambda _: None,
    archive: Path | None = None,
) -> WholeLog:  # fmt: skip
    """Read the whole log in one snapshot of the database; what left it, out of the `archive`, where it is at hand."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        await connection.execute(STAY)
        note = await sign_head(connection, keys.active, origin)
        rows: list[LogRow] = []
        async for row in connection.cursor(FACTS, prefetch=2_000):
            rows.append(_row(row))
            if len(rows) % 1_000 == 0:
                progress(len(rows))
        entries = [EntryLine(*row) for row in await connection.fetch(ENTRIES)]
        balances = [BalanceLine(*row) for row in await connection.fetch(BALANCES)]
        away = tuple(away_of(await connection.fetch(AWAY)))
    vkey = format_vkey(origin, keys.active.public)
    damaged = [found for each in away for found in await asyncio.to_thread(_fill, rows, each, archive)]
    return WholeLog(rows, entries, balances, note, vkey, away, tuple(damaged))


def _fill(rows: list[LogRow], month: Away, archive: Path | None) -> list[Finding]:
    """Put the payloads of a month into its rows, or into each where they are; answers what is wrong with the copy."""
    name, found = month.month.name, list[Finding]()
    kept: dict[int, Payload] | None = None
    try:
        kept = payloads_of(archive, month.month)
    except NotAtHand:
        pass  # each row says so
    except BadCopy as fault:
        found.append(Finding("ARCHIVE", name, None, None, f"{fault}."))
    for index in range(month.first, month.last + 1):
        row = rows[index]
        if row.payload is None:
            rows[index] = replace(row, away=name) if kept is None else replace(row, payload=kept.get(index))
    return found


async def export(
    pool: asyncpg.Pool, keys: KeyRing, origin: str, folder: Path, progress: Callable[[int], None] = lambda _: None,
    archive: Path | None = None,
) -> int:  # fmt: skip
    """Write the whole log as a bundle into a new folder; answers how many facts.

    Raises FileExistsError, NotAtHand where a month is in the archive and that is not at hand, BadCopy where it is not
    whole: a bundle has everything or is not written.
    """
    log = await whole_log(pool, keys, origin, progress, archive)
    for fault in log.damaged:
        raise BadCopy(fault.sentence)
    for month in log.away:
        check_copied(archive, month.month)
    write_bundle(folder, log.rows, log.entries, log.balances, log.note, log.vkey)
    return len(log.rows)


async def verify_database(
    pool: asyncpg.Pool, keys: KeyRing, origin: str, progress: Callable[[int], None] = lambda _: None,
    archive: Path | None = None,
) -> tuple[Finding, ...]:  # fmt: skip
    """Check the log as it stands in the database like an exported bundle, and against every checkpoint ever signed;
    then what stands beside it in columns against its own text.

    No fault among the findings means that nothing was altered, also not by somebody who rewrote the tiles. What is in
    the `archive` is checked there; where that is not at hand, a note names the month and how many facts.
    """
    log = await whole_log(pool, keys, origin, archive=archive)
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        beside = await differing(connection)
    found = check_log(log.rows, log.entries, log.balances, log.note, (log.vkey,), event_hash, progress)
    signed = await pool.fetch("SELECT size, root, note FROM checkpoint ORDER BY size")
    verifiers = tuple(Verifier(origin, key) for key in keys.public)
    stands = _against(log.rows, [(row["size"], row["root"], row["note"]) for row in signed], verifiers)
    return (*log.damaged, *found, *stands, *([beside] if beside else []))


def _against(
    rows: Sequence[LogRow], signed: Sequence[tuple[int, bytes, str]], verifiers: Sequence[Verifier]
) -> Iterator[Finding]:
    """The first checkpoint whose signature is wrong, or that the leaves do not lead to."""
    tree = Frontier()
    for size, root, note in signed:
        added = rows[tree.size : size]
        tree = tree.append(
            [leaf_hash(leaf_data(row.kind, row.event_hash, row.root, row.record_time_us)) for row in added]
        )
        try:
            stated = open_checkpoint(note, verifiers)
        except BadNote as fault:
            yield Finding("CHECKPOINT_SIGNATURE", "checkpoint", 1, size, f"Checkpoint {size}: {fault}.")
            return
        if not size == tree.size == stated.size or not root == tree.root() == stated.root:
            yield Finding("CHECKPOINT_ROOT", "checkpoint", 1, size, f"The log no longer leads to checkpoint {size}.")
            return
