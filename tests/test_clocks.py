"""Clocks: the server's that jumps, a device's that is years off, and the day that it is where the facility stands."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from foundation.errors import Refusal
from tests.conftest import BASE, PET, World
from tests.test_capture import accepted
from tests.tiers import SEED, times, told
from traceability import composing
from traceability.composing import At
from traceability.identifiers import lot_uri, new_token
from traceability.refusals import DateInvalid

# Where the day turns at UTC+7, +8 and +9, and where an hour is left out or comes twice.
ZONES = ("Asia/Bangkok", "Asia/Kuala_Lumpur", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
EDGES = (
    datetime(2024, 2, 28, 23, 59, 59, 999_000), datetime(2024, 2, 29), datetime(2024, 3, 1),
    datetime(2025, 12, 31, 23, 59), datetime(2026, 1, 1), datetime(2026, 3, 29, 2, 30), datetime(2025, 10, 26, 2, 30),
    datetime(2026, 3, 8, 2, 30), datetime(2025, 11, 2, 1, 30),
    datetime(2026, 4, 30, 23, 59, 59, 999_000), datetime(2026, 5, 1),
)  # fmt: skip


def making() -> composing.Making:
    return composing.Making(lot_uri(BASE, new_token()), 1_000, PET, "bale", "post", "JP")


@pytest.mark.fault("T15")
async def test_the_order_of_the_log_does_not_depend_on_the_servers_clock(
    world: World, owner: asyncpg.Connection
) -> None:
    chance, firm, clock = random.Random(SEED), await world.firm("recycler"), world.clock
    told(f"T15: seed {SEED}")
    begun, first = clock.moment, await owner.fetchval("SELECT size FROM log_head")
    rounds = times(50, 1_000)
    for _ in range(rounds):
        at = At(begun - timedelta(hours=2), firm.facility, firm.zone)
        accepted(await world.capture(firm, composing.opening(at, making())))
        clock.moment = begun + timedelta(seconds=chance.choice((-3_600, 3_600, -1, 1, 0)))
    clock.moment = begun + timedelta(hours=2)
    rows = await owner.fetch("SELECT index, record_time FROM event WHERE index >= $1 ORDER BY index", first)
    assert [row["index"] for row in rows] == list(range(first, first + rounds))
    moments = [row["record_time"] for row in rows]
    assert moments == sorted(moments)


@pytest.mark.fault("T15")
async def test_a_device_whose_clock_is_years_off_is_told_so_or_held(world: World) -> None:
    chance, firm = random.Random(SEED), await world.firm("recycler")
    for _ in range(times(50, 1_000)):
        off = timedelta(days=chance.randint(31, 3_650), seconds=chance.randint(0, 86_399)) * chance.choice((-1, 1))
        event = composing.opening(At(world.clock() + off, firm.facility, firm.zone), making())
        (done,) = (await world.capture(firm, event)).events
        if off > timedelta(0):
            assert isinstance(done, DateInvalid), (off, done)
        else:
            assert not isinstance(done, Refusal)
            assert (done.outcome, done.reasons) == ("held", ("LATE_REPORT",)), off


@pytest.mark.fault("T15")
async def test_an_event_belongs_to_the_day_of_its_facility(world: World, owner: asyncpg.Connection) -> None:
    """Whatever offset it was written in, at midnights, month ends, leap days and where the clock was changed."""
    chance = random.Random(SEED)
    firms = [await world.firm("recycler", "JP", zone) for zone in ZONES]
    for _ in range(times(50, 1_000)):
        firm = chance.choice(firms)
        near = timedelta(milliseconds=chance.choice((-1, 0, 1, chance.randint(-86_400_000, 86_400_000))))
        moment = chance.choice(EDGES).replace(tzinfo=chance.choice((firm.zone, UTC))).astimezone(UTC) + near
        written_in = ZoneInfo(chance.choice(ZONES))
        event = composing.opening(At(moment, firm.facility, written_in), making()) | {"junkan:backfill": True}
        done = accepted(await world.capture(firm, event))
        assert done.outcome == "counted"
        row = await owner.fetchrow("SELECT event_day, event_time FROM event WHERE index = $1", done.index)
        expected: date = moment.astimezone(firm.zone).date()
        assert tuple(row) == (expected, moment), (firm.zone, written_in)
