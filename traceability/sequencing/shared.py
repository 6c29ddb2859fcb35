"""Shared: a movement belongs to both sides; what they agreed on, or what has become final, no side takes back alone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from standards.plausibility import Thresholds
from traceability.ledger.book import STOCK, TRANSIT, Entry
from traceability.ledger.movements import Amendment, ErrorDeclared, Rejection
from traceability.ledger.outcomes import COUNTED, Entered
from traceability.ledger.refusals import AgreedByBoth, MovementChanged, MovementFinal
from traceability.sequencing.commands import Prepared

CONTROL: Final = "C36"
Stated = tuple[int, str]
"""An event by its organisation and its id."""
Course = tuple[str, int]
"""A lot and who receives it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What `take_back` goes back to: how much was learnt, and what was sent."""

    learnt: int
    sent: dict[tuple[str, int, int], int]


@dataclass
class Shared:
    """`amended`: events whose figures both sides agreed to change; `ended`: when receipts and rejections that are
    now declared erroneous were recorded; `moved`: what went on its way or came since an amendment of it was read;
    `learnt`: what was added here. `watched`: the lots that are now amended. `sent`: of the lots that are now rejected
    by whom how many grams were sent to whom, less what came back."""

    amended: set[Stated] = field(default_factory=set)
    ended: dict[Stated, datetime] = field(default_factory=dict)
    moved: set[Course] = field(default_factory=set)
    watched: frozenset[str] = frozenset()
    learnt: list[Stated | Course] = field(default_factory=list)
    sent: dict[tuple[str, int, int], int] = field(default_factory=dict)

    def check(self, fact: Prepared, declared: set[Stated], limits: Thresholds, now: datetime) -> None:
        """Raises AgreedByBoth, MovementFinal, or MovementChanged; `declared` are events that were taken back."""
        if isinstance(fact.movement, Amendment):
            self._unchanged(fact.movement, declared)
        elif isinstance(fact.movement, ErrorDeclared):
            self._taken_back((fact.speaker.organisation, fact.event_id), limits, now)

    def _unchanged(self, movement: Amendment, declared: set[Stated]) -> None:
        gone = declared.intersection(movement.rests)
        if gone or self.moved.intersection((lot, movement.receiver) for lot in movement.unmoved):
            raise MovementChanged(
                "This movement is not the one that was agreed on: goods went on or arrived meanwhile, or an event of "
                "it was declared erroneous.",
                field="proposal", value=movement.changes[0].lot, fix="Read the movement again and propose anew.",
            )  # fmt: skip

    def _taken_back(self, stated: Stated, limits: Thresholds, now: datetime) -> None:
        if stated in self.amended:
            raise AgreedByBoth(
                "Both sides agreed on the figures of this event.", field="eventID", value=stated[1],
                fix="Propose other figures to the other side.",
            )  # fmt: skip
        recorded = self.ended.get(stated)
        days = limits.at(CONTROL, "final_after", now.date())
        if recorded is not None and now - recorded > timedelta(days=days):
            raise MovementFinal(
                f"This movement became final {days} days after both sides had stated it.", field="eventID",
                value=stated[1], days=days, fix="Ask the authority of your country to open it again.",
            )  # fmt: skip

    def enter(self, fact: Prepared, entered: Entered) -> None:
        """Learn from a fact that was decided."""
        if entered.outcome != COUNTED:
            return
        self._follow(fact.speaker.organisation, entered.entries)
        if isinstance(fact.movement, Amendment):
            agreed = {*fact.movement.rests, (fact.speaker.organisation, fact.event_id)}
            self.learnt += agreed - self.amended
            self.amended |= agreed
        moved = {(lot, holder) for lot, holder, account, _ in entered.entries if lot in self.watched and lot
                 and account == TRANSIT}  # fmt: skip
        self.learnt += moved - self.moved
        self.moved |= moved

    def _follow(self, speaker: int, entries: Iterable[Entry]) -> None:
        for lot, holder, account, grams in entries if self.sent else ():
            if lot and (key := (lot, speaker, holder)) in self.sent and account == TRANSIT:
                self.sent[key] += grams
            if lot and (key := (lot, holder, speaker)) in self.sent and account == STOCK:
                self.sent[key] -= grams

    def sent_by(self, fact: Prepared) -> dict[str, int]:
        """Per lot of a rejection the grams that the sender whom it names sent and did not get back; else nothing."""
        if not isinstance(fact.movement, Rejection):
            return {}
        sender, receiver = fact.parties.get(fact.movement.sender or "", 0), fact.speaker.organisation
        return {part.lot: self.sent.get((part.lot, sender, receiver), 0) for part in fact.movement.parts}

    def mark(self) -> "Mark":
        """Where we are now, for `take_back`."""
        return Mark(len(self.learnt), dict(self.sent))

    def take_back(self, mark: "Mark") -> None:
        """As if nothing had been learnt since."""
        self.sent = mark.sent
        self.amended.difference_update(self.learnt[mark.learnt :])
        self.moved.difference_update(self.learnt[mark.learnt :])
        del self.learnt[mark.learnt :]
