"""Wanting: everything that standards could ask of a lot, gathered, so that a form asks for exactly that."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from standards.conformity.rules import (
    Attest,
    AttributeIs,
    Clause,
    DocumentRule,
    GradeMode,
    OneOf,
    PropertyIs,
    Standard,
    leaves,
    measured,
)
from standards.conformity.sheets import open_to

LOTS_OWN = frozenset({"material", "form", "claimed_grade"})


@dataclass
class Wanted:
    """What a set of standards asks for, each with how many of them do; attributes with the values they know."""

    properties: Counter[str] = field(default_factory=Counter)
    statements: Counter[str] = field(default_factory=Counter)
    documents: Counter[str] = field(default_factory=Counter)
    attributes: dict[str, list[str | bool]] = field(default_factory=dict)
    grades: list[tuple[str, str]] = field(default_factory=list)

    def most(self, counted: Counter[str]) -> list[str]:
        """The names, those that most standards ask for first."""
        return [name for name, _ in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))]


def wanted(standards: Iterable[Standard], material: str) -> Wanted:
    """What these standards ask of a lot of a material; grades are (standard, code) where one must be claimed."""
    found = Wanted()
    for standard in standards:
        open_grades = [grade for grade in standard.grades if open_to(grade, material)]
        names: dict[str, set[str]] = {"properties": set(), "statements": set(), "documents": set()}
        for clause in (*standard.clauses, *(clause for grade in open_grades for clause in grade.clauses)):
            _clause(clause, names, found.attributes)
        found.properties.update(names["properties"])
        found.statements.update(names["statements"])
        found.documents.update(names["documents"])
        if standard.grade_mode is GradeMode.CLAIMED:
            found.grades += [(standard.id, grade.code) for grade in open_grades]
    return found


def _clause(clause: Clause, names: dict[str, set[str]], attributes: dict[str, list[str | bool]]) -> None:
    match clause.when:
        case AttributeIs(attribute, values):
            _values(attributes, attribute, values)
        case PropertyIs(found):
            names["properties"].add(found.code)
    for part in leaves(clause.rule):
        match part:
            case Attest(statement):
                names["statements"].add(statement)
            case DocumentRule(type_):
                names["documents"].add(type_)
            case OneOf(attribute, values):
                _values(attributes, attribute, values)
            case _:
                names["properties"] |= {found.code for found in measured(part)}


def _values(attributes: dict[str, list[str | bool]], name: str, values: tuple[str | bool, ...]) -> None:
    if name not in LOTS_OWN:
        known = attributes.setdefault(name, [])
        known += [value for value in values if value not in known]
