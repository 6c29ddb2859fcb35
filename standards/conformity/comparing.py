"""Comparing: what standards ask, subject by subject, so that two editions or two countries stand side by side."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from standards.conformity.bounds import Bound
from standards.conformity.rules import (
    Attest,
    AttributeIs,
    Clause,
    Condition,
    DocumentRule,
    EachOf,
    Limit,
    OneOf,
    Reported,
    Rule,
    Schedule,
    Standard,
    Sum,
    leaves,
)


class Subject(NamedTuple):
    """What is asked about: a property, a sum of some, a document, a statement or an attribute."""

    kind: str
    name: str


class Ask(NamedTuple):
    """One demand. `shown` is the limit or value asked for ('' where only the thing itself is); `base` compares it."""

    clause: str
    shown: str
    base: tuple[str, Decimal] | str
    required: bool
    evidence: str
    max_age_days: int | None
    when: str
    certainty: str


class Line(NamedTuple):
    """One subject in two standards; `same` if both ask the same of it."""

    subject: Subject
    left: tuple[Ask, ...]
    right: tuple[Ask, ...]
    same: bool


def asks_of(standard: Standard, on: date, material: str | None = None) -> dict[Subject, tuple[Ask, ...]]:
    """Everything a standard asks on a day, by subject, in its own order; of one material if it is named."""
    closed = {
        grade.code for grade in standard.grades if material and grade.materials and material not in grade.materials
    }
    found: dict[Subject, list[Ask]] = {}
    for key, clause in standard.every_clause:
        if key.partition("/")[0] in closed:
            continue
        for part in leaves(clause.rule):
            for subject, shown, base in _asked(part, on):
                found.setdefault(subject, []).append(_ask(key, clause, shown, base))
    return {subject: tuple(asks) for subject, asks in found.items()}


def _ask(key: str, clause: Clause, shown: str, base: tuple[str, Decimal] | str) -> Ask:
    return Ask(
        key, shown, base, clause.required, clause.evidence.name, clause.max_age_days,
        condition_shown(clause.when) if clause.when else "", clause.certainty.value,
    )  # fmt: skip


def _asked(rule: Rule, on: date) -> Iterator[tuple[Subject, str, tuple[str, Decimal] | str]]:
    match rule:
        case Limit(found, bound):
            yield Subject("property", found.code), bound.shown, _base(bound)
        case EachOf(several, bound):
            for found in several:
                yield Subject("property", found.code), bound.shown, _base(bound)
        case Sum(several, bound):
            yield Subject("sum", "+".join(found.code for found in several)), bound.shown, _base(bound)
        case Schedule(found, steps):
            reached = [bound for day, bound in steps if day <= on]
            if reached:
                yield Subject("property", found.code), reached[-1].shown, _base(reached[-1])
        case Reported(found):
            yield Subject("property", found.code), "", ""
        case DocumentRule(type_):
            yield Subject("document", type_), "", ""
        case Attest(statement, equals):
            yield Subject("statement", statement), str(equals).lower(), str(equals)
        case OneOf(attribute, values):
            yield Subject("attribute", attribute), " | ".join(map(str, values)), "|".join(sorted(map(str, values)))


def _base(bound: Bound) -> tuple[str, Decimal]:
    return bound.op.value, bound.base


def condition_shown(condition: Condition) -> str:
    """A condition as people read it: `end_use = toys`, `cullet_size > 1 mm`."""
    match condition:
        case AttributeIs(attribute, values):
            return f"{attribute} = {' | '.join(str(value).lower() for value in values)}"
        case _:
            return f"{condition.property.code} {condition.bound.shown}"


def differences(left: Standard, right: Standard, on: date, material: str | None = None) -> list[Line]:
    """Subject by subject, what two standards ask on a day; a limit in another unit of the same size is the same."""
    one, other = asks_of(left, on, material), asks_of(right, on, material)
    lines = []
    for subject in dict.fromkeys((*one, *other)):
        here, there = one.get(subject, ()), other.get(subject, ())
        lines.append(Line(subject, here, there, _plain(here) == _plain(there)))
    return lines


def _plain(asks: tuple[Ask, ...]) -> set[tuple[object, ...]]:
    """What is asked, whatever the clause is called; a grade's demands count with the grade."""
    return {
        (ask.clause.rpartition("/")[0], ask.base, ask.required, ask.evidence, ask.max_age_days, ask.when)
        for ask in asks
    }  # fmt: skip


class Course(NamedTuple):
    """A limit over time: the clause, the property, and the value that begins on each day."""

    clause: str
    property: str
    unit: str
    steps: tuple[tuple[date, Bound], ...]


def courses(standard: Standard) -> list[Course]:
    """Every limit of a standard that changes with the day."""
    return [
        Course(key, part.property.code, part.steps[0][1].unit, part.steps)
        for key, clause in standard.every_clause
        for part in leaves(clause.rule)
        if isinstance(part, Schedule)
    ]


def changes(standard: Standard) -> list[tuple[date, str, str]]:
    """The days on which a standard changes: (day, what: begins, limit, ends; of which clause)."""
    found = [(day, "limit", course.clause) for course in courses(standard) for day, _ in course.steps]
    if standard.first_day:
        found.append((standard.first_day, "begins", ""))
    if standard.last_day:
        found.append((standard.last_day, "ends", ""))
    return sorted(found)
