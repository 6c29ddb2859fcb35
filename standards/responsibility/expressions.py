"""Expressions: the same formulas over a nation's table, in whole grams and exact to the last digit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import assert_never

import polars as pl

from standards.responsibility.formulas import (
    Constant,
    Difference,
    FirstKnown,
    Formula,
    Maximum,
    MeanOfPreceding,
    Minimum,
    Mode,
    Product,
    Quantity,
    RatioPercent,
    Rounded,
    Sum,
    checked,
    decimals,
    inputs,
    parts,
    preceding,
)
from standards.responsibility.periods import YearCalendar

WIDE = pl.Int128()


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


@dataclass(frozen=True, slots=True)
class _Ratio:
    """number / over, both exact; over is above zero or the row has no figure (null)."""

    number: pl.Expr
    over: pl.Expr


def expression(formula: Formula) -> Scaled:
    """A formula over columns of grams (Int64) named like its quantities; NotAFormula when a table cannot be exact."""
    places = decimals(checked(formula))
    assert places is not None, "checked() refuses formulas without a last digit"
    result = _ratio(formula)
    return Scaled(result.number * pl.lit(10**places, WIDE) // result.over, places)


def year_of(calendar: YearCalendar, day: pl.Expr) -> pl.Expr:
    """The reporting year (Int32) of a column of local days."""
    if (calendar.start_month, calendar.start_day) == (1, 1):
        return day.dt.year().cast(pl.Int32)  # the same, a third cheaper over a nation's table
    month, number = day.dt.month().cast(pl.Int32), day.dt.day().cast(pl.Int32)
    before = month * 100 + number < calendar.start_month * 100 + calendar.start_day
    return day.dt.year().cast(pl.Int32) - before.cast(pl.Int32)


def reason(formula: Formula) -> pl.Expr:
    """Why a row has no figure: `no_figure:<quantity>` or `denominator_zero`; null where it has one."""
    missing = [
        pl.when(pl.all_horizontal(pl.col(name).is_null() for name in names)).then(pl.lit(f"no_figure:{names[-1]}"))
        for names in _required(formula)
    ]
    nothing = pl.when(expression(formula).units.is_null()).then(pl.lit("denominator_zero"))
    return pl.coalesce([*missing, nothing])


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
    number, over = target_percent.as_integer_ratio()
    return numerator.cast(WIDE) * pl.lit(100 * over, WIDE) >= denominator.cast(WIDE) * pl.lit(number, WIDE)


def _required(formula: Formula) -> list[tuple[str, ...]]:
    """Groups of columns of which at least one must be known, in order of use."""
    match formula:
        case Quantity(name, absent_is_zero):
            return [] if absent_is_zero else [(name,)]
        case FirstKnown(names):
            return [names]
        case MeanOfPreceding():
            return [(name,) for name in inputs(formula)]
        case _:
            return list(dict.fromkeys(group for part in parts(formula) for group in _required(part)))


def _firsts(formula: Formula) -> list[FirstKnown]:
    match formula:
        case FirstKnown():
            return [formula]
        case _:
            return list(dict.fromkeys(first for part in parts(formula) for first in _firsts(part)))


def _whole(number: pl.Expr) -> _Ratio:
    return _Ratio(number.cast(WIDE), pl.lit(1, WIDE))


def _ratio(formula: Formula) -> _Ratio:  # noqa: PLR0911 - one answer per operation
    match formula:
        case Quantity(name, absent_is_zero):
            return _whole(pl.col(name).fill_null(0) if absent_is_zero else pl.col(name))
        case Constant(value):
            number, over = value.as_integer_ratio()
            return _Ratio(pl.lit(number, WIDE), pl.lit(over, WIDE))
        case FirstKnown(names):
            return _whole(pl.coalesce([pl.col(name) for name in names]))
        case MeanOfPreceding(name, periods):
            total = _fold(_plus, [_whole(pl.col(preceding(name, back))) for back in range(1, periods + 1)])
            return _Ratio(total.number, pl.lit(periods, WIDE))
        case Sum(terms):
            return _fold(_plus, [_ratio(term) for term in terms])
        case Difference(of, less):
            return _plus(_ratio(of), _times(_ratio(less), _Ratio(pl.lit(-1, WIDE), pl.lit(1, WIDE))))
        case Minimum(terms):
            return _fold(_smaller, [_ratio(term) for term in terms])
        case Maximum(terms):
            return _fold(_larger, [_ratio(term) for term in terms])
        case Product(terms):
            return _fold(_times, [_ratio(term) for term in terms])
        case RatioPercent(numerator, denominator):
            return _percent(_ratio(numerator), _ratio(denominator))
        case Rounded(of, mode, places):
            return _rounded(_ratio(of), mode, places)
        case _:
            assert_never(formula)


def _fold(combine: Callable[[_Ratio, _Ratio], _Ratio], ratios: Sequence[_Ratio]) -> _Ratio:
    return reduce(combine, ratios)


def _plus(a: _Ratio, b: _Ratio) -> _Ratio:
    return _Ratio(a.number * b.over + b.number * a.over, a.over * b.over)


def _times(a: _Ratio, b: _Ratio) -> _Ratio:
    return _Ratio(a.number * b.number, a.over * b.over)


def _smaller(a: _Ratio, b: _Ratio) -> _Ratio:
    return _chosen(a.number * b.over <= b.number * a.over, a, b)


def _larger(a: _Ratio, b: _Ratio) -> _Ratio:
    return _chosen(a.number * b.over >= b.number * a.over, a, b)


def _chosen(first: pl.Expr, a: _Ratio, b: _Ratio) -> _Ratio:
    # The comparison is null when either side has no figure: then there is none, rather than the other side.
    def choose(left: pl.Expr, right: pl.Expr) -> pl.Expr:
        return pl.when(first).then(left).when(first.not_()).then(right)

    return _Ratio(choose(a.number, b.number), choose(a.over, b.over))


def _percent(numerator: _Ratio, denominator: _Ratio) -> _Ratio:
    below = denominator.number
    size = pl.when(below != 0).then(below.abs())
    sign = pl.when(below < 0).then(pl.lit(-1, WIDE)).otherwise(pl.lit(1, WIDE))
    return _Ratio(numerator.number * denominator.over * pl.lit(100, WIDE) * sign, numerator.over * size)


def _rounded(ratio: _Ratio, mode: Mode, places: int) -> _Ratio:
    scaled, scale = ratio.number * pl.lit(10**places, WIDE), pl.lit(10**places, WIDE)
    sign = pl.when(scaled < 0).then(pl.lit(-1, WIDE)).otherwise(pl.lit(1, WIDE))
    match mode:
        case "half_up":
            units = (scaled.abs() * 2 + ratio.over) // (ratio.over * 2) * sign
        case "down":
            units = scaled.abs() // ratio.over * sign
        case "ceiling":
            units = (scaled + ratio.over - 1) // ratio.over
        case _:
            assert_never(mode)
    return _Ratio(units, scale)
