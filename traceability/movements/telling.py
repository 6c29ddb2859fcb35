"""Telling: a movement as both sides state it, side by side, and where it stands by that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from foundation.registry import Organisation
from standards.plausibility import PPM, Thresholds, receipt_finding
from traceability.ledger.weighing import Weighing
from traceability.movements.tables import FigureRow, ProposalRow, RequestRow

Status = Literal["sent", "received", "rejected", "disputed"]
Standing = Literal["open", "accepted", "declined", "withdrawn", "lapsed"]


@dataclass(frozen=True, slots=True)
class Said:
    """One fact that a side stated of the movement: its leaf, where its entries are, and how it was weighed.

    `counted` is where it counts: the leaf itself, what released it from a hold, or None while it is on hold. `grams` is
    the net mass that it states, of all its lots that go this way.
    """

    index: int
    counted: int | None
    event_id: str
    organisation_id: int
    facility_id: int | None
    biz_step: str
    day: date
    happened: datetime
    recorded: datetime
    references: tuple[str, ...]
    grams: int
    weighing: Weighing | None


@dataclass(frozen=True, slots=True)
class Goods:
    """A lot of the movement, in grams: what the sender stated first (`stated`), and what stands now.

    `came` is what the receiver took in, by the sender's weight; `received` the same by its own. `held` is what a
    receipt on hold states (None: there is none), which does not count.
    """

    lot_id: int
    lot: str
    material: str
    form: str
    stated: int
    sent: int
    came: int
    received: int
    returned: int
    held: int | None

    @property
    def underway(self) -> int:
        """Still on its way, by the sender's weight."""
        return self.sent - self.came - self.returned

    @property
    def difference(self) -> int | None:
        """Received less sent, of what arrived; by what is on hold where nothing counts yet; None before that."""
        if self.came:
            return self.received - self.came
        return self.held - self.sent if self.held is not None else None

    @property
    def ppm(self) -> int | None:
        """The difference in millionths of what was sent, towards zero."""
        gap = self.difference
        if gap is None:
            return None
        share = abs(gap) * PPM // (self.came or self.sent)
        return share if gap >= 0 else -share


@dataclass(frozen=True, slots=True)
class Proposal:
    """Other figures, by lot, and what became of them."""

    row: ProposalRow
    figures: tuple[FigureRow, ...]

    def standing(self, moment: datetime) -> Standing:
        """Silence leaves the old figures: what nobody answered in its time has lapsed."""
        match self.row.answer:
            case "accepted" | "declined" | "withdrawn" as answered:
                return answered
            case _:
                return "open" if moment < self.row.lapses_at else "lapsed"


@dataclass(frozen=True, slots=True)
class Movement:
    """A shipment by the leaf where it counts, with both sides; its oldest fact and its newest proposal come first."""

    index: int
    sender: Organisation
    receiver: Organisation
    countries: frozenset[str]
    said: tuple[Said, ...]
    goods: tuple[Goods, ...]
    status: Status
    final_from: datetime | None
    proposals: tuple[Proposal, ...]
    requests: tuple[RequestRow, ...]

    @property
    def shipped(self) -> Said:
        """The sender's own statement."""
        return next(each for each in self.said if each.counted == self.index)

    def final(self, moment: datetime) -> bool:
        """Whether its figures stand for good, unless the authority opens it again."""
        return self.final_from is not None and moment >= self.final_from and self.reopened(moment) is None

    def reopened(self, moment: datetime) -> RequestRow | None:
        """The request that an authority granted, while that lasts."""
        return next((row for row in self.requests if row.open_until is not None and moment < row.open_until), None)

    def open_proposal(self, moment: datetime) -> Proposal | None:
        """What waits for an answer."""
        return next((each for each in self.proposals if each.standing(moment) == "open"), None)

    def other(self, organisation_id: int) -> Organisation:
        """The other side."""
        return self.receiver if organisation_id == self.sender.id else self.sender


def status_of(
    goods: Sequence[Goods], proposals: Sequence[Proposal], limits: Thresholds, day: date, moment: datetime
) -> Status:
    """Disputed: a receipt on hold, a gap that control C24 looks at, or figures that one side wants to be others."""
    apart = any(each.came and receipt_finding(limits, each.came, each.received, day) for each in goods)
    proposed = any(each.standing(moment) == "open" for each in proposals)
    if apart or proposed or any(each.held is not None for each in goods):
        return "disputed"
    if any(each.underway for each in goods):
        return "sent"
    return "received" if any(each.came for each in goods) else "rejected"


def final_from(goods: Sequence[Goods], said: Sequence[Said], limits: Thresholds, day: date) -> datetime | None:
    """From when the figures are final: so long after the last fact; None while something is on its way or on hold."""
    if any(each.underway for each in goods) or any(each.counted is None for each in said):
        return None
    return max(each.recorded for each in said) + timedelta(days=limits.at("C36", "final_after", day))
