"""Given: what somebody enters becomes exact values in the law's units, or is refused field by field."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from standards.quantities import QuantityError
from standards.responsibility.duties.calculations import Calculation, Input
from standards.responsibility.duties.parameters import Parameter
from standards.responsibility.duties.units import DutyUnit, in_unit, unit_of
from standards.responsibility.tracing import Value

LINES: Final = "lines"
MOST_LINES: Final = 1_000
_NUMBER: Final = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)\s*(%|[A-Za-z][A-Za-z0-9/]*)?")
_YES_NO: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class InputProblem:
    """One thing that cannot be taken as it was given: where (lines/0/sold), what stood there, why, what to do."""

    field: str
    value: str
    code: str
    sentence: str
    fix: str


class BadInput(ValueError):
    """What was given cannot be calculated with; `problems` holds everything found."""

    def __init__(self, *problems: InputProblem) -> None:
        super().__init__("; ".join(f"{each.field}: {each.sentence}" for each in problems))
        self.problems = problems


class _Wrong(ValueError):
    def __init__(self, code: str, sentence: str, fix: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.fix = code, sentence, fix


def read_given(
    calculation: Calculation, tables: Mapping[str, Parameter], raw: Mapping[str, Any]
) -> tuple[dict[str, Value], ...]:
    """The lines of a case, each with every input (None: not given) and every table value given in the law's stead.

    `raw` holds values by name, and under `lines` what differs from line to line. Numbers are int, Decimal or text with
    an optional unit ("120 t"); codes are text; yes and no are bool or text. Raises BadInput with every problem.
    """
    problems: list[InputProblem] = []
    own = {name: value for name, value in raw.items() if name != LINES}
    listed = raw.get(LINES) or [{}]
    if not _are_lines(listed) or (LINES in raw and not calculation.by_line):
        sentence, fix = "this calculation has no lines like these", f"give up to {MOST_LINES} lines, each with names"
        raise BadInput(InputProblem(LINES, str(raw[LINES])[:80], "NO_SUCH_LINES", sentence, fix))
    found = []
    for at, line in enumerate(listed):
        place = f"{LINES}/{at}/" if LINES in raw else ""
        found.append(_line(calculation, tables, {**own, **line}, place, problems))
        problems += _misplaced(calculation, line, place)
    for name in calculation.tables_of_case(tables):
        if len({line.get(name) for line in found}) > 1:
            fix = "give it once, outside of the lines"
            problems.append(InputProblem(name, "", "NOT_BY_LINE", "it is one for the whole case", fix))
    if problems:
        raise BadInput(*{(each.field, each.code): each for each in problems}.values())
    return tuple(found)


def _are_lines(listed: object) -> bool:
    if not isinstance(listed, Sequence) or isinstance(listed, str) or len(listed) > MOST_LINES:
        return False
    return all(isinstance(line, Mapping) for line in listed)


def _misplaced(calculation: Calculation, line: Mapping[str, Any], place: str) -> Iterator[InputProblem]:
    for each in calculation.inputs:
        if each.per == "case" and each.id in line:
            fix = "give it once, outside of the lines"
            yield InputProblem(place + each.id, str(line[each.id]), "NOT_BY_LINE", "it is one for the whole case", fix)


def _line(
    calculation: Calculation, tables: Mapping[str, Parameter], raw: Mapping[str, Any], place: str,
    problems: list[InputProblem],
) -> dict[str, Value]:  # fmt: skip
    values: dict[str, Value] = {}
    wanted = {each.id: each for each in calculation.inputs}
    read_tables = calculation.parameters()
    for name in raw.keys() - wanted.keys() - set(read_tables):
        fix = f"known: {', '.join([*wanted, *read_tables])}"
        problems.append(InputProblem(place + name, str(raw[name])[:80], "UNKNOWN_INPUT", "no such input here", fix))
    for name, each in wanted.items():
        try:
            values[name] = _value(each, raw.get(name))
        except _Wrong as wrong:
            where = name if each.per == "case" else place + name
            problems.append(InputProblem(where, str(raw.get(name, ""))[:80], wrong.code, wrong.sentence, wrong.fix))
    for name in read_tables:
        try:
            values[name] = None if _absent(raw.get(name)) else _number(raw[name], unit_of(tables[name].unit))
        except _Wrong as wrong:
            problems.append(InputProblem(place + name, str(raw[name])[:80], wrong.code, wrong.sentence, wrong.fix))
    return values


def _absent(raw: object) -> bool:
    return raw is None or (isinstance(raw, str) and not raw.strip())


def _value(wanted: Input, raw: object) -> Value:
    if _absent(raw):
        if wanted.absent == "refused":
            raise _Wrong("MISSING_INPUT", "it is needed", f"give {_shape(wanted)}")
        return Decimal(0) if wanted.absent == "zero" and wanted.kind == "number" else None
    match wanted.kind:
        case "number":
            return _number(raw, unit_of(wanted.unit))
        case "code":
            if not isinstance(raw, str) or raw not in {code.id for code in wanted.codes}:
                raise _Wrong("UNKNOWN_CODE", f"{raw!r} is none of its codes", f"give {_shape(wanted)}")
            return str(raw)
        case "yes_no":
            found = raw if isinstance(raw, bool) else _YES_NO.get(str(raw).strip().lower())
            if found is None:
                raise _Wrong("NOT_YES_OR_NO", f"{raw!r} is neither yes nor no", "give true or false")
            return found


def _shape(wanted: Input) -> str:
    match wanted.kind:
        case "number":
            return f"a number in {wanted.unit}"
        case "code":
            return f"one of {', '.join(code.id for code in wanted.codes)}"
        case "yes_no":
            return "true or false"


def _number(raw: object, unit: DutyUnit) -> Decimal:
    fix = f"give digits with a point for decimals, in {unit.symbol}"
    if isinstance(raw, bool | float):
        raise _Wrong("NOT_A_NUMBER", f"{raw!r} is not an exact number", f"{fix}, as text or as a whole number")
    found = _NUMBER.fullmatch(f"{raw:f}" if isinstance(raw, Decimal) else str(raw).strip())
    if found is None:
        raise _Wrong("NOT_A_NUMBER", f"{raw!r} is not a number", fix)
    try:
        value = in_unit(Decimal(found[1]), found[2] or unit.symbol, unit)
    except QuantityError as wrong:
        raise _Wrong("UNIT_INCOMPATIBLE", str(wrong), fix) from wrong
    if value < 0:
        raise _Wrong("NEGATIVE", f"{value:f} is below zero", "give what there was, zero or more")
    if value.adjusted() >= unit.whole or -int(value.normalize().as_tuple().exponent) > unit.decimals:
        size = f"{unit.whole} digits before and {unit.decimals} after the point"
        raise _Wrong("TOO_LONG", f"{value:f} {unit.symbol} has more than {size}", "round it, or use a larger unit")
    return value
