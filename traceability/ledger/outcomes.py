"""Outcomes: who speaks, what surrounds a movement, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from standards.plausibility import Finding
from traceability.ledger.accounts import Booking
from traceability.ledger.book import Entry
from traceability.ledger.drawing import Draw
from traceability.ledger.movements import Part

COUNTED: Final = "counted"
RECORDED: Final = "recorded"
HELD: Final = "held"
REJECTED: Final = "rejected"  # the reason of a fact that clears a held event for good


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who states the movement, and where: the facility's country is the default country of collection."""

    organisation: int
    facility: int | None
    country: str | None


@dataclass(frozen=True, slots=True)
class Contents:
    """What an event did to the content of lots: the kinds of grams that it drew, and what its accounts booked.

    `moment` is when that happened, whatever a declaration that takes it back says; None where nothing is booked.
    """

    draws: tuple[Draw, ...] = ()
    bookings: tuple[Booking, ...] = ()
    moment: datetime | None = None


UNTOUCHED: Final = Contents()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the record knows around one movement, loaded under the log lock.

    `day` is the day of recording, whose thresholds hold; `on` and `moment` are when it happened. `parties`:
    organisation ids by URI. `reserved`: grams still set aside per lot for the papers that this shipment names.
    `reversal`: the entries of the event that an error declaration names (None: unknown), `undone` what that did to
    content. `cleared`: somebody looked at it, no control holds it again. `sent`: per lot of a rejection the
    grams that the sender whom it names sent and did not get back.
    """

    day: date
    parties: Mapping[str, int]
    reserved: Mapping[str, int]
    on: date
    moment: datetime
    reversal: tuple[Entry, ...] | None = None
    undone: Contents = UNTOUCHED
    cleared: bool = False
    sent: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entered:
    """What came of a movement: `entries` sum to zero; `consumed` is what reservations gave, per lot; `findings` why.

    `contents` is what it did to the content of lots; of an event taken back, the same with the sign turned.
    """

    outcome: str
    entries: tuple[Entry, ...] = ()
    reasons: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    consumed: tuple[Part, ...] = ()
    findings: tuple[Finding, ...] = ()
    contents: Contents = UNTOUCHED
