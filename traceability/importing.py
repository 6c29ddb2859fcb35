"""Importing: a spreadsheet of what came in, read whole with every error by row and column, then captured."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from standards.quantities import QuantityError, grams_of
from traceability.composing import At, Composed, Making, arrived, opening

COLUMNS: Final = ("kind", "lot", "material", "form", "quantity", "unit", "day", "facility", "origin", "country")
KINDS: Final = frozenset({"opening", "collected"})
UNITS: Final[Mapping[str, str]] = {"kg": "KGM", "t": "TNE", "g": "GRM", "KGM": "KGM", "TNE": "TNE", "GRM": "GRM"}
MOST_ROWS: Final = 100_000
MOST_ERRORS: Final = 1_000
BUDDHIST: Final = 2_500  # a year above this was counted from another beginning

_Wrong = Callable[[str, str, str], None]


@dataclass(frozen=True, slots=True)
class CellError:
    """One cell that cannot be used: row (the header is 1), column, what stood there, a stable code, what to do."""

    row: int
    column: str
    value: str
    code: str
    fix: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows as events, or every error found; both are never full at once."""

    events: tuple[Composed, ...]
    errors: tuple[CellError, ...]


def read_csv(raw: bytes) -> list[dict[str, str]]:
    """Rows of a CSV in UTF-8 (with or without BOM) or UTF-16, separated by comma, semicolon or tab."""
    text = raw.decode("utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    separator = max(",;\t", key=text.partition("\n")[0].count)
    return [
        {str(name).strip().lower(): (value or "").strip() for name, value in row.items() if name is not None}
        for row in csv.DictReader(io.StringIO(text), delimiter=separator)
    ]


def events_of(
    rows: Sequence[Mapping[str, str]], zones: Mapping[str, ZoneInfo], materials: frozenset[str], forms: frozenset[str]
) -> Sheet:
    """The events of a sheet. `zones`: the importer's own facilities by URI (an empty cell takes the only one)."""
    errors: list[CellError] = []
    events: list[Composed] = []
    if rows and (missing := [name for name in COLUMNS[:8] if name not in rows[0]]):
        return Sheet((), tuple(CellError(1, name, "", "COLUMN_MISSING", f"Add a column {name}.") for name in missing))
    if len(rows) > MOST_ROWS:
        return Sheet((), (CellError(MOST_ROWS + 2, "", "", "TOO_MANY_ROWS", f"Import at most {MOST_ROWS} rows."),))
    for at, row in enumerate(rows, start=2):
        event = _row(at, row, zones, (materials, forms), errors)
        if event is not None:
            events.append(event)
    return Sheet((), tuple(errors[:MOST_ERRORS])) if errors else Sheet(tuple(events), ())


def _row(
    at: int, row: Mapping[str, str], zones: Mapping[str, ZoneInfo], words: tuple[frozenset[str], frozenset[str]],
    errors: list[CellError],
) -> Composed | None:  # fmt: skip
    before = len(errors)

    def wrong(column: str, code: str, fix: str) -> None:
        errors.append(CellError(at, column, row.get(column, "")[:200], code, fix))

    if row["kind"] not in KINDS:
        wrong("kind", "KIND_UNKNOWN", "Use opening or collected.")
    if not row["lot"].startswith(("https://", "http://", "urn:")):
        wrong("lot", "LOT_NOT_URI", "Give the lot an https address or a urn.")
    for column, known in zip(("material", "form"), words, strict=True):
        if row[column] not in known:
            wrong(column, "UNKNOWN_WORD", "Use a code of the taxonomy, such as plastics.pet or bale.")
    grams = _mass(row, wrong)
    day = _day(row, wrong)
    facility = row["facility"] or (next(iter(zones)) if len(zones) == 1 else "")
    if facility not in zones:
        wrong("facility", "FACILITY_UNKNOWN", "Name one of your own facilities by its identity.")
    if len(errors) > before or grams is None or day is None:
        return None
    place = At(datetime.combine(day, time(12), tzinfo=zones[facility]), facility, zones[facility])
    made = Making(
        row["lot"], grams, row["material"], row["form"], row.get("origin") or None, row.get("country") or None
    )  # fmt: skip
    return opening(place, made) if row["kind"] == "opening" else arrived(place, made)


def _mass(row: Mapping[str, str], wrong: _Wrong) -> int | None:
    unit = UNITS.get(row["unit"])
    if unit is None:
        wrong("unit", "UNIT_INVALID", "Use kg, t or g.")
        return None
    try:
        grams = grams_of(Decimal(row["quantity"]), unit)
    except (InvalidOperation, QuantityError):
        wrong("quantity", "MASS_INVALID", "Write digits with a decimal point, exact to the gram, such as 1250.5.")
        return None
    if grams <= 0:
        wrong("quantity", "MASS_INVALID", "Write a mass above 0.")
    return grams


def _day(row: Mapping[str, str], wrong: _Wrong) -> date | None:
    try:
        day = date.fromisoformat(row["day"])
    except ValueError:
        wrong("day", "DATE_INVALID", "Write the day as YYYY-MM-DD in the common era.")
        return None
    if day.year > BUDDHIST:
        wrong("day", "DATE_INVALID", f"This looks like a Thai Buddhist year: {day.year} is {day.year - 543}.")
        return None
    return day
