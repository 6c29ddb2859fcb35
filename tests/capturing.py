"""Run by test_crash: captures without end, 256 at once, and prints what was acknowledged; never ends on its own."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.process import Process, running
from foundation.access import Actor
from foundation.database import Scope, now
from foundation.errors import Refusal
from foundation.registry import register_facility, register_organisation
from foundation.settings import read_settings
from traceability import composing
from traceability.capture import Door, capture
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.interpretation import REPROCESSING
from traceability.sequencing.commands import Accepted

BASE = "http://127.0.0.1:8000"
PET, SCHEME = "plastics.pet", "eu-2026-1425"
AT_ONCE = 256


async def _firm(process: Process) -> tuple[Actor, str]:
    async with process.database.begin(None, Scope.AUTHENTICATION) as session:
        firm = await register_organisation(
            session, uri=lot_uri(BASE, new_token()), name="Crash", country="JP", roles=["recycler"], moment=now()
        )
    async with process.database.begin(firm.id) as session:
        place = await register_facility(
            session, organisation_id=firm.id, uri=lot_uri(BASE, new_token()), name="Site", country="JP",
            time_zone="Asia/Tokyo", moment=now(),
        )  # fmt: skip
    roles = frozenset({"capture"})
    return Actor(firm.id, firm.uri, firm.name, frozenset({"recycler"}), "JP", roles, "en", key_id=1), place.uri


def _made(grams: int, custody: str | None = None, **told: Any) -> composing.Making:
    return composing.Making(lot_uri(BASE, new_token()), grams, PET, "flake", custody=custody, **told)


async def _account(door: Door, actor: Actor, place: str) -> str:
    """A lot of virgin flake, beside an account of which lots made of it may claim."""
    at = composing.At(now() - timedelta(seconds=1), place, ZoneInfo("Asia/Tokyo"))
    waste, virgin = _made(10_000_000, "segregated", consumer="post"), _made(10_000_000_000, consumer="virgin")
    process = composing.transformed(at, REPROCESSING, {waste.lot: 10_000_000}, [_made(9_000_000)], {}, SCHEME)
    events = [composing.opening(at, waste), composing.opening(at, virgin), process]
    captured = await capture(door, actor, composing.document(events, now()))
    assert captured.success, captured
    return virgin.lot


async def main() -> None:
    async with running(read_settings()) as process:
        actor, place = await _firm(process)
        door = Door(process.database, process.sequencer, now)
        flight = 0
        virgin = await _account(door, actor, place)

        async def worker() -> None:
            nonlocal flight
            while True:
                at = composing.At(now() - timedelta(seconds=1), place, ZoneInfo("Asia/Tokyo"))
                making = composing.Making(lot_uri(BASE, new_token()), 1_000, PET, "bale")
                sold = _made(1_000, "mass_balance_credit", credited={"post": 1})
                claimed = composing.transformed(at, REPROCESSING, {virgin: 1_100}, [sold], {}, SCHEME)
                flight += 1
                try:
                    events = [composing.opening(at, making), claimed]
                    captured = await capture(door, actor, composing.document(events, now()))
                    done = [each.event_id for each in captured.events if isinstance(each, Accepted)]
                except Refusal:
                    done = []
                flight -= 1
                if done:
                    print(json.dumps({"done": done, "flight": flight}), flush=True)  # noqa: T201 - read by the test
                else:
                    await asyncio.sleep(0.05)

        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(main())
