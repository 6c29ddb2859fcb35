"""Lot files: many lots from JSON, lines of JSON or a table; numbers are taken digit by digit."""

import io
from collections.abc import Iterator, Mapping
from typing import IO, Any

from standards.conformity.lotdata.rows import LotsUnreadable, Row, Unfit, exact_json
from standards.conformity.lotdata.tables import table
from standards.conformity.lots import Lot
from standards.properties import Property


def rows_in(file: IO[str], kind: str, known: Mapping[str, Property]) -> Iterator[Row]:
    """The lots of a file of kind csv, json or jsonl, one after the other. LotsUnreadable where the file is none.

    JSON: a lot, a list of lots or {"lots": [...]}, as lines of JSON one lot a line; numbers are taken digit by digit,
    and a line that is no JSON is a fault of its lot. A table: a header with material,
    form and, as they are needed, name, origin, claimed_grade, evidence and sampled_on (for all results of the row), a
    property with its unit ("moisture [%]"; the property's own unit where none stands), statement:.., document:..,
    attribute:.., method:.., condition:.. and uncertainty:.. of a property.
    """
    try:
        if kind == "csv":
            yield from table(file, known)
        elif kind == "jsonl":
            yield from (Row(number, line) for number, line in enumerate(file, start=1) if line.strip())
        else:
            yield from (Row(number, told) for number, told in enumerate(_json(file.read()), start=1))
    except UnicodeDecodeError as error:
        wrong = Unfit(0, "file", "", f"byte {error.start} is no UTF-8", "save the file as UTF-8")
        raise LotsUnreadable(wrong) from None


def read_lots(raw: bytes, kind: str, known: Mapping[str, Property], most: int | None = None) -> list[Lot]:
    """All lots of a file (as `rows_in`), at most so many. LotsUnreadable tells everything that is wrong with any."""
    file = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8-sig", newline="")
    rows = list(rows_in(file, kind, known))
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


def _json(text: str) -> list[Any]:
    try:
        value = exact_json(text)
    except ValueError as error:
        raise LotsUnreadable(Unfit(0, "file", text[:40], f"this is no JSON: {error}", "correct it")) from None
    if isinstance(value, Mapping) and "lots" in value:
        value = value["lots"]
    return value if isinstance(value, list) else [value]
