"""Parameters: the dated tables of a law, such as prices and coefficients; where one is silent it says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from standards.dated import Dated, InForce, NotInForce, Reference
from standards.responsibility.duties.units import unit_of
from standards.responsibility.periods import YearCalendar
from standards.responsibility.sizes import Size, decimal_size

Keys: TypeAlias = tuple[str, ...]
Texts: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Parameter:
    """Values by day and keys, in one unit. `missing` says what is not known of it, `look` where it would stand."""

    id: str
    names: Texts
    unit: str
    keyed_by: tuple[str, ...]
    values: Mapping[Keys, Dated[Decimal]]
    missing: Texts | None
    look: Reference | None

    def on(self, keys: Keys, day: date, *, drafts: bool = False) -> InForce[Decimal] | None:
        """What is in force for these keys on that day, None where the table is silent."""
        try:
            return self.values[keys].on(day, drafts=drafts)
        except (KeyError, NotInForce):
            return None

    def by_year(self, keys: Keys, calendar: YearCalendar, *, drafts: bool = False) -> list["Span"]:
        """The value of each run of reporting years, judged as `on` their last day; years without one are left out."""
        rows = self.values[keys].rows
        turns = {calendar.first_year_ending_on_or_after(row.since) for row in rows}
        turns |= {
            calendar.first_year_ending_on_or_after(date.fromordinal(row.until.toordinal() + 1))
            for row in rows
            if row.until is not None and row.until < date.max
        }
        ordered = sorted(turns)
        ends: list[int | None] = [*(year - 1 for year in ordered[1:]), None]
        found = [
            (first, last, self.on(keys, calendar.last_day(first), drafts=drafts))
            for first, last in zip(ordered, ends, strict=True)
        ]
        return [Span(first, last, value.value) for first, last, value in found if value is not None]

    @property
    def decimals(self) -> int:
        """How many decimals its values have at most."""
        values = [row.value for dated in self.values.values() for row in dated.rows if row.value is not None]
        return max((max(0, -int(value.normalize().as_tuple().exponent)) for value in values), default=0)

    @property
    def size(self) -> Size:
        """How large a value can be in a table, also one that is given where the law's table is silent."""
        unit = unit_of(self.unit)
        return decimal_size(unit.whole + max(self.decimals, unit.decimals), max(self.decimals, unit.decimals))


@dataclass(frozen=True, slots=True)
class Span:
    """One value for the reporting years from first to last (None: open)."""

    first: int
    last: int | None
    value: Decimal
