"""Exact: arithmetic of columns as whole numbers over whole numbers, where a null always carries its reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import lcm
from typing import Final, assert_never

import polars as pl

from standards.quantities import Rounding
from standards.responsibility.formulas import NotAFormula, Relation

WIDE: Final = pl.Int128()
CASE: Final = "case"


@dataclass(frozen=True, slots=True)
class Exact:
    """number / over, both whole, over above zero; null where there is no figure, and then `why` says so."""

    number: pl.Expr
    over: pl.Expr | int
    why: pl.Expr | None


@dataclass(frozen=True, slots=True)
class Truth:
    """Yes or no; null where that cannot be said, and then `why` says so."""

    holds: pl.Expr
    why: pl.Expr | None


def first_reason(*reasons: pl.Expr | None) -> pl.Expr | None:
    told = [each for each in reasons if each is not None]
    return pl.coalesce(told) if told else None


def _wide(over: pl.Expr | int) -> pl.Expr:
    return pl.lit(over, WIDE) if isinstance(over, int) else over


def _same(a: pl.Expr | int, b: pl.Expr | int) -> bool:
    return isinstance(a, int) and isinstance(b, int) and a == b


def first_known(found: Sequence[Exact]) -> Exact:
    if len({each.over for each in found if isinstance(each.over, int)}) != 1:
        raise NotAFormula("the first known of quantities in different units")
    none = pl.all_horizontal(each.number.is_null() for each in found)
    why = pl.when(none).then(found[-1].why)
    return Exact(pl.coalesce([each.number for each in found]), found[0].over, why)


def mean(terms: Sequence[Exact]) -> Exact:
    return times(reduce(plus, terms), Exact(pl.lit(1, WIDE), len(terms), None))


def plus(a: Exact, b: Exact) -> Exact:
    why = first_reason(a.why, b.why)
    if isinstance(a.over, int) and isinstance(b.over, int):
        over = lcm(a.over, b.over)
        return Exact(a.number * _wide(over // a.over) + b.number * _wide(over // b.over), over, why)
    return Exact(a.number * _wide(b.over) + b.number * _wide(a.over), _wide(a.over) * _wide(b.over), why)


def times(a: Exact, b: Exact) -> Exact:
    literal = isinstance(a.over, int) and isinstance(b.over, int)
    over = a.over * b.over if literal else _wide(a.over) * _wide(b.over)
    return Exact(a.number * b.number, over, first_reason(a.why, b.why))


def smaller(a: Exact, b: Exact) -> Exact:
    return chosen(Truth(related("at_most", a, b), first_reason(a.why, b.why)), a, b, both=True)


def larger(a: Exact, b: Exact) -> Exact:
    return chosen(Truth(related("at_least", a, b), first_reason(a.why, b.why)), a, b, both=True)


def chosen(when: Truth, then: Exact, otherwise: Exact, *, both: bool = False) -> Exact:
    """One of two. A condition that cannot be said gives no figure, rather than the other side's."""

    def choose(left: pl.Expr, right: pl.Expr) -> pl.Expr:
        return pl.when(when.holds).then(left).when(~when.holds).then(right)

    if isinstance(then.over, int) and isinstance(otherwise.over, int):
        over: pl.Expr | int = lcm(then.over, otherwise.over)
        numbers = [each.number * _wide(over // each.over) for each in (then, otherwise)]
    else:
        over = choose(_wide(then.over), _wide(otherwise.over))
        numbers = [then.number, otherwise.number]
    why = when.why
    if not both and (then.why is not None or otherwise.why is not None):
        none = pl.lit(None, pl.String)
        left, right = (none if each.why is None else each.why for each in (then, otherwise))
        why = first_reason(why, choose(left, right))
    return Exact(choose(*numbers), over, why)


def divided(a: Exact, b: Exact, factor: int) -> Exact:
    size = pl.when(b.number != 0).then(b.number.abs())
    sign = pl.when(b.number < 0).then(pl.lit(-factor, WIDE)).otherwise(pl.lit(factor, WIDE))
    nothing = pl.when(b.number == 0).then(pl.lit("denominator_zero"))
    return Exact(a.number * _wide(b.over) * sign, _wide(a.over) * size, first_reason(a.why, b.why, nothing))


def rounded(of: Exact, mode: Rounding, places: int) -> Exact:
    top = of.number * _wide(10 ** max(places, 0))
    below = _wide(of.over) * _wide(10 ** max(-places, 0))
    units = _whole(top, below, Rounding(mode)) * _wide(10 ** max(-places, 0))
    return Exact(units, 10 ** max(places, 0), of.why)


def _whole(top: pl.Expr, below: pl.Expr, mode: Rounding) -> pl.Expr:
    sign = pl.when(top < 0).then(pl.lit(-1, WIDE)).otherwise(pl.lit(1, WIDE))
    down = top.abs() // below
    rest = top.abs() - down * below
    match mode:
        case Rounding.HALF_UP:
            return (down + (rest * 2 >= below).cast(WIDE)) * sign
        case Rounding.HALF_EVEN:
            up = (rest * 2 > below) | ((rest * 2 == below) & (down % 2 == 1))
            return (down + up.cast(WIDE)) * sign
        case Rounding.DOWN:
            return down * sign
        case Rounding.UP:
            return (down + (rest > 0).cast(WIDE)) * sign
        case Rounding.FLOOR:
            return down * sign - ((rest > 0) & (top < 0)).cast(WIDE)
        case Rounding.CEILING:
            return down * sign + ((rest > 0) & (top > 0)).cast(WIDE)
        case _:
            assert_never(mode)


def over_lines(of: Exact, gather: Callable[[pl.Expr], pl.Expr]) -> Exact:
    """One value for all lines of a case; a line without a figure leaves the case without one."""
    if not isinstance(of.over, int):
        raise NotAFormula("lines of a case cannot be added exactly before they are rounded")
    gap = of.number.is_null().any().over(CASE)
    why = None if of.why is None else of.why.drop_nulls().first().over(CASE)
    return Exact(pl.when(~gap).then(gather(of.number).over(CASE)), of.over, why)


def decided(found: Sequence[Truth], join: Callable[..., pl.Expr]) -> Truth:
    """What cannot be said only matters where nothing else decides."""
    holds = join(each.holds for each in found)
    why = first_reason(*(each.why for each in found))
    return Truth(holds, None if why is None else pl.when(holds.is_null()).then(why))


def related(relation: Relation, a: Exact, b: Exact) -> pl.Expr:
    left, right = a.number, b.number
    if not _same(a.over, b.over):
        left, right = left * _wide(b.over), right * _wide(a.over)
    match relation:
        case "at_least":
            return left >= right
        case "above":
            return left > right
        case "at_most":
            return left <= right
        case "below":
            return left < right
        case "equal":
            return left == right
        case _:
            assert_never(relation)
