"""Cells: one row as it was typed, read word by word and mass by mass, with everything that is wrong with it."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Final

from standards.quantities import QuantityError, grams_of
from traceability.importing.numbers import Ambiguous, Mark, mark_of, number_of
from traceability.importing.spreadsheets import Row, Table

UNITS: Final[Mapping[str, str]] = {"kg": "KGM", "t": "TNE", "g": "GRM", "kgm": "KGM", "tne": "TNE", "grm": "GRM"}

Marks = Mapping[str, Mark | None]


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


class Cells:
    """The cells of one row; what is wrong with one is said to all of the file."""

    def __init__(self, row: Row, errors: list[CellError]) -> None:
        self.row, self.errors, self.sound = row, errors, True

    def get(self, column: str) -> str:
        """What stands in a cell, in the plain form of its letters; '' for none."""
        return unicodedata.normalize("NFKC", self.row.cells.get(column, "")).strip()

    def wrong(self, column: str, code: str, fix: str, **facts: str) -> None:
        """This cell cannot be used, and why."""
        self.sound = False
        value = self.row.cells.get(column, "")[:200]
        self.errors.append(CellError(self.row.number, column, value, code, fix, facts))


def one_of(cells: Cells, column: str, known: Sequence[str], code: str) -> str:
    """One of a few words."""
    typed = cells.get(column).lower()
    if typed not in known:
        cells.wrong(column, code, f"Use {' or '.join(known)}.", known=", ".join(known))
    return typed


def word(cells: Cells, column: str, known: frozenset[str]) -> str:
    """The code of the taxonomy in a cell."""
    typed = cells.get(column).lower()
    if typed not in known:
        near = ", ".join(get_close_matches(typed, sorted(known), n=3, cutoff=0.4)) or "the codes of the template"
        cells.wrong(column, "UNKNOWN_WORD", f"Use a code of the taxonomy: {near}.", near=near)
    return typed


def marks_of(table: Table, columns: Sequence[str]) -> Marks:
    """How each column of masses writes its decimals: a point where the file keeps numbers, else as the others do."""
    written = [name for name in columns if name not in table.numeric]
    told = mark_of(typed for row in table.rows for name in written if (typed := row.cells.get(name, "")))
    return {name: told if name in written else "." for name in columns}


def mass(cells: Cells, column: str, marks: Marks, *, least: int = 1) -> int:
    """The grams of a cell in the row's unit, 0 where it cannot be read."""
    unit = UNITS.get(cells.get("unit").lower())
    if unit is None and least:  # said once a row, at the mass that each has
        cells.wrong("unit", "UNIT_INVALID", "Use kg, t or g.")
    try:
        amount = number_of(cells.get(column), marks[column])
    except Ambiguous as two:
        fix = f"Write {two.first} or {two.second}0, or keep the column as numbers."
        cells.wrong(column, "NUMBER_AMBIGUOUS", fix, first=two.first, second=f"{two.second}0")
        return 0
    except ValueError:
        cells.wrong(column, "MASS_INVALID", "Write digits, such as 1250.5.")
        return 0
    return _whole(cells, column, amount, unit or "KGM", least)


def _whole(cells: Cells, column: str, amount: Decimal, unit: str, least: int) -> int:
    try:
        grams = grams_of(amount, unit)
    except QuantityError:
        cells.wrong(column, "MASS_TOO_FINE", "Round to the gram.")
        return 0
    if grams < least:
        cells.wrong(column, "MASS_INVALID", "Write a mass above 0.")
    return grams
