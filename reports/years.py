"""Years: which reporting years can be spoken of at all, one answer for declarations and reports on every way in."""

from datetime import datetime
from typing import ClassVar, Final

from foundation.errors import Invalid

OLDEST: Final = 1990
"""The first year of any law of producer responsibility here; the database holds declarations to the same bound."""

BUDDHIST: Final = 543  # years between the Buddhist and the common era, as Thailand counts


class YearInvalid(Invalid):
    """No year that can be reported on; facts `first` and `last` are the years that can."""

    code: ClassVar[str] = "YEAR_INVALID"


class NothingToReport(YearInvalid):
    """Nothing was recorded or declared of which a law speaks in this country and year."""

    code: ClassVar[str] = "NOTHING_TO_REPORT"


class YearBuddhist(YearInvalid):
    """The year is of the Buddhist calendar; fact `suggestion` is the same year in the common era."""

    code: ClassVar[str] = "YEAR_BUDDHIST"


def reporting_year(year: int, moment: datetime) -> int:
    """The year itself, if it has begun and is not before OLDEST. Raises YearBuddhist or YearInvalid."""
    if OLDEST <= year <= moment.year:
        return year
    if OLDEST <= year - BUDDHIST <= moment.year:
        raise YearBuddhist(
            f"{year} is a year of the Buddhist calendar.", field="year", value=year,
            fix=f"Write {year - BUDDHIST}, the same year in the common era.", suggestion=year - BUDDHIST,
        )  # fmt: skip
    raise YearInvalid(
        f"{year} is no year that can be reported on.", field="year", value=year,
        fix=f"Use a year from {OLDEST} to {moment.year}, in the common era.", first=OLDEST, last=moment.year,
    )  # fmt: skip


def year_typed(text: str, moment: datetime) -> int:
    """A year as somebody typed it. Raises YearBuddhist or YearInvalid."""
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return reporting_year(int(text), moment)
    raise YearInvalid(
        "This is no year.", field="year", value=text, fix=f"Use a year from {OLDEST} to {moment.year}.",
        first=OLDEST, last=moment.year,
    )  # fmt: skip
