"""Evaluation: one case of a formula, exactly, with every step explained."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import product

from standards.quantities import QuantityError, Rounding, decimal_of, rounded
from standards.responsibility.formulas import Formula, NotAFormula
from standards.responsibility.sizes import decimals
from standards.responsibility.tracing import NoFigure, Step, Trace, Values

__all__ = ["Explanation", "NoFigure", "Step", "bounds", "evaluate", "explain", "meets"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """An exact result with every step that led to it, innermost first, and the caveats that mark it."""

    value: Decimal
    steps: tuple[Step, ...]
    caveats: tuple[str, ...]


def evaluate(formula: Formula, values: Values) -> Decimal:
    """The exact value of a formula; raises NoFigure, or NotAFormula when it has no last digit."""
    return explain(formula, values).value


def explain(formula: Formula, values: Values) -> Explanation:
    """The exact value with every step; raises NoFigure, or NotAFormula when it has no last digit."""
    trace = Trace((values,))
    result = trace.value(formula)
    try:
        places = max(decimals(formula) or 0, -int(decimal_of(result).as_tuple().exponent))
    except QuantityError as endless:
        raise NotAFormula("the result has no last digit: write the law's rounding around it") from endless
    return Explanation(
        rounded(result, places, Rounding.DOWN), tuple(trace.steps), tuple(dict.fromkeys(trace.caveats))
    )  # fmt: skip


def bounds(formula: Formula, ranges: Mapping[str, tuple[Decimal, Decimal]]) -> tuple[Decimal, Decimal]:
    """Lowest and highest value over the corners of the inputs' ranges.

    Exact for formulas that rise or fall steadily with each input, as all sums, differences and ratios of masses do.
    """
    names = list(ranges)
    found = [
        evaluate(formula, dict(zip(names, corner, strict=True)))
        for corner in product(*(ranges[name] for name in names))
    ]
    return min(found), max(found)


def meets(numerator: int, denominator: int, target_percent: Decimal) -> bool:
    """Whether numerator / denominator reaches the target: decided on exact masses, never on a rounded rate."""
    return Fraction(numerator) * 100 >= Fraction(target_percent) * denominator
