"""Files: a bundle written and read line by line, in exactly one spelling, so that no byte can change unseen."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, zip_longest
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, TypeVar

from traceability.bundle.rows import (
    BALANCES,
    CHECKPOINT,
    ENTRIES,
    LEAVES,
    PAYLOADS,
    VKEY,
    BadLine,
    BalanceLine,
    EntryLine,
    LogRow,
    Payload,
)
from traceability.tree.canonical import canonical
from traceability.tree.leaf import leaf_data, microseconds, rfc3339
from traceability.tree.merkle import leaf_hash

LEAF_KEYS: Final = frozenset({"index", "kind", "event_hash", "root", "time", "leaf"})
PAYLOAD_KEYS: Final = frozenset({"index", "body", "context", "salt", "fields"})
_ERASED: Final = (None, None, None, None)

Line = TypeVar("Line")
Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle as read: each iterable is read once, from the disk, while it is checked."""

    checkpoint: str
    vkey: str
    rows: Iterable[LogRow]
    entries: Iterable[EntryLine]
    balances: Iterable[BalanceLine]


def write_bundle(
    path: Path,
    rows: Iterable[LogRow],
    entries: Iterable[EntryLine],
    balances: Iterable[BalanceLine],
    checkpoint: str,
    vkey: str,
) -> None:
    """Write a bundle into a new folder. `entries` come by event index, `balances` in any order.

    Raises FileExistsError, and ValueError where a value has no form that could be read back.
    """
    path.mkdir(parents=True)
    (path / CHECKPOINT).write_bytes(checkpoint.encode())
    (path / VKEY).write_bytes(f"{vkey.strip()}\n".encode())
    with (path / LEAVES).open("wb") as leaves, (path / PAYLOADS).open("wb") as payloads:
        for row in rows:
            leaves.write(canonical(_leaf(row)) + b"\n")
            payloads.write(canonical(_payload(row)) + b"\n")
    with (path / ENTRIES).open("wb") as out:
        out.write(_csv(EntryLine._fields))
        for _, group in groupby(entries, key=attrgetter("event_index")):
            out.writelines(_csv(each) for each in sorted(group, key=in_order))
    with (path / BALANCES).open("wb") as out:
        out.write(_csv(BalanceLine._fields))
        out.writelines(_csv(each) for each in sorted(balances))


def in_order(entry: EntryLine) -> tuple[int, str, str, str, int]:
    """The order of entries in a bundle; no lot comes first."""
    return (entry.event_index, entry.lot or "", entry.holder, entry.account, entry.grams)


def _leaf(row: LogRow) -> dict[str, Any]:
    leaf = row.leaf or leaf_hash(leaf_data(row.kind, row.event_hash, row.root, row.record_time_us))
    return {
        "index": row.index,
        "kind": row.kind,
        "event_hash": row.event_hash.hex(),
        "root": row.root.hex(),
        "time": rfc3339(row.record_time_us),
        "leaf": leaf.hex(),
    }


def _payload(row: LogRow) -> dict[str, Any]:
    kept = row.payload
    body, context, salt, fields = _ERASED if kept is None else (kept.body, kept.context, kept.salt.hex(), kept.fields)
    return {"index": row.index, "body": body, "context": context, "salt": salt, "fields": fields}


def _csv(values: Sequence[Any]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(["" if each is None else each for each in values])
    text = out.getvalue()
    if text.count("\n") != 1 or "\r" in text:
        raise ValueError(f"a value holds a line break: {values!r}")
    return text.encode()


def read_bundle(path: Path) -> Bundle:
    """Open a bundle. Raises BadLine here for a missing file or a bad vkey, later while a bad line is read."""
    for file in (CHECKPOINT, VKEY, LEAVES, PAYLOADS, ENTRIES, BALANCES):
        if not (path / file).is_file():
            raise BadLine(file, None, "is missing")
    vkey = _text(path, VKEY)
    if vkey != f"{vkey.strip()}\n":
        raise BadLine(VKEY, 1, "is not one line that holds a verifier key")
    return Bundle(
        _text(path, CHECKPOINT),
        vkey.strip(),
        _rows(path),
        _table(path, ENTRIES, EntryLine._fields, _entry),
        _table(path, BALANCES, BalanceLine._fields, _balance),
    )


def _text(path: Path, file: str) -> str:
    try:
        return (path / file).read_bytes().decode()
    except UnicodeDecodeError as fault:
        raise BadLine(file, None, "is not UTF-8") from fault


def _rows(path: Path) -> Iterator[LogRow]:
    leaves = _lines(path, LEAVES, _jcs(LEAF_KEYS, _read_leaf), header=None)
    payloads = _lines(path, PAYLOADS, _jcs(PAYLOAD_KEYS, _read_payload), header=None)
    for line, (leaf, payload) in enumerate(zip_longest(leaves, payloads), start=1):
        if leaf is None or payload is None or payload[0] != leaf.index:
            # The file whose index is the due one is right, and the other one is wrong.
            leaf_is_right = leaf.index == line - 1 if leaf else payload is None or payload[0] != line - 1
            wrong, right = (PAYLOADS, LEAVES) if leaf_is_right else (LEAVES, PAYLOADS)
            raise BadLine(wrong, line, f"does not belong to the same line of {right}: one of them is missing or moved")
        yield LogRow(leaf.index, leaf.kind, leaf.event_hash, leaf.root, leaf.record_time_us, payload[1], leaf.leaf)


def _lines(path: Path, file: str, parse: Callable[[bytes], Line], header: bytes | None) -> Iterator[Line]:
    """Each line parsed. Raises BadLine where a line is cut off, cannot be parsed or is spelled in another way."""
    with (path / file).open("rb") as lines:
        if header is not None and lines.readline() != header:
            raise BadLine(file, 1, f"must be: {header.decode().strip()}")
        for number, line in enumerate(lines, start=1 if header is None else 2):
            if not line.endswith(b"\n"):
                raise BadLine(file, number, "is cut off")
            try:
                parsed = parse(line[:-1])
            except (ValueError, TypeError, AttributeError, RecursionError, OverflowError, csv.Error) as fault:
                raise BadLine(file, number, str(fault)) from fault
            yield parsed


def _jcs(keys: frozenset[str], read: Callable[[dict[str, Any]], Record]) -> Callable[[bytes], Record]:
    def parse(line: bytes) -> Record:
        value = json.loads(line.decode(), parse_float=Decimal)
        if not isinstance(value, dict) or value.keys() != keys:
            raise ValueError(f"must be an object with {', '.join(sorted(keys))}")
        if canonical(value) != line:
            raise ValueError("is not in the canonical form (RFC 8785) in which it was written")
        return read(value)

    return parse


def _read_leaf(value: dict[str, Any]) -> LogRow:
    if type(value["index"]) is not int or type(value["kind"]) is not str:
        raise ValueError("index must be a whole number and kind a text")
    return LogRow(
        value["index"], value["kind"], _hash(value["event_hash"]), _hash(value["root"]), microseconds(value["time"]),
        None, _hash(value["leaf"]),
    )  # fmt: skip


def _read_payload(value: dict[str, Any]) -> tuple[int, Payload | None]:
    body, context, salt, fields = value["body"], value["context"], value["salt"], value["fields"]
    if (body, context, salt, fields) == _ERASED:
        return value["index"], None
    if type(body) is not str or type(salt) is not str or type(fields) is not dict:
        raise ValueError("body and salt must be texts and fields an object, or all of them null")
    return value["index"], Payload(body, context, _hash(salt), fields)


def _hash(text: str) -> bytes:
    raw = bytes.fromhex(text)
    if len(raw) != 32 or raw.hex() != text:
        raise ValueError(f"{text!r} is not 32 bytes in lower-case hex")
    return raw


def _table(
    path: Path, file: str, header: Sequence[str], build: Callable[[list[str]], EntryLine | BalanceLine]
) -> Iterator[Any]:
    def parse(line: bytes) -> EntryLine | BalanceLine:
        (cells,) = csv.reader([line.decode()], strict=True)
        if len(cells) != len(header):
            raise ValueError(f"has {len(cells)} columns, not {len(header)}")
        row = build(cells)
        if _csv(row) != line + b"\n":
            raise ValueError("is not in the form in which it was written")
        return row

    return _lines(path, file, parse, _csv(header))


def _entry(cells: list[str]) -> EntryLine:
    return EntryLine(int(cells[0]), cells[1] or None, cells[2], cells[3], int(cells[4]))


def _balance(cells: list[str]) -> BalanceLine:
    return BalanceLine(cells[0], cells[1], cells[2], int(cells[3]), int(cells[4]))
