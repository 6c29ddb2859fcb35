"""Movements: the closed set of things that an event can say about mass."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from standards.custody import LotModel
from traceability.ledger.accounts import NOTHING, Grams
from traceability.ledger.origins import Consumer, Split


@dataclass(frozen=True, slots=True)
class Part:
    """Grams of a lot that is expected to be known."""

    lot: str
    grams: int


@dataclass(frozen=True, slots=True)
class NewLot:
    """Grams of a lot that comes into being; material and form None: as the only input's.

    `custody` is the model as it was written; `credited` what the lot claims of its mass-balance account; `scheme` the
    one under which a mass-balance lot from outside was made. `split`: its grams by kind, where they are of several.
    """

    lot: str
    grams: int
    material: str | None
    form: str | None
    custody: str | None
    consumer: Consumer
    country: str | None
    credited: Grams = NOTHING
    scheme: str | None = None
    split: Split = ()

    @property
    def kinds(self) -> Split:
        """All of its grams by kind."""
        return self.split or ((self.consumer, self.grams),)

    @property
    def model(self) -> LotModel | None:
        """The custody model that its maker states (the controls refused a word that is none before)."""
        return LotModel(self.custody) if self.custody is not None else None


@dataclass(frozen=True, slots=True)
class Arrival:
    """Mass comes into the record from an outside account."""

    account: str
    lots: tuple[NewLot, ...]


@dataclass(frozen=True, slots=True)
class Departure:
    """Mass leaves the record into an outside account."""

    account: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Shipment:
    """Stock of the sender goes into transit to the party `to` (its URI)."""

    to: str | None
    parts: tuple[Part, ...]
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was in transit arrives, by the receiver's own weight; `dispatched` says which of the sender's grams."""

    parts: tuple[Part, ...]
    dispatched: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Rejection:
    """What was in transit goes back to the sender's stock, by the sender's weight."""

    sender: str | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Transformation:
    """Lots become other lots, losses and residues; `scheme` names the mass-balance accounts that take part."""

    inputs: tuple[Part, ...]
    outputs: tuple[NewLot, ...]
    sinks: tuple[tuple[str, int], ...]
    scheme: str | None = None


@dataclass(frozen=True, slots=True)
class StockTake:
    """A count asserts what is held of each lot."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class ErrorDeclared:
    """The event of this id was wrong: its entries are reversed."""

    event_id: str


@dataclass(frozen=True, slots=True)
class Change:
    """Grams of a lot that are added to what was sent and to what was received (taken off where negative)."""

    lot: str
    sent: int
    received: int


@dataclass(frozen=True, slots=True)
class Amendment:
    """What one side stated of a shipment becomes what both sides agree on; organisations by their ids.

    `rests` are the events (organisation, event id) whose figures change, which all must stand. `seen` is the size of
    the log before the movement was read, since when the lots `unmoved` must not have gone to the receiver or come.
    """

    side: Literal["sender", "receiver"]
    sender: int
    receiver: int
    changes: tuple[Change, ...]
    rests: tuple[tuple[int, str], ...]
    unmoved: tuple[str, ...] = ()
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Unmoved:
    """No mass moves; `reason` is a stable code."""

    reason: str


Movement = (
    Arrival | Departure | Shipment | Receipt | Rejection | Transformation | StockTake | ErrorDeclared | Amendment
    | Unmoved
)  # fmt: skip


def parts_of(movement: Movement) -> tuple[Part | NewLot, ...]:
    """The quantities a movement states of the lots it draws from or brings in (a transformation: its inputs; an
    amendment: by how much they change)."""
    match movement:
        case Arrival():
            return movement.lots
        case Departure() | Shipment() | Receipt() | Rejection() | StockTake():
            return movement.parts
        case Transformation():
            return movement.inputs
        case Amendment():
            return tuple(Part(each.lot, max(abs(each.sent), abs(each.received))) for each in movement.changes)
        case ErrorDeclared() | Unmoved():
            return ()


def mass_of(movement: Movement) -> int:
    """Grams that a movement states (a transformation: what it draws)."""
    return sum(part.grams for part in parts_of(movement))
