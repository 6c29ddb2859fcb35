"""Comparing: what two editions of laws say, subject by subject, so that years or countries stand side by side."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from standards.dated import NotInForce
from standards.responsibility.duties.parameters import Parameter, Texts
from standards.responsibility.duties.provisions import LastDay
from standards.responsibility.packs import Edition

Section = Literal["counting", "target", "table", "role", "deadline", "calculation"]
SECTIONS: tuple[Section, ...] = ("counting", "target", "table", "role", "deadline", "calculation")


class Amount(NamedTuple):
    """A value of a table as it stands on the day."""

    value: Decimal
    unit: str


class DueDay(NamedTuple):
    """By when something is due for the reporting year of the day asked for."""

    day: LastDay


Said: TypeAlias = Texts | Amount | DueDay


class Line(NamedTuple):
    """One subject in two laws: None where one of them does not speak of it; `same` if both say the same."""

    section: Section
    subject: str
    names: tuple[Texts, ...]
    left: Said | None
    right: Said | None
    same: bool


class _Spoken(NamedTuple):
    names: tuple[Texts, ...]
    said: Said
    mark: object  # what is compared: a code, a value, a formula


_Key: TypeAlias = tuple[Section, str]


def differences(left: Edition, right: Edition, on: date) -> tuple[Line, ...]:
    """Both laws as they stand on a day. Counting is compared by its codes, tables by their values, calculations by
    their formulas; what only one of them speaks of is different."""
    one, other = _spoken(left, on), _spoken(right, on)
    lines = []
    for key in sorted(one.keys() | other.keys(), key=lambda each: (SECTIONS.index(each[0]), each[1])):
        mine, theirs = one.get(key), other.get(key)
        names = mine.names if mine else theirs.names if theirs else ()
        same = mine is not None and theirs is not None and mine.mark == theirs.mark
        lines.append(Line(*key, names, mine and mine.said, theirs and theirs.said, same))
    return tuple(lines)


def _spoken(edition: Edition, on: date) -> Mapping[_Key, _Spoken]:
    duties, year = edition.duties, edition.calendar.year_of(on)
    found: dict[_Key, _Spoken] = {}
    for aspect in duties.counting:
        found["counting", aspect.aspect] = _Spoken((), aspect.says, aspect.code)
    for role in duties.roles:
        found["role", role.id] = _Spoken((role.names,), role.does, dict(role.does))
    for deadline in duties.deadlines:
        if deadline.holds(year):
            due = DueDay(deadline.due.on(year, edition.calendar))
            found["deadline", deadline.id] = _Spoken((deadline.names,), due, due)
    for calculation in duties.calculations:
        formulas = tuple((step.id, step.unit, step.formula) for step in calculation.steps)
        found["calculation", calculation.id] = _Spoken((calculation.names,), calculation.names, formulas)
    found |= _targets(edition, on)
    return found | _tables(edition, on)


def _targets(edition: Edition, on: date) -> dict[_Key, _Spoken]:
    found: dict[_Key, _Spoken] = {}
    for (rate, material), values in edition.targets.items():
        try:
            row = values.on(on)
        except NotInForce:
            continue
        amount = Amount(row.value, row.unit)
        found["target", f"{rate}/{material}"] = _Spoken((edition.materials[material].names,), amount, amount)
    return found


def _tables(edition: Edition, on: date) -> dict[_Key, _Spoken]:
    found: dict[_Key, _Spoken] = {}
    for table in edition.duties.parameters.values():
        if table.id.startswith("target_") and table.look is None and table.keyed_by == ("material",):
            continue  # the targets of a rate, which stand for themselves
        for keys in table.values:
            row = table.on(keys, on, drafts=edition.status == "draft")
            if row is not None:
                amount = Amount(row.value, table.unit)
                names = (table.names, *code_names(edition, table, keys))
                found["table", "/".join((table.id, *keys))] = _Spoken(names, amount, amount)
    return found


def code_names(edition: Edition, table: Parameter, keys: Iterable[str]) -> tuple[Texts, ...]:
    """What the codes of a row of this table are called."""
    groups = [{code.id: code.names for code in edition.duties.codes[group]} for group in table.groups]
    return tuple(group[key] for group, key in zip(groups, keys, strict=True))
