"""Drafting: what a draft standard would change for given lots, beside what is in force; it never decides."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from standards.conformity.contributing import linted
from standards.conformity.evaluation import told_outcome
from standards.conformity.judgement import Judgement
from standards.conformity.judging import DecisionRule, judge
from standards.conformity.lots import Lot
from standards.conformity.outcomes import Finding
from standards.conformity.rules import Standard
from standards.conformity.shelf import Shelf


class ClauseChange(NamedTuple):
    """A clause whose result differs, or which stands on one side only (None there)."""

    clause: str
    now: Finding | None
    then: Finding | None


class Beside(NamedTuple):
    """One lot under the standard in force (None where there is none) and under the draft."""

    lot: Lot
    now: Judgement | None
    then: Judgement
    clauses: tuple[ClauseChange, ...]

    @property
    def changed(self) -> bool:
        """Whether verdict or grade would be another."""
        return self.now is None or (self.now.verdict, self.now.grade) != (self.then.verdict, self.then.grade)


def draft_from(text: str, shelf: Shelf, path: str = "draft") -> Standard:
    """A contributed standard from its YAML, always as a draft. CatalogueError names line, key and fix of each fault."""
    return as_draft(linted(text.encode(), path, shelf.properties, shelf.materials))


def as_draft(standard: Standard) -> Standard:
    """The same, marked draft and judged on any day: a draft is not in force, and one asks what it would do."""
    return replace(standard, status="draft", first_day=None, last_day=None)


def side_by_side(
    draft: Standard, current: Standard | None, lots: Iterable[Lot], as_of: date, decision_rule: DecisionRule = "simple"
) -> Iterator[Beside]:
    """Each lot under what is in force and under the draft, with every clause that comes out otherwise."""
    for lot in lots:
        now = judge(current, lot, as_of, decision_rule) if current else None
        then = judge(draft, lot, as_of, decision_rule)
        yield Beside(lot, now, then, tuple(_changes(now.by_clause if now else {}, then.by_clause)))


def _changes(now: Mapping[str, Finding], then: Mapping[str, Finding]) -> Iterator[ClauseChange]:
    for key in dict.fromkeys((*now, *then)):
        before, after = now.get(key), then.get(key)
        if before is None or after is None or _core(before) != _core(after):
            yield ClauseChange(key, before, after)


def _core(found: Finding) -> tuple[object, ...]:
    return found.result, found.reason, found.decides, found.outcome.asked


def told_beside(row: Beside) -> dict[str, Any]:
    """A lot under what is in force and under the draft, as plain values."""
    return {
        "lot": row.lot.name, "changed": row.changed,
        "now": row.now and {"verdict": row.now.verdict.value, "grade": row.now.grade},
        "then": {"verdict": row.then.verdict.value, "grade": row.then.grade, "draft": True},
        "clauses": [
            {"clause": each.clause, "now": _clause(each.now), "then": _clause(each.then)} for each in row.clauses
        ],
    }  # fmt: skip


def _clause(found: Finding | None) -> dict[str, Any] | None:
    return None if found is None else {**told_outcome(found.outcome), "decides": found.decides}
