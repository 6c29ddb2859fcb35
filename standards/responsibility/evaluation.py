"""Evaluation: one case of a formula, exactly, with every step explained."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import product
from math import prod
from typing import TypeAlias, assert_never

from standards.responsibility.formulas import (
    Constant,
    Difference,
    FirstKnown,
    Formula,
    Maximum,
    MeanOfPreceding,
    Minimum,
    Mode,
    NotAFormula,
    Product,
    Quantity,
    RatioPercent,
    Rounded,
    Sum,
    decimals,
    parts,
    preceding,
)

Values: TypeAlias = Mapping[str, int | Decimal | None]


class NoFigure(ValueError):
    """There is no figure, and `reason` says why: `no_figure:<quantity>` or `denominator_zero`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no figure: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Step:
    """One operation that was carried out: what went in and what came out, as exact text (7/3 stays 7/3)."""

    operation: str
    inputs: tuple[str, ...]
    result: str


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
    trace = _Trace(values)
    result = trace.value(formula)
    return Explanation(
        _decimal(result, decimals(formula) or 0), tuple(trace.steps), tuple(dict.fromkeys(trace.caveats))
    )


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


@dataclass
class _Trace:
    values: Values
    steps: list[Step] = field(default_factory=list)
    caveats: list[str] = field(default_factory=list)

    def value(self, formula: Formula) -> Fraction:
        match formula:
            case Quantity(name, absent_is_zero):
                return self.known(name, absent_is_zero=absent_is_zero)
            case Constant(value):
                return Fraction(value)
            case FirstKnown(names, caveat):
                return self.first_known(names, caveat)
            case MeanOfPreceding(name, periods):
                return self.step(formula, [self.known(preceding(name, back)) for back in range(1, periods + 1)])
            case _:
                return self.step(formula, [self.value(part) for part in parts(formula)])

    def known(self, name: str, *, absent_is_zero: bool = False) -> Fraction:
        value = self.values.get(name)
        if value is None and not absent_is_zero:
            raise NoFigure(f"no_figure:{name}")
        result = Fraction(value or 0)
        self.steps.append(Step("quantity", (name,), str(result)))
        return result

    def first_known(self, names: tuple[str, ...], caveat: str) -> Fraction:
        found = next((name for name in names if self.values.get(name) is not None), names[-1])
        if found != names[0]:
            self.caveats.append(caveat)
        return self.known(found)

    def step(self, formula: Formula, operands: list[Fraction]) -> Fraction:
        result = _apply(formula, operands)
        self.steps.append(Step(type(formula).__name__, tuple(map(str, operands)), str(result)))
        return result


def _apply(formula: Formula, operands: list[Fraction]) -> Fraction:  # noqa: PLR0911 - one answer per operation
    match formula:
        case Sum():
            return sum(operands, Fraction())
        case Difference():
            return operands[0] - operands[1]
        case Minimum():
            return min(operands)
        case Maximum():
            return max(operands)
        case Product():
            return prod(operands, start=Fraction(1))
        case RatioPercent():
            if operands[1] == 0:
                raise NoFigure("denominator_zero")
            return 100 * operands[0] / operands[1]
        case MeanOfPreceding():
            return sum(operands, Fraction()) / len(operands)
        case Rounded(mode=mode, decimals=places):
            return _rounded(operands[0], mode, places)
        case Quantity() | Constant() | FirstKnown():
            raise AssertionError("a leaf has no operands")
        case _:
            assert_never(formula)


def _rounded(value: Fraction, mode: Mode, places: int) -> Fraction:
    scaled = value * 10**places
    match mode:
        case "half_up":
            units = (2 * abs(scaled) + 1) // 2 * (1 if scaled >= 0 else -1)
        case "down":
            units = abs(scaled) // 1 * (1 if scaled >= 0 else -1)
        case "ceiling":
            units = -(-scaled // 1)
        case _:
            assert_never(mode)
    return Fraction(units, 10**places)


def _decimal(value: Fraction, least: int) -> Decimal:
    """The exact decimal with at least so many places: 65 at one decimal is 65.0, as a table would show it."""
    over, places = value.denominator, 0
    while over % 2 == 0 or over % 5 == 0:
        over, places = over // (10 if over % 10 == 0 else 5 if over % 5 == 0 else 2), places + 1
    if over != 1:
        raise NotAFormula("the result has no last digit: write the law's rounding around it")
    places = max(places, least)
    return Decimal(int(value * 10**places)).scaleb(-places)
