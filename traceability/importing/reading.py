"""Reading: the rows of a sheet as what came in, or every error of every row at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from traceability.composing import At, Composed, Making, arrived, opening
from traceability.importing.cells import CellError, Cells, Marks, marks_of, mass, one_of, word
from traceability.importing.content import SPLIT, custody_of, kinds_of
from traceability.importing.spreadsheets import Table

REQUIRED: Final = ("kind", "lot", "material", "form", "quantity", "unit", "day")
COLUMNS: Final = (*REQUIRED, "facility", "origin", *SPLIT, "country", "custody", "scheme")
KINDS: Final = ("opening", "collected")
MOST_ROWS: Final = 100_000
MOST_ERRORS: Final = 1_000
BUDDHIST: Final = range(2_400, 2_700)  # years that were counted from another beginning, 543 years earlier
_URI: Final = re.compile(r"(?:https?://|urn:)\S{1,490}")
_NUMBER: Final = re.compile(r"[^\s](?:[^\x00-\x1f\x7f]{0,78}[^\s])?")
_DAY: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class Importer:
    """Whose sheet it is: their facilities by identity and by name, the words they may use, the identity of a lot.

    `lot_named` gives the identity of a lot by the firm's own number, always the same for the same number.
    """

    places: Mapping[str, tuple[str, ZoneInfo]]
    materials: frozenset[str]
    forms: frozenset[str]
    lot_named: Callable[[str], str]
    schemes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row as what it states: the event, and of it the lot by the firm's own number."""

    row: int
    kind: str
    number: str
    day: date
    made: Making
    event: Composed


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows as entries, or every error found (up to `MOST_ERRORS`); both are never full at once."""

    rows: int
    entries: tuple[Entry, ...]
    errors: tuple[CellError, ...]


def sheet_of(table: Table, importer: Importer, most: int = MOST_ROWS) -> Sheet:
    """What a sheet states, or all that is wrong with it: columns first, then every cell of every row."""
    errors = [
        CellError(1, name, "", "COLUMN_MISSING", f"Add a column {name}.", {"column": name})
        for name in REQUIRED if name not in table.columns
    ]  # fmt: skip
    if not errors and not table.rows:
        errors = [CellError(1, "", "", "NO_ROWS", "Write one row for each lot below the header.", {})]
    if not errors and len(table.rows) > most:
        fix = f"Import at most {most} rows at a time."
        errors = [CellError(table.rows[most].number, "", "", "TOO_MANY_ROWS", fix, {"most": str(most)})]
    if errors:
        return Sheet(len(table.rows), (), tuple(errors))
    seen: dict[str, int] = {}
    marks = marks_of(table, ("quantity", *SPLIT))
    entries = [_entry(Cells(row, errors), importer, marks, seen) for row in table.rows]
    if errors:
        return Sheet(len(table.rows), (), tuple(errors[:MOST_ERRORS]))
    return Sheet(len(table.rows), tuple(each for each in entries if each is not None), ())


def _entry(cells: Cells, importer: Importer, marks: Marks, seen: dict[str, int]) -> Entry | None:
    kind = one_of(cells, "kind", KINDS, "KIND_UNKNOWN")
    number, lot = _lot(cells, importer, seen)
    material, form = word(cells, "material", importer.materials), word(cells, "form", importer.forms)
    grams, day = mass(cells, "quantity", marks), _day(cells)
    origin, split = kinds_of(cells, grams, marks)
    country = cells.get("country").upper()
    if country and not _COUNTRY.fullmatch(country):
        cells.wrong("country", "COUNTRY_UNKNOWN", "Write the country as two letters (ISO 3166), such as JP.")
    custody, scheme = custody_of(cells, importer.schemes)
    place = _place(cells, importer)
    if not cells.sound or day is None or place is None:
        return None
    uri, zone = place
    # The beginning of the day there: never in the future on that day, and the same whenever the sheet is sent again.
    at = At(datetime.combine(day, time(), tzinfo=zone), uri, zone)
    made = Making(lot, grams, material, form, origin, country or None, custody, scheme=scheme, split=split)
    return Entry(
        cells.row.number, kind, number, day, made, opening(at, made) if kind == "opening" else arrived(at, made)
    )


def _lot(cells: Cells, importer: Importer, seen: dict[str, int]) -> tuple[str, str]:
    """The firm's own number and the identity that it stands for; an identity stands for itself."""
    number = cells.get("lot")
    if not _NUMBER.fullmatch(number) and not _URI.fullmatch(number):
        cells.wrong("lot", "LOT_MISSING", "Give each lot its own number, at most 80 characters.")
        return "", ""
    if (before := seen.setdefault(number, cells.row.number)) != cells.row.number:
        cells.wrong("lot", "LOT_TWICE", f"Row {before} has this number: each lot has its own.", row=str(before))
    return number, number if _URI.fullmatch(number) else importer.lot_named(number)


def _day(cells: Cells) -> date | None:
    found = _DAY.fullmatch(cells.get("day"))
    if found is None:
        cells.wrong("day", "DAY_INVALID", "Write the day as YYYY-MM-DD, such as 2026-11-24.")
        return None
    year, month, day = (int(part) for part in found.groups())
    buddhist = year in BUDDHIST
    try:
        meant = date(year - 543 if buddhist else year, month, day)
    except ValueError:
        cells.wrong("day", "DAY_INVALID", "This is no day of the calendar.")
        return None
    if buddhist:
        fix = f"This looks like a year of the Buddhist calendar: {meant.isoformat()}?"
        cells.wrong("day", "DAY_BUDDHIST", fix, suggestion=meant.isoformat())
        return None
    return meant


def _place(cells: Cells, importer: Importer) -> tuple[str, ZoneInfo] | None:
    """The facility by identity or name; an empty cell takes the only one."""
    named = cells.get("facility")
    only = {uri: (uri, zone) for uri, zone in importer.places.values()}
    found = importer.places.get(named) if named else next(iter(only.values())) if len(only) == 1 else None
    if found is None:
        names = ", ".join(name for name in importer.places if name not in only)
        cells.wrong("facility", "FACILITY_UNKNOWN", f"Name one of your own facilities: {names}.", known=names)
    return found
