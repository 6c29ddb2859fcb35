"""The stage: a world's parties registered in a database of its own, with a clock, the door and two persons each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from argon2 import PasswordHasher

from app.corpus.stating import Party
from app.process import Process
from foundation.access import Actor, register_person
from foundation.database import Database, Scope
from foundation.registry import register_facility, register_organisation
from standards.catalogue import Catalogue
from traceability.capture import Door
from traceability.sequencing.sequencer import Sequencer

ROLES: Final = frozenset({"read", "capture", "trade", "claim", "declare", "clear"})
QUICK: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # nobody signs in to a measured world
PASSWORD: Final = "nobody signs in to this world"  # noqa: S105
AT_ONCE: Final = 8


@dataclass
class Hands:
    """The clock's hands: set by the play, read by everything that asks for the time."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment

    def until(self, moment: datetime) -> None:
        """Forward to this moment; never back."""
        self.moment = max(self.moment + timedelta(milliseconds=1), moment)


@dataclass(frozen=True)
class Player:
    """Who records for a party, and who may clear what was recorded."""

    clerk: Actor
    manager: Actor


@dataclass
class Stage:
    """The open platform, as a server has it, and who acts on it."""

    database: Database
    sequencer: Sequencer
    catalogue: Catalogue
    hands: Hands
    players: dict[str, Player] = field(default_factory=dict)
    scopes: dict[tuple[str, str, str], int] = field(default_factory=dict)
    door: Door = field(init=False)

    def __post_init__(self) -> None:
        self.door = Door(self.database, self.sequencer, self.hands)

    async def register(self, parties: Sequence[Party]) -> None:
        """Everybody, a few at a time."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(party: Party) -> None:
            async with gate:
                self.players[party.uri] = await self._registered(party)

        await asyncio.gather(*(one(party) for party in parties))

    async def _registered(self, party: Party) -> Player:
        moment, name = self.hands(), f"{party.role} {party.uri[-5:]}"
        async with self.database.begin(None, Scope.AUTHENTICATION) as session:
            made = await register_organisation(
                session, uri=party.uri, name=name, country=party.country, roles=[party.role], moment=moment
            )
            clerk, manager = [
                await register_person(
                    session, organisation_id=made.id, email=f"{role}-{made.id}@corpus.example", name=role,
                    password=PASSWORD, roles=sorted(ROLES), moment=moment, hasher=QUICK,
                )
                for role in ("clerk", "manager")
            ]  # fmt: skip
        async with self.database.begin(made.id) as session:
            await register_facility(
                session, organisation_id=made.id, uri=party.facility, name="Site", country=party.country,
                time_zone=party.zone.key, moment=moment, latitude=party.latitude, longitude=party.longitude,
            )  # fmt: skip
        actor = Actor(
            made.id, made.uri, made.name, frozenset({party.role}), party.country, ROLES, "en", person_id=clerk.id
        )
        return Player(actor, replace(actor, person_id=manager.id))


def stage_of(process: Process, sequencer: Sequencer, hands: Hands) -> Stage:
    """A stage on an open process, with a sequencer that reads these hands."""
    return Stage(process.database, sequencer, process.catalogue, hands)
