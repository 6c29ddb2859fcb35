"""What judging gives: outcomes of rules, findings of clauses, and what is missing."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from standards.conformity.bounds import Bound
from standards.conformity.lots import Evidence
from standards.conformity.rules import Certainty, Clause
from standards.quantities import QuantityError, Rounding, decimal_of, rounded


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


class Outcome(NamedTuple):
    """What one rule gave: about what (`subject`), what was seen and asked, and a stable reason unless it passed.

    `room` is how far inside (negative: outside) the limit the value lies, in base units.
    """

    rule: str
    subject: str
    result: Result
    reason: str | None = None
    observed: str | None = None
    limit: Bound | str | None = None
    room: Decimal | None = None
    evidence: Evidence | None = None
    parts: tuple["Outcome", ...] = ()

    @property
    def asked(self) -> str | None:
        """The limit, or what else was asked for, as people read it."""
        return self.limit.shown if isinstance(self.limit, Bound) else self.limit

    @property
    def margin(self) -> str | None:
        """The room in the limit's own unit, rounded to nine places only where it has no end."""
        if self.room is None or not isinstance(self.limit, Bound):
            return None
        in_unit = Fraction(self.room) / Fraction(self.limit.scale)
        try:
            return str(decimal_of(in_unit))
        except QuantityError:
            return str(rounded(in_unit, 9, Rounding.HALF_EVEN))


class Finding(NamedTuple):
    """A clause and its outcome. `clause` is the id, or GRADE/id; `decides` tells whether the verdict rests on it."""

    clause: str
    outcome: Outcome
    decides: bool
    asks: Clause

    @property
    def result(self) -> Result:
        """The clause's result."""
        return self.outcome.result

    @property
    def reason(self) -> str | None:
        """The reason of the part that decided the clause."""
        return self.outcome.reason

    @property
    def required(self) -> bool:
        """Whether the clause can decide at all."""
        return self.asks.required

    @property
    def asks_evidence(self) -> Evidence:
        """From which level on a passing fact counts."""
        return self.asks.evidence

    @property
    def certainty(self) -> Certainty:
        """How sure the catalogue is of the clause."""
        return self.asks.certainty

    @property
    def text(self) -> str | None:
        """The clause in short."""
        return self.asks.text

    @property
    def source(self) -> str | None:
        """Where the clause was read."""
        return self.asks.source


class Missing(NamedTuple):
    """What to supply so that a clause can be decided; any one of `wants` (rule:subject) is enough.

    Where one way takes several things together, they stand in one want, joined by ` & `.
    """

    clause: str
    reason: str
    wants: tuple[str, ...]
    evidence: Evidence


AND = " & "


def all_of(parts: Sequence[Outcome], rule: str, subject: str) -> Outcome:
    """Fail before indeterminate before pass; the reason is that of the first deciding part."""
    return _joined(parts, rule, subject, (Result.FAIL, Result.INDETERMINATE, Result.PASS))


def any_of(parts: Sequence[Outcome], rule: str, subject: str) -> Outcome:
    """Pass before indeterminate before fail; the reason is that of the first deciding part."""
    return _joined(parts, rule, subject, (Result.PASS, Result.INDETERMINATE, Result.FAIL))


def _joined(parts: Sequence[Outcome], rule: str, subject: str, order: tuple[Result, ...]) -> Outcome:
    decider = next((part for result in order for part in parts if part.result is result), parts[0])
    return decider._replace(rule=rule, subject=subject, parts=tuple(parts))


def missing_of(key: str, outcome: Outcome, clause: Clause) -> list[Missing]:
    """What an undecided clause asks for: one entry per thing needed, alternatives together."""
    return [Missing(key, reason, wants, clause.evidence) for reason, wants in _needs(outcome)]


def _needs(outcome: Outcome) -> list[tuple[str, tuple[str, ...]]]:
    if outcome.result is not Result.INDETERMINATE:
        return []
    open_parts = [need for part in outcome.parts for need in _needs(part)]
    if not open_parts:
        return [(outcome.reason or "UNDECIDED", (f"{outcome.rule}:{outcome.subject}",))]
    if outcome.rule != "any_of":
        return open_parts
    ways = [needs for part in outcome.parts if (needs := _needs(part))]
    return [(outcome.reason or ways[0][0][0], tuple(want for way in ways for want in _way(way)))]


def _way(needs: list[tuple[str, tuple[str, ...]]]) -> tuple[str, ...]:
    """One way to satisfy an alternative: where it takes several things, they stand together as `a & b`."""
    return needs[0][1] if len(needs) == 1 else (AND.join(" ".join(wants[:1]) for _, wants in needs),)
