"""Lot files: many lots from JSON, lines of JSON or a table of one row a lot; every cell that cannot be read is told."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from standards.conformity.lotreading import LotError, day_from, lot_from
from standards.conformity.lots import Evidence, Lot
from standards.faults import nearest
from standards.properties import Property

PLAIN = ("name", "material", "form", "origin", "claimed_grade", "evidence", "sampled_on")
PREFIXES = ("statement", "document", "attribute", "method", "condition", "uncertainty")
YES, NO = frozenset({"true", "yes", "y", "1"}), frozenset({"false", "no", "n", "0"})
STATUSES = frozenset({"valid", "suspended", "withdrawn", "expired", "draft", "terminated", "superseded"})
_COLUMN = re.compile(r"(?P<name>[^\[\]]+?)\s*(?:\[(?P<unit>[^\]]+)\])?")


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
    """One lot of a file as plain values (`lot_from` reads them), and what is wrong with its cells."""

    number: int
    told: Any
    problems: tuple[Unfit, ...] = ()

    def lot(self) -> Lot:
        """The lot; LotsUnreadable where it cannot be read."""
        if self.problems:
            raise LotsUnreadable(*self.problems)
        try:
            return lot_from(self.told)
        except LotError as error:
            wrong = Unfit(self.number, error.field, str(error.value)[:80], error.sentence, error.fix)
            raise LotsUnreadable(wrong) from None


def rows_in(raw: bytes, kind: str, known: Mapping[str, Property]) -> Iterator[Row]:
    """The lots of a file of kind csv, json or jsonl, one after the other. LotsUnreadable where the file is none.

    JSON: a lot, a list of lots or {"lots": [...]}; numbers are taken digit by digit. A table: a header with material,
    form and, as they are needed, name, origin, claimed_grade, evidence and sampled_on (for all results of the row), a
    property with its unit ("moisture [%]"; the property's own unit where none stands), statement:.., document:..,
    attribute:.., method:.., condition:.. and uncertainty:.. of a property.
    """
    text = _text(raw)
    if kind == "csv":
        yield from _table(text, known)
    else:
        for number, told in enumerate(_json(text, lines=kind == "jsonl"), start=1):
            yield Row(number, told)


def read_lots(raw: bytes, kind: str, known: Mapping[str, Property], most: int | None = None) -> list[Lot]:
    """All lots of a file (as `rows_in`), at most so many. LotsUnreadable tells everything that is wrong with any."""
    rows = list(rows_in(raw, kind, known))
    if most is not None and len(rows) > most:
        wrong = Unfit(0, "lots", str(len(rows)), "there are too many lots", f"send at most {most} at once")
        raise LotsUnreadable(wrong)
    lots: list[Lot] = []
    problems: list[Unfit] = []
    for row in rows:
        try:
            lots.append(row.lot())
        except LotsUnreadable as error:
            problems += error.problems
    if problems:
        raise LotsUnreadable(*problems)
    return lots


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fix = "save the file as UTF-8"
        raise LotsUnreadable(Unfit(0, "file", "", f"byte {error.start} is no UTF-8", fix)) from None


def _never(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def exact_json(text: str) -> Any:
    """JSON with numbers as they are written: int or Decimal, never float. ValueError for what is none."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_never)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _json(text: str, *, lines: bool) -> Iterator[Any]:
    for at, row in enumerate(text.splitlines() if lines else [text], start=1):
        if not row.strip():
            continue
        try:
            value = exact_json(row)
        except ValueError as error:
            place = f"line {at}" if lines else "file"
            raise LotsUnreadable(Unfit(0, place, row[:40], f"this is no JSON: {error}", "correct it")) from None
        if isinstance(value, Mapping) and "lots" in value:
            value = value["lots"]
        yield from value if isinstance(value, list) else [value]


class _Column(NamedTuple):
    """What the cells of a column say, and how one is put into a lot."""

    label: str
    put: Callable[[dict[str, Any], str], None]


def _table(text: str, known: Mapping[str, Property]) -> Iterator[Row]:
    sample = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=";" if sample.count(";") > sample.count(",") else ",")
    try:
        header = [label.strip() for label in next(reader, [])]
        columns = [_column(label, known) for label in header]
        if missing := [name for name in ("material", "form") if name not in header]:
            raise LotsUnreadable(Unfit(0, missing[0], "", "the column is missing", "add it to the first row"))
        cells = (row for row in reader if any(cell.strip() for cell in row))
        for number, row in enumerate(cells, start=1):
            yield _row(number, columns, row)
    except csv.Error as error:
        raise LotsUnreadable(Unfit(0, "file", "", str(error), "save the table as CSV again")) from None


def _row(number: int, columns: Sequence[_Column], row: Sequence[str]) -> Row:
    problems: list[Unfit] = []
    lot: dict[str, Any] = {"measurements": [], "statements": {}, "documents": [], "attributes": {}, "of": {}}
    if len(row) > len(columns):
        extra = row[len(columns)]
        problems.append(
            Unfit(number, "row", extra[:80], "there are more cells than columns", "quote cells with commas")
        )
    for column, cell in zip(columns, row, strict=False):
        if not cell.strip():
            continue
        try:
            column.put(lot, cell.strip())
        except LotError as error:
            problems.append(Unfit(number, column.label, cell[:80], error.sentence, error.fix))
    return Row(number, _assembled(lot), tuple(problems))


def _assembled(lot: dict[str, Any]) -> dict[str, Any]:
    """What stands in columns of its own about a result goes to the result; the row's level and day to all of them."""
    of = lot.pop("of")
    shared = {name: lot.pop(name) for name in ("evidence", "sampled_on") if name in lot}
    lot["measurements"] = [{**shared, **item, **of.get(item["property"], {})} for item in lot["measurements"]]
    return lot


def _column(label: str, known: Mapping[str, Property]) -> _Column:
    lead, colon, name = label.partition(":")
    if label in PLAIN:
        return _Column(label, lambda lot, cell: lot.__setitem__(label, cell))
    if colon and lead in PREFIXES:
        return _Column(label, _of_prefix(lead, name.strip(), known, label))
    found = _COLUMN.fullmatch(label)
    code = found["name"].strip() if found else label
    if code not in known:
        fix = nearest(code, [*PLAIN, *known], "name a property, or")
        raise LotsUnreadable(Unfit(0, label or "header", code, f"there is no property or column {code!r}", fix))
    unit = (found["unit"] if found else None) or known[code].unit
    return _Column(label, lambda lot, cell: lot["measurements"].append({"property": code, "value": cell, "unit": unit}))


def _of_prefix(
    lead: str, name: str, known: Mapping[str, Property], label: str
) -> Callable[[dict[str, Any], str], None]:
    match lead:
        case "statement":
            return lambda lot, cell: lot["statements"].__setitem__(name, _answer(cell, label))
        case "attribute":
            return lambda lot, cell: lot["attributes"].__setitem__(name, _answer(cell, label, or_text=True))
        case "document":
            return lambda lot, cell: lot["documents"].append(_paper(name, cell, label))
        case _ if name in known:
            return lambda lot, cell: lot["of"].setdefault(name, {}).__setitem__(lead, cell)
        case _:
            fix = nearest(name, list(known), "use")
            raise LotsUnreadable(Unfit(0, label, name, f"there is no property {name!r}", fix))


def _answer(cell: str, label: str, *, or_text: bool = False) -> bool | str:
    word = cell.lower()
    if or_text:  # 1 and 0 stay words: an attribute may be a number
        return word == "true" if word in {"true", "false"} else cell
    if word not in YES | NO:
        raise LotError(label, cell, f"{cell!r} is neither yes nor no", "write yes or no")
    return word in YES


def _paper(name: str, cell: str, label: str) -> dict[str, Any]:
    """A document's cell: yes, or any of its level (E0 to E5), its last valid day and its status."""
    told: dict[str, Any] = {"type": name}
    for word in cell.split():
        if word.upper() in Evidence.__members__:
            told["evidence"] = word
        elif word.lower() in STATUSES:
            told["status"] = word
        elif word.lower() not in YES:
            told["valid_to"] = day_from(word, label)
    return told
