"""Tracing: every operation of the vocabulary carried out exactly on one line of a case, step by step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import TypeAlias, assert_never

from standards.quantities import rounded
from standards.responsibility.formulas import (
    CONDITIONS,
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
    Product,
    Quantity,
    Quotient,
    RatioPercent,
    Relation,
    Rounded,
    Sum,
    Total,
    parts,
    preceding,
)


class NoFigure(ValueError):
    """There is no figure, and `reason` says why: `no_figure:<name>`, `no_parameter:<name>`, `denominator_zero`..."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no figure: {reason}")
        self.reason = reason


# What a name stands for: a number, a code, yes or no, nothing, or an earlier step that has no figure.
Value: TypeAlias = int | Decimal | Fraction | str | bool | NoFigure | None
Values: TypeAlias = Mapping[str, Value]
# The value of a table of the pack for this line; raises NoFigure where the table is silent.
Look: TypeAlias = Callable[[Lookup, Values], Fraction]


@dataclass(frozen=True, slots=True)
class Step:
    """One operation that was carried out: what went in and what came out, as exact text (7/3 stays 7/3)."""

    operation: str
    inputs: tuple[str, ...]
    result: str


def no_tables(wanted: Lookup, values: Values) -> Fraction:
    """Where a formula may read no table of a pack."""
    raise NoFigure(f"no_parameter:{wanted.parameter}")


@dataclass
class Trace:
    """The evaluation of one line of a case: `steps`, `caveats` and the (name, line) it `reads` grow as it goes."""

    lines: Sequence[Values]
    at: int = 0
    look: Look = no_tables
    steps: list[Step] = field(default_factory=list)
    caveats: list[str] = field(default_factory=list)
    reads: list[tuple[str, int]] = field(default_factory=list)

    def value(self, formula: Formula) -> Fraction:  # noqa: PLR0911 - one answer per operation
        """The exact number; raises NoFigure."""
        match formula:
            case Quantity(name, absent_is_zero):
                return self._known(name, absent_is_zero=absent_is_zero)
            case Constant(value):
                return Fraction(value)
            case FirstKnown(names, caveat):
                return self._first_known(names, caveat)
            case Lookup(parameter):
                found = self.look(formula, self.lines[self.at])
                return self._step("lookup", [parameter], found)
            case MeanOfPreceding(name, periods):
                earlier = [self._known(preceding(name, back)) for back in range(1, periods + 1)]
                return self._apply(formula, earlier)
            case Choice(when, then, otherwise):
                return self.value(then if self.holds(when) else otherwise)
            case Total(of) | Largest(of):
                return self._apply(formula, [self._on_line(of, at) for at in range(len(self.lines))])
            case _:
                return self._apply(
                    formula, [self.value(part) for part in parts(formula) if not isinstance(part, CONDITIONS)]
                )

    def holds(self, condition: Condition) -> bool:  # noqa: PLR0911 - one answer per operation
        """Whether a condition holds; raises NoFigure where that cannot be said."""
        match condition:
            case Compare(relation, left, right):
                a, b = self.value(left), self.value(right)
                found = _related(relation, a, b)
                self.steps.append(Step(relation, (str(a), str(b)), str(found).lower()))
                return found
            case Among(name, codes):
                return self._given(name) in codes
            case Known(name):
                return not isinstance(self.lines[self.at].get(name), NoFigure | None)
            case Holds(name):
                return self._given(name) is True
            case Every(of):
                return self._decided(of, by=False)
            case Either(of):
                return self._decided(of, by=True)
            case Contrary(of):
                return not self.holds(of)
            case _:
                assert_never(condition)

    def _decided(self, conditions: Sequence[Condition], *, by: bool) -> bool:
        """The first that equals `by` decides; what cannot be said only matters where none does."""
        unsaid: NoFigure | None = None
        for condition in conditions:
            try:
                if self.holds(condition) is by:
                    return by
            except NoFigure as missing:
                unsaid = unsaid or missing
        if unsaid:
            raise unsaid
        return not by

    def _given(self, name: str) -> int | Decimal | Fraction | str | bool:
        value = self.lines[self.at].get(name)
        self.reads.append((name, self.at))
        if isinstance(value, NoFigure):
            raise value
        if value is None:
            raise NoFigure(f"no_figure:{name}")
        return value

    def _known(self, name: str, *, absent_is_zero: bool = False) -> Fraction:
        absent = self.lines[self.at].get(name) is None and absent_is_zero
        given = 0 if absent else self._given(name)
        assert not isinstance(given, str), f"{name} is a code, not a number"
        return self._step("quantity", [name], Fraction(given))

    def _first_known(self, names: tuple[str, ...], caveat: str) -> Fraction:
        line = self.lines[self.at]
        found = next((name for name in names if not isinstance(line.get(name), NoFigure | None)), names[-1])
        if found != names[0]:
            self.caveats.append(caveat)
        return self._known(found)

    def _on_line(self, formula: Formula, at: int) -> Fraction:
        """A formula on another line of the case; its own steps are told there."""
        other = Trace(self.lines, at, self.look)
        found = other.value(formula)
        self.reads += other.reads
        return found

    def _apply(self, formula: Formula, operands: list[Fraction]) -> Fraction:
        return self._step(type(formula).__name__, list(map(str, operands)), _applied(formula, operands))

    def _step(self, operation: str, told: list[str], result: Fraction) -> Fraction:
        self.steps.append(Step(operation, tuple(told), str(result)))
        return result


def _applied(formula: Formula, operands: list[Fraction]) -> Fraction:  # noqa: PLR0911 - one answer per operation
    match formula:
        case Sum() | Total():
            return sum(operands, Fraction())
        case Difference():
            return operands[0] - operands[1]
        case Minimum():
            return min(operands)
        case Maximum() | Largest():
            return max(operands)
        case Product():
            return prod(operands, start=Fraction(1))
        case Quotient() | RatioPercent():
            if operands[1] == 0:
                raise NoFigure("denominator_zero")
            return (100 if isinstance(formula, RatioPercent) else 1) * operands[0] / operands[1]
        case MeanOfPreceding() | Mean():
            return sum(operands, Fraction()) / len(operands)
        case Rounded(mode=mode, decimals=places):
            return Fraction(rounded(operands[0], places, mode))
        case Quantity() | Constant() | FirstKnown() | Lookup() | Choice():
            raise AssertionError("a leaf or a choice has no operands")
        case _:
            assert_never(formula)


def _related(relation: Relation, a: Fraction, b: Fraction) -> bool:
    match relation:
        case "at_least":
            return a >= b
        case "above":
            return a > b
        case "at_most":
            return a <= b
        case "below":
            return a < b
        case "equal":
            return a == b
        case _:
            assert_never(relation)
