"""Conditions: what a rule asks of a lot, a route and a day, answered yes, no, or not known and what is missing.

Three-valued (Kleene): a further fact can only turn "not known" into an answer, never one answer into the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, assert_never

from standards.borders.facts import Value
from standards.borders.members import Body
from standards.borders.truth import NO, YES, Truth, both, either, unknown

Comparison = Literal["below", "at_most", "at_least", "above"]
Reach = Literal["every", "some"]


@dataclass(frozen=True, slots=True)
class FactIs:
    """A fact has this value."""

    fact: str
    value: bool | str


@dataclass(frozen=True, slots=True)
class FactIn:
    """A fact is one of these."""

    fact: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class FactWithin:
    """All of a list are among these."""

    fact: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class FactCompares:
    """A number keeps a limit; compared exactly, never rounded."""

    fact: str
    comparison: Comparison
    limit: Decimal


@dataclass(frozen=True, slots=True)
class MaterialIn:
    """The lot's material is one of these or a kind of one."""

    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class FormIn:
    """The lot's form is one of these."""

    forms: frozenset[str]


@dataclass(frozen=True, slots=True)
class OriginIn:
    """The lot's class of origin is one of these."""

    origins: frozenset[str]


@dataclass(frozen=True, slots=True)
class StatesAre:
    """Every state (or some state) in these places belongs to one of these bodies, or is one of these states."""

    reach: Reach
    places: tuple[str, ...]
    bodies: tuple[str, ...]
    states: frozenset[str]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Some part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition = (
    FactIs | FactIn | FactWithin | FactCompares | MaterialIn | FormIn | OriginIn | StatesAre | AllOf | AnyOf | Not
)
ALWAYS = AllOf(())


@dataclass(frozen=True, slots=True)
class Sight:
    """What a condition can see: the material with all it is a kind of, the facts, the states by place, the bodies."""

    kinds: frozenset[str]
    form: str
    origin: str | None
    facts: Mapping[str, Value]
    places: Mapping[str, tuple[str, ...]]
    day: date
    bodies: Mapping[str, Body]

    def knowing(self, **found: Value) -> "Sight":
        """The same with facts that were found out."""
        facts = MappingProxyType({**self.facts, **found})
        return Sight(self.kinds, self.form, self.origin, facts, self.places, self.day, self.bodies)


def holds(condition: Condition, sight: Sight) -> Truth:
    """Whether a condition holds, as far as the facts go."""
    match condition:
        case AllOf():
            said = both(holds(part, sight) for part in condition.parts)
        case AnyOf():
            said = either(holds(part, sight) for part in condition.parts)
        case Not():
            said = holds(condition.part, sight).negated
        case MaterialIn():
            said = YES if sight.kinds & condition.codes else NO
        case FormIn():
            said = YES if sight.form in condition.forms else NO
        case OriginIn() if sight.origin is None:
            said = unknown("origin")
        case OriginIn():
            said = YES if sight.origin in condition.origins else NO
        case StatesAre():
            said = _states(condition, sight)
        case FactIs() | FactIn() | FactWithin() | FactCompares():
            said = _fact(condition, sight.facts.get(condition.fact))
        case _:
            assert_never(condition)
    return said


def _fact(condition: FactIs | FactIn | FactWithin | FactCompares, value: Value | None) -> Truth:
    if value is None:
        return unknown(condition.fact)
    match condition:
        case FactIs():
            found = value == condition.value
        case FactIn():
            found = value in condition.values
        case FactWithin():
            found = isinstance(value, tuple) and frozenset(value) <= condition.values
        case FactCompares():
            found = _compares(value, condition)
        case _:
            assert_never(condition)
    return YES if found else NO


def _compares(value: Value, condition: FactCompares) -> bool:
    if not isinstance(value, Decimal):
        raise TypeError(f"{condition.fact} is {type(value).__name__}, and a limit needs a Decimal")
    match condition.comparison:
        case "below":
            return value < condition.limit
        case "at_most":
            return value <= condition.limit
        case "at_least":
            return value >= condition.limit
        case "above":
            return value > condition.limit
        case _:
            assert_never(condition.comparison)


def _states(condition: StatesAre, sight: Sight) -> Truth:
    """States of places that are not stated are not known; a route always states its own, transit perhaps none."""
    asked = [_one(condition, state, sight) for place in condition.places for state in sight.places.get(place, ())]
    absent = [unknown(place) for place in condition.places if place not in sight.places]
    return both([*asked, *absent]) if condition.reach == "every" else either([*asked, *absent])


def _one(condition: StatesAre, state: str, sight: Sight) -> Truth:
    named = YES if state in condition.states else NO
    return either([named, *(sight.bodies[body].member(state, sight.day) for body in condition.bodies)])


def names_in(condition: Condition) -> Iterable[tuple[str, str]]:
    """Every name that a condition uses, as (fact | place | body | material | form | origin, name): for checking."""
    match condition:
        case AllOf() | AnyOf():
            for part in condition.parts:
                yield from names_in(part)
        case Not():
            yield from names_in(condition.part)
        case MaterialIn():
            yield from (("material", code) for code in condition.codes)
        case FormIn():
            yield from (("form", form) for form in condition.forms)
        case OriginIn():
            yield from (("origin", origin) for origin in condition.origins)
        case StatesAre():
            yield from (("place", place) for place in condition.places)
            yield from (("body", body) for body in condition.bodies)
        case FactIs() | FactIn() | FactWithin() | FactCompares():
            yield ("fact", condition.fact)
        case _:
            assert_never(condition)
