"""Rules: the law of borders as frozen values, each with its day, its source and whom it binds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from standards.borders.conditions import Condition
from standards.borders.gates import Source
from standards.borders.members import Body
from standards.borders.truth import NO, YES, Truth

Effect = Literal["forbidden", "unsettled", "listed", "permit", "allowed"]
Direction = Literal["export", "import"]
Anchor = Literal["departure", "receipt", "operation", "certificate"]
Practice = Literal["unsettled", "needs_ruling"]


def in_force(source: Source, day: date) -> bool:
    """Whether a rule holds on that day, both ends included; a draft never does."""
    begun = source.since is None or source.since <= day
    return begun and (source.until is None or day <= source.until) and source.status == "adopted"


@dataclass(frozen=True, slots=True)
class Binds:
    """Whom a law binds: the members of a body, or one state."""

    body: str | None = None
    state: str | None = None

    def covers(self, state: str, day: date, bodies: Mapping[str, Body]) -> Truth:
        """Whether it binds that state on that day."""
        if self.body is not None:
            return bodies[self.body].member(state, day)
        return YES if state == self.state else NO


@dataclass(frozen=True, slots=True)
class EndOfWaste:
    """Material that conforms to `standard` is no longer waste in the states that this binds."""

    id: str
    names: Mapping[str, str]
    binds: Binds
    when: Condition
    standard: str
    source: Source


@dataclass(frozen=True, slots=True)
class PurityLimit:
    """How much contamination "almost free" allows, in percent by mass (inclusive), where this binds either end."""

    id: str
    binds: Binds
    when: Condition
    at_most: Decimal
    source: Source


@dataclass(frozen=True, slots=True)
class Reading:
    """An authority's practice: such a lot is not "almost free from contamination", whatever is said of it."""

    id: str
    names: Mapping[str, str]
    binds: Binds
    when: Condition
    source: Source


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a list of wastes; `controlled`: subject to prior informed consent. Lower `rank` is asked first."""

    code: str
    controlled: bool
    rank: int
    when: Condition
    source: Source


@dataclass(frozen=True, slots=True)
class Movement:
    """What a state's law does with a movement out of it or into it.

    `requires` must hold for a permit or a permission; `listed` None: the list of countries is not known to us.
    """

    id: str
    names: Mapping[str, str]
    binds: Binds
    direction: Direction
    when: Condition
    effect: Effect
    paper: str | None
    requires: Condition
    listed: frozenset[str] | None
    source: Source


@dataclass(frozen=True, slots=True)
class Content:
    """Whether what a lot holds counts as recycled in the states that this binds."""

    id: str
    names: Mapping[str, str]
    binds: Binds
    when: Condition
    counts: Condition
    source: Source


@dataclass(frozen=True, slots=True)
class Due:
    """So many days, working days or years before or after something that happens."""

    anchor: Anchor
    days: int = 0
    years: int = 0
    working: bool = False
    before: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """A document, by whom, and its deadlines (the earliest counts; none: before departure, no number of days set)."""

    paper: str
    by: str
    when: Condition
    dues: tuple[Due, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Procedure:
    """What a regime asks of a shipment: `consent` (prior informed consent), `information`, or `none`."""

    id: Literal["consent", "information", "none"]
    when: Condition
    papers: tuple[Paper, ...]


@dataclass(frozen=True, slots=True)
class Regime:
    """A law of waste shipments; the first that applies (lowest rank) governs, by its first procedure that fits."""

    id: str
    names: Mapping[str, str]
    rank: int
    applies: Condition
    procedures: tuple[Procedure, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class TariffRule:
    """Tariff codes for a material in some forms, where the taxonomy's do not say it; or how settled practice is."""

    materials: frozenset[str]
    forms: frozenset[str] | None
    codes: tuple[str, ...] | None
    practice: Practice | None
    source: Source


@dataclass(frozen=True, slots=True)
class Criterion:
    """A way to originate: a change of heading (`cth`), or a regional value content of at least so many percent."""

    id: Literal["cth", "rvc"]
    at_least: Decimal | None
    source: Source


@dataclass(frozen=True, slots=True)
class Agreement:
    """A trade agreement: who may use it, what originates under it, and how that is proved.

    `hub`: one end must be this state. `minimal`: operations that never confer origin on foreign material.
    """

    id: str
    names: Mapping[str, str]
    body: str
    hub: str | None
    wholly_obtained: Source
    cumulation: Source
    criteria: tuple[Criterion, ...]
    de_minimis: Decimal
    de_minimis_not_chapters: frozenset[str]
    de_minimis_source: Source
    minimal: frozenset[str]
    minimal_source: Source
    proofs: tuple[str, ...]
    proof_source: Source


@dataclass(frozen=True, slots=True)
class Tariff:
    """A nomenclature: conditions of its codes, and rules for materials."""

    edition: str
    codes: Mapping[str, Condition]
    rules: tuple[TariffRule, ...]
    source: Source


@dataclass(frozen=True)
class Borders:
    """Everything that we know of borders, read once from a catalogue."""

    bodies: Mapping[str, Body]
    end_of_waste: tuple[EndOfWaste, ...]
    limits: tuple[PurityLimit, ...]
    readings: tuple[Reading, ...]
    entries: tuple[Entry, ...]
    movements: tuple[Movement, ...]
    content: tuple[Content, ...]
    regimes: tuple[Regime, ...]
    papers: tuple[Paper, ...]
    tariff: Tariff
    agreements: tuple[Agreement, ...]
    digest: str
