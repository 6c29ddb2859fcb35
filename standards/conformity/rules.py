"""The closed language of standards: ten rules, conditions, clauses, grades, all frozen and already resolved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from standards.conformity.bounds import Bound
from standards.conformity.lots import Evidence
from standards.properties import Property


class Certainty(StrEnum):
    """How sure the catalogue is of what it encodes, weakest first."""

    UNVERIFIED = "unverified"
    SECONDARY = "secondary"
    VERIFIED = "verified"


@dataclass(frozen=True)
class Limit:
    """A property keeps a bound."""

    property: Property
    bound: Bound
    methods: tuple[str, ...] = ()
    condition_required: bool = False


@dataclass(frozen=True)
class Schedule:
    """A property keeps the bound of the latest step whose day has come; steps in order of day."""

    property: Property
    steps: tuple[tuple[date, Bound], ...]


@dataclass(frozen=True)
class EachOf:
    """Every property of a list keeps the bound."""

    properties: tuple[Property, ...]
    bound: Bound


@dataclass(frozen=True)
class Sum:
    """The sum of the properties keeps the bound."""

    properties: tuple[Property, ...]
    bound: Bound


@dataclass(frozen=True)
class Reported:
    """A property is reported, whatever its value."""

    property: Property
    methods: tuple[str, ...] = ()
    condition_required: bool = False


@dataclass(frozen=True)
class Attest:
    """A statement is made, and says this."""

    statement: str
    equals: bool


@dataclass(frozen=True)
class DocumentRule:
    """A document of this type is held and valid."""

    type: str


@dataclass(frozen=True)
class OneOf:
    """An attribute has one of these values."""

    attribute: str
    values: tuple[str | bool, ...]


@dataclass(frozen=True)
class AllOf:
    """All rules hold."""

    rules: tuple["Rule", ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one rule holds."""

    rules: tuple["Rule", ...]


Rule = Limit | Schedule | EachOf | Sum | Reported | Attest | DocumentRule | OneOf | AllOf | AnyOf


def leaves(rule: Rule) -> Iterator[Rule]:
    """The rules that a rule is made of, without those that only join others."""
    if isinstance(rule, AllOf | AnyOf):
        for part in rule.rules:
            yield from leaves(part)
    else:
        yield rule


def measured(rule: Rule) -> tuple[Property, ...]:
    """The properties that a rule asks about."""
    match rule:
        case Limit(found) | Schedule(found) | Reported(found):
            return (found,)
        case EachOf(several) | Sum(several):
            return several
        case _:
            return ()


@dataclass(frozen=True)
class AttributeIs:
    """A condition: the attribute has one of these values."""

    attribute: str
    values: tuple[str | bool, ...]


@dataclass(frozen=True)
class PropertyIs:
    """A condition: the measured property keeps a bound."""

    property: Property
    bound: Bound


Condition = AttributeIs | PropertyIs


@dataclass(frozen=True)
class Clause:
    """One requirement. `max_age_days` counts from sampling or issue; `source` names where it was read.

    `per` is what one piece of evidence speaks for (batch, consignment, grade, site); `downgrade_to` the standard that
    takes a lot which fails here, `settlement` how a contract deals with it instead.
    """

    id: str
    required: bool
    rule: Rule
    when: Condition | None
    evidence: Evidence
    max_age_days: int | None
    certainty: Certainty
    text: str | None
    source: str | None
    per: str | None = None
    downgrade_to: str | None = None
    settlement: str | None = None


@dataclass(frozen=True)
class Grade:
    """A grade of a standard; `materials` None means every material of the standard.

    A lot of a `rejectable` grade has the grade and may still be turned away.
    """

    code: str
    title: str | None
    materials: frozenset[str] | None
    clauses: tuple[Clause, ...]
    rejectable: bool = False


class GradeMode(StrEnum):
    """Whether the best grade is sought or the claimed one judged."""

    BEST = "best"
    CLAIMED = "claimed"


@dataclass(frozen=True)
class Related:
    """A sibling elsewhere: `standard` in the country `place`, and how near it is (identical to similar)."""

    place: str
    standard: str
    relation: str


@dataclass(frozen=True, eq=False)
class Standard:
    """One edition of one standard or law; `materials` and `forms` None mean any; grades best first.

    `first_day` and `last_day` are both inside; None is open. `grants` says what conforming gives
    (a characterisation gives only that the data are there). `digest` is sha256 of the document it was read from.
    Two are the same only if they were read together: an edition is never changed, only followed by another.
    """

    id: str
    edition: str
    titles: Mapping[str, str]
    issuer: str
    about: str
    grants: str
    status: str
    superseded_by: str | None
    first_day: date | None
    last_day: date | None
    jurisdictions: tuple[str, ...]
    used_in: tuple[str, ...]
    related: tuple[Related, ...]
    materials: frozenset[str] | None
    forms: frozenset[str] | None
    clauses: tuple[Clause, ...]
    grades: tuple[Grade, ...]
    grade_mode: GradeMode | None
    cumulative: bool
    digest: str

    @cached_property
    def every_clause(self) -> tuple[tuple[str, Clause], ...]:
        """All clauses by key: the common ones by id, a grade's as GRADE/id."""
        graded = ((f"{grade.code}/{clause.id}", clause) for grade in self.grades for clause in grade.clauses)
        return (*((clause.id, clause) for clause in self.clauses), *graded)
