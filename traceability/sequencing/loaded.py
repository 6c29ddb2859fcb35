"""Loaded: what the record holds around a batch, and a fact once it has its index."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from traceability.checking.known import Known
from traceability.ledger.book import Book, Key
from traceability.ledger.outcomes import Entered
from traceability.sequencing.commands import Prepared
from traceability.sequencing.corrections import Corrections
from traceability.sequencing.keys import Keys
from traceability.sequencing.recalled import Recalled
from traceability.sequencing.shared import Shared
from traceability.sequencing.standing import EventKey, Standing


@dataclass
class Reserved:
    """A reservation as it stands: what remains set aside of a lot for a reference."""

    lot: str
    holder: int
    remaining: int
    reference: str
    counterparty: int
    grams: int = 0
    new: bool = False


@dataclass
class Loaded:
    """What the record holds around a batch, read in a handful of statements under the log lock."""

    size: int
    record_time: datetime
    book: Book
    before: dict[Key, tuple[int, int, tuple[int, int, int]]]
    keys: Keys
    reservations: dict[str, Reserved]
    reversals: dict[EventKey, Standing]
    corrections: Corrections
    recalled: Recalled
    known: Known
    shared: Shared
    uris: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One fact with its index and what came of it."""

    index: int
    fact: Prepared
    entered: Entered
    fields: dict[str, Any]
    root: bytes
    leaf: bytes
