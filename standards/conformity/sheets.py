"""Sheets: a standard made ready for lots of one material: its clauses as functions, its grades as places, its days."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple
from weakref import WeakKeyDictionary

from standards.conformity.clauses import clause_judge
from standards.conformity.facts import Facts
from standards.conformity.measuring import Judge
from standards.conformity.rules import (
    Attest,
    Certainty,
    Clause,
    DocumentRule,
    Grade,
    GradeMode,
    Schedule,
    Standard,
    leaves,
    measured,
)

ONE = timedelta(days=1)
Turning = Callable[[Facts], list[date]]
# One bit each, the weakest first, so that those of many clauses are told together.
MARKS = {certainty: 1 << at for at, certainty in enumerate(Certainty)}


class Row(NamedTuple):
    """One clause with its key (id, or GRADE/id), the function that judges it, and when that may turn."""

    key: str
    clause: Clause
    judge: Judge
    turns: Turning | None


class GradeRows(NamedTuple):
    """A grade and the places of all required clauses it needs, those of the grades below included where they count."""

    code: str
    rows: tuple[int, ...]


class Sheet(NamedTuple):
    """All clauses that concern a material; `common` are the places of the required ones outside the grades.

    `dated` are the places of those whose outcome can change with the day, `keys`, `clauses` and
    `marks` (how sure the clauses are) columns of the rows.
    """

    mode: GradeMode | None
    rows: tuple[Row, ...]
    keys: tuple[str, ...]
    clauses: tuple[Clause, ...]
    marks: tuple[int, ...]
    common: tuple[int, ...]
    grades: tuple[GradeRows, ...]
    dated: tuple[int, ...]


def open_to(grade: Grade, material: str) -> bool:
    """Whether lots of a material can have this grade."""
    return grade.materials is None or material in grade.materials


# By the grades that are open to a material. A draft's sheets go when the draft does: they do not name it.
_MADE: WeakKeyDictionary[Standard, dict[tuple[int, ...], Sheet]] = WeakKeyDictionary()


def sheet_of(standard: Standard, material: str) -> Sheet:
    """The sheet of a standard for one material, made once."""
    made = _MADE.setdefault(standard, {})
    found = tuple([at for at, grade in enumerate(standard.grades) if open_to(grade, material)])
    if (sheet := made.get(found)) is None:
        sheet = made[found] = _sheet(standard, [standard.grades[at] for at in found])
    return sheet


def _sheet(standard: Standard, grades: list[Grade]) -> Sheet:
    rows = [_row(clause.id, clause) for clause in standard.clauses]
    common = tuple(at for at, row in enumerate(rows) if row.clause.required)
    own: list[tuple[int, ...]] = []
    for grade in grades:
        first = len(rows)
        rows += [_row(f"{grade.code}/{clause.id}", clause) for clause in grade.clauses]
        own.append(tuple(at for at in range(first, len(rows)) if rows[at].clause.required))
    counted = [
        GradeRows(grade.code, sum(own[at:], ()) if standard.cumulative else own[at]) for at, grade in enumerate(grades)
    ]
    dated = tuple(at for at, row in enumerate(rows) if row.turns is not None)
    keys, clauses = tuple(row.key for row in rows), tuple(row.clause for row in rows)
    marks = tuple(MARKS[clause.certainty] for clause in clauses)
    return Sheet(standard.grade_mode, tuple(rows), keys, clauses, marks, common, tuple(counted), dated)


def _row(key: str, clause: Clause) -> Row:
    return Row(key, clause, clause_judge(clause), turning(clause))


def turning(clause: Clause) -> Turning | None:
    """The days on which a clause's outcome may change for given facts; None where no day can change it."""
    parts = tuple(leaves(clause.rule))
    steps = {day for part in parts if isinstance(part, Schedule) for day, _ in part.steps}
    papers = {part.type for part in parts if isinstance(part, DocumentRule)}
    if not steps and not papers and clause.max_age_days is None:
        return None
    codes = {found.code for part in parts for found in measured(part)}
    said = {part.statement for part in parts if isinstance(part, Attest)}
    age = None if clause.max_age_days is None else timedelta(days=clause.max_age_days)

    def days(facts: Facts) -> list[date]:
        found: list[date | None] = list(steps)
        shown: list[date | None] = []
        for paper in papers:
            for each in facts.documents.get(paper, ()):
                found += (each.valid_from, _after(each.valid_to, ONE))
                shown.append(each.issued_on or each.valid_from)
        if age is not None:
            shown += [facts.results[code].sampled_on for code in codes if code in facts.results]
            shown += [each.stated_on for name in said for each in facts.statements.get(name, ())]
            found += [_after(day, age + ONE) for day in shown]
        return [day for day in found if day is not None]

    return days


def _after(day: date | None, age: timedelta) -> date | None:
    """So long after a day; None beyond the last day there is."""
    try:
        return None if day is None else day + age
    except OverflowError:
        return None
