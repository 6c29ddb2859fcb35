"""Content: whether what a lot holds counts as recycled where it arrives, by the countries it was handled in."""

from collections.abc import Iterator
from types import MappingProxyType

from standards.borders.conditions import Sight, holds
from standards.borders.gates import Gate, Outcome, missing_of
from standards.borders.rules import Borders, in_force


def gates(book: Borders, sight: Sight) -> Iterator[Gate]:
    """One gate for each rule of the importing state that speaks of this material; it informs, and decides nothing."""
    (state,) = sight.places["importing"]
    for rule in book.content:
        bound = rule.binds.covers(state, sight.day, book.bodies)
        if not in_force(rule.source, sight.day) or not bound.holds or holds(rule.when, sight).holds is False:
            continue
        counts = holds(rule.counts, sight)
        outcome, reason = {
            True: (Outcome.YES, "counts"),
            False: (Outcome.NO, "does_not_count"),
            None: (Outcome.NEEDS_DATA, "counts_unknown"),
        }[counts.holds]
        yield Gate(
            f"content:{rule.id}", outcome, reason, MappingProxyType({"state": state}), (rule.source,),
            missing_of(counts), decides=False, names=rule.names,
        )  # fmt: skip
