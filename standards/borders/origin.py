"""Origin: under which trade agreement a lot originates, by which criterion, exactly, and how it is proved."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

from standards.borders.conditions import Sight
from standards.borders.facts import Input, Worth
from standards.borders.gates import Gate, Outcome, Source
from standards.borders.rules import Agreement, Borders, Criterion
from standards.borders.tariff import Suggestion
from standards.borders.truth import both
from standards.quantities import Rounding, exact, rounded

Basis = Literal["wholly_obtained", "from_originating", "cth", "de_minimis", "rvc"]


@dataclass(frozen=True, slots=True)
class Origin:
    """What one agreement says: available by `basis`, not available for `reason`, or what is missing to tell.

    `rvc` is the exact share of the FOB value that is not foreign (build-down), where it can be computed.
    """

    agreement: Agreement
    available: bool | None
    reason: str
    missing: tuple[str, ...] = ()
    basis: Basis | None = None
    rvc: Fraction | None = None
    sources: tuple[Source, ...] = ()


def origins(book: Borders, sight: Sight, tariff: Suggestion, worth: Worth | None) -> Iterator[Origin]:
    """Every agreement's answer for this lot, route and day."""
    for agreement in book.agreements:
        yield _closed(book, agreement, sight) or _within(book, agreement, sight, tariff, worth)


def _closed(book: Borders, agreement: Agreement, sight: Sight) -> Origin | None:
    """Why an agreement is out of the question on this route and day; None where it is not."""
    body, ends = book.bodies[agreement.body], (*sight.places["exporting"], *sight.places["importing"])
    parties = both(body.member(state, sight.day) for state in ends)
    sources = tuple(dict.fromkeys(body.row(state, sight.day) for state in ends))
    if parties.holds is False:
        return Origin(agreement, False, "not_both_parties", sources=sources)
    if agreement.hub is not None and agreement.hub not in ends:
        return Origin(agreement, False, "not_between_these", sources=sources)
    if parties.holds is None:
        return Origin(agreement, None, "parties_unknown", tuple(sorted(parties.missing)), sources=sources)
    outside = [state for state in sight.places["transit"] if body.member(state, sight.day).holds is not True]
    kept = sight.facts.get("transit_under_customs_control")
    if outside and kept is None:
        return Origin(agreement, None, "transit_unknown", ("transit_under_customs_control",), sources=sources)
    if outside and kept is False:
        return Origin(agreement, False, "not_direct", sources=sources)
    return None


def _within(book: Borders, agreement: Agreement, sight: Sight, tariff: Suggestion, worth: Worth | None) -> Origin:
    """Wholly obtained, made of what originates, or by the rules for what was made of foreign material."""
    (exporting,) = sight.places["exporting"]
    collected, recycled = sight.places.get("collected_in"), sight.places.get("recycled_in")
    if recycled is not None and set(recycled) != {exporting}:
        return Origin(agreement, None, "made_elsewhere", ("recycled_in",))
    if collected is None:
        return Origin(agreement, None, "collection_unknown", ("collected_in",))
    if set(collected) == {exporting}:
        return Origin(agreement, True, "available", basis="wholly_obtained", sources=(agreement.wholly_obtained,))
    if recycled is None:
        return Origin(agreement, None, "where_made_unknown", ("recycled_in",))
    body = book.bodies[agreement.body]
    if both(body.member(state, sight.day) for state in collected).holds:
        sources = (agreement.wholly_obtained, agreement.cumulation)
        return Origin(agreement, True, "available", basis="from_originating", sources=sources)
    foreign = _foreign(book, agreement, sight, worth)
    return _minimal(agreement, sight) or _by_value(agreement, tariff, worth, foreign)


def _minimal(agreement: Agreement, sight: Sight) -> Origin | None:
    """Operations that never suffice; not known without what was done there."""
    done = sight.facts.get("processes")
    if not isinstance(done, tuple) or not done:
        return Origin(agreement, None, "processes_unknown", ("processes",))
    if set(done) <= agreement.minimal:
        return Origin(agreement, False, "minimal_operations", sources=(agreement.minimal_source,))
    return None


def _foreign(book: Borders, agreement: Agreement, sight: Sight, worth: Worth | None) -> tuple[Input, ...]:
    """Inputs that do not originate: collected outside the parties, or nobody knows where."""
    body = book.bodies[agreement.body]
    return tuple(
        each
        for each in (worth.inputs if worth else ())
        if each.collected_in is None or not body.member(each.collected_in, sight.day).holds
    )


def _by_value(agreement: Agreement, tariff: Suggestion, worth: Worth | None, foreign: tuple[Input, ...]) -> Origin:
    if worth is None or not worth.inputs:
        return Origin(agreement, None, "value_unknown", ("fob", "inputs"))
    rvc = 1 - sum((exact(each.value) for each in foreign), Fraction(0)) / exact(worth.fob)
    found = [_met(agreement, each, tariff, worth, foreign, rvc) for each in agreement.criteria]
    met = next((each for each in found if each.available), None)
    if met is not None:
        return met
    open_one = next((each for each in found if each.available is None), None)
    return open_one or Origin(
        agreement, False, "no_criterion_met", rvc=rvc, sources=tuple(each.source for each in agreement.criteria)
    )


def _met(
    agreement: Agreement, criterion: Criterion, tariff: Suggestion, worth: Worth, foreign: tuple[Input, ...],
    rvc: Fraction,
) -> Origin:  # fmt: skip
    if criterion.id == "rvc":
        limit = exact(criterion.at_least or Decimal(0)) / 100
        reason = "available" if rvc >= limit else "rvc_below"
        return Origin(agreement, rvc >= limit, reason, basis="rvc", rvc=rvc, sources=(criterion.source,))
    if len(tariff.headings) != 1 or tariff.certainty not in {"indicative", "stated"}:
        return Origin(agreement, None, "heading_unknown", tariff.missing or ("hs_code",), rvc=rvc)
    (heading,) = tariff.headings
    unchanged = [each for each in foreign if each.hs[:4] == heading]
    if not unchanged:
        return Origin(agreement, True, "available", basis="cth", rvc=rvc, sources=(criterion.source,))
    share = sum((exact(each.value) for each in unchanged), Fraction(0)) / exact(worth.fob)
    spared = heading[:2] not in agreement.de_minimis_not_chapters
    if spared and share <= exact(agreement.de_minimis) / 100:
        sources = (criterion.source, agreement.de_minimis_source)
        return Origin(agreement, True, "available", basis="de_minimis", rvc=rvc, sources=sources)
    return Origin(agreement, False, "heading_unchanged", rvc=rvc, sources=(criterion.source,))


def gate(said: Origin) -> Gate:
    """The gate of one agreement; it decides nothing about the crossing itself."""
    outcome = {True: Outcome.YES, False: Outcome.NO, None: Outcome.NEEDS_DATA}[said.available]
    share = f"{rounded(said.rvc * 100, 2, Rounding.DOWN):f}" if said.rvc is not None else ""
    reason = said.basis if said.available and said.basis else said.reason
    facts = MappingProxyType({"rvc": share, "proofs": ", ".join(said.agreement.proofs)})
    sources = (*said.sources, said.agreement.proof_source) if said.available else said.sources
    code = f"origin:{said.agreement.id}"
    return Gate(code, outcome, reason, facts, sources, said.missing, decides=False, names=said.agreement.names)
