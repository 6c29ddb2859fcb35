"""Files: a month's rows as Parquet parts under a manifest, and read again from there."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import polars as pl

Table = Literal["event", "event_payload"]

MANIFEST: Final = "manifest.json"
PART: Final = 20_000
"""Facts of a part: its rows of both tables are in memory at once, about 150 MB."""
GROUP: Final = 2_000
"""Rows that are read from the disk for one."""

_MOMENT: Final = pl.Datetime("us", "UTC")
EVENT: Final[dict[str, Any]] = {
    "index": pl.Int64, "record_time": _MOMENT, "kind": pl.String, "organisation_id": pl.Int64, "actor": pl.String,
    "facility_id": pl.Int64, "event_id": pl.String, "event_hash": pl.Binary, "root": pl.Binary,
    "event_time": _MOMENT, "event_day": pl.Date, "event_type": pl.String, "action": pl.String, "biz_step": pl.String,
    "disposition": pl.String, "transformation_id": pl.String, "outcome": pl.String, "reasons": pl.List(pl.String),
    "flags": pl.List(pl.String), "backfill": pl.Boolean, "rules": pl.String,
}  # fmt: skip
PAYLOAD: Final[dict[str, Any]] = {
    "index": pl.Int64, "record_time": _MOMENT, "organisation_id": pl.Int64, "body": pl.String, "document": pl.String,
    "context": pl.String, "fields": pl.String, "salt": pl.Binary,
}  # fmt: skip
SCHEMAS: Final[dict[Table, dict[str, Any]]] = {"event": EVENT, "event_payload": PAYLOAD}


class BadCopy(ValueError):
    """The copy of a month is not what it must be; the sentence names the file, and the fact where it can."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file: `rows` of `table` among the facts `first`..`last`; `sha256` of its bytes, in hex."""

    file: str
    table: Table
    first: int
    last: int
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a copy holds: `facts` of a month from index `first` to `last`, of which `erased` have no payload.

    `checkpoint` is the signed note under which every one of them was proved when the copy was made.
    """

    month: str
    first: int
    last: int
    facts: int
    erased: int
    checkpoint: str
    parts: tuple[Part, ...]
    version: int = 1


def frame(table: Table, rows: Iterable[Sequence[Any]]) -> pl.DataFrame:
    """Rows of a table as the database gives them (JSON as text), exact."""
    return pl.DataFrame([tuple(row) for row in rows], schema=SCHEMAS[table], orient="row")


def write_part(folder: Path, table: Table, number: int, first: int, last: int, rows: pl.DataFrame) -> Part:
    """One file, on the disk when this returns."""
    path = folder / f"{table}-{number:05}.parquet"
    with path.open("wb") as file:
        rows.write_parquet(file, compression="zstd", statistics=True, row_group_size=GROUP)
    sync(path)
    content = path.read_bytes()
    return Part(path.name, table, first, last, rows.height, len(content), hashlib.sha256(content).hexdigest())


def sync(path: Path) -> None:
    """A file or folder is on the disk when this returns."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Last of all: a folder without it is no copy."""
    path = folder / MANIFEST
    path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
    sync(path)


def read_manifest(folder: Path) -> tuple[Manifest, bytes]:
    """The manifest of a copy, and the SHA-256 of its bytes. Raises BadCopy, FileNotFoundError where there is none."""
    content = (folder / MANIFEST).read_bytes()
    try:
        found = msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as fault:
        raise BadCopy(f"{folder.name}/{MANIFEST} cannot be read: {fault}") from fault
    if any(Path(each.file).name != each.file for each in found.parts) or found.version != 1:
        raise BadCopy(f"{folder.name}/{MANIFEST} is not of a version that is known here")
    return found, hashlib.sha256(content).digest()


def read_part(folder: Path, part: Part) -> pl.DataFrame:
    """All rows of a part, in order. Raises BadCopy where it is missing, cannot be read or has another shape."""
    return _read(folder, part, None)


def read_rows(folder: Path, part: Part, indexes: Sequence[int]) -> pl.DataFrame:
    """These of its rows. Raises BadCopy."""
    return _read(folder, part, indexes)


def _read(folder: Path, part: Part, indexes: Sequence[int] | None) -> pl.DataFrame:
    name = f"{folder.name}/{part.file}"
    try:
        rows = pl.scan_parquet(folder / part.file)
        found = (rows if indexes is None else rows.filter(pl.col("index").is_in(list(indexes)))).collect()
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as fault:
        told = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
        raise BadCopy(f"{name} (facts {part.first} to {part.last}) cannot be read: {told}") from fault
    if dict(found.schema) != SCHEMAS[part.table]:
        raise BadCopy(f"{name} has other columns than the record")
    return found


def digest_of(folder: Path, part: Part) -> str:
    """The SHA-256 of a part's bytes, in hex. Raises BadCopy where the file is missing."""
    try:
        with (folder / part.file).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as fault:
        raise BadCopy(f"{folder.name}/{part.file} cannot be read: {fault.strerror}") from fault
