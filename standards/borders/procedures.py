"""Procedures: which regime of waste shipments governs a route, which of its procedures applies, and its papers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from standards.borders.conditions import Sight, holds
from standards.borders.deadlines import Dated, dated, in_order
from standards.borders.entries import Classified
from standards.borders.gates import Gate, Outcome, missing_of
from standards.borders.movements import agreed
from standards.borders.rules import Anchor, Borders, Paper, Procedure, Regime, in_force
from standards.borders.tariff import Suggestion
from standards.borders.truth import Truth


@dataclass(frozen=True, slots=True)
class Governed:
    """The regime and the procedure; None where it is not known which, and `missing` would tell."""

    regime: Regime | None
    procedure: Procedure | None
    truth: Truth


def govern(book: Borders, seen: Sequence[Sight], entry: Classified, tariff: Suggestion) -> Governed:
    """The first regime that applies, and its first procedure that fits; what is not known is passed over by neither."""
    for regime in book.regimes:
        if not in_force(regime.source, seen[0].day):
            continue
        truth = agreed(regime.applies, seen, entry, tariff)
        if truth.holds is None:
            return Governed(None, None, truth)
        if truth.holds:
            return _procedure(regime, seen, entry, tariff)
    return Governed(None, None, Truth(False))


def _procedure(regime: Regime, seen: Sequence[Sight], entry: Classified, tariff: Suggestion) -> Governed:
    for procedure in regime.procedures:
        truth = agreed(procedure.when, seen, entry, tariff)
        if truth.holds is not False:
            return Governed(regime, procedure if truth.holds else None, truth)
    return Governed(regime, None, Truth(False))


def gate(governed: Governed, sight: Sight) -> Gate:
    """Prior consent, accompanying information, nothing, or not known."""
    regime, procedure = governed.regime, governed.procedure
    sources = (regime.source,) if regime else ()
    names = regime.names if regime else MappingProxyType({})
    if procedure is None:
        reason = "procedure_unknown" if regime else ("regime_unknown" if governed.truth.missing else "no_regime")
        missing = missing_of(governed.truth) or ("confirmed:procedure",)
        return Gate("procedure", Outcome.NEEDS_DATA, reason, MappingProxyType({}), sources, missing, names=names)
    if procedure.id != "consent":
        return Gate("procedure", Outcome.ALLOWED, procedure.id, MappingProxyType({}), sources, names=names)
    given = sight.facts.get("consents", ())
    open_states = tuple(
        state for state in _concerned(sight) if state not in (given if isinstance(given, tuple) else ())
    )
    outcome, reason = (
        (Outcome.NEEDS_CONSENT, "consent") if open_states else (Outcome.ALLOWED, "consent_given")
    )  # fmt: skip
    facts = MappingProxyType({"states": ", ".join(open_states or _concerned(sight))})
    missing = tuple(f"consents:{state}" for state in open_states)
    return Gate("procedure", outcome, reason, facts, sources, missing, names=names)


def _concerned(sight: Sight) -> tuple[str, ...]:
    """Whose consent it takes: export, transit and import."""
    return tuple(dict.fromkeys((*sight.places["exporting"], *sight.places["transit"], *sight.places["importing"])))


def papers(found: Sequence[Paper], seen: Sequence[Sight], happened: Mapping[Anchor, date]) -> tuple[Dated, ...]:
    """The papers that apply or may apply, each with its last day as far as it can be counted."""
    return in_order([
        dated(each, happened)
        for each in found
        if in_force(each.source, seen[0].day) and any(holds(each.when, one).holds is not False for one in seen)
    ])  # fmt: skip
