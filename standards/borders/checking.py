"""Checking: can this lot cross, on this route and day: every gate in its order, and what the answer rests on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Final

from standards.borders.conditions import Sight
from standards.borders.content import gates as content_gates
from standards.borders.deadlines import Dated
from standards.borders.entries import Classified, classify
from standards.borders.entries import gate as entry_gate
from standards.borders.facts import Crossing
from standards.borders.gates import Gate, Outcome, answer, cautious
from standards.borders.movements import Considered, considered, national, worlds
from standards.borders.movements import gate as rule_gate
from standards.borders.origin import Origin
from standards.borders.origin import gate as origin_gate
from standards.borders.origin import origins as origins_of
from standards.borders.procedures import Governed, govern
from standards.borders.procedures import gate as procedure_gate
from standards.borders.procedures import papers as papers_of
from standards.borders.purity import almost_free
from standards.borders.rules import Anchor, Borders, Paper, in_force
from standards.borders.sighting import sight_of
from standards.borders.tariff import Suggestion, suggest
from standards.borders.tariff import gate as tariff_gate
from standards.borders.wastehood import gates as status_gates
from standards.borders.wastehood import stricter, view
from standards.dated import CERTAINTIES, Certainty, least_sure
from standards.materials import Taxonomy

PLASTICS: Final = "plastics"
NO_ENTRY: Final = Classified((), closed=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a crossing comes to: the strictest of its deciding gates.

    `missing` names the facts, consents and confirmations that the deciding gates wait for; none where it is forbidden.
    `changes` are rules that begin later and would concern it.
    """

    outcome: Outcome
    gates: tuple[Gate, ...]
    waste: bool
    entry: Classified
    tariff: Suggestion
    governed: Governed | None
    papers: tuple[Dated, ...]
    origins: tuple[Origin, ...]
    missing: tuple[str, ...]
    certainty: Certainty
    changes: tuple[Gate, ...]
    caveats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Shipped:
    """What the law of shipments says, as waste or as a product."""

    gates: tuple[Gate, ...]
    entry: Classified
    governed: Governed | None
    changes: tuple[Gate, ...]
    seen: tuple[Sight, ...]


def check(book: Borders, taxonomy: Taxonomy, crossing: Crossing) -> Answer:
    """Every gate of a crossing. Raises CrossingError for what nobody can know: a material, form, fact or place."""
    sight, lot = sight_of(book, taxonomy, crossing), crossing.lot
    suggestion = suggest(book.tariff, taxonomy.material(lot.material), taxonomy.forms[lot.form], sight)
    ends = (crossing.route.exporting, crossing.route.importing)
    views = tuple(view(book, sight, state) for state in ends)
    waste = stricter(seen.status for seen in views) == "waste"
    if len(crossing.route.states) == 1:
        shipped = _Shipped((Gate("domestic", Outcome.ALLOWED, "domestic"),), NO_ENTRY, None, (), (sight,))
        origins: tuple[Origin, ...] = ()
    else:
        shipped = (_as_waste if waste else _as_product)(book, sight.knowing(waste=waste), suggestion)
        shipped = replace(shipped, gates=(*status_gates(views), *shipped.gates))
        origins = tuple(origins_of(book, sight, suggestion, crossing.worth))
    informing = (
        tariff_gate(suggestion, waste=waste, plastic=PLASTICS in sight.kinds),
        *content_gates(book, sight),
        *map(origin_gate, origins),
    )
    confirmed = sight.facts.get("confirmed", ())
    gates = tuple(
        cautious(each, frozenset(confirmed if isinstance(confirmed, tuple) else ())) if each.decides else each
        for each in (*shipped.gates, *informing)
    )
    papers, outcome = _papers(book, shipped, crossing), answer(gates)
    return Answer(
        outcome, gates, waste, shipped.entry, suggestion, shipped.governed, papers, origins, _missing(gates, outcome),
        _certainty(gates, outcome), shipped.changes, _caveats(crossing, shipped, papers),
    )  # fmt: skip


def _as_waste(book: Borders, sight: Sight, suggestion: Suggestion) -> _Shipped:
    """Contamination, entry, the rules of both ends, and the procedure."""
    opening: tuple[Gate, ...] = ()
    if PLASTICS in sight.kinds:
        clean, why = almost_free(book, sight)
        opening, sight = (why,), _stating(sight, "almost_free", clean.holds)
        entry = classify(book, sight)
        told = {name for each in entry.missing for name in (clean.missing if each == "almost_free" else (each,))}
        entry = replace(entry, missing=tuple(sorted(told)))
    else:
        entry = classify(book, sight)
    listed = entry_gate(entry)
    if opening and listed.outcome is Outcome.ALLOWED:
        listed = replace(listed, sources=(*listed.sources, *opening[0].sources))
    seen = worlds(sight, entry, suggestion)
    found = tuple(considered(book, seen, entry, suggestion))
    governed = govern(book, seen, entry, suggestion)
    own = national(found, sight)
    gates = (*opening, listed, procedure_gate(governed, sight), *_rules(found, sight), *((own,) if own else ()))
    return _Shipped(gates, entry, governed, _later(found, sight), seen)


def _as_product(book: Borders, sight: Sight, suggestion: Suggestion) -> _Shipped:
    """No waste law applies; what the ends do by tariff heading still does."""
    seen = worlds(sight.knowing(entry="none", controlled=False), NO_ENTRY, suggestion)
    found = tuple(considered(book, seen, NO_ENTRY, suggestion))
    gates = (Gate("procedure", Outcome.ALLOWED, "product"), *_rules(found, sight))
    return _Shipped(gates, NO_ENTRY, None, _later(found, sight), seen)


def _stating(sight: Sight, fact: str, value: bool | None) -> Sight:
    """The sight with a fact found out, or with none where it could not be."""
    left = {name: each for name, each in sight.facts.items() if name != fact}
    return replace(sight, facts=MappingProxyType(left if value is None else {**left, fact: value}))


def _rules(found: Iterable[Considered], sight: Sight) -> tuple[Gate, ...]:
    return tuple(rule_gate(each, sight) for each in found if in_force(each.rule.source, sight.day))


def _later(found: Iterable[Considered], sight: Sight) -> tuple[Gate, ...]:
    """Adopted rules that begin after the day and would concern this movement, by their first day."""
    to_come = [
        each
        for each in found
        if each.rule.source.since and each.rule.source.since > sight.day and each.rule.source.status == "adopted"
    ]
    return tuple(
        rule_gate(each, sight) for each in sorted(to_come, key=lambda each: each.rule.source.since or date.max)
    )


def _papers(book: Borders, shipped: _Shipped, crossing: Crossing) -> tuple[Dated, ...]:
    if len(crossing.route.states) == 1:
        return ()
    happened: dict[Anchor, date] = {"departure": crossing.day}
    if crossing.arrival:
        happened["receipt"] = crossing.arrival
    if crossing.recovered:
        happened["operation"] = crossing.recovered
    procedure = shipped.governed.procedure if shipped.governed else None
    asked: tuple[Paper, ...] = (*(procedure.papers if procedure else ()), *book.papers)
    return papers_of(asked, shipped.seen, happened)


def _missing(gates: Iterable[Gate], outcome: Outcome) -> tuple[str, ...]:
    """What would open the way; nothing would where it is forbidden."""
    waiting = {Outcome.NEEDS_DATA, Outcome.NEEDS_CONSENT}
    if outcome not in waiting:
        return ()
    return tuple(
        dict.fromkeys(name for gate in gates if gate.decides and gate.outcome in waiting for name in gate.missing)
    )


def _certainty(gates: Iterable[Gate], outcome: Outcome) -> Certainty:
    """A ban is as sure as the surest rule that says it; anything else as the least sure that was used."""
    if outcome is Outcome.FORBIDDEN:
        bans = [gate.certainty for gate in gates if gate.decides and gate.outcome is outcome]
        return min(bans, key=CERTAINTIES.index)
    return least_sure(*(gate.certainty for gate in gates if gate.decides))


def _caveats(crossing: Crossing, shipped: _Shipped, papers: Iterable[Dated]) -> tuple[str, ...]:
    """What the answer does not know, said every time it matters."""
    said: Mapping[str, bool] = {
        "not_advice": True,
        "public_holidays_unknown": any(due.working for each in papers for due in each.paper.dues),
        "transit_rules_not_held": bool(crossing.route.transit),
        "export_rules_not_held": shipped.governed is not None
        and not any(gate.code.startswith("rule:") and gate.facts.get("end") == "export" for gate in shipped.gates),
    }
    return tuple(code for code, holds in said.items() if holds)
