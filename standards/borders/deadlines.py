"""Deadlines: when a paper is due, counted in days, working days or years; of several the earliest counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from standards.borders.rules import Anchor, Due, Paper

SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Dated:
    """A paper with its last day; None where no number of days is set, or the day it counts from is not stated.

    `waits_for`: what its other deadlines count from, not yet stated.
    """

    paper: Paper
    last_day: date | None
    waits_for: tuple[Anchor, ...]


def dated(paper: Paper, happened: Mapping[Anchor, date]) -> Dated:
    """The earliest of the deadlines that can be counted."""
    counted = [last_day(due, happened[due.anchor]) for due in paper.dues if due.anchor in happened]
    waits = tuple(dict.fromkeys(due.anchor for due in paper.dues if due.anchor not in happened))
    return Dated(paper, min(counted, default=None), waits)


def last_day(due: Due, anchor: date) -> date:
    """The last day on which the paper is in time; the day of the event itself is not counted.

    Public holidays are not known here: a last day that is one must be brought forward by the reader.
    """
    if due.years:
        return _years_after(anchor, due.years)
    step = -1 if due.before else 1
    if not due.working:
        return anchor + timedelta(days=step * due.days)
    day, left = anchor, due.days
    while left:
        day += timedelta(days=step)
        left -= is_working_day(day)
    return day


def is_working_day(day: date) -> bool:
    """Monday to Friday; public holidays are not known."""
    return day.weekday() < SATURDAY


def _years_after(day: date, years: int) -> date:
    """The same day so many years later; 29 February becomes 28 February, the earlier and therefore safer day."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def in_order(papers: Sequence[Dated]) -> tuple[Dated, ...]:
    """What is due before departure without a number of days, then by day, then what waits for something to happen."""
    return tuple(sorted(papers, key=_place))


def _place(paper: Dated) -> tuple[int, date]:
    if paper.last_day is not None:
        return 1, paper.last_day
    return (2 if paper.waits_for else 0), date.min
