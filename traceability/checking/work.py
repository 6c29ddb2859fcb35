"""Work: what went through a facility by process, material and day, as the sums that its permits are held against."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

DAY = timedelta(days=1)


class Done(NamedTuple):
    """Grams that one event put through a facility: drawn from its inputs and made of them, of one material."""

    facility: int
    organisation: int
    day: date
    process: str
    material: str
    drawn: int
    made: int


Covers = Callable[[str, str], bool]


@dataclass
class Work:
    """One facility's work: by (process, material) the grams of each day and of each month; `since` its first day."""

    days: dict[tuple[str, str], dict[date, tuple[int, int]]] = field(default_factory=dict)
    months: dict[tuple[str, str], dict[tuple[int, int], int]] = field(default_factory=dict)
    since: date | None = None

    def add(self, process: str, material: str, day: date, drawn: int, made: int) -> None:
        """More of it, or less where an event is taken back."""
        days = self.days.setdefault((process, material), {})
        before = days.get(day, (0, 0))
        days[day] = (before[0] + drawn, before[1] + made)
        months = self.months.setdefault((process, material), {})
        months[day.year, day.month] = months.get((day.year, day.month), 0) + drawn
        self.since = day if self.since is None else min(self.since, day)

    def drawn(self, kinds: Iterable[tuple[str, str]], until: date, days: int) -> int:
        """Grams of these (process, material) in so many days, the last of them `until`."""
        listed = [self.days.get(kind, {}) for kind in kinds]
        dates = [until - n * DAY for n in range(days)]
        return sum(each[day][0] for each in listed for day in dates if day in each)

    def in_month(self, kinds: Iterable[tuple[str, str]], year: int, month: int) -> int:
        return sum(self.months.get(kind, {}).get((year, month), 0) for kind in kinds)

    def in_year(self, kinds: Iterable[tuple[str, str]], year: int) -> int:
        listed = list(kinds)
        return sum(self.in_month(listed, year, month) for month in range(1, 13))

    def made(self, processes: Iterable[str], first: date, last: date) -> int:
        """Grams that these processes made from one day to another, both included."""
        wanted = set(processes)
        return sum(
            made
            for (process, _), days in self.days.items() if process in wanted
            for day, (_, made) in days.items() if first <= day <= last
        )  # fmt: skip


def months_before(day: date) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """The three calendar months before a day's own, oldest first."""
    at = day.year * 12 + day.month - 1
    third, second, first = ((n // 12, n % 12 + 1) for n in (at - 3, at - 2, at - 1))
    return third, second, first


def totals(done: Iterable[Done]) -> tuple[list[Done], list[Done]]:
    """All of it by facility, day, process and material, in that order: where there is more than before, and less.

    More is added before less is taken: what one batch does and takes back is gone.
    """
    sums: dict[tuple[int, int, date, str, str], tuple[int, int]] = {}
    for facility, organisation, day, process, material, drawn, made in done:
        key = (facility, organisation, day, process, material)
        before = sums.get(key, (0, 0))
        sums[key] = (before[0] + drawn, before[1] + made)
    rows = [Done(*key, *grams) for key, grams in sorted(sums.items()) if any(grams)]
    return [row for row in rows if min(row[5:]) >= 0], [row for row in rows if min(row[5:]) < 0]
