"""Formulas: the closed vocabulary in which a law's arithmetic and its conditions are written."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias, assert_never

from standards.quantities import Rounding

MODES: Final[tuple[Rounding, ...]] = tuple(Rounding)
Relation = Literal["at_least", "above", "at_most", "below", "equal"]
RELATIONS: Final[tuple[Relation, ...]] = ("at_least", "above", "at_most", "below", "equal")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A named number: an input or an earlier step; a missing one is refused unless the law lets it be nothing."""

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
class Mean:
    terms: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Quotient:
    """of / by; a divisor of zero gives no figure."""

    of: "Formula"
    by: "Formula"


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
    """Rounded once, as the law says; half_up: ties away from zero; down: truncated; negative decimals: tens."""

    of: "Formula"
    mode: Rounding
    decimals: int


@dataclass(frozen=True, slots=True)
class Lookup:
    """A dated value of one of the pack's tables; keys that are not fixed here are the inputs of that name."""

    parameter: str
    fixed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One formula when a condition holds, another when it does not."""

    when: "Condition"
    then: "Formula"
    otherwise: "Formula"


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of a formula over all lines of a case (the materials of a declaration, the fractions of an output)."""

    of: "Formula"


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest value of a formula over all lines of a case."""

    of: "Formula"


@dataclass(frozen=True, slots=True)
class Compare:
    """Decided on exact values, never on rounded ones unless the law rounds first."""

    relation: Relation
    left: "Formula"
    right: "Formula"


@dataclass(frozen=True, slots=True)
class Among:
    """Whether a coded input is one of these codes."""

    name: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Whether something was given: laws change the method where a quantity cannot be measured."""

    name: str


@dataclass(frozen=True, slots=True)
class Holds:
    """A yes-or-no input, or an earlier condition."""

    name: str


@dataclass(frozen=True, slots=True)
class Every:
    """All hold; one that does not hold decides, even where another is unknown."""

    of: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one holds; one that holds decides, even where another is unknown."""

    of: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Contrary:
    of: "Condition"


Formula: TypeAlias = (
    Quantity | Constant | Sum | Difference | Minimum | Maximum | Product | Mean | Quotient | RatioPercent
    | MeanOfPreceding | FirstKnown | Rounded | Lookup | Choice | Total | Largest
)  # fmt: skip
Condition: TypeAlias = Compare | Among | Known | Holds | Every | Either | Contrary
Node: TypeAlias = Formula | Condition
CONDITIONS: Final = (Compare, Among, Known, Holds, Every, Either, Contrary)


class NotAFormula(ValueError):
    """What was written is not in the vocabulary, lacks the law's rounding, or outgrows exact tables."""


def parts(node: Node) -> tuple[Node, ...]:  # noqa: PLR0911 - one answer per operation
    """What a formula or condition is made of, in order; nothing for the leaves."""
    match node:
        case Quantity() | Constant() | FirstKnown() | MeanOfPreceding() | Lookup() | Among() | Known() | Holds():
            return ()
        case Sum(terms) | Minimum(terms) | Maximum(terms) | Product(terms) | Mean(terms):
            return terms
        case Difference(a, b) | Quotient(a, b) | RatioPercent(a, b) | Compare(_, a, b):
            return (a, b)
        case Rounded(of=of) | Total(of) | Largest(of):
            return (of,)
        case Choice(when, then, otherwise):
            return (when, then, otherwise)
        case Every(of) | Either(of):
            return of
        case Contrary(of):
            return (of,)
        case _:
            assert_never(node)


def preceding(name: str, back: int) -> str:
    """The name under which a quantity of an earlier period is given; back = 1 is the period just before."""
    return f"{name}@-{back}"


def inputs(node: Node) -> tuple[str, ...]:
    """The names of everything the formula reads (a table's keys apart), once each, in order of first use."""
    match node:
        case Quantity(name) | Among(name) | Known(name) | Holds(name):
            return (name,)
        case FirstKnown(names):
            return names
        case MeanOfPreceding(name, periods):
            return tuple(preceding(name, back) for back in range(1, periods + 1))
        case _:
            return tuple(dict.fromkeys(name for part in parts(node) for name in inputs(part)))


def means(node: Node) -> tuple[MeanOfPreceding, ...]:
    """Every mean over earlier periods in the formula: what a table must bring forward for it."""
    if isinstance(node, MeanOfPreceding):
        return (node,)
    return tuple(dict.fromkeys(mean for part in parts(node) for mean in means(part)))


def lookups(node: Node) -> tuple[Lookup, ...]:
    """Every value of the pack's tables that the formula reads."""
    if isinstance(node, Lookup):
        return (node,)
    return tuple(dict.fromkeys(found for part in parts(node) for found in lookups(part)))
