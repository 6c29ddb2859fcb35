"""Gates: one question of a crossing each, with its outcome, its reason, what is missing and where the rule stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from standards.borders.truth import Truth
from standards.dated import Certainty, Reference, Status, least_sure


class Outcome(StrEnum):
    """What a gate says. Of several, the first of these that any deciding gate says is the answer."""

    FORBIDDEN = "forbidden"
    NEEDS_DATA = "needs_data"
    NEEDS_CONSENT = "needs_consent"
    ALLOWED = "allowed"
    NOTED = "noted"  # opens or closes other gates, decides nothing itself
    YES = "yes"  # what only informs, such as a tariff preference: available, or counted
    NO = "no"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule stands, how sure we are of it, and from when to when it holds."""

    reference: Reference
    certainty: Certainty
    article: str | None = None
    since: date | None = None
    until: date | None = None
    status: Status = "adopted"


@dataclass(frozen=True, slots=True)
class Gate:
    """One question; `reason` is a stable code whose sentence takes `facts`; `names` is the rule's own name, if any.

    `decides` False: it informs (tariff, origin, recycled content) and leaves the answer alone.
    """

    code: str
    outcome: Outcome
    reason: str
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    sources: tuple[Source, ...] = ()
    missing: tuple[str, ...] = ()
    decides: bool = True
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def certainty(self) -> Certainty:
        """As sure as the least sure of its sources."""
        return least_sure(*(source.certainty for source in self.sources))


def missing_of(truth: Truth) -> tuple[str, ...]:
    """What is missing, in a steady order."""
    return tuple(sorted(truth.missing))


def cautious(gate: Gate, confirmed: frozenset[str]) -> Gate:
    """A permission that rests on an unverified or a draft rule permits nothing before an authority confirmed it."""
    unsure = gate.certainty == "unverified" or any(source.status == "draft" for source in gate.sources)
    if gate.outcome is not Outcome.ALLOWED or not unsure or gate.code in confirmed:
        return gate
    return replace(gate, outcome=Outcome.NEEDS_DATA, missing=(*gate.missing, f"confirmed:{gate.code}"))


def answer(gates: Iterable[Gate]) -> Outcome:
    """The strictest outcome of the deciding gates; needs_data where none decides: nothing known is no permission."""
    said = {gate.outcome for gate in gates if gate.decides} - {Outcome.NOTED}
    return next((outcome for outcome in Outcome if outcome in said), Outcome.NEEDS_DATA)
