"""kill -9 in mid-batch, of our process and of the database: what was acknowledged is there once, the log verifies."""

import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.process import Process, opened
from foundation.embedded import erase, postgres
from foundation.settings import Settings, read_settings
from tests.tiers import SEED, times, told
from traceability.export import verify_database

ROOT = Path(__file__).resolve().parents[1]
CHANCE = random.Random(SEED)


@pytest.fixture
def settings() -> Iterator[Settings]:
    folder = Path(tempfile.mkdtemp(prefix="junkan-crash-"))
    folder.chmod(0o711)
    yield read_settings({"JUNKAN_DATA_DIR": str(folder / "data"), "HOME": str(folder)})
    erase(folder / "data")
    shutil.rmtree(folder, ignore_errors=True)


def start(settings: Settings) -> subprocess.Popen[str]:
    """A process that captures as fast as it can and prints each acknowledged event id, and how many are in flight."""
    environment = {**os.environ, "JUNKAN_DATA_DIR": str(settings.data_dir)}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.capturing"], env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def acknowledged(process: subprocess.Popen[str], wanted: int) -> tuple[list[str], int]:
    """The ids acknowledged until `wanted` were, and how many more were asked for and not answered then."""
    ids: list[str] = []
    flight = 0
    assert process.stdout is not None
    for line in process.stdout:
        if not line.startswith("{"):
            continue  # the log of the captures' own process
        told = json.loads(line)
        ids += told["done"]
        flight = told["flight"]
        if len(ids) >= wanted:
            break
    return ids, flight


async def _after(settings: Settings, ids: list[str]) -> None:
    async with postgres(settings) as urls, opened(settings, urls) as process:
        await _check(process, ids)


async def _check(process: Process, ids: list[str]) -> None:
    writer = process.database.writer
    rows = await writer.fetch("SELECT event_id, count(*) FROM event WHERE kind = 'epcis' GROUP BY event_id")
    found = {row[0]: row[1] for row in rows}
    assert not [each for each in ids if each not in found], "acknowledged, and not there"
    assert not [each for each, count in found.items() if count != 1], "there twice"
    size, last = await writer.fetchrow("SELECT h.size, (SELECT max(index) FROM event) FROM log_head h")
    assert size == last + 1
    assert await writer.fetchval("SELECT count(*) FROM event") == size
    faults = [
        each for each in await verify_database(writer, process.keys, process.origin) if not each.note
    ]  # fmt: skip
    assert not faults
    booked = await writer.fetchrow("SELECT sum(claimed_post), sum(through) FROM mass_booking")
    assert booked == await writer.fetchrow("SELECT sum(claimed_post), sum(through) FROM mass_account")
    lots = "SELECT count(*) FROM lot WHERE custody = 'mass_balance_credit'"
    assert booked[0] == await writer.fetchval(lots) > 0
    mass = await writer.fetchval("SELECT sum(free + reserved) FROM balance")
    assert mass == await writer.fetchval("SELECT sum(grams) FROM entry WHERE lot_id IS NOT NULL")


@pytest.mark.fault("T8")
@pytest.mark.parametrize("number", range(times(1, 200)))
def test_killing_our_process_loses_nothing_that_was_acknowledged(settings: Settings, number: int) -> None:
    wanted = CHANCE.randint(100, 600)
    told(f"T8: seed {SEED}, kill {number} after {wanted} events")
    process = start(settings)
    ids, flight = acknowledged(process, wanted)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    assert flight >= 100
    asyncio.run(_after(settings, ids))


@pytest.mark.fault("T9")
@pytest.mark.parametrize("number", range(times(1, 100)))
def test_killing_the_database_loses_nothing_that_was_acknowledged(settings: Settings, number: int) -> None:
    wanted = CHANCE.randint(100, 600)
    told(f"T9: seed {SEED}, kill {number} after {wanted} events")
    process = start(settings)
    ids, flight = acknowledged(process, wanted)
    cluster = settings.data_dir / "postgres" / "cluster"
    postmaster = int((cluster / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    try:
        more, _ = acknowledged(process, 300)  # the writer comes back on its own
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert flight >= 100
    asyncio.run(_after(settings, ids + more))
