"""The stage: firms with their facilities and what is registered of them, a clock, and what capture answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from foundation.access import Actor
from foundation.database import Database, Scope
from foundation.errors import Refusal
from foundation.registry import register_facility, register_organisation
from traceability import composing
from traceability.capture import Door, capture
from traceability.claims import claim
from traceability.identifiers import lot_uri
from traceability.identifiers.own import ALPHABET, LENGTH
from traceability.ledger.book import Purpose
from traceability.sequencing.commands import Accepted, Claiming
from traceability.sequencing.sequencer import Sequencer
from traceability.sites.registering import Hours, Meter, Permit, Registering

ROLES: Final = frozenset({"read", "capture", "trade", "claim", "declare"})
BASE: Final = "http://127.0.0.1:8000"


@dataclass
class Hands:
    """The clock's hands: set by the play, read by everything that asks for the time."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment


@dataclass(frozen=True, slots=True)
class Firm:
    """Somebody who acts, and where."""

    actor: Actor
    facility: str
    zone: ZoneInfo

    @property
    def uri(self) -> str:
        return self.actor.organisation_uri

    def at(self, moment: datetime) -> composing.At:
        return composing.At(moment, self.facility, self.zone)


@dataclass(frozen=True, slots=True)
class Heard:
    """What capture answered to one event: the code that refused or held it ('' where it counted), and its flags."""

    code: str
    flags: tuple[str, ...] = ()


def heard(answer: Accepted | Refusal) -> Heard:
    if isinstance(answer, Refusal):
        return Heard(answer.code)
    return Heard(answer.reasons[0] if answer.outcome == "held" else "", answer.flags)


@dataclass
class Stage:
    """The open platform with its clock; everything random comes of one seed."""

    database: Database
    sequencer: Sequencer
    hands: Hands
    random: Random
    door: Door = field(init=False)

    def __post_init__(self) -> None:
        self.door = Door(self.database, self.sequencer, self.hands)

    def new(self) -> str:
        """An identity that nothing has yet."""
        return lot_uri(BASE, "".join(self.random.choice(ALPHABET) for _ in range(LENGTH)))

    async def firm(self, role: str, country: str, zone: str, latitude: Decimal, longitude: Decimal) -> Firm:
        """An organisation with one facility."""
        moment = self.hands()
        async with self.database.begin(None, Scope.AUTHENTICATION) as session:
            made = await register_organisation(
                session, uri=self.new(), name=f"{role} {self.new()[-5:]}", country=country, roles=[role], moment=moment
            )
        async with self.database.begin(made.id) as session:
            place = await register_facility(
                session, organisation_id=made.id, uri=self.new(), name="Site", country=country, time_zone=zone,
                moment=moment, latitude=latitude, longitude=longitude,
            )  # fmt: skip
        actor = Actor(made.id, made.uri, made.name, frozenset({role}), country, ROLES, "en", key_id=made.id)
        return Firm(actor, place.uri, ZoneInfo(zone))

    async def register(self, firm: Firm, *facts: Permit | Hours | Meter, by: Firm | None = None) -> None:
        """Facts of a facility; with `by`, an authority that also was there."""
        async with self.database.begin(None, Scope.RECORD) as record:
            registering = Registering(record, self.sequencer, firm.actor, self.hands())
            for each in facts:
                match each:
                    case Permit():
                        await registering.permit(each)
                    case Hours():
                        await registering.hours(each)
                    case Meter():
                        await registering.meter(each)
            if by is not None:
                visiting = Registering(record, self.sequencer, by.actor, self.hands())
                await visiting.visit(firm.facility, self.hands().date(), "The plant is there and runs.")

    async def mark(self, firm: Firm, kind: str, value: str) -> None:
        """A mark of the firm's identity."""
        async with self.database.begin(None, Scope.RECORD) as record:
            await Registering(record, self.sequencer, firm.actor, self.hands()).mark(kind, value, b"corpus")

    async def play(self, firm: Firm, *events: composing.Composed) -> list[Heard]:
        """Capture these events as one document, each for itself."""
        document = composing.document(events, self.hands())
        return [heard(each) for each in (await capture(self.door, firm.actor, document, on_error="proceed")).events]

    async def claimed(self, firm: Firm, lot: str, purpose: Purpose, grams: int, country: str) -> Heard:
        """Claim grams that the firm holds."""
        claiming = Claiming(lot, purpose, grams, country, "Evidence")
        try:
            async with self.database.begin(firm.actor.organisation_id) as session:
                return heard(await claim(session, self.sequencer, firm.actor, claiming, self.hands()))
        except Refusal as refusal:
            return heard(refusal)

    async def stock(self, firm: Firm, grams: int, *, country: str | None = None, form: str = "bale") -> str:
        """A lot that was there before the record began."""
        lot = self.new()
        made = composing.Making(lot, grams, "plastics.pet", form, "post", country or firm.actor.country)
        await self.play(firm, composing.opening(firm.at(self.hands() - timedelta(minutes=5)), made))
        return lot

    def forward(self, **by: float) -> None:
        self.hands.moment += timedelta(**by)


def permit_of(firm: Firm, number: str, process: str, grams_per_day: int) -> Permit:
    """A permit for plastics that began long ago."""
    begins = date(2020, 1, 1)
    return Permit(firm.facility, number, "Prefecture", process, "plastics", grams_per_day, None, begins, None)


def share(random: Random, grams: int, low: int, high: int) -> int:
    """Between `low` and `high` ppm of these grams."""
    return grams * random.randint(low, high) // 1_000_000


def morning(day: date, zone: ZoneInfo, hour: int, minute: int) -> datetime:
    """That time of the day there."""
    return datetime(day.year, day.month, day.day, hour, minute, 7, tzinfo=zone).astimezone(UTC)


def codes(answers: Sequence[Heard]) -> list[str]:
    return [each.code for each in answers]
