"""Formulas: the closed vocabulary in which a law's arithmetic is written, and what its shape promises."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias, assert_never

Mode = Literal["half_up", "down", "ceiling"]
MODES: Final[tuple[Mode, ...]] = ("half_up", "down", "ceiling")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A named input, in grams in every table; a missing one is refused unless the law lets it be nothing."""

    name: str
    absent_is_zero: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that the law itself fixes."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Sum:
    terms: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Difference:
    of: "Formula"
    less: "Formula"


@dataclass(frozen=True, slots=True)
class Minimum:
    terms: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Maximum:
    terms: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Product:
    terms: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class RatioPercent:
    """100 * numerator / denominator; a denominator of zero gives no figure."""

    numerator: "Formula"
    denominator: "Formula"


@dataclass(frozen=True, slots=True)
class MeanOfPreceding:
    """The mean of a quantity over the periods before this one, given as `preceding(name, 1)` and so on."""

    quantity: str
    periods: int


@dataclass(frozen=True, slots=True)
class FirstKnown:
    """The first of these quantities that is known; `caveat` (a code) marks the figure when it is not the first."""

    names: tuple[str, ...]
    caveat: str


@dataclass(frozen=True, slots=True)
class Rounded:
    """Rounded once, as the law says: half_up (ties away from zero), down (truncated), ceiling."""

    of: "Formula"
    mode: Mode
    decimals: int


Formula: TypeAlias = (
    Quantity
    | Constant
    | Sum
    | Difference
    | Minimum
    | Maximum
    | Product
    | RatioPercent
    | MeanOfPreceding
    | FirstKnown
    | Rounded
)

# A mass in grams fits 63 bits in every table; a table's arithmetic has 127.
GRAM_BITS: Final = 63
TABLE_BITS: Final = 126


class NotAFormula(ValueError):
    """What was written is not in the vocabulary, lacks the law's rounding, or outgrows exact tables."""


def parts(formula: Formula) -> tuple[Formula, ...]:
    """The formulas that a formula is made of, in order; none for the leaves."""
    match formula:
        case Quantity() | Constant() | FirstKnown() | MeanOfPreceding():
            return ()
        case Sum(terms) | Minimum(terms) | Maximum(terms) | Product(terms):
            return terms
        case Difference(of, less):
            return (of, less)
        case RatioPercent(numerator, denominator):
            return (numerator, denominator)
        case Rounded(of=of):
            return (of,)
        case _:
            assert_never(formula)


def preceding(name: str, back: int) -> str:
    """The name under which a quantity of an earlier period is given; back = 1 is the period just before."""
    return f"{name}@-{back}"


def inputs(formula: Formula) -> tuple[str, ...]:
    """The names of everything the formula reads, once each, in order of first use."""
    match formula:
        case Quantity(name):
            return (name,)
        case FirstKnown(names):
            return names
        case MeanOfPreceding(name, periods):
            return tuple(preceding(name, back) for back in range(1, periods + 1))
        case _:
            return tuple(dict.fromkeys(name for part in parts(formula) for name in inputs(part)))


def means(formula: Formula) -> tuple[MeanOfPreceding, ...]:
    """Every mean over earlier periods in the formula: what a table must bring forward for it."""
    if isinstance(formula, MeanOfPreceding):
        return (formula,)
    return tuple(dict.fromkeys(mean for part in parts(formula) for mean in means(part)))


def decimals(formula: Formula) -> int | None:
    """How many decimals the result of whole grams can have; None: it may have no last digit (a ratio, a mean)."""
    below = [decimals(part) for part in parts(formula)]
    match formula:
        case Quantity() | FirstKnown():
            return 0
        case Constant(value):
            return max(0, -int(value.normalize().as_tuple().exponent))
        case RatioPercent() | MeanOfPreceding():
            return None
        case Rounded(decimals=fixed):
            return fixed
        case _:
            known = [each for each in below if each is not None]
            if len(known) < len(below):
                return None
            return sum(known) if isinstance(formula, Product) else max(known)


def bits(formula: Formula) -> tuple[int, int]:  # noqa: PLR0911 - one answer per operation
    """How many bits numerator and denominator of the exact result, and of all on the way, can need in a table."""
    below = [bits(part) for part in parts(formula)]
    match formula:
        case Quantity() | FirstKnown():
            return GRAM_BITS, 1
        case Constant(value):
            number, over = value.as_integer_ratio()
            return abs(number).bit_length(), over.bit_length()
        case MeanOfPreceding(periods=periods):
            return GRAM_BITS + periods.bit_length(), periods.bit_length()
        case RatioPercent():
            (number, over), (number_below, over_below) = below
            return number + over_below + 7, over + number_below
        case Rounded(decimals=fixed):
            scale = (10**fixed).bit_length()
            return below[0][0] + scale + 2, scale
        case Product():
            return sum(number for number, _ in below), sum(over for _, over in below)
        case _:
            over = sum(each for _, each in below)
            return max(number for number, _ in below) + over + len(below).bit_length(), over


def checked(formula: Formula) -> Formula:
    """The formula itself, if its result has a last digit and every table can hold it exactly; else NotAFormula."""
    places = decimals(formula)
    if places is None:
        raise NotAFormula("the result may have no last digit: write the law's rounding around it")
    if max(_widest(formula), bits(formula)[0] + (10**places).bit_length()) > TABLE_BITS:
        raise NotAFormula("the formula outgrows exact tables: round an intermediate result, if the law does")
    return formula


def _widest(formula: Formula) -> int:
    return max(*bits(formula), *map(_widest, parts(formula)))
