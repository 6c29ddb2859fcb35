"""Provisions: what a law says in words and days rather than in figures: roles, ways of counting, deadlines, papers."""

import calendar as months
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final, Literal

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
class LastDay:
    """The last day on which something can be done; `day` is None where only the month is known."""

    year: int
    month: int
    day: int | None = None

    def __str__(self) -> str:
        """ISO 8601, to the month where the day is not known: 2026-03-31, 2026-02."""
        known = f"{self.year:04}-{self.month:02}"
        return known if self.day is None else f"{known}-{self.day:02}"


@dataclass(frozen=True, slots=True)
class Due:
    """A month (and day) so many years after the reporting year's number, or so many months after the year's end.

    Raises LookupError for a day that its month does not have every year.
    """

    month: int | None
    day: int | None
    years_after: int
    months_after_end: int | None

    def __post_init__(self) -> None:
        if self.month is not None and self.day is not None and self.day > months.monthrange(_PLAIN, self.month)[1]:
            raise LookupError(
                f"month {self.month} has no day {self.day} every year: name a day it has, or leave `day` out where "
                "only the month is known"
            )

    def on(self, year: int, calendar: YearCalendar) -> LastDay:
        """The last day on which it can be done for that reporting year."""
        if self.months_after_end is not None:
            end = calendar.last_day(year)
            count = end.year * 12 + end.month - 1 + self.months_after_end
            last = months.monthrange(count // 12, count % 12 + 1)[1]
            return LastDay(count // 12, count % 12 + 1, last if _is_last(end) else min(end.day, last))
        assert self.month is not None, "the schema asks for a month or for months after the end"
        return LastDay(year + self.years_after, self.month, self.day)


_PLAIN: Final = 2025  # any year without a leap day


def _is_last(day: date) -> bool:
    return day.day == months.monthrange(day.year, day.month)[1]


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
