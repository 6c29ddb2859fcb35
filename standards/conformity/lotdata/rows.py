"""Lot rows: one lot of a file as plain values, and what is wrong with it, told so that somebody can put it right."""

import json
from decimal import Decimal
from typing import Any, NamedTuple

from standards.conformity.lotdata.reading import LotError, lot_from
from standards.conformity.lots import Lot


class Unfit(NamedTuple):
    """What is wrong in a file of lots: in which lot (from 1; 0 the file itself), at which field or column; a fix."""

    lot: int
    field: str
    value: str
    sentence: str
    fix: str

    def __str__(self) -> str:
        return f"lot {self.lot}, {self.field}: {self.sentence} - {self.fix}"


class LotsUnreadable(ValueError):
    """A file of lots cannot be read; `problems` holds everything found."""

    def __init__(self, *problems: Unfit) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Row(NamedTuple):
    """One lot of a file as plain values (`lot_from` reads them) or a line of JSON, and what is wrong with its cells.

    `columns` are the labels of a table's results, in their order, so that a fault is told at its column.
    """

    number: int
    told: Any
    problems: tuple[Unfit, ...] = ()
    columns: tuple[str, ...] = ()

    def lot(self) -> Lot:
        """The lot; LotsUnreadable where it cannot be read."""
        if self.problems:
            raise LotsUnreadable(*self.problems)
        try:
            return lot_from(exact_json(self.told) if isinstance(self.told, str) else self.told)
        except LotError as error:
            wrong = Unfit(self.number, self._place(error.field), str(error.value)[:80], error.sentence, error.fix)
            raise LotsUnreadable(wrong) from None
        except ValueError as error:
            wrong = Unfit(self.number, "line", self.told[:40], f"this is no JSON: {error}", "correct it")
            raise LotsUnreadable(wrong) from None

    def _place(self, field: str) -> str:
        lead, _, rest = field.partition("/")
        number = rest.partition("/")[0]
        return self.columns[int(number)] if self.columns and lead == "measurements" else field


def _never(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def exact_json(text: str) -> Any:
    """JSON with numbers as they are written: int or Decimal, never float. ValueError for what is none."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_never)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
