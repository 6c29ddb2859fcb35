"""Checking: the copy of a month, row by row, against the leaves of the log, a signed checkpoint and its own table."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
import polars as pl

from traceability.archive.copying import Progress, rows_here
from traceability.archive.files import BadCopy, Manifest, Part, Table, digest_of, read_manifest, read_part
from traceability.archive.months import Month
from traceability.bundle.checks import EventHash, check_payload
from traceability.bundle.report import Report
from traceability.bundle.rows import LogRow, Payload
from traceability.log import micros, tiles_at
from traceability.tree.checkpoint import BadNote, Checkpoint, Verifier, open_checkpoint
from traceability.tree.leaf import leaf_data
from traceability.tree.merkle import inclusion_proof, leaf_hash, verify_inclusion
from traceability.tree.tiles import WIDTH, Tile, inclusion_tiles, nodes

HASH: Final = 32
_CHECKPOINT: Final = "SELECT root FROM checkpoint WHERE size = $1"


@dataclass(frozen=True, slots=True)
class Against:
    """What a copy is held against: the log's own keys, and how an EPCIS event is hashed."""

    verifiers: Sequence[Verifier]
    event_hash: EventHash


def log_row(event: Mapping[str, Any], payload: Payload | None) -> LogRow:
    """A fact of the copy, or of the table, as the log's checks take it."""
    time = micros(event["record_time"])
    return LogRow(event["index"], event["kind"], event["event_hash"], event["root"], time, payload)


def payload_of(row: Mapping[str, Any]) -> Payload:
    """The payload in a row of the copy. Raises BadCopy where it cannot be read."""
    try:
        context = None if row["context"] is None else msgspec.json.decode(row["context"])
        return Payload(row["body"], context, row["salt"], msgspec.json.decode(row["fields"]))
    except (msgspec.DecodeError, TypeError) as fault:
        raise BadCopy(f"Fact {row['index']}: the payload cannot be read: {fault}.") from fault


def check_row(row: LogRow, event_hash: EventHash) -> None:
    """Text, salt and added fields are those that the leaf commits to. Raises BadCopy naming the fact."""
    report = Report()
    if row.payload is not None:
        check_payload(report, row, row.payload, event_hash)
    for fault in report.faults.values():
        raise BadCopy(fault.sentence)


async def check(
    writer: asyncpg.Pool, folder: Path, month: Month, against: Against, *, here: bool,
    progress: Progress = lambda _: None,
) -> tuple[Manifest, bytes]:  # fmt: skip
    """Every row of a month's copy: its file's digest, its leaf under the copy's checkpoint, its payload under its root.

    `here`: the payloads are still in the record, so each column must also be as it stands there. Answers the manifest
    and its SHA-256. Raises BadCopy, FileNotFoundError where there is no copy.
    """
    place = folder / month.name
    manifest, digest = await asyncio.to_thread(read_manifest, place)
    signed = await _signed(writer, manifest, month, against)
    expected, payloads = manifest.first, 0
    for events, kept in _pairs(manifest):
        if events.first != expected:
            raise BadCopy(f"{place.name}: the facts from {expected} on are in no part")
        leaves = await _leaves(writer, events, signed)
        found = await asyncio.to_thread(read_part, place, events), await asyncio.to_thread(read_part, place, kept)
        # The row that is wrong is told before the file that it is in: nobody can look for one among thousands.
        await asyncio.to_thread(_check_part, *found, events, leaves, against.event_hash)
        await asyncio.to_thread(_check_bytes, place, events, kept)
        if here:
            await _as_in_table(writer, month, events, found)
        expected, payloads = events.last + 1, payloads + found[1].height
        progress(expected - manifest.first)
    if (expected, payloads) != (manifest.last + 1, manifest.facts - manifest.erased):
        raise BadCopy(
            f"{place.name}: the parts hold {payloads} payloads up to fact {expected - 1}, not all of the month"
        )
    return manifest, digest


async def _signed(writer: asyncpg.Pool, manifest: Manifest, month: Month, against: Against) -> Checkpoint:
    """The checkpoint in the manifest: signed by us, one that we published, and over the whole month."""
    try:
        signed = open_checkpoint(manifest.checkpoint, against.verifiers)
    except (BadNote, ValueError) as fault:
        raise BadCopy(f"{month.name}: its checkpoint does not hold: {fault}") from fault
    if await writer.fetchval(_CHECKPOINT, signed.size) != signed.root:
        raise BadCopy(f"{month.name}: its checkpoint of {signed.size} facts is none of this log")
    if manifest.month != month.name or not manifest.first <= manifest.last < signed.size:
        raise BadCopy(f"{month.name}: its manifest is that of another month")
    return signed


def _pairs(manifest: Manifest) -> list[tuple[Part, Part]]:
    events = [each for each in manifest.parts if each.table == "event"]
    payloads = {(each.first, each.last): each for each in manifest.parts if each.table == "event_payload"}
    missing = next((each for each in events if (each.first, each.last) not in payloads), None)
    if missing is not None or len(events) != len(payloads):
        raise BadCopy(f"{manifest.month}: events and payloads are not in parts of the same facts")
    return [(each, payloads[each.first, each.last]) for each in events]


def _check_bytes(place: Path, *parts: Part) -> None:
    """Each file of the bytes that the manifest says."""
    for each in parts:
        if digest_of(place, each) != each.sha256:
            raise BadCopy(f"{place.name}/{each.file} is not of the bytes that its manifest says")


async def _leaves(writer: asyncpg.Pool, part: Part, signed: Checkpoint) -> dict[int, bytes]:
    """The leaf hashes of these facts out of the log's tiles, each tile proved under the checkpoint.

    The proof of a tile's first leaf is made of all its other hashes, so it proves the tile whole.
    """
    numbers = range(part.first // WIDTH, part.last // WIDTH + 1)
    wanted: set[Tile] = {(0, number) for number in numbers}
    wanted = wanted.union(*(inclusion_tiles(number * WIDTH, signed.size) for number in numbers))
    tiles = await tiles_at(writer, wanted)
    return await asyncio.to_thread(_proved, tiles, part, numbers, signed)


def _proved(tiles: Mapping[Tile, bytes], part: Part, numbers: range, signed: Checkpoint) -> dict[int, bytes]:
    node = nodes(lambda level, number: tiles[level, number])
    found = {}
    for number in numbers:
        first, hashes = number * WIDTH, tiles.get((0, number), b"")
        try:
            path = inclusion_proof(first, signed.size, node)
        except (KeyError, ValueError) as fault:
            raise BadCopy(f"the log has no tiles for fact {first}: {fault}") from fault
        if not verify_inclusion(first, signed.size, hashes[:HASH], path, signed.root):
            raise BadCopy(f"the log's own tile 0/{number} is not that of checkpoint {signed.size}")
        for at in range(max(first, part.first), min(first + WIDTH - 1, part.last) + 1):
            found[at] = hashes[(at - first) * HASH : (at - first + 1) * HASH]
    return found


def _check_part(
    events: pl.DataFrame, payloads: pl.DataFrame, part: Part, leaves: Mapping[int, bytes], event_hash: EventHash
) -> None:
    kept = {row["index"]: row for row in payloads.iter_rows(named=True)}
    if len(kept) != payloads.height or events["index"].to_list() != list(range(part.first, part.last + 1)):
        raise BadCopy(f"{part.file}: it does not hold the facts {part.first} to {part.last} once each")
    for event in events.iter_rows(named=True):
        payload = kept.pop(event["index"], None)
        row = log_row(event, None if payload is None else payload_of(payload))
        leaf = leaf_hash(leaf_data(row.kind, row.event_hash, row.root, row.record_time_us))
        if leaf != leaves[row.index]:
            raise BadCopy(f"Fact {row.index}: kind, hash, root or time are not those of its leaf.")
        check_row(row, event_hash)
    for index in kept:
        raise BadCopy(f"Fact {index}: its payload is in a part of other facts.")


async def _as_in_table(
    writer: asyncpg.Pool, month: Month, part: Part, found: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    """Every column of every row as the database has it, none missing in the copy and none too many."""
    async with writer.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        tables: tuple[Table, Table] = ("event", "event_payload")
        for table, copied in zip(tables, found, strict=True):
            there = await rows_here(connection, table, month, part.first, part.last + 1)
            if not there.equals(copied):
                raise BadCopy(_other(there, copied))


def _other(there: pl.DataFrame, copied: pl.DataFrame) -> str:
    mine = {row["index"]: row for row in copied.iter_rows(named=True)}
    for row in there.iter_rows(named=True):
        if (same := mine.pop(row["index"], None)) != row:
            names = sorted(name for name in row if same is None or same[name] != row[name])
            return f"Fact {row['index']}: {', '.join(names)} are not as in the database."
    return f"Fact {min(mine)}: the database has no such row."
