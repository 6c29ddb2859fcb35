"""Lot tables: a table of one row a lot, with a column for each property, paper and statement; every cell is checked."""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import IO, Any, NamedTuple

from standards.conformity.lotdata.reading import LotError, day_from
from standards.conformity.lotdata.rows import LotsUnreadable, Row, Unfit
from standards.conformity.lots import Evidence
from standards.faults import nearest
from standards.properties import Property

PLAIN = ("name", "material", "form", "origin", "claimed_grade", "evidence", "sampled_on")
PREFIXES = ("statement", "document", "attribute", "method", "condition", "uncertainty")
YES, NO = frozenset({"true", "yes", "y", "1"}), frozenset({"false", "no", "n", "0"})
STATUSES = frozenset({"valid", "suspended", "withdrawn", "expired", "draft", "terminated", "superseded"})
_COLUMN = re.compile(r"(?P<name>[^\[\]]+?)\s*(?:\[(?P<unit>[^\]]+)\])?")


class _Column(NamedTuple):
    """What the cells of a column say, and how one is put into a lot."""

    label: str
    put: Callable[[dict[str, Any], str], None]


def table(file: IO[str], known: Mapping[str, Property]) -> Iterator[Row]:
    """The lots of a table, row by row; LotsUnreadable where its header names what nobody knows."""
    first = file.readline()
    rows = csv.reader(chain([first], file), delimiter=";" if first.count(";") > first.count(",") else ",")
    try:
        header = [label.strip() for label in next(rows, [])]
        columns = [_column(label, known) for label in header]
        if missing := [name for name in ("material", "form") if name not in header]:
            raise LotsUnreadable(Unfit(0, missing[0], "", "the column is missing", "add it to the first row"))
        cells = (row for row in rows if any(cell.strip() for cell in row))
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
    labels = tuple(item.pop("label") for item in lot["measurements"])
    return Row(number, _assembled(lot), tuple(problems), labels)


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

    def put(lot: dict[str, Any], cell: str) -> None:
        lot["measurements"].append({"property": code, "value": cell, "unit": unit, "label": label})

    return _Column(label, put)


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
