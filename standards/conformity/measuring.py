"""Holds a measured value against a bound: exact, three-valued, honest about detection limits and uncertainty."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from standards.conformity.bounds import Bound
from standards.conformity.facts import NOTHING, Facts, Reading
from standards.conformity.lots import Evidence, Measurement, Qualifier
from standards.conformity.outcomes import Outcome, Result
from standards.properties import Property
from standards.quantities import EXACTLY

Judge = Callable[[Facts, date], Outcome]
PASS, FAIL, OPEN = Result.PASS, Result.FAIL, Result.INDETERMINATE
ZERO = Decimal(0)


class Asks(NamedTuple):
    """What a passing fact must be to count: shown at least so well, and at most so old."""

    evidence: Evidence = Evidence.E0
    max_age_days: int | None = None

    def uncounted(self, evidence: Evidence, shown_on: date | None, today: date) -> str | None:
        """Why a passing fact does not count, if it does not."""
        if evidence < self.evidence:
            return "EVIDENCE_TOO_LOW"
        if self.max_age_days is None:
            return None
        if shown_on is None:
            return "EVIDENCE_UNDATED"
        return "EVIDENCE_TOO_OLD" if (today - shown_on).days > self.max_age_days else None


def keeps(reading: Reading, bound: Bound) -> Result:
    """Pass if every value that the reading leaves open keeps the bound, fail if none does, else indeterminate.

    So a result below its limit of quantification x shows an upper limit L where x <= L, breaks a lower one where
    x <= L, and above x mirrors it; with an uncertainty both ends must agree.
    """
    base, upper, loose = bound.base, bound.upper, not bound.strict
    near, near_open, far, far_open = reading.high, reading.high_open, reading.low, reading.low_open
    if not upper:
        near, near_open, far, far_open = far, far_open, near, near_open
    if near is not None and ((near_open or loose) if near == base else (near < base) is upper):
        return PASS
    if far is not None and ((far_open or not loose) if far == base else (far > base) is upper):
        return FAIL
    return OPEN


def unfit(reading: Reading, methods: tuple[str, ...], condition_required: bool) -> str | None:
    """Why a reading says nothing for this clause: its own fault, another method, no test condition."""
    if reading.fault is not None or reading.result is None:
        return reading.fault
    if methods and reading.result.method not in methods:
        return "METHOD_NOT_ACCEPTED"
    return "TEST_CONDITION_MISSING" if condition_required and not reading.result.condition else None


def limit(
    found: Property, bound: Bound, asks: Asks, rule: str = "limit", methods: tuple[str, ...] = (),
    condition_required: bool = False,
) -> Judge:  # fmt: skip
    """One property keeps a bound."""
    code = found.code
    nothing = Outcome(rule, code, OPEN, NOTHING.fault, None, bound)

    def judge(facts: Facts, today: date) -> Outcome:
        reading = facts.read(found)
        if reading is NOTHING:
            return nothing
        result, reason = reading.result, unfit(reading, methods, condition_required)
        if result is None or reason is not None:
            return Outcome(rule, code, OPEN, reason, reading.shown, bound)
        kept, room = keeps(reading, bound), _room(reading, bound)
        if kept is FAIL:
            reason = "LIMIT_EXCEEDED"
        elif kept is OPEN:
            reason = "GUARD_BAND" if result.qualifier is Qualifier.EQUAL else "LOQ_ABOVE_LIMIT"
        elif reason := asks.uncounted(result.evidence, result.sampled_on, today):
            kept = OPEN
        return Outcome(rule, code, kept, reason, reading.shown, bound, room, result.evidence)

    return judge


def _room(reading: Reading, bound: Bound) -> Decimal | None:
    """How far inside the limit a value lies, in base units; None where it is not one value."""
    if reading.low is None or reading.low != reading.high:
        return None
    room = EXACTLY.subtract(bound.base, reading.low)
    return room if bound.upper else room.copy_negate()


def total(several: Sequence[Property], bound: Bound, asks: Asks) -> Judge:
    """The sum of properties keeps a bound: the known parts decide alone where they break it by themselves."""
    subject = "+".join(found.code for found in several)

    def judge(facts: Facts, today: date) -> Outcome:
        readings = [facts.read(found) for found in several]
        fault = next((reading.fault for reading in readings if reading.fault is not None), None)
        known = [reading for reading in readings if reading.fault is None]
        results = [reading.result for reading in known if reading.result is not None]
        seen = " + ".join(reading.shown for reading in known if reading.shown) or None
        parts = tuple(
            Outcome("reported", found.code, PASS if reading.fault is None else OPEN, reading.fault, reading.shown)
            for found, reading in zip(several, readings, strict=True)
        )
        if not results:
            return Outcome("sum", subject, OPEN, fault, seen, bound, parts=parts)
        whole = _summed(several, readings)
        kept, reason = keeps(whole, bound), _why_not(results, asks, today)
        exactly = all(result.qualifier is Qualifier.EQUAL for result in results)
        if kept is FAIL:
            reason = "LIMIT_EXCEEDED"
        elif fault is not None:
            kept, reason = OPEN, fault
        elif kept is OPEN:
            reason = "GUARD_BAND" if exactly else "LOQ_ABOVE_LIMIT"
        elif reason is not None:
            kept = OPEN
        level = min(result.evidence for result in results)
        return Outcome("sum", subject, kept, reason, seen, bound, _room(whole, bound), level, parts)

    return judge


def _summed(several: Sequence[Property], readings: Sequence[Reading]) -> Reading:
    """Where the sum lies: a part that is not known adds its physical least, and perhaps any more than that."""
    low, high, high_open = ZERO, ZERO, False
    endless = False
    for found, reading in zip(several, readings, strict=True):
        least = found.ends[0] if found.ends else ZERO
        low = EXACTLY.add(low, least if reading.fault is not None or reading.low is None else reading.low)
        endless = endless or reading.fault is not None or reading.high is None
        high = EXACTLY.add(high, reading.high or ZERO)
        high_open = high_open or reading.high_open
    open_low = any(reading.fault is None and reading.low_open for reading in readings)
    return Reading(None, None, None, low, None if endless else high, open_low, high_open)


def _why_not(results: Sequence[Measurement], asks: Asks, today: date) -> str | None:
    days = [result.sampled_on for result in results]
    oldest = None if None in days else min(day for day in days if day is not None)
    return asks.uncounted(min(result.evidence for result in results), oldest, today)
