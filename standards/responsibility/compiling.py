"""Compiling: every operation of the vocabulary as exact Polars expressions, with the reason of each null."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from types import MappingProxyType
from typing import assert_never

import polars as pl

from standards.responsibility.exact import (
    WIDE,
    Exact,
    Truth,
    chosen,
    decided,
    divided,
    first_known,
    first_reason,
    larger,
    mean,
    over_lines,
    plus,
    related,
    rounded,
    smaller,
    times,
)
from standards.responsibility.formulas import (
    Among,
    Choice,
    Compare,
    Condition,
    Constant,
    Contrary,
    Difference,
    Either,
    Every,
    FirstKnown,
    Formula,
    Holds,
    Known,
    Largest,
    Lookup,
    Maximum,
    Mean,
    MeanOfPreceding,
    Minimum,
    NotAFormula,
    Product,
    Quantity,
    Quotient,
    RatioPercent,
    Rounded,
    Sum,
    Total,
    preceding,
)


@dataclass(frozen=True, slots=True)
class Column:
    """How a name stands in a table: whole units of 1 / over (None: `<name>|over` holds it), its reason for nulls."""

    over: int | None = 1
    explained: bool = False

    def why(self, name: str) -> pl.Expr:
        if self.explained:
            return pl.col(f"{name}|why")
        return pl.when(pl.col(name).is_null()).then(pl.lit(f"no_figure:{name}"))


def no_tables(wanted: Lookup) -> Exact:
    """Where a formula may read no table of a pack."""
    raise NotAFormula(f"{wanted.parameter!r} is looked up where there are no tables")


@dataclass(frozen=True, slots=True)
class Sight:
    """What a formula sees of a table: its columns (whole grams where nothing is said), the pack's dated tables."""

    columns: Mapping[str, Column] = field(default_factory=lambda: MappingProxyType({}))
    look: Callable[[Lookup], Exact] = no_tables

    def column(self, name: str) -> Column:
        return self.columns.get(name, Column())

    def number(self, name: str) -> Exact:
        column = self.column(name)
        over = pl.col(f"{name}|over") if column.over is None else column.over
        return Exact(pl.col(name).cast(WIDE), over, column.why(name))


def number(formula: Formula, sight: Sight) -> Exact:  # noqa: PLR0911, PLR0912 - one answer per operation
    """A formula over a table, as exact as one case of it."""
    match formula:
        case Quantity(name, absent_is_zero):
            found = sight.number(name)
            return Exact(found.number.fill_null(0), found.over, None) if absent_is_zero else found
        case Constant(value):
            return _constant(Fraction(value))
        case FirstKnown(names):
            return first_known([sight.number(name) for name in names])
        case Lookup():
            return sight.look(formula)
        case MeanOfPreceding(name, periods):
            return mean([sight.number(preceding(name, back)) for back in range(1, periods + 1)])
        case Mean(terms):
            return mean([number(term, sight) for term in terms])
        case Sum(terms):
            return reduce(plus, [number(term, sight) for term in terms])
        case Difference(of, less):
            return plus(number(of, sight), times(number(less, sight), Exact(pl.lit(-1, WIDE), 1, None)))
        case Minimum(terms) | Maximum(terms):
            return reduce(smaller if isinstance(formula, Minimum) else larger, [number(term, sight) for term in terms])
        case Product(terms):
            return reduce(times, [number(term, sight) for term in terms])
        case Quotient(of, Constant(value)) if value > 0:
            return times(number(of, sight), _constant(1 / Fraction(value)))
        case Quotient(of, by):
            return divided(number(of, sight), number(by, sight), 1)
        case RatioPercent(numerator, denominator):
            return divided(number(numerator, sight), number(denominator, sight), 100)
        case Rounded(of, mode, places):
            return rounded(number(of, sight), mode, places)
        case Choice(when, then, otherwise):
            return chosen(truth(when, sight), number(then, sight), number(otherwise, sight))
        case Total(of):
            return over_lines(number(of, sight), pl.Expr.sum)
        case Largest(of):
            return over_lines(number(of, sight), pl.Expr.max)
        case _:
            assert_never(formula)


def truth(condition: Condition, sight: Sight) -> Truth:  # noqa: PLR0911 - one answer per operation
    """A condition over a table, decided on exact values."""
    match condition:
        case Compare(relation, left, right):
            a, b = number(left, sight), number(right, sight)
            return Truth(related(relation, a, b), first_reason(a.why, b.why))
        case Among(name, codes):
            return Truth(pl.col(name).is_in(codes), sight.column(name).why(name))
        case Known(name):
            return Truth(pl.col(name).is_not_null(), None)
        case Holds(name):
            return Truth(pl.col(name), sight.column(name).why(name))
        case Every(of):
            return decided([truth(each, sight) for each in of], pl.all_horizontal)
        case Either(of):
            return decided([truth(each, sight) for each in of], pl.any_horizontal)
        case Contrary(of):
            found = truth(of, sight)
            return Truth(~found.holds, found.why)
        case _:
            assert_never(condition)


def _constant(value: Fraction) -> Exact:
    return Exact(pl.lit(value.numerator, WIDE), value.denominator, None)
