"""Reading: a rule of borders as a lawyer writes it in YAML becomes the same rule in the closed vocabulary."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast, get_args

from standards.borders.conditions import (
    ALWAYS,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    FactCompares,
    FactIn,
    FactIs,
    FactWithin,
    FormIn,
    MaterialIn,
    Not,
    OriginIn,
    Reach,
    StatesAre,
    names_in,
)
from standards.borders.facts import FACTS, FOUND, PLACES
from standards.borders.gates import Source
from standards.borders.rules import Binds
from standards.dated import NotDated, reference
from standards.materials import Taxonomy


class BorderLawError(ValueError):
    """A law of borders asks for what nobody knows, or contradicts another; the sentence names file and rule."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one document: its sources, and the names that its conditions may use."""

    path: str
    sources: Mapping[str, Any]
    taxonomy: Taxonomy
    bodies: frozenset[str]

    def source(self, item: Mapping[str, Any], name: str) -> Source:
        """A row's source with its day and certainty. Raises BorderLawError."""
        try:
            found = reference(name, item["source"], self.sources)
        except NotDated as error:
            raise BorderLawError(f"{self.path}: {error}") from None
        since, until = item.get("from", item.get("known_since")), item.get("until")
        if since is not None and until is not None and until < since:
            raise BorderLawError(f"{self.path}: {name} ends on {until} before it begins on {since}")
        return Source(found, item["certainty"], item.get("article"), since, until, item.get("status", "adopted"))

    def when(self, item: Mapping[str, Any], name: str, key: str = "when") -> Condition:
        """A row's condition, always true where it has none. Raises BorderLawError for a name nobody knows."""
        if key not in item:
            return ALWAYS
        found = condition(item[key], self.taxonomy)
        known: Mapping[str, Callable[[str], bool]] = {
            "fact": lambda each: each in FACTS or each in FOUND,
            "place": lambda each: each in PLACES,
            "body": lambda each: each in self.bodies,
            "material": lambda each: each in self.taxonomy.materials or each in self.taxonomy.families,
            "form": lambda each: each in self.taxonomy.forms,
            "origin": lambda each: each in self.taxonomy.origins,
        }
        for what, each in names_in(found):
            if not known[what](each):
                raise BorderLawError(f"{self.path}: {name}: there is no {what} {each!r}")
        return found


def binds(data: Mapping[str, Any]) -> Binds:
    """Whom a document binds."""
    said = data.get("binds", {})
    return Binds(said.get("body"), said.get("state"))


def condition(said: Mapping[str, Any], taxonomy: Taxonomy) -> Condition:
    """One condition; its shape was checked by the schema. `within` lists of materials take in the kinds of each."""
    found: Condition
    match dict(said):
        case {"all": parts}:
            found = AllOf(tuple(condition(part, taxonomy) for part in parts))
        case {"any": parts}:
            found = AnyOf(tuple(condition(part, taxonomy) for part in parts))
        case {"not": part}:
            found = Not(condition(part, taxonomy))
        case {"material": codes}:
            found = MaterialIn(frozenset(codes))
        case {"form": forms}:
            found = FormIn(frozenset(forms))
        case {"origin": origins}:
            found = OriginIn(frozenset(origins))
        case {"every": places, **rest}:
            found = _of_states("every", places, rest)
        case {"some": places, **rest}:
            found = _of_states("some", places, rest)
        case {"fact": name, **rest}:
            found = _of_fact(name, rest, taxonomy)
        case _:
            raise BorderLawError(f"{said} is no condition")
    return found


def _of_states(reach: Reach, places: Sequence[str], rest: Mapping[str, Any]) -> Condition:
    return StatesAre(reach, tuple(places), tuple(rest.get("member_of", ())), frozenset(rest.get("in", ())))


def _of_fact(name: str, rest: Mapping[str, Any], taxonomy: Taxonomy) -> Condition:
    match rest:
        case {"is": value}:
            return FactIs(name, value)
        case {"in": values}:
            return FactIn(name, frozenset(values))
        case {"within": values}:
            known = [each for each in values if each in taxonomy.materials or each in taxonomy.families]
            return FactWithin(name, frozenset(values) | taxonomy.covered(known))
        case _:
            ((comparison, limit),) = rest.items()
            if comparison not in get_args(Comparison):
                raise BorderLawError(f"{name}: {comparison!r} is no comparison")
            return FactCompares(name, cast(Comparison, comparison), Decimal(limit))
