"""Purity: is a lot "almost free from contamination" as the authorities at both ends read it; no treaty has a number.

The stricter reading of the two ends prevails. An unverified limit may only refuse: to accept, somebody must state it.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from standards.borders.conditions import Sight, holds
from standards.borders.gates import Gate, Outcome, Source, missing_of
from standards.borders.rules import Borders, PurityLimit, Reading, in_force
from standards.borders.truth import NO, YES, Truth, unknown

PERCENT = "contamination_percent"
STATED = "almost_free"


def almost_free(book: Borders, sight: Sight) -> tuple[Truth, Gate]:
    """The answer for both ends together, and the gate that tells why."""
    stated = sight.facts.get(STATED)
    if stated is False:
        return NO, _gate(NO, "stated_contaminated")
    against = [each for each in book.readings if _binds(each, book, sight)]
    if against:
        source = tuple(each.source for each in against)
        return NO, _gate(NO, "practice", {"state": against[0].binds.state or ""}, source)
    limits = [each for each in book.limits if _binds(each, book, sight)]
    if limits:
        return _limited(min(limits, key=lambda each: each.at_most), sight, stated is True)
    if stated is True:
        return YES, _gate(YES, "stated_clean")
    said = unknown(STATED)
    return said, _gate(said, "no_limit_known")


def _limited(limit: PurityLimit, sight: Sight, stated: bool) -> tuple[Truth, Gate]:
    percent = sight.facts.get(PERCENT)
    facts = {"limit": f"{limit.at_most:f}"}
    if not isinstance(percent, Decimal):
        said = unknown(PERCENT)
        return said, _gate(said, "percent_unknown", facts, (limit.source,))
    facts["percent"] = f"{percent:f}"
    if percent > limit.at_most:
        said = Truth(False, certainty=limit.source.certainty)
        return said, _gate(said, "above_limit", facts, (limit.source,))
    if limit.source.certainty == "unverified" and not stated:
        said = unknown(STATED)
        return said, _gate(said, "limit_unverified", facts, (limit.source,))
    said = Truth(True, certainty="verified" if stated else limit.source.certainty)
    return said, _gate(said, "within_limit", facts, (limit.source,))


def _binds(rule: PurityLimit | Reading, book: Borders, sight: Sight) -> bool:
    """Whether a rule speaks of this shipment at either end; a rule that perhaps does, does."""
    ends = (*sight.places["exporting"], *sight.places["importing"])
    return (
        in_force(rule.source, sight.day)
        and any(rule.binds.covers(state, sight.day, book.bodies).holds is not False for state in ends)
        and holds(rule.when, sight).holds is not False
    )


def _gate(
    said: Truth, reason: str, facts: Mapping[str, str] = MappingProxyType({}), sources: tuple[Source, ...] = ()
) -> Gate:
    return Gate("contamination", Outcome.NOTED, reason, MappingProxyType(dict(facts)), sources, missing_of(said))
