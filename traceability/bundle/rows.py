"""Rows: what a log is made of for whoever checks it, wherever it was read from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

CHECKPOINT: Final = "checkpoint"
VKEY: Final = "vkey"
LEAVES: Final = "leaves.jsonl"
PAYLOADS: Final = "payloads.jsonl"
ENTRIES: Final = "entries.csv"
BALANCES: Final = "balances.csv"


@dataclass(frozen=True, slots=True)
class Payload:
    """What a leaf commits to: the text as received, its JSON-LD context, and the fields that the record added."""

    body: str
    context: Any
    salt: bytes
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogRow:
    """One fact. `payload` is None when it was erased, or is `away` in the archive of that month, which is not at hand.

    `leaf` is the leaf hash as the log's tiles hold it, if known.
    """

    index: int
    kind: str
    event_hash: bytes
    root: bytes
    record_time_us: int
    payload: Payload | None
    leaf: bytes | None = None
    away: str | None = None


class EntryLine(NamedTuple):
    """One signed line of the ledger: lot and holder by URI; no lot in an outside account."""

    event_index: int
    lot: str | None
    holder: str
    account: str
    grams: int


class BalanceLine(NamedTuple):
    """What a holder has of a lot, in grams."""

    lot: str
    holder: str
    account: str
    free: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: `code` is stable, `line` counts from 1 in `file`, `index` is the fact's place in the log.

    A `note` says what could not be checked; everything else is a fault.
    """

    code: str
    file: str
    line: int | None
    index: int | None
    sentence: str
    note: bool = False


class BadLine(ValueError):
    """A file of a bundle cannot be read at this line."""

    def __init__(self, file: str, line: int | None, what: str) -> None:
        super().__init__(f"{file}{'' if line is None else f' line {line}'}: {what}")
        self.file = file
        self.line = line
        self.what = what

    def finding(self) -> Finding:
        """The fault that this is."""
        index = self.line - 1 if self.line is not None and self.file in {LEAVES, PAYLOADS} else None
        return Finding("MALFORMED", self.file, self.line, index, f"{self}.")
