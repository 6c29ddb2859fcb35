"""Periods: which reporting year a day or an instant belongs to, by the law's own calendar."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class YearCalendar:
    """Years that begin on the same day: 1 January (calendar year), 1 April (Japan's fiscal year).

    A year is named after the calendar year in which it begins. An instant belongs to the day that it was where the
    facility stands, so its time zone decides on which side of the year's end a late shift falls.
    """

    start_month: int = 1
    start_day: int = 1

    def year_of(self, day: date) -> int:
        """The reporting year of a local day."""
        return day.year - ((day.month, day.day) < (self.start_month, self.start_day))

    def year_at(self, instant: datetime, time_zone: str) -> int:
        """The reporting year of an aware instant at a facility in this IANA time zone."""
        if instant.tzinfo is None:
            raise ValueError("an instant without an offset belongs to no day")
        return self.year_of(instant.astimezone(ZoneInfo(time_zone)).date())

    def first_day(self, year: int) -> date:
        return date(year, self.start_month, self.start_day)

    def last_day(self, year: int) -> date:
        return self.first_day(year + 1) - timedelta(days=1)

    def first_year_ending_on_or_after(self, day: date) -> int:
        """The first reporting year whose last day is not before `day`: from it on a target of that day is judged."""
        year = self.year_of(day)
        return year if self.last_day(year) >= day else year + 1
