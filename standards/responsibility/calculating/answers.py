"""Answers: what a calculation gives: every figure with what it was made of, and everything that is missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from standards.dated import Certainty, Reference, Status
from standards.quantities import QuantityError, Rounding, decimal_of, rounded
from standards.responsibility.duties.calculations import StepRule
from standards.responsibility.duties.parameters import Texts
from standards.responsibility.duties.provisions import Standing
from standards.responsibility.formulas import Rounded
from standards.responsibility.tracing import Step


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that a figure was made of, on which line where it differs by line; tables say since when the value
    holds and where it is read."""

    kind: Literal["input", "step", "table"]
    name: str
    names: Texts
    text: str
    unit: str
    keys: Mapping[str, str]
    since: date | None = None
    until: date | None = None
    reference: Reference | None = None
    certainty: Certainty | None = None
    given: bool = False
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there is no figure: an input left out, a table that is silent (for which keys, on which day), a zero divisor.

    `says` tells what is not known and `look` where it would be published.
    """

    reason: str
    kind: Literal["input", "table", "denominator"]
    name: str
    names: Texts | None
    keys: Mapping[str, str]
    day: date
    says: Texts | None
    look: Reference | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One step of a case: its exact value (None: missing), on which line (None: of the whole case)."""

    step: StepRule
    line: int | None
    value: Fraction | bool | None
    text: str
    uses: tuple[Use, ...]
    operations: tuple[Step, ...]
    certainty: Certainty
    given: bool
    missing: Missing | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A case of a calculation under one edition; `answers` are the steps that were asked for."""

    edition: str
    digest: str
    calculation: str
    names: Texts
    year: int
    day: date
    status: Status
    standing: Standing
    lines: int
    figures: tuple[Figure, ...]
    answers: tuple[str, ...]
    doubts: tuple[str, ...]

    def of(self, step: str) -> tuple[Figure, ...]:
        """The figures of one step, line by line."""
        return tuple(each for each in self.figures if each.step.id == step)

    @property
    def missing(self) -> tuple[Missing, ...]:
        """All that is missing for the steps that were asked for, once each."""
        found = [each.missing for each in self.figures if each.step.id in self.answers and each.missing is not None]
        return tuple({(each.reason, *each.keys.items()): each for each in found}.values())


def text_of(value: Fraction | bool, rule: StepRule) -> str:
    """The exact value as text: with the places of the law's rounding, else as short as it is; 7/3 stays 7/3."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(rule.formula, Rounded) and rule.formula.decimals > 0:
        return f"{rounded(value, rule.formula.decimals, Rounding.DOWN):f}"
    try:
        return f"{decimal_of(value):f}"
    except QuantityError:
        return str(value)
