"""Equivalents: which grades of other countries and schemes the facts of a lot reach, and what each still lacks."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from standards.conformity.facts import Facts
from standards.conformity.judging import DecisionRule, rests_on
from standards.conformity.lots import Lot
from standards.conformity.outcomes import Finding, Missing, Result, Verdict, missing_of
from standards.conformity.rules import Certainty, Standard
from standards.conformity.sheets import sheet_of
from standards.conformity.shelf import Shelf
from standards.recognition import Recognition

ORDER = {Verdict.CONFORMING: 0, Verdict.INCOMPLETE: 1, Verdict.NONCONFORMING: 2}


@dataclass(frozen=True)
class Equivalent:
    """One standard, or one grade of it, held against the facts of a lot as if it were claimed.

    `missing` is what it lacks: one entry is a single test, paper or statement. `at_least` where more may come to light
    once it is known whether a clause concerns the lot. `worth` tells what a result under it is worth elsewhere.
    """

    standard: Standard
    grade: str | None
    verdict: Verdict
    missing: tuple[Missing, ...]
    failing: tuple[Finding, ...]
    certainty: Certainty | None
    advisory: bool
    at_least: bool
    worth: tuple[Recognition, ...]


def equivalents(
    shelf: Shelf, lot: Lot, as_of: date, known: Collection[Recognition] = (), decision_rule: DecisionRule = "simple"
) -> list[Equivalent]:
    """Every standard and grade in force that speaks of the lot: what is reached first, then what lacks least."""
    facts = Facts(replace(lot, claimed_grade=None), guard_band=decision_rule == "guard_band")
    found = [
        each
        for standard in shelf.applicable(facts.lot)
        if (standard.first_day or date.min) <= as_of <= (standard.last_day or date.max)
        for each in _reached(standard, facts, as_of, known)
    ]
    return sorted(found, key=lambda each: (ORDER[each.verdict], len(each.missing), len(each.failing)))


def _reached(standard: Standard, facts: Facts, as_of: date, known: Collection[Recognition]) -> Iterator[Equivalent]:
    sheet = sheet_of(standard, facts.lot.material)
    outcomes = [row.judge(facts, as_of) for row in sheet.rows]
    worth = tuple(each for each in known if each.standard == standard.id and each.on(as_of))
    ways: list[tuple[str | None, tuple[int, ...]]] = [(each.code, sheet.common + each.rows) for each in sheet.grades]
    for grade, rows in ways or [(None, sheet.common)]:
        decision, certainty, advisory = rests_on(sheet, outcomes, rows, grade)
        findings = [Finding(sheet.keys[at], outcomes[at], True, sheet.clauses[at]) for at in rows]
        missing = _once(need for each in findings for need in missing_of(each.clause, each.outcome, each.asks))
        yield Equivalent(
            standard, grade, decision.verdict, missing, tuple(f for f in findings if f.result is Result.FAIL),
            certainty, advisory or standard.status == "draft",
            any(need.reason == "CONDITION_UNKNOWN" for need in missing),
            worth if decision.verdict is Verdict.CONFORMING else (),
        )  # fmt: skip


def _once(needs: Iterable[Missing]) -> tuple[Missing, ...]:
    """What several clauses ask for is one thing to supply, at the highest level that any of them asks."""
    found: dict[tuple[str, ...], Missing] = {}
    for need in needs:
        other = found.get(need.wants)
        found[need.wants] = need if other is None else other._replace(evidence=max(other.evidence, need.evidence))
    return tuple(found.values())


def told_equivalent(each: Equivalent) -> dict[str, Any]:
    """An equivalent as plain values."""
    return {
        "standard": each.standard.id, "edition": each.standard.edition, "grade": each.grade,
        "jurisdictions": list(each.standard.jurisdictions), "used_in": list(each.standard.used_in),
        "verdict": each.verdict.value, "advisory": each.advisory, "at_least": each.at_least,
        "certainty": each.certainty.value if each.certainty else None,
        "missing": [{"clause": n.clause, "reason": n.reason, "wants": list(n.wants), "evidence": n.evidence.name}
                    for n in each.missing],
        "failing": [f.clause for f in each.failing],
        "recognition": [{"jurisdiction": w.jurisdiction, "relation": w.relation, "target": w.target, "basis": w.basis,
                         "certainty": w.certainty} for w in each.worth],
    }  # fmt: skip
