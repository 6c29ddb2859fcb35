"""Bounds: a limit as the standard prints it, and exactly in base units; strict and inclusive differ."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from standards.quantities import unit_named


class Op(StrEnum):
    """How a value is held against a limit; strict and non-strict differ."""

    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="


@dataclass(frozen=True)
class Bound:
    """A limit: the number as the standard prints it, and exactly in the base unit of its kind."""

    op: Op
    value: Decimal
    unit: str
    base: Decimal

    @cached_property
    def shown(self) -> str:
        """As people read it: `<= 2 %`."""
        return f"{self.op} {self.value} {self.unit}"

    @cached_property
    def upper(self) -> bool:
        """Whether values must stay below it."""
        return self.op in {Op.BELOW, Op.AT_MOST}

    @cached_property
    def strict(self) -> bool:
        """Whether the limit itself breaks it."""
        return self.op in {Op.BELOW, Op.ABOVE}

    @cached_property
    def scale(self) -> Decimal:
        """How many base units one of its own unit is."""
        return unit_named(self.unit).scale
