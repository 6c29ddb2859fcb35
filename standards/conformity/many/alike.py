"""Alike: what each standard can tell of a lot, so that two lots which a standard cannot tell apart are judged once.

Nothing is decided here: a property's face is what the judge's own rules answer for it, rule by rule, asked once for all
readings that lie between the same limits; where a day turns an answer, the day itself; of papers, statements and words
everything that a rule could read.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from standards.conformity.bounds import Bound
from standards.conformity.clauses import condition_holds, rule_judge
from standards.conformity.facts import Facts
from standards.conformity.lots import Measurement
from standards.conformity.measuring import Asks, Judge
from standards.conformity.outcomes import Outcome
from standards.conformity.rules import (
    Attest,
    AttributeIs,
    Clause,
    DocumentRule,
    EachOf,
    Limit,
    OneOf,
    PropertyIs,
    Reported,
    Rule,
    Schedule,
    Standard,
    Sum,
    leaves,
    measured,
)
from standards.properties import Property

KEPT = 100_000  # faces of one property that are remembered at once
Face = dict[str, int]
Probe = Callable[[Facts, date], Hashable]


class Probed(NamedTuple):
    """A question about one property, and the limit that the answer turns at."""

    property: Property
    bound: Bound | None
    probe: Probe


class Reads(NamedTuple):
    """What a standard reads of a lot; `aged` are the properties of which the day counts."""

    properties: Mapping[str, Property]
    aged: frozenset[str]
    statements: tuple[str, ...]
    documents: tuple[str, ...]
    attributes: tuple[str, ...]
    summed: frozenset[str]
    sums: tuple[Probe, ...]
    probes: tuple[Probed, ...]


def reads_of(standard: Standard) -> Reads:
    """Everything that any clause of a standard reads, and its rules about one property each as probes of that one."""
    clauses = [clause for _, clause in standard.every_clause]
    parts = [(clause, part) for clause in clauses for part in leaves(clause.rule)]
    probes = [probe for clause in clauses for probe in _condition(clause)]
    probes += [probe for clause, part in parts for probe in _probes(part, _asks(clause))]
    summed = [(clause, part) for clause, part in parts if isinstance(part, Sum)]
    aged = {code for clause, part in parts if clause.max_age_days is not None for code in _named(part)}
    words = {clause.when.attribute for clause in clauses if isinstance(clause.when, AttributeIs)}
    return Reads(
        {found.code: found for _, part in parts for found in measured(part)}
        | {each.property.code: each.property for each in probes},
        frozenset(aged),
        _in_order(part.statement for _, part in parts if isinstance(part, Attest)),
        _in_order(part.type for _, part in parts if isinstance(part, DocumentRule)),
        _in_order([*words, *(part.attribute for _, part in parts if isinstance(part, OneOf))]),
        frozenset(code for _, part in summed for code in _named(part)),
        tuple(_ruled(rule_judge(part, _asks(clause))) for clause, part in summed),
        tuple(probes),
    )


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _named(part: Rule) -> list[str]:
    return [found.code for found in measured(part)]


def _asks(clause: Clause) -> Asks:
    return Asks(clause.evidence, clause.max_age_days)


def _probes(part: Rule, asks: Asks) -> Iterator[Probed]:
    """A rule about one property as its own probe; of a schedule every step, because another day asks another."""
    match part:
        case Reported(found):
            yield Probed(found, None, _ruled(rule_judge(part, asks)))
        case Limit(found, bound):
            yield Probed(found, bound, _ruled(rule_judge(part, asks)))
        case Schedule(found, steps):
            for _, bound in steps:
                yield from _probes(Limit(found, bound), asks)
        case EachOf(several, bound):
            for found in several:
                yield from _probes(Limit(found, bound), asks)


def _condition(clause: Clause) -> Iterator[Probed]:
    if isinstance(clause.when, PropertyIs):
        holds = condition_holds(clause.when)
        yield Probed(clause.when.property, clause.when.bound, lambda facts, _: holds(facts))


def _ruled(judge: Judge) -> Probe:
    return lambda facts, today: _answer(judge(facts, today))


def _answer(outcome: Outcome) -> Hashable:
    """All that a verdict in short takes from an outcome which is not the same for every lot."""
    return outcome.result, outcome.reason, tuple([_answer(part) for part in outcome.parts])


class Asked(NamedTuple):
    """The part of what a standard reads that is shown by lots of one kind."""

    code: str
    properties: tuple[str, ...]
    statements: tuple[str, ...]
    documents: tuple[str, ...]
    attributes: tuple[str, ...]
    sums: tuple[Probe, ...]


class Alike:
    """Keys of lots for standards on one day: lots of one material, form and claimed grade that have the same key for a
    standard are told the same by `short`.
    """

    def __init__(self, standards: Iterable[Standard], as_of: date) -> None:
        self._as_of = as_of
        self._reads = {each.id: reads_of(each) for each in standards}
        self._probes: dict[str, dict[str, list[Probed]]] = {}
        for code, reads in self._reads.items():
            for name in reads.properties:
                self._probes.setdefault(name, {})[code] = [each for each in reads.probes if each.property.code == name]
        self._properties = {found.code: found for reads in self._reads.values() for found in reads.properties.values()}
        self._aged = frozenset[str]().union(*(reads.aged for reads in self._reads.values()))
        self._faces: dict[str, dict[Hashable, Face]] = {name: {} for name in self._probes}
        self._limits = {name: _limits(chain.from_iterable(of.values())) for name, of in self._probes.items()}
        self._between: dict[Hashable, Face] = {}
        self._numbers: dict[Hashable, int] = {}

    def faces(self, facts: Facts) -> dict[str, Face]:
        """Of every property of a lot that some standard reads: by standard, a number for what that one can tell."""
        told: dict[str, Face] = {}
        for name, result in facts.results.items():
            if (known := self._faces.get(name)) is not None:
                shown = result[1:9] if name in self._aged else result[1:8]
                if (face := known.get(shown)) is None:
                    if len(known) >= KEPT:
                        known.clear()
                    face = known[shown] = self._face(name, result, facts)
                told[name] = face
        return told

    def _face(self, name: str, result: Measurement, facts: Facts) -> Face:
        """One face for all readings that lie between the same limits, and are shown in the same way."""
        reading, limits = facts.read(self._properties[name]), self._limits[name]
        ends = (_place(limits, reading.low), _place(limits, reading.high))
        day = result.sampled_on if name in self._aged else None
        with_what = (result.qualifier, result.method, bool(result.condition), result.evidence, day)
        shown = (name, reading.fault, *ends, *with_what)
        if (face := self._between.get(shown)) is None:
            if len(self._between) >= KEPT:
                self._between.clear()
            face = self._between[shown] = self._probed(name, day, facts)
        return face

    def _probed(self, name: str, day: date | None, facts: Facts) -> Face:
        told: Face = {}
        for code, probes in self._probes[name].items():
            own = day if name in self._reads[code].aged else None
            answers = (own, *(each.probe(facts, self._as_of) for each in probes))
            told[code] = self._numbers.setdefault(answers, len(self._numbers))
        return told

    def narrowed(self, code: str, facts: Facts) -> Asked:
        """What the standard of a code reads of all lots that show something under the same names as this one."""
        reads, words = self._reads[code], facts.words()
        return Asked(
            code,
            tuple(name for name in reads.properties if name in facts.results),
            tuple(name for name in reads.statements if name in facts.statements),
            tuple(name for name in reads.documents if name in facts.documents),
            tuple(name for name in reads.attributes if name in words),
            () if reads.summed.isdisjoint(facts.results) else reads.sums,
        )

    def key(self, asked: Asked, facts: Facts, faces: Mapping[str, Face]) -> Hashable:
        """What a standard can tell of a lot, as one value."""
        code, properties, statements, documents, attributes, sums = asked
        told: list[Hashable] = [faces[name][code] for name in properties]
        for name in statements:
            told.append(tuple(facts.statements[name]))
        for name in documents:
            told.append(tuple([each._replace(reference=None) for each in facts.documents[name]]))
        for name in attributes:
            told.append(facts.attribute(name))
        for probe in sums:
            told.append(probe(facts, self._as_of))
        return tuple(told)


def _limits(probes: Iterable[Probed]) -> list[Decimal]:
    return sorted({each.bound.base for each in probes if each.bound is not None})


def _place(limits: list[Decimal], end: Decimal | None) -> tuple[int, int] | None:
    """Between or on which limits an end lies."""
    return None if end is None else (bisect_left(limits, end), bisect_right(limits, end))
