"""What judging gives: outcomes of rules, findings of clauses, what is missing, and the verdict of a standard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from standards.conformity.lots import Evidence
from standards.conformity.rules import Certainty


class Result(StrEnum):
    """Three values, and the clause that does not concern this lot."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INDETERMINATE = "indeterminate"
    NOT_APPLICABLE = "not_applicable"


class Verdict(StrEnum):
    """What a standard says of a lot on a day."""

    CONFORMING = "conforming"
    NONCONFORMING = "nonconforming"
    INCOMPLETE = "incomplete"
    OUT_OF_SCOPE = "out_of_scope"
    NOT_IN_FORCE = "not_in_force"


@dataclass(frozen=True)
class Outcome:
    """What one rule gave: about what (`subject`), what was seen and asked, and a stable reason unless it passed.

    `margin` is how far inside (negative: outside) the limit the value lies, in the limit's unit.
    """

    rule: str
    subject: str
    result: Result
    reason: str | None = None
    observed: str | None = None
    asked: str | None = None
    margin: str | None = None
    evidence: Evidence | None = None
    parts: tuple["Outcome", ...] = ()


@dataclass(frozen=True)
class Finding:
    """A clause and its outcome. `clause` is the id, or GRADE/id; `decides` tells whether the verdict rests on it."""

    clause: str
    outcome: Outcome
    required: bool
    decides: bool
    asks_evidence: Evidence
    certainty: Certainty
    text: str | None
    source: str | None

    @property
    def result(self) -> Result:
        """The clause's result."""
        return self.outcome.result

    @property
    def reason(self) -> str | None:
        """The reason of the part that decided the clause."""
        return self.outcome.reason


@dataclass(frozen=True)
class Missing:
    """What to supply so that a clause can be decided; any one of `wants` (rule:subject) is enough."""

    clause: str
    reason: str
    wants: tuple[str, ...]
    evidence: Evidence


@dataclass(frozen=True)
class Judgement:
    """The whole answer of one standard about one lot on one day.

    `certainty` is the weakest of the clauses the verdict rests on (None where it rests on none);
    `expires_on` the first day after `as_of` on which the same facts give another verdict or grade.
    """

    standard: str
    edition: str
    as_of: date
    decision_rule: str
    verdict: Verdict
    reason: str | None
    grade: str | None
    best_grade: str | None
    findings: tuple[Finding, ...]
    missing: tuple[Missing, ...]
    certainty: Certainty | None
    expires_on: date | None
    warnings: tuple[str, ...]

    @property
    def by_clause(self) -> Mapping[str, Finding]:
        """The findings by clause key."""
        return {finding.clause: finding for finding in self.findings}


def all_of(parts: Sequence[Outcome], rule: str, subject: str) -> Outcome:
    """Fail before indeterminate before pass; the reason is that of the first deciding part."""
    return _joined(parts, rule, subject, (Result.FAIL, Result.INDETERMINATE, Result.PASS))


def any_of(parts: Sequence[Outcome], rule: str, subject: str) -> Outcome:
    """Pass before indeterminate before fail; the reason is that of the first deciding part."""
    return _joined(parts, rule, subject, (Result.PASS, Result.INDETERMINATE, Result.FAIL))


def _joined(parts: Sequence[Outcome], rule: str, subject: str, order: tuple[Result, ...]) -> Outcome:
    decider = min(parts, key=lambda part: order.index(part.result) if part.result in order else len(order))
    return replace(decider, rule=rule, subject=subject, parts=tuple(parts))


def missing_of(finding: Finding) -> tuple[Missing, ...]:
    """What an undecided finding asks for: one entry per thing needed, alternatives together."""
    if finding.result is not Result.INDETERMINATE:
        return ()
    return tuple(
        Missing(finding.clause, leaf_reason, wants, finding.asks_evidence)
        for leaf_reason, wants in _needs(finding.outcome)
    )


def _needs(outcome: Outcome) -> list[tuple[str, tuple[str, ...]]]:
    if outcome.result is not Result.INDETERMINATE:
        return []
    open_parts = [need for part in outcome.parts for need in _needs(part)]
    if not open_parts:
        return [(outcome.reason or "UNDECIDED", (f"{outcome.rule}:{outcome.subject}",))]
    if outcome.rule == "any_of":
        return [(outcome.reason or open_parts[0][0], tuple(want for _, wants in open_parts for want in wants))]
    return open_parts
