"""Calculations: what a law lets anyone work out, as named steps over named inputs; each formula stands once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from standards.dated import Certainty, Reference
from standards.responsibility.duties.parameters import Parameter, Texts
from standards.responsibility.duties.units import unit_of
from standards.responsibility.formulas import (
    CONDITIONS,
    Condition,
    Formula,
    Largest,
    Lookup,
    Node,
    Total,
    inputs,
    lookups,
    parts,
)
from standards.responsibility.sizes import Size, Sizes, lookup_name, size

Absent = Literal["refused", "zero", "unknown"]
Scope = Literal["case", "line"]
Kind = Literal["number", "code", "yes_no"]
Given: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Code:
    """One choice of a coded input."""

    id: str
    names: Texts


@dataclass(frozen=True, slots=True)
class Input:
    """What has to be given, once for a case or on each of its lines; `absent` says what leaving it out means."""

    id: str
    names: Texts
    kind: Kind
    unit: str
    per: Scope
    absent: Absent
    codes: tuple[Code, ...]
    hint: Texts | None


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must hold for the calculation to mean anything; `says` is what to tell where it does not."""

    id: str
    condition: Condition
    says: Texts


@dataclass(frozen=True, slots=True)
class StepRule:
    """One named result: its formula with the law's rounding, its unit, where it is read."""

    id: str
    names: Texts
    unit: str
    formula: Formula | Condition
    reference: Reference
    certainty: Certainty
    note: Texts | None


@dataclass(frozen=True, slots=True)
class LawCase:
    """A case that a lawyer can read: for this year, given these, the steps come to these texts (line by line)."""

    says: str
    year: int
    given: Given
    expect: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Calculation:
    """Named steps from inputs to answers. `for_roles`: whose duty it tells; `answers`: the steps that are asked for."""

    id: str
    names: Texts
    for_roles: tuple[str, ...]
    inputs: tuple[Input, ...]
    requires: tuple[Requirement, ...]
    steps: tuple[StepRule, ...]
    answers: tuple[str, ...]
    cases: tuple[LawCase, ...]

    def input(self, id: str) -> Input | None:
        return next((each for each in self.inputs if each.id == id), None)

    def step(self, id: str) -> StepRule | None:
        return next((each for each in self.steps if each.id == id), None)

    @property
    def by_line(self) -> bool:
        """Whether a case may have several lines."""
        return any(each.per == "line" for each in self.inputs)

    def line_names(self, tables: Mapping[str, Parameter]) -> frozenset[str]:
        """Inputs and steps that may differ from line to line; all others are one for the case."""
        found = {each.id for each in self.inputs if each.per == "line"}
        for step in self.steps:
            if _varies(step.formula, found, tables):
                found.add(step.id)
        return frozenset(found)

    def parameters(self) -> tuple[str, ...]:
        """The tables that its steps read, in order."""
        nodes: Iterable[Node] = (*(each.condition for each in self.requires), *(step.formula for step in self.steps))
        return tuple(dict.fromkeys(each.parameter for node in nodes for each in lookups(node)))

    def sizes(self, tables: Mapping[str, Parameter]) -> Sizes:
        """The size of every input, table and step in a nation's table. Raises NotAFormula."""
        known: dict[str, Size] = {each.id: unit_of(each.unit).size for each in self.inputs if each.kind == "number"} | {
            lookup_name(id): tables[id].size for id in self.parameters()
        }
        for step in self.steps:
            if not isinstance(step.formula, CONDITIONS):
                known[step.id] = size(step.formula, known)
        return known


def _varies(node: Node, names: set[str], tables: Mapping[str, Parameter]) -> bool:
    """Whether a formula reads anything that differs by line, outside of what goes over all lines."""
    match node:
        case Total() | Largest():
            return False
        case Lookup(parameter, fixed):
            return any(key in names for key in tables[parameter].keyed_by if key not in dict(fixed))
        case _:
            children = parts(node)
            own = any(name in names for name in inputs(node)) if not children else False
            return own or any(_varies(part, names, tables) for part in children)
