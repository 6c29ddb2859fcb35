"""Movements: what the laws of both ends do with a waste that leaves or comes: bans, lists, permits, permissions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Final

from standards.borders.conditions import Condition, Sight, holds, names_in
from standards.borders.entries import STATED as ENTRY_STATED
from standards.borders.entries import Classified
from standards.borders.gates import Gate, Outcome, missing_of
from standards.borders.rules import Borders, Movement, in_force
from standards.borders.tariff import STATED as HS_STATED
from standards.borders.tariff import Suggestion
from standards.borders.truth import YES, Truth, both, unknown

NATIONAL: Final = "national_import"
CASES: Final = frozenset({"entry", "controlled", "hs_heading"})


def worlds(sight: Sight, entry: Classified, tariff: Suggestion) -> tuple[Sight, ...]:
    """What may be the case: one sight for each possible entry and tariff heading; unknown ones stay unknown."""
    entries = [sight.knowing(entry=each.code, controlled=each.controlled) for each in entry.candidates if entry.closed]
    headings = tariff.headings
    return tuple(
        each.knowing(hs_heading=heading) if heading else each
        for each, heading in product(entries or [sight], headings or [""])
    )


@dataclass(frozen=True, slots=True)
class Considered:
    """A rule that concerns this movement, or may: how far that is known."""

    rule: Movement
    truth: Truth


def considered(book: Borders, seen: Sequence[Sight], entry: Classified, tariff: Suggestion) -> Iterator[Considered]:
    """Every rule that applies, or may apply, in force or still to come; what does not apply is left out."""
    for rule in book.movements:
        end = "exporting" if rule.direction == "export" else "importing"
        (state,) = seen[0].places[end]
        bound = rule.binds.covers(state, seen[0].day, book.bodies)
        truth = agreed(rule.when, seen, entry, tariff, bound)
        if truth.holds is not False:
            yield Considered(rule, truth)


def agreed(
    condition: Condition, seen: Sequence[Sight], entry: Classified, tariff: Suggestion, given: Truth = YES
) -> Truth:
    """The answer that is the same whatever may be the case; else not known, for want of what would tell the cases."""
    said = [both((given, holds(condition, each))) for each in seen]
    answers, missing = {each.holds for each in said}, {name for each in said for name in each.missing}
    if len(answers) == 1 and None not in answers:
        return said[0]
    if len(answers) > 1:  # the cases differ in what the condition asks of those that are not settled
        missing |= {name for _, name in names_in(condition) if name in CASES}
    told = {"entry": entry.missing or (ENTRY_STATED,), "hs_heading": tariff.missing or (HS_STATED,)}
    told["controlled"] = told["entry"]
    settled = {"hs_heading"} if len(tariff.headings) == 1 else set()
    settled |= {"entry", "controlled"} if entry.decided else set()
    return unknown(*(name for each in missing - settled for name in told.get(each, (each,))))


def gate(found: Considered, sight: Sight) -> Gate:
    """The gate of one rule in force."""
    rule, code = found.rule, f"rule:{found.rule.id}"
    outcome, reason, missing = _said(found, sight, code)
    facts = {"state": rule.binds.state or sight.places["importing" if rule.direction == "import" else "exporting"][0],
             "other": sight.places["exporting" if rule.direction == "import" else "importing"][0],
             "paper": rule.paper or "", "end": rule.direction}  # fmt: skip
    return Gate(code, outcome, reason, MappingProxyType(facts), (rule.source,), missing, names=rule.names)


def _said(found: Considered, sight: Sight, code: str) -> tuple[Outcome, str, tuple[str, ...]]:
    rule = found.rule
    if found.truth.holds is None:
        return (
            Outcome.NEEDS_DATA,
            "perhaps_forbidden" if rule.effect == "forbidden" else "perhaps",
            missing_of(found.truth),
        )
    confirmed = code in _listed(sight, "confirmed")
    match rule.effect:
        case "forbidden":
            return Outcome.FORBIDDEN, "forbidden", ()
        case "unsettled":
            missing = () if confirmed else (f"confirmed:{code}",)
            return (Outcome.ALLOWED if confirmed else Outcome.NEEDS_DATA), "unsettled", missing
        case "listed":
            return _on_list(rule, sight, code, confirmed=confirmed)
        case "permit" | "allowed":
            return _with_requirements(rule, sight)


def _on_list(rule: Movement, sight: Sight, code: str, *, confirmed: bool) -> tuple[Outcome, str, tuple[str, ...]]:
    if rule.listed is None:
        missing = () if confirmed else (f"confirmed:{code}",)
        return (Outcome.ALLOWED if confirmed else Outcome.NEEDS_DATA), "list_unknown", missing
    listed = sight.places["importing"][0] in rule.listed
    return (Outcome.ALLOWED, "on_list", ()) if listed else (Outcome.FORBIDDEN, "not_on_list", ())


def _with_requirements(rule: Movement, sight: Sight) -> tuple[Outcome, str, tuple[str, ...]]:
    met = holds(rule.requires, sight)
    if met.holds is False:
        return Outcome.FORBIDDEN, "requirement_not_met", ()
    if met.holds is None:
        return Outcome.NEEDS_DATA, "requirement_unknown", missing_of(met)
    if rule.effect == "permit" and rule.paper not in _listed(sight, "permits"):
        return Outcome.NEEDS_CONSENT, "permit", (f"permits:{rule.paper}",)
    return Outcome.ALLOWED, "permit_held" if rule.effect == "permit" else "allowed", ()


def national(found: Sequence[Considered], sight: Sight) -> Gate | None:
    """A gate of its own where we hold no rule of the importing state for this waste: silence is no permission."""
    day = sight.day
    if any(each.rule.direction == "import" and in_force(each.rule.source, day) for each in found):
        return None
    confirmed = NATIONAL in _listed(sight, "confirmed")
    facts = {"state": sight.places["importing"][0]}
    return Gate(
        NATIONAL,
        Outcome.ALLOWED if confirmed else Outcome.NEEDS_DATA,
        "national_rule_confirmed" if confirmed else "national_rule_not_held",
        MappingProxyType(facts),
        missing=() if confirmed else (f"confirmed:{NATIONAL}",),
    )


def _listed(sight: Sight, fact: str) -> tuple[str, ...]:
    value = sight.facts.get(fact, ())
    return value if isinstance(value, tuple) else ()
