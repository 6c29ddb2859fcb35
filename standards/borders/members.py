"""Members: which states belong to a convention, an agreement or a union, on which day, as far as we know."""

from dataclasses import dataclass
from datetime import date

from standards.borders.gates import Source
from standards.borders.truth import Truth, either, unknown


@dataclass(frozen=True, slots=True)
class Membership:
    """States that belong from `since` on; `exact` False: they do since that day at the latest, perhaps longer.

    `belongs` False: states that are known to stay outside.
    """

    states: frozenset[str]
    belongs: bool
    since: date
    until: date | None
    exact: bool
    source: Source

    def of(self, state: str, day: date) -> Truth | None:
        """What this row says of a state on that day; None where it says nothing."""
        if state not in self.states:
            return None
        sure = self.source.certainty
        if self.since <= day and (self.until is None or day <= self.until):
            return Truth(self.belongs, certainty=sure)
        if day < self.since and not self.exact:
            return None
        return Truth(not self.belongs, certainty=sure)


@dataclass(frozen=True, slots=True)
class Body:
    """A convention, agreement or union; `complete`: who is in no row is known to be no member."""

    id: str
    complete: bool
    rows: tuple[Membership, ...]
    source: Source

    def member(self, state: str, day: date) -> Truth:
        """Whether a state belongs on that day; not known (`membership:<body>:<state>`) where nothing says."""
        said = [truth for row in self.rows if (truth := row.of(state, day)) is not None]
        if said:
            return either(said)
        if self.complete and not any(state in row.states for row in self.rows):
            return Truth(False, certainty=self.source.certainty)
        return unknown(f"membership:{self.id}:{state}")

    def row(self, state: str, day: date) -> Source:
        """The source that speaks for a state on that day, else the body's own."""
        found = [row.source for row in self.rows if (truth := row.of(state, day)) is not None and truth.holds]
        return found[0] if found else self.source
