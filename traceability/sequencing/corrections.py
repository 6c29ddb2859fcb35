"""Corrections: what corrects an event does not count while the event's own reversal is on hold."""

from dataclasses import dataclass, field

from traceability.ledger.outcomes import COUNTED, HELD, Entered
from traceability.refusals import CorrectionHeld
from traceability.sequencing.commands import Prepared


@dataclass
class Corrections:
    """What declarations of error say, by organisation and event id.

    `declared`: events whose declaration was entered (not held): they are taken back, or will make no entries when
    they come. `waiting`: correctives with the events whose declaration is held; what corrects a corrective waits for
    the same. `added`: what was learnt here, as rows (organisation, corrective, declared event, declaration's index).
    """

    declared: set[tuple[int, str]] = field(default_factory=set)
    waiting: dict[tuple[int, str], frozenset[str]] = field(default_factory=dict)
    added: list[tuple[int, str, str, int]] = field(default_factory=list)

    def copy(self) -> "Corrections":
        """As it stands now, for `take_back`."""
        return Corrections(set(self.declared), dict(self.waiting), list(self.added))

    def wait(self, organisation: int, corrective: str, declared: str) -> None:
        """This corrective may not count before the declaration of the other event does."""
        key = organisation, corrective
        self.waiting[key] = self.waiting.get(key, frozenset()) | {declared}

    def enter(self, fact: Prepared, entered: Entered, index: int) -> None:
        """Learn from a fact that was decided."""
        if not fact.declares_error:
            return
        organisation = fact.speaker.organisation
        if entered.outcome == HELD:
            untaken = {fact.event_id}
        else:
            self.declared.add((organisation, fact.event_id))
            untaken = self._untaken(organisation, fact.event_id)
        for corrective in fact.correctives:
            for declared in sorted(untaken):
                self.wait(organisation, corrective, declared)
                self.added.append((organisation, corrective, declared, index))

    def _untaken(self, organisation: int, corrective: str) -> set[str]:
        """The events that this one corrects and that still stand, their declarations being held."""
        waits = self.waiting.get((organisation, corrective), frozenset())
        return {declared for declared in waits if (organisation, declared) not in self.declared}

    def check(self, fact: Prepared, entered: Entered) -> None:
        """Hold a decided fact against what is known once its whole command is decided. Raises CorrectionHeld."""
        if entered.outcome != COUNTED or fact.declares_error:
            return
        for declared in sorted(self._untaken(fact.speaker.organisation, fact.event_id)):
            raise CorrectionHeld(
                f"The declaration that {declared} is erroneous is on hold, and {fact.event_id} corrects it: "
                "both would count.",
                field="errorDeclaration/correctiveEventIDs", value=fact.event_id, declared=declared,
                fix="Correct first what came after the wrong event, or have the held declaration cleared; "
                "then send this again.",
            )  # fmt: skip
