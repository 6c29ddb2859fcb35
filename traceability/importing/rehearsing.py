"""Rehearsing: what a file would do to the record, row by row, before it does it; and the doing, whole or not at all."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Invalid, Refusal
from foundation.registry import facilities
from foundation.settings import Settings, public_base, secret
from traceability.capture import Captured, Door, capture, rehearse
from traceability.composing import Making, document
from traceability.controls import Controls
from traceability.events import EventInvalid
from traceability.identifiers import lot_uri, named_token
from traceability.importing.cells import CellError
from traceability.importing.reading import MOST_ROWS, Entry, Importer, Sheet, sheet_of
from traceability.importing.spreadsheets import Table, table_of
from traceability.refusals import NotCaptured
from traceability.sequencing.commands import Accepted

# What the record refuses, by the column that it speaks of.
COLUMN_OF: Final[Mapping[str, str]] = {
    "DATE_INVALID": "day", "LOT_TAKEN": "lot", "DUPLICATE_EVENT": "lot", "WRONG_TENANT": "facility",
    "LOAD_SIZE": "quantity", "UNIT_INVALID": "quantity", "CUSTODY_OVERSTATED": "custody",
}  # fmt: skip


class FileRefused(Invalid):
    """Rows of the file cannot be imported, so none of it was: `errors` names row, column, value and what to do."""

    code: ClassVar[str] = "FILE_REFUSED"


@dataclass(frozen=True, slots=True)
class Line:
    """One row (or one event of an EPCIS document) as the record takes it; `outcome` is `duplicate` where it is in it.

    `number` is the firm's own number of the lot, or the event's id; `made` is what comes into being, for a sheet.
    """

    row: int
    kind: str
    number: str
    day: date | None
    made: Making | None
    outcome: str
    reasons: tuple[str, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A file of so many rows: what it would do (or did), or what is wrong with it."""

    rows: int
    lines: tuple[Line, ...]
    errors: tuple[CellError, ...]


async def importer_of(session: AsyncSession, actor: Actor, controls: Controls, settings: Settings) -> Importer:
    """Whose sheet it is; a facility is named by its identity, or by its name where only one has it."""
    own = await facilities(session, actor.organisation_id)
    named = [each.name for each in own]
    places = {each.uri: (each.uri, ZoneInfo(each.time_zone)) for each in own}
    places |= {each.name: places[each.uri] for each in own if named.count(each.name) == 1}
    key, base, firm = secret(settings), public_base(settings), actor.organisation_uri
    return Importer(
        places, controls.materials, controls.forms, lambda number: lot_uri(base, named_token(key, firm, number)),
        frozenset(controls.schemes),
    )  # fmt: skip


def is_epcis(raw: bytes) -> bool:
    """Whether the file is an EPCIS document in JSON."""
    return raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


async def rehearsed(
    door: Door, actor: Actor, raw: bytes, importer: Importer, *, backfill: bool, most: int = MOST_ROWS
) -> Rehearsal:
    """What importing this file would do now; nothing is written. Raises FileUnreadable."""
    return await _done(door, actor, raw, importer, backfill=backfill, most=most, write=False)


async def imported(
    door: Door, actor: Actor, raw: bytes, importer: Importer, *, backfill: bool, most: int = MOST_ROWS
) -> Rehearsal:
    """Import this file, whole or not at all; what is in the record already stays as it is. Raises FileUnreadable."""
    return await _done(door, actor, raw, importer, backfill=backfill, most=most, write=True)


async def _done(
    door: Door, actor: Actor, raw: bytes, importer: Importer, *, backfill: bool, most: int, write: bool
) -> Rehearsal:
    sheet: Sheet | None = None
    if not is_epcis(raw):
        table: Table = await asyncio.to_thread(table_of, raw)
        sheet = await asyncio.to_thread(sheet_of, table, importer, most)
        if sheet.errors:
            return Rehearsal(sheet.rows, (), sheet.errors)
        raw = document([each.event for each in sheet.entries], door.clock())
    try:
        captured = await (capture if write else rehearse)(door, actor, raw, backfill=backfill)
    except EventInvalid as invalid:
        return Rehearsal(0, (), no_document(invalid))
    return told(captured, sheet.entries if sheet else ())


def no_document(invalid: EventInvalid) -> tuple[CellError, ...]:
    """Why a file cannot be read as an EPCIS document at all."""
    return tuple(
        CellError(0, each.pointer, str(each.value or ""), each.code, each.fix or each.message, {})
        for each in invalid.problems
    )


def told(captured: Captured, entries: Sequence[Entry] = ()) -> Rehearsal:
    """What became of each row of a sheet (or of each event, where there is none)."""
    lines, errors = [], []
    for at, each in enumerate(captured.events):
        entry = entries[at] if entries else None
        if isinstance(each, Refusal):
            errors += [] if isinstance(each, NotCaptured) else [_refused(at, entry, each)]
        else:
            lines.append(_line(at, entry, each))
    return Rehearsal(len(captured.events), () if errors else tuple(lines), tuple(errors))


def _refused(at: int, entry: Entry | None, refusal: Refusal) -> CellError:
    facts = {name: str(value) for name, value in refusal.facts.items()}
    if entry is None:
        fix = refusal.fix or refusal.sentence
        return CellError(at + 1, refusal.field or "", str(refusal.value or ""), refusal.code, fix, facts)
    column = COLUMN_OF.get(refusal.code, "")
    value = {"lot": entry.number, "day": entry.day.isoformat()}.get(column, str(refusal.value or ""))
    return CellError(entry.row, column, value, refusal.code, refusal.fix or refusal.sentence, facts)


def _line(at: int, entry: Entry | None, each: Accepted) -> Line:
    outcome = "duplicate" if each.duplicate else each.outcome
    if entry is None:
        return Line(at + 1, "", each.event_id, None, None, outcome, each.reasons, each.flags)
    return Line(entry.row, entry.kind, entry.number, entry.day, entry.made, outcome, each.reasons, each.flags)
