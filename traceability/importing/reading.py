"""Reading: the rows of a sheet as what came in, or every error of every row at once."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from typing import Final
from zoneinfo import ZoneInfo

from standards.custody import LotModel
from standards.quantities import QuantityError, grams_of
from traceability.composing import At, Composed, Making, arrived, opening
from traceability.importing.numbers import Ambiguous, Mark, mark_of, number_of
from traceability.importing.spreadsheets import Row, Table

REQUIRED: Final = ("kind", "lot", "material", "form", "quantity", "unit", "day")
COLUMNS: Final = (*REQUIRED, "facility", "origin", "country", "custody")
KINDS: Final = ("opening", "collected")
UNITS: Final[Mapping[str, str]] = {"kg": "KGM", "t": "TNE", "g": "GRM", "kgm": "KGM", "tne": "TNE", "grm": "GRM"}
MODELS: Final = tuple(each.value for each in LotModel)
ORIGINS: Final = ("post", "pre", "virgin", "unknown")
MOST_ROWS: Final = 100_000
MOST_ERRORS: Final = 1_000
BUDDHIST: Final = range(2_400, 2_700)  # years that were counted from another beginning, 543 years earlier
_URI: Final = re.compile(r"(?:https?://|urn:)\S{1,490}")
_NUMBER: Final = re.compile(r"[^\s](?:[^\x00-\x1f\x7f]{0,78}[^\s])?")
_DAY: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class CellError:
    """One cell that cannot be used: row (as the file counts), column, what stood there, a stable code, what to do.

    `facts` are what the fix names, so that it can be said in another language.
    """

    row: int
    column: str
    value: str
    code: str
    fix: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Importer:
    """Whose sheet it is: their facilities by identity and by name, the words they may use, the identity of a lot.

    `lot_named` gives the identity of a lot by the firm's own number, always the same for the same number.
    """

    places: Mapping[str, tuple[str, ZoneInfo]]
    materials: frozenset[str]
    forms: frozenset[str]
    lot_named: Callable[[str], str]


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


class _Cells:
    """The cells of one row, and what is wrong with them."""

    def __init__(self, row: Row, errors: list[CellError]) -> None:
        self.row, self.errors, self.sound = row, errors, True

    def get(self, column: str) -> str:
        return unicodedata.normalize("NFKC", self.row.cells.get(column, "")).strip()

    def wrong(self, column: str, code: str, fix: str, **facts: str) -> None:
        self.sound = False
        value = self.row.cells.get(column, "")[:200]
        self.errors.append(CellError(self.row.number, column, value, code, fix, facts))


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
    mark: Mark | None = "." if "quantity" in table.numeric else mark_of(row.cells["quantity"] for row in table.rows)
    seen: dict[str, int] = {}
    entries = [_entry(_Cells(row, errors), importer, mark, seen) for row in table.rows]
    if errors:
        return Sheet(len(table.rows), (), tuple(errors[:MOST_ERRORS]))
    return Sheet(len(table.rows), tuple(each for each in entries if each is not None), ())


def _entry(cells: _Cells, importer: Importer, mark: Mark | None, seen: dict[str, int]) -> Entry | None:
    kind = _one_of(cells, "kind", KINDS, "KIND_UNKNOWN")
    number, lot = _lot(cells, importer, seen)
    material, form = _word(cells, "material", importer.materials), _word(cells, "form", importer.forms)
    grams, day = _grams(cells, mark), _day(cells)
    origin = _one_of(cells, "origin", ORIGINS, "ORIGIN_UNKNOWN") if cells.get("origin") else "unknown"
    country = cells.get("country").upper()
    if country and not _COUNTRY.fullmatch(country):
        cells.wrong("country", "COUNTRY_UNKNOWN", "Write the country as two letters (ISO 3166), such as JP.")
    custody = _one_of(cells, "custody", MODELS, "CUSTODY_UNKNOWN") if cells.get("custody") else None
    place = _place(cells, importer)
    if not cells.sound or day is None or place is None:
        return None
    uri, zone = place
    # The beginning of the day there: never in the future on that day, and the same whenever the sheet is sent again.
    at = At(datetime.combine(day, time(), tzinfo=zone), uri, zone)
    made = Making(lot, grams, material, form, origin, country or None, custody)
    return Entry(
        cells.row.number, kind, number, day, made, opening(at, made) if kind == "opening" else arrived(at, made)
    )


def _one_of(cells: _Cells, column: str, known: tuple[str, ...], code: str) -> str:
    word = cells.get(column).lower()
    if word not in known:
        cells.wrong(column, code, f"Use {' or '.join(known)}.", known=", ".join(known))
    return word


def _word(cells: _Cells, column: str, known: frozenset[str]) -> str:
    word = cells.get(column).lower()
    if word not in known:
        near = ", ".join(get_close_matches(word, sorted(known), n=3, cutoff=0.4)) or "the codes of the template"
        cells.wrong(column, "UNKNOWN_WORD", f"Use a code of the taxonomy: {near}.", near=near)
    return word


def _lot(cells: _Cells, importer: Importer, seen: dict[str, int]) -> tuple[str, str]:
    """The firm's own number and the identity that it stands for; an identity stands for itself."""
    number = cells.get("lot")
    if not _NUMBER.fullmatch(number) and not _URI.fullmatch(number):
        cells.wrong("lot", "LOT_MISSING", "Give each lot its own number, at most 80 characters.")
        return "", ""
    if (before := seen.setdefault(number, cells.row.number)) != cells.row.number:
        cells.wrong("lot", "LOT_TWICE", f"Row {before} has this number: each lot has its own.", row=str(before))
    return number, number if _URI.fullmatch(number) else importer.lot_named(number)


def _grams(cells: _Cells, mark: Mark | None) -> int:
    unit, typed = UNITS.get(cells.get("unit").lower()), cells.get("quantity")
    if unit is None:
        cells.wrong("unit", "UNIT_INVALID", "Use kg, t or g.")
    try:
        amount = number_of(typed, mark)
    except Ambiguous as two:
        fix = f"Write {two.first} or {two.second}0, or keep the column as numbers."
        cells.wrong("quantity", "NUMBER_AMBIGUOUS", fix, first=two.first, second=f"{two.second}0")
        return 0
    except ValueError:
        cells.wrong("quantity", "MASS_INVALID", "Write digits, such as 1250.5.")
        return 0
    return _whole(cells, amount, unit or "KGM")


def _whole(cells: _Cells, amount: Decimal, unit: str) -> int:
    try:
        grams = grams_of(amount, unit)
    except QuantityError:
        cells.wrong("quantity", "MASS_TOO_FINE", "Round to the gram.")
        return 0
    if grams <= 0:
        cells.wrong("quantity", "MASS_INVALID", "Write a mass above 0.")
    return grams


def _day(cells: _Cells) -> date | None:
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


def _place(cells: _Cells, importer: Importer) -> tuple[str, ZoneInfo] | None:
    """The facility by identity or name; an empty cell takes the only one."""
    named = cells.get("facility")
    only = {uri: (uri, zone) for uri, zone in importer.places.values()}
    found = importer.places.get(named) if named else next(iter(only.values())) if len(only) == 1 else None
    if found is None:
        names = ", ".join(name for name in importer.places if name not in only)
        cells.wrong("facility", "FACILITY_UNKNOWN", f"Name one of your own facilities: {names}.", known=names)
    return found
