"""Stating: what a world is made of: who takes part, what each states when, and the truth beside it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

from traceability.composing import At
from traceability.ledger.lots import Purpose
from traceability.sites.registering import Hours, Meter, Permit


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation with one facility, by their identities."""

    uri: str
    role: str
    country: str
    facility: str
    zone: ZoneInfo
    latitude: Decimal
    longitude: Decimal

    def at(self, moment: datetime) -> At:
        return At(moment, self.facility, self.zone)


@dataclass(frozen=True, slots=True)
class Truth:
    """What a step is: honest (no case), an honest mistake, the groundwork of a case, or a fraudulent act of it.

    `control` is the one that must catch the act, with one of these `codes`; `mechanism` names the act.
    """

    case: str = ""
    mechanism: str = ""
    control: str = ""
    codes: tuple[str, ...] = ()

    @property
    def honest(self) -> bool:
        return not self.case

    @property
    def mistaken(self) -> bool:
        return self.honest and bool(self.mechanism)

    @property
    def fraudulent(self) -> bool:
        return bool(self.codes)


HONEST = Truth()


@dataclass(frozen=True, slots=True)
class Document:
    """An EPCIS document with one event."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Documents that arrive at the same instant, of which one may pass."""

    raws: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact of the party's facility."""

    fact: Permit | Hours | Meter


@dataclass(frozen=True, slots=True)
class Seen:
    """An authority was at a facility."""

    facility: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A mark of the party's identity."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim on grams that the party holds."""

    lot: str
    purpose: Purpose
    grams: int
    country: str


@dataclass(frozen=True, slots=True)
class Certified:
    """A body's transaction certificate for a holder's lot: what was admitted as its inputs, and what is certified."""

    holder: str
    site: str
    lot: str
    buyer: str
    admitted: int
    grams: int
    number: str


@dataclass(frozen=True, slots=True)
class SelfCleared:
    """Who recorded a held event clears it, alone."""

    event_id: str


@dataclass(frozen=True, slots=True)
class Overwritten:
    """A row of the record is changed by a statement to the database, as the server's own role."""

    event_id: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """A regulator asks whom to visit first; this organisation must be among the first ten."""

    country: str
    organisation: str


Act: TypeAlias = (
    Document | AtOnce | Stated | Seen | Marked | Claimed | Certified | SelfCleared | Overwritten | Ranked
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One statement: when it reaches the record, whose it is, what it says, the truth, and what it touches."""

    moment: datetime
    by: Party
    act: Act
    truth: Truth
    touches: frozenset[str]


@dataclass(frozen=True, slots=True)
class World:
    """Everybody, and everything that they state, in the order of its moments. A pure function of its seed and size."""

    seed: int
    parties: tuple[Party, ...]
    steps: tuple[Step, ...]
    lots: int
