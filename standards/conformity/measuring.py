"""Holds a measured value against a bound: exact, three-valued, honest about detection limits and uncertainty."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from standards.conformity.lots import Evidence, Lot, Measurement, Qualifier
from standards.conformity.outcomes import Outcome, Result
from standards.conformity.rules import Bound, Op
from standards.properties import Property
from standards.quantities import QuantityError, Rounding, decimal_of, in_base, rounded, unit_named


@dataclass(frozen=True)
class Question:
    """What a clause asks of a lot on a day: from which evidence, how old at most, with or without a guard band."""

    lot: Lot
    as_of: date
    guard_band: bool = False
    evidence: Evidence = Evidence.E0
    max_age_days: int | None = None

    def uncounted(self, evidence: Evidence, day: date | None) -> str | None:
        """Why a passing value does not count, if it does not."""
        if evidence < self.evidence:
            return "EVIDENCE_TOO_LOW"
        if self.max_age_days is None:
            return None
        if day is None:
            return "EVIDENCE_UNDATED"
        return "EVIDENCE_TOO_OLD" if (self.as_of - day).days > self.max_age_days else None


@dataclass(frozen=True)
class Interval:
    """Where the true value lies, in base units; None is without end; an open end is not reached."""

    low: Fraction | None
    high: Fraction | None
    low_open: bool = False
    high_open: bool = False

    def __add__(self, other: "Interval") -> "Interval":
        low = None if self.low is None or other.low is None else self.low + other.low
        high = None if self.high is None or other.high is None else self.high + other.high
        return Interval(low, high, self.low_open or other.low_open, self.high_open or other.high_open)

    def keeps(self, bound: Bound) -> Result:
        """Pass if every value of the interval keeps the bound, fail if none does, else indeterminate."""
        strict = bound.op in {Op.BELOW, Op.ABOVE}
        if bound.op in {Op.BELOW, Op.AT_MOST}:
            near, far = (self.high, self.high_open), (self.low, self.low_open)
            sign = 1
        else:
            near, far = (self.low, self.low_open), (self.high, self.high_open)
            sign = -1
        room = None if near[0] is None else sign * (bound.base - near[0])
        if room is not None and (room > 0 or (room == 0 and (near[1] or not strict))):
            return Result.PASS
        excess = None if far[0] is None else sign * (far[0] - bound.base)
        if excess is not None and (excess > 0 or (excess == 0 and (far[1] or strict))):
            return Result.FAIL
        return Result.INDETERMINATE


def best(lot: Lot, code: str) -> Measurement | None:
    """Of several results the one of highest evidence, then of the latest sampling day."""
    results = [result for result in lot.measurements if result.property == code]
    return max(results, key=lambda result: (result.evidence, result.sampled_on or date.min), default=None)


def unusable(
    found: Property, result: Measurement | None, methods: tuple[str, ...] = (), condition_required: bool = False
) -> str | None:
    """Why a result says nothing, if so: missing, foreign unit, impossible, another method, no test condition."""
    if result is None or not str(result.value).strip():
        return "MISSING_MEASUREMENT"
    reason: str | None = None
    if found.unit is not None and found.kind is not None:
        if isinstance(result.value, str) or result.unit is None:
            return "UNIT_MISSING"
        try:
            possible = found.possible(in_base(result.value, result.unit, found.kind))
        except QuantityError as error:
            return error.code
        reason = None if possible else "VALUE_OUT_OF_PHYSICAL_RANGE"
    if reason is None and methods and result.method not in methods:
        reason = "METHOD_NOT_ACCEPTED"
    if reason is None and condition_required and not result.condition:
        reason = "TEST_CONDITION_MISSING"
    return reason


def interval(found: Property, result: Measurement, guard_band: bool) -> Interval:
    """Where the true value of a usable result lies."""
    value, kind, unit = result.value, found.kind, result.unit
    if isinstance(value, str) or kind is None or unit is None or found.physical is None or found.unit is None:
        raise ValueError(f"{found.code} has no number to compare")
    base = in_base(value, unit, kind)
    match result.qualifier:
        case Qualifier.BELOW:
            return Interval(in_base(found.physical.low, found.unit, kind), base, high_open=True)
        case Qualifier.ABOVE:
            return Interval(base, in_base(found.physical.high, found.unit, kind), low_open=True)
        case Qualifier.EQUAL:
            spread = in_base(result.uncertainty, unit, kind) if guard_band and result.uncertainty else Fraction(0)
            return Interval(base - spread, base + spread)


def shown(result: Measurement | None) -> str | None:
    """A result as people read it: `< 10 ppm`, `0.45 g/10min`, `natural`."""
    if result is None:
        return None
    sign = "" if result.qualifier is Qualifier.EQUAL else f"{result.qualifier} "
    return f"{sign}{result.value}{f' {result.unit}' if result.unit else ''}"


def hold(
    question: Question,
    several: Iterable[Property],
    bound: Bound,
    rule: str,
    methods: tuple[str, ...] = (),
    condition_required: bool = False,
) -> Outcome:
    """Whether the sum of the properties' values (of one: the value) keeps a bound.

    A known part that breaks the limit by itself fails although others are missing.
    """
    codes, total, first_bad = [], Interval(Fraction(0), Fraction(0)), None
    results: list[Measurement] = []
    for found in several:
        codes.append(found.code)
        result = best(question.lot, found.code)
        reason = unusable(found, result, methods, condition_required)
        if result is None or reason is not None:
            first_bad = first_bad or reason
            total += Interval(Fraction(0), None)
        else:
            results.append(result)
            total += interval(found, result, question.guard_band)
    subject, seen = "+".join(codes), " + ".join(filter(None, map(shown, results))) or None
    if not results:
        lone = best(question.lot, codes[0]) if len(codes) == 1 else None
        return Outcome(rule, subject, Result.INDETERMINATE, first_bad, shown(lone), str(bound))
    kept = total.keeps(bound)
    reason = _reason(question, kept, first_bad, results)
    result_ = kept if kept is Result.FAIL or reason is None else Result.INDETERMINATE
    level = min(result.evidence for result in results)
    return Outcome(rule, subject, result_, reason, seen, str(bound), _margin(total, bound), level)


def _reason(question: Question, kept: Result, first_bad: str | None, results: list[Measurement]) -> str | None:
    if kept is Result.FAIL:
        return "LIMIT_EXCEEDED"
    if first_bad is not None:
        return first_bad
    if kept is Result.INDETERMINATE:
        exactly = all(result.qualifier is Qualifier.EQUAL for result in results)
        return "GUARD_BAND" if exactly else "LOQ_ABOVE_LIMIT"
    days = [result.sampled_on for result in results]
    oldest = None if None in days else min(day for day in days if day is not None)
    return question.uncounted(min(result.evidence for result in results), oldest)


def _margin(total: Interval, bound: Bound) -> str | None:
    """The distance to the limit in its own unit, rounded to nine places only where it has no end."""
    if total.low is None or total.low != total.high:
        return None
    room = bound.base - total.low if bound.op in {Op.BELOW, Op.AT_MOST} else total.low - bound.base
    in_unit = room / unit_named(bound.unit).factor
    try:
        return str(decimal_of(in_unit))
    except QuantityError:
        return str(rounded(in_unit, 9, Rounding.HALF_EVEN))
