"""Sizes: how many digits a formula can need, so that a nation's table is as exact as a single case, or refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import lcm
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar, assert_never

from standards.quantities import QuantityError, decimal_of
from standards.responsibility.formulas import (
    CONDITIONS,
    Choice,
    Compare,
    Constant,
    Difference,
    FirstKnown,
    Formula,
    Largest,
    Lookup,
    Maximum,
    Mean,
    MeanOfPreceding,
    Minimum,
    Node,
    NotAFormula,
    Product,
    Quantity,
    Quotient,
    RatioPercent,
    Rounded,
    Sum,
    Total,
    parts,
)

# A table's arithmetic has 127 bits, two of them kept for the doubling of a rounding; a case has at most 2**17 lines.
TABLE_BITS: Final = 125
LINE_BITS: Final = 17


@dataclass(frozen=True, slots=True)
class Size:
    """An exact value number / over in a table: bits of each, and `over` itself where it is the same in every row.

    `decimals` is how many the value can have; None: it may have no last digit (a ratio, a mean).
    """

    number: int
    over_bits: int
    over: int | None
    decimals: int | None


# A mass in whole grams, as in every table of the reports.
GRAMS: Final = Size(number=63, over_bits=1, over=1, decimals=0)
Sizes: TypeAlias = Mapping[str, Size]
NONE: Final[Sizes] = MappingProxyType({})
AnyNode = TypeVar("AnyNode", bound=Node)


def decimal_size(digits: int, decimals: int) -> Size:
    """A decimal of at most so many digits in all, so many of them after the point."""
    return Size((10**digits).bit_length(), (10**decimals).bit_length(), 10**decimals, decimals)


def ten_to(places: int) -> int:
    """10**places, 1 where that is below zero."""
    return int(10 ** max(places, 0))


def decimals(formula: Formula, known: Sizes = NONE) -> int | None:
    """How many decimals the result can have; None: it may have no last digit. `known` names what is not in grams."""
    return size(formula, known).decimals


def bits(formula: Formula, known: Sizes = NONE) -> tuple[int, int]:
    """How many bits numerator and denominator of the exact result can need in a table."""
    found = size(formula, known)
    return found.number, found.over_bits


def checked(formula: Formula, known: Sizes = NONE) -> Formula:
    """The formula itself, if its result has a last digit and every table can hold it exactly; else NotAFormula."""
    found = size(formula, known)
    if found.decimals is None:
        raise NotAFormula("the result may have no last digit: write the law's rounding around it")
    return fitting(formula, known)


def fitting(node: AnyNode, known: Sizes = NONE) -> AnyNode:
    """The formula or condition itself, if every table can hold all of it exactly; else NotAFormula."""
    if _widest(node, known) > TABLE_BITS:
        raise NotAFormula("the formula outgrows exact tables: round an intermediate result, if the law does")
    return node


def size(formula: Formula, known: Sizes = NONE) -> Size:  # noqa: PLR0911, PLR0912 - one answer per operation
    """The size of an exact result."""
    match formula:
        case Quantity(name):
            return known.get(name, GRAMS)
        case Lookup(name):
            return known[lookup_name(name)]
        case FirstKnown(names):
            return reduce(_either, (known.get(name, GRAMS) for name in names))
        case MeanOfPreceding(name, periods):
            return _divided(reduce(_plus, [known.get(name, GRAMS)] * periods), periods)
        case Constant(value):
            return _constant(Fraction(value))
        case Mean(terms):
            return _divided(reduce(_plus, (size(term, known) for term in terms)), len(terms))
        case Sum(terms):
            return reduce(_plus, (size(term, known) for term in terms))
        case Difference(of, less):
            return _plus(size(of, known), size(less, known))
        case Minimum(terms) | Maximum(terms):
            return reduce(_either, (size(term, known) for term in terms))
        case Choice(_, then, otherwise):
            return _either(size(then, known), size(otherwise, known))
        case Product(terms):
            return reduce(_times, (size(term, known) for term in terms))
        case Quotient(of, Constant(value)) if value > 0:
            return _times(size(of, known), _constant(1 / Fraction(value)))
        case Quotient(of, by):
            return _ratio(size(of, known), size(by, known), 0)
        case RatioPercent(numerator, denominator):
            return _ratio(size(numerator, known), size(denominator, known), 7)
        case Rounded(of, _, places):
            return _rounded(size(of, known), places)
        case Total(of) | Largest(of):
            return _over_lines(size(of, known))
        case _:
            assert_never(formula)


def lookup_name(parameter: str) -> str:
    """Under which name the size of a parameter's values stands beside those of inputs and steps."""
    return f"lookup:{parameter}"


def _widest(node: Node, known: Sizes) -> int:
    """The most bits that anything on the way needs, comparisons and the room of a rounding included."""
    below = max((_widest(part, known) for part in parts(node)), default=0)
    match node:
        case Compare(_, left, right):
            return max(below, _compared(size(left, known), size(right, known)))
        case Minimum(terms) | Maximum(terms):
            found = [size(term, known) for term in terms]
            return max(below, *(_compared(a, b) for a in found for b in found))
        case Rounded(of, _, places):
            return max(below, _rounding_room(size(of, known), places))
    if isinstance(node, CONDITIONS):
        return below
    found_size = size(node, known)
    places, over = ten_to(found_size.decimals or 0), found_size.over
    shown = _grows(places // over if over is not None and places % over == 0 else places)
    return max(below, found_size.number + shown, found_size.over_bits)


def _grows(factor: int) -> int:
    """How many bits a whole number gains at most by this factor."""
    return (factor - 1).bit_length()


def _compared(a: Size, b: Size) -> int:
    return max(a.number + b.over_bits, b.number + a.over_bits)


def _rounding_room(of: Size, places: int) -> int:
    return max(of.number + _grows(ten_to(places)), of.over_bits + _grows(ten_to(-places)) + 1)


def _rounded(of: Size, places: int) -> Size:
    over = ten_to(places)
    smaller = 0 if of.over is None else of.over.bit_length() - 1
    number = max(of.number - smaller, 0) + max(_grows(over), _grows(ten_to(-places))) + 1
    return Size(number, over.bit_length(), over, max(places, 0))


def _constant(value: Fraction) -> Size:
    try:
        places = max(0, -int(decimal_of(value).as_tuple().exponent))
    except QuantityError:
        return Size(abs(value.numerator).bit_length(), value.denominator.bit_length(), value.denominator, None)
    return Size(abs(value.numerator).bit_length(), value.denominator.bit_length(), value.denominator, places)


def _plus(a: Size, b: Size) -> Size:
    if a.over is not None and b.over is not None:
        over = lcm(a.over, b.over)
        number = max(a.number + _grows(over // a.over), b.number + _grows(over // b.over)) + 1
        return Size(number, over.bit_length(), over, _most(a, b))
    return Size(_compared(a, b) + 1, a.over_bits + b.over_bits, None, _most(a, b))


def _either(a: Size, b: Size) -> Size:
    if a.over is not None and b.over is not None:
        over = lcm(a.over, b.over)
        number = max(a.number + _grows(over // a.over), b.number + _grows(over // b.over))
        return Size(number, over.bit_length(), over, _most(a, b))
    return Size(max(a.number, b.number), max(a.over_bits, b.over_bits), None, _most(a, b))


def _times(a: Size, b: Size) -> Size:
    over = a.over * b.over if a.over is not None and b.over is not None else None
    places = None if a.decimals is None or b.decimals is None else a.decimals + b.decimals
    over_bits = a.over_bits + b.over_bits if over is None else over.bit_length()
    number = a.number if b.number == 1 else b.number if a.number == 1 else a.number + b.number
    return Size(number, over_bits, over, places)


def _divided(a: Size, count: int) -> Size:
    over = None if a.over is None else a.over * count
    return Size(a.number, a.over_bits + count.bit_length(), over, None if count > 1 else a.decimals)


def _ratio(a: Size, b: Size, room: int) -> Size:
    return Size(a.number + b.over_bits + room, a.over_bits + b.number, None, None)


def _over_lines(of: Size) -> Size:
    if of.over is None:
        raise NotAFormula("lines of a case cannot be added exactly before they are rounded")
    return Size(of.number + LINE_BITS, of.over_bits, of.over, of.decimals)


def _most(a: Size, b: Size) -> int | None:
    return None if a.decimals is None or b.decimals is None else max(a.decimals, b.decimals)
