"""Judgement: the whole answer of one standard about one lot on one day, told clause by clause when it is asked."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from standards.conformity.lots import Evidence
from standards.conformity.outcomes import Finding, Missing, Outcome, Result, Verdict, missing_of
from standards.conformity.rules import Certainty
from standards.conformity.sheets import Sheet

GRADE_WANTED = frozenset({"GRADE_NOT_CLAIMED", "GRADE_UNKNOWN"})


class Judgement(NamedTuple):
    """The whole answer of one standard about one lot on one day.

    `certainty` is the weakest of the clauses the verdict rests on (None where it rests on none);
    `advisory` tells that no clause read in the text or in a summary of it gave this verdict, or that the standard is
    a draft: such a verdict is shown and is never by itself a ground for a trade.
    `expires_on` is the first day after `as_of` on which the same facts give another verdict or grade.
    """

    standard: str
    edition: str
    digest: str
    as_of: date
    decision_rule: str
    verdict: Verdict
    reason: str | None
    grade: str | None
    best_grade: str | None
    certainty: Certainty | None
    advisory: bool
    expires_on: date | None
    warnings: tuple[str, ...]
    sheet: Sheet | None = None
    outcomes: tuple[Outcome, ...] = ()
    deciding: tuple[int, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every clause that concerns the lot's material with what it gave; none where nothing was judged."""
        if self.sheet is None:
            return ()
        decides = [False] * len(self.outcomes)
        for at in self.deciding:
            decides[at] = True
        return tuple(map(Finding, self.sheet.keys, self.outcomes, decides, self.sheet.clauses))

    @property
    def by_clause(self) -> Mapping[str, Finding]:
        """The findings by clause key."""
        return {finding.clause: finding for finding in self.findings}

    @property
    def missing(self) -> tuple[Missing, ...]:
        """What to supply to reach a verdict, by the clauses that it rests on."""
        if self.sheet is None:
            return ()
        keys, clauses = self.sheet.keys, self.sheet.clauses
        needs = [
            need
            for at in self.deciding
            if self.outcomes[at].result is Result.INDETERMINATE
            for need in missing_of(keys[at], self.outcomes[at], clauses[at])
        ]
        if self.reason in GRADE_WANTED:
            level = min((clause.evidence for clause in clauses), default=Evidence.E0)
            needs.insert(0, Missing("grade", str(self.reason), ("attribute:claimed_grade",), level))
        return tuple(needs)

    def wants(self) -> list[str]:
        """What is missing in short, for many lots: `rule:subject`, alternatives joined by `or`."""
        if self.sheet is None:
            return []
        told = ["attribute:claimed_grade"] if self.reason in GRADE_WANTED else []
        for at in self.deciding:
            outcome = self.outcomes[at]
            if outcome.result is Result.INDETERMINATE:
                needs = missing_of("", outcome, self.sheet.clauses[at]) if outcome.parts else ()
                told += [" or ".join(need.wants) for need in needs] or [f"{outcome.rule}:{outcome.subject}"]
        return told
