"""Provisions: what a law says in words and days rather than in figures: roles, ways of counting, deadlines, papers."""

import calendar as months
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal

from standards.dated import Certainty, Reference
from standards.responsibility.duties.calculations import Calculation, Code
from standards.responsibility.duties.parameters import Parameter, Texts
from standards.responsibility.periods import YearCalendar

Standing = Literal["law", "voluntary_plan", "comparison_model"]
Aspect = Literal[
    "numerator_point", "denominator", "period", "lag", "netting", "composites", "losses", "end_of_waste", "reuse",
    "exports", "imports", "rounding", "verification",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """Where something was read and how sure we are of it."""

    reference: Reference
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class Role:
    """A party that the law speaks of, and what it has to do."""

    id: str
    names: Texts
    does: Texts
    read: Read


@dataclass(frozen=True, slots=True)
class Counting:
    """One choice of how a law counts, as a code that can be compared between laws, and in words."""

    aspect: Aspect
    code: str
    says: Texts
    read: Read


@dataclass(frozen=True, slots=True)
class Due:
    """A month (and day) so many years after the reporting year's number, or so many months after the year's end."""

    month: int | None
    day: int | None
    years_after: int
    months_after_end: int | None

    def on(self, year: int, calendar: YearCalendar) -> date:
        """The last day on which it can be done for that reporting year."""
        if self.months_after_end is not None:
            end = calendar.last_day(year)
            count = end.year * 12 + end.month - 1 + self.months_after_end
            return _day(count // 12, count % 12 + 1, 31 if _is_last(end) else end.day)
        assert self.month is not None, "the schema asks for a month or for months after the end"
        return _day(year + self.years_after, self.month, self.day or 31)


def _is_last(day: date) -> bool:
    return day.day == months.monthrange(day.year, day.month)[1]


def _day(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, months.monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class Deadline:
    """What is due, from whom, when; `until` the last reporting year it holds for, `first` the first."""

    id: str
    names: Texts
    who: tuple[str, ...]
    due: Due
    first: int | None
    last: int | None
    read: Read

    def holds(self, year: int) -> bool:
        return (self.first is None or self.first <= year) and (self.last is None or year <= self.last)


@dataclass(frozen=True, slots=True)
class Paper:
    """A document or measurement that must be kept or shown, by whom."""

    id: str
    names: Texts
    who: tuple[str, ...]
    read: Read


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reader must know and no figure shows."""

    says: Texts
    read: Read


@dataclass(frozen=True, slots=True)
class Duties:
    """All that an edition says beside its rates."""

    standing: Standing = "law"
    codes: Mapping[str, tuple[Code, ...]] = field(default_factory=lambda: MappingProxyType({}))
    parameters: Mapping[str, Parameter] = field(default_factory=lambda: MappingProxyType({}))
    calculations: tuple[Calculation, ...] = ()
    roles: tuple[Role, ...] = ()
    counting: tuple[Counting, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    papers: tuple[Paper, ...] = ()
    remarks: tuple[Remark, ...] = ()

    def calculation(self, id: str) -> Calculation:
        """One calculation; LookupError names what there is."""
        found = next((each for each in self.calculations if each.id == id), None)
        if found is None:
            known = ", ".join(each.id for each in self.calculations) or "none"
            raise LookupError(f"no calculation {id!r}; known: {known}")
        return found
