"""Expressions: the same formulas over a nation's table, in whole grams and exact to the last digit."""

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from standards.responsibility.compiling import Sight, number
from standards.responsibility.exact import WIDE, Exact
from standards.responsibility.formulas import FirstKnown, Formula, Node, parts
from standards.responsibility.periods import YearCalendar
from standards.responsibility.sizes import NONE, Sizes, checked, decimals

GRAMS = Sight()


@dataclass(frozen=True, slots=True)
class Scaled:
    """A column of exact decimals as whole units of 10**-decimals (Int128); null where there is no figure."""

    units: pl.Expr
    decimals: int

    def text(self) -> pl.Expr:
        """The decimals as text with all their places: 650 at one decimal is 65.0."""
        if self.decimals == 0:
            return self.units.cast(pl.String)
        size, scale = self.units.abs(), pl.lit(10**self.decimals, WIDE)
        sign = pl.when(self.units < 0).then(pl.lit("-")).otherwise(pl.lit(""))
        fraction = (size % scale).cast(pl.String).str.zfill(self.decimals)
        return pl.concat_str([sign, (size // scale).cast(pl.String), pl.lit("."), fraction])


def expression(formula: Formula, sight: Sight = GRAMS, known: Sizes = NONE) -> Scaled:
    """A formula over columns of grams (Int64) named like its quantities, or over what `sight` and `known` say.

    Raises NotAFormula when a table cannot be exact.
    """
    places = decimals(checked(formula, known), known)
    assert places is not None, "checked() refuses formulas without a last digit"
    return scaled(number(formula, sight), places)


def scaled(found: Exact, places: int) -> Scaled:
    """An exact value that has at most so many decimals, as whole units of them."""
    if isinstance(found.over, int) and 10**places % found.over == 0:
        return Scaled(found.number * pl.lit(10**places // found.over, WIDE), places)
    over = pl.lit(found.over, WIDE) if isinstance(found.over, int) else found.over
    return Scaled(found.number * pl.lit(10**places, WIDE) // over, places)


def year_of(calendar: YearCalendar, day: pl.Expr) -> pl.Expr:
    """The reporting year (Int32) of a column of local days."""
    if (calendar.start_month, calendar.start_day) == (1, 1):
        return day.dt.year().cast(pl.Int32)  # the same, a third cheaper over a nation's table
    month, date_of = day.dt.month().cast(pl.Int32), day.dt.day().cast(pl.Int32)
    before = month * 100 + date_of < calendar.start_month * 100 + calendar.start_day
    return day.dt.year().cast(pl.Int32) - before.cast(pl.Int32)


def reason(formula: Formula) -> pl.Expr:
    """Why a row has no figure: `no_figure:<quantity>` or `denominator_zero`; null where it has one."""
    why = number(formula, GRAMS).why
    return pl.lit(None, pl.String) if why is None else why


def caveat(formula: Formula) -> pl.Expr:
    """The codes of the caveats that mark a row, comma-separated; null where there is none."""
    marks = [
        pl.when(pl.col(first.names[0]).is_null()).then(pl.lit(first.caveat)) for first in _firsts(formula)
    ]  # fmt: skip
    if not marks:
        return pl.lit(None, pl.String)
    joined = pl.concat_str(marks, separator=",", ignore_nulls=True)
    return pl.when(joined != "").then(joined)


def meets(numerator: pl.Expr, denominator: pl.Expr, target_percent: Decimal) -> pl.Expr:
    """Whether the masses reach the target, exactly: numerator * 100 >= target * denominator."""
    top, over = target_percent.as_integer_ratio()
    return numerator.cast(WIDE) * pl.lit(100 * over, WIDE) >= denominator.cast(WIDE) * pl.lit(top, WIDE)


def _firsts(node: Node) -> list[FirstKnown]:
    if isinstance(node, FirstKnown):
        return [node]
    return list(dict.fromkeys(first for part in parts(node) for first in _firsts(part)))
