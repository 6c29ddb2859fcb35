"""A small platform of its own for a benchmark: embedded PostgreSQL in a temporary folder, one recycler with stock."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from app.process import Process, running
from foundation.access import Actor
from foundation.database import Scope, now
from foundation.registry import register_facility, register_organisation
from foundation.settings import read_settings
from traceability import composing
from traceability.capture import Door, capture
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.interpretation import REPROCESSING

BASE = "http://127.0.0.1:8000"
PET = "plastics.pet"


@dataclass(frozen=True)
class Bench:
    """What a benchmark works with."""

    process: Process
    actor: Actor
    facility: str
    door: Door

    def at(self) -> composing.At:
        return composing.At(now() - timedelta(seconds=1), self.facility, ZoneInfo("Asia/Tokyo"))

    async def stock(self, count: int) -> list[str]:
        """Lots with more than any benchmark draws."""
        lots = [lot_uri(BASE, new_token()) for _ in range(count)]
        events = [composing.arrived(self.at(), composing.Making(lot, 10**12, PET, "bale", "post")) for lot in lots]
        assert (await capture(self.door, self.actor, composing.document(events, now()))).success
        return lots

    def transformation(self, lots: list[str], number: int) -> bytes:
        """A document with one transformation of eight inputs and two outputs."""
        drawn = {lots[(number * 8 + at) % len(lots)]: 1_000_000 + number for at in range(8)}
        made = [composing.Making(lot_uri(BASE, new_token()), 2_900_000, PET, "flake") for _ in range(2)]
        return composing.document([composing.transformed(self.at(), REPROCESSING, drawn, made, {})], now())


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """Open it, and leave nothing behind."""
    with tempfile.TemporaryDirectory() as name:
        settings = read_settings({"JUNKAN_DATA_DIR": str(Path(name) / "data"), "HOME": name})
        async with running(settings) as process:
            async with process.database.begin(None, Scope.AUTHENTICATION) as session:
                firm = await register_organisation(
                    session, uri=lot_uri(BASE, new_token()), name="Bench", country="JP", roles=["recycler"],
                    moment=now(),
                )  # fmt: skip
            async with process.database.begin(firm.id) as session:
                facility = await register_facility(
                    session, organisation_id=firm.id, uri=lot_uri(BASE, new_token()), name="Bench", country="JP",
                    time_zone="Asia/Tokyo", moment=now(),
                )  # fmt: skip
            roles = frozenset({"read", "capture", "trade", "claim", "declare"})
            actor = Actor(firm.id, firm.uri, firm.name, frozenset({"recycler"}), "JP", roles, "en", key_id=1)
            door = Door(process.database, process.sequencer, process.clock)  # one, as the server has it: it remembers
            yield Bench(process, actor, facility.uri, door)
