"""Commands: what the sequencer is asked to commit, all or nothing, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from foundation.errors import Refusal
from standards.custody import LotModel
from standards.plausibility import Finding
from traceability.checking.papers import NOTHING, Papers
from traceability.ledger.lots import Purpose
from traceability.ledger.movements import Movement, parts_of
from traceability.ledger.outcomes import Speaker

Kind = Literal[
    "epcis", "declaration", "permit", "certificate", "measurement", "statement", "withdrawal", "claim", "release",
    "label", "recall", "site", "archive", "amendment", "amended",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claiming:
    """These grams of this lot are claimed for this purpose by the fact that carries this value.

    `custody` is the model under which they are claimed, None where the claim says nothing of it.
    """

    lot: str
    purpose: Purpose
    grams: int
    jurisdiction: str
    statement: str
    custody: LotModel | None = None


@dataclass(frozen=True, slots=True)
class Recalling:
    """The fact that carries this calls these lots back, and everything made of them."""

    lots: tuple[str, ...]
    reason: str
    statement: str
    authority: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """A fact ready to be given its index: parsed, validated, hashed and committed to, outside any lock.

    `commitments` are the salted commitments to the fields of `body` and of `received` (traceability.tree.leaf), which
    ties it to the very text; `held` names the control that holds the event (its movement then makes no entries);
    `findings` is what else the controls found so far; `papers` what the event states of transport and documents;
    `correctives` are the ids of the events that a declaration of error names as the right ones. `releases` is the
    index of the held event that this fact clears, whose event id it then has, and whose `declares_error` if released.
    """

    kind: Kind
    speaker: Speaker
    actor: str
    event_id: str
    event_hash: bytes
    declares_error: bool
    body: str
    context: Any
    salt: bytes
    commitments: tuple[tuple[str, bytes], ...]
    movement: Movement
    event_time: datetime
    event_day: date
    rules: str
    parties: Mapping[str, int]
    received: Mapping[str, Any]
    event_type: str | None = None
    action: str | None = None
    biz_step: str | None = None
    disposition: str | None = None
    transformation_id: str | None = None
    references: tuple[str, ...] = ()
    correctives: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    held: str | None = None
    findings: tuple[Finding, ...] = ()
    papers: Papers = NOTHING
    backfill: bool = False
    releases: int | None = None
    claiming: Claiming | None = None
    recalling: Recalling | None = None


@dataclass(frozen=True, slots=True)
class Reserve:
    """Set grams of a lot aside for a paper (a trade's reference) and its other party."""

    reference: str
    lot: str
    holder: int
    counterparty: int
    grams: int


@dataclass(frozen=True, slots=True)
class GiveBack:
    """What is still reserved under this reference becomes free again."""

    reference: str


Item = Prepared | Reserve | GiveBack


@dataclass(frozen=True, slots=True)
class IndexOf:
    """In a write's arguments: the log index that the command's n-th item is given."""

    item: int = 0


@dataclass(frozen=True, slots=True)
class Write:
    """A row that must commit together with the command; a row count other than `expects` refuses the command."""

    sql: str
    args: tuple[Any, ...]
    refusal: Refusal
    expects: int = 1


@dataclass(frozen=True, slots=True)
class Command:
    """All or nothing: the items enter in order, then the writes run, in the sequencer's transaction."""

    items: tuple[Item, ...]
    writes: tuple[Write, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """One item as it was committed. `duplicate`: it was in the record already, and nothing was written."""

    index: int
    event_id: str
    outcome: str
    reasons: tuple[str, ...]
    flags: tuple[str, ...]
    record_time: datetime
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """The command is committed and durable; one `Accepted` per fact among its items, in order."""

    accepted: tuple[Accepted, ...]


BATCH: Final = 512


def lots_of(command: Command) -> set[str]:
    """Every lot URI that a command may touch."""
    found: set[str] = set()
    for item in command.items:
        match item:
            case Prepared():
                found.update(part.lot for part in parts_of(item.movement))
                found.update(new.lot for new in getattr(item.movement, "outputs", ()))
                found.update([item.claiming.lot] if item.claiming else [])
                found.update(item.recalling.lots if item.recalling else [])
            case Reserve():
                found.add(item.lot)
            case GiveBack():
                pass
    return found
