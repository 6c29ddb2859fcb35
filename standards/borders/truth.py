"""Truth: yes, no or not known, as sure as what it rests on; combined by Kleene's strong three-valued logic."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from standards.dated import CERTAINTIES, Certainty, least_sure


@dataclass(frozen=True, slots=True)
class Truth:
    """`holds` None: not known, because what `missing` names is not stated."""

    holds: bool | None
    missing: frozenset[str] = frozenset()
    certainty: Certainty = "verified"

    @property
    def negated(self) -> "Truth":
        """The opposite, as sure as this; what is not known stays so."""
        return self if self.holds is None else Truth(not self.holds, certainty=self.certainty)


YES: Final = Truth(True)
NO: Final = Truth(False)


def unknown(*missing: str) -> Truth:
    """Not known for want of these."""
    return Truth(None, frozenset(missing))


def both(parts: Iterable[Truth]) -> Truth:
    """Whether all hold: one that does not decides, however little is known of the others; true of none."""
    return _combined(list(parts), decides=False)


def either(parts: Iterable[Truth]) -> Truth:
    """Whether some holds: one that does decides, however little is known of the others; false of none."""
    return _combined(list(parts), decides=True)


def _combined(parts: list[Truth], *, decides: bool) -> Truth:
    deciding = [part.certainty for part in parts if part.holds is decides]
    if deciding:  # any of them is enough, so the surest
        return Truth(decides, certainty=min(deciding, key=CERTAINTIES.index))
    sure = least_sure(*(part.certainty for part in parts))
    open_ones = [part.missing for part in parts if part.holds is None]
    if open_ones:
        return Truth(None, frozenset[str]().union(*open_ones), sure)
    return Truth(not decides, certainty=sure)
