"""`junkan archive` from the command line, and killed where it hurts most: nothing is lost, and it may be repeated."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner

from app.cli import main
from app.migrate import migrate
from app.process import opened
from foundation.embedded import erase, postgres
from foundation.settings import Settings, archive_home, read_settings
from tests.conftest import Hands, World
from traceability.export import verify_database

ROOT = Path(__file__).resolve().parents[1]
THEN = datetime(2026, 1, 10, tzinfo=UTC)
TABLE = "event_payload_2026_01"


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    folder = Path(tempfile.mkdtemp(prefix="junkan-archive-"))
    folder.chmod(0o711)
    yield read_settings({"JUNKAN_DATA_DIR": str(folder / "data"), "HOME": str(folder)})
    erase(folder / "data")
    shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def platform(settings: Settings) -> AsyncIterator[World]:
    clock = Hands(THEN)
    async with postgres(settings) as urls:
        await migrate(urls, datetime.now(UTC).date(), THEN.date())
        async with opened(settings, urls, clock) as process:
            yield World(process, clock)


def command(settings: Settings, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "JUNKAN_DATA_DIR": str(settings.data_dir)}
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", *words, "--json"], env=environment, cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


async def run(settings: Settings, *words: str, code: int = 0) -> dict[str, object]:
    """The same in this process, which has everything loaded."""
    runner = CliRunner(env={"JUNKAN_DATA_DIR": str(settings.data_dir)})
    done = await asyncio.to_thread(runner.invoke, main, [*words, "--json"])
    assert done.exit_code == code, (done.output, done.exception)
    told: dict[str, object] = json.loads(done.stdout) if done.stdout else {"refused": done.stderr}
    return told


async def test_the_whole_way_and_a_kill_between_the_act_and_the_detaching(settings: Settings) -> None:
    async with platform(settings) as world:
        firm = await world.firm("recycler")
        for grams in (5_000, 6_000, 7_000):
            await world.stock(firm, grams)
        world.clock.forward(days=45)
        await world.stock(firm, 8_000)
        owner = await asyncpg.connect(world.process.urls.owner)
        archive, by = archive_home(settings), ("--by", firm.email)
        (archive / ".2026-01.draft").mkdir(parents=True)  # of a run that was killed while it copied
        (archive / ".2026-01.draft" / "event-00000.parquet").write_bytes(b"half")
        listed = (await run(settings, "archive", "list"))["months"]
        assert [(each["month"], each["facts"], each["copied"]) for each in listed] == [  # type: ignore[attr-defined]
            ("2026-01", 3, False), ("2026-02", 1, False)
        ]  # fmt: skip
        refused = await run(settings, "archive", "detach", "2026-01", *by, code=2)
        assert "no copy of 2026-01" in str(refused["refused"])
        assert (await run(settings, "archive", "take", "2026-01"))["copied"]
        assert not [each for each in archive.iterdir() if each.name.startswith(".")]
        refused = await run(settings, "archive", "detach", "2026-01", "--by", "nobody@example.org", code=2)
        assert "Nobody signs in" in str(refused["refused"])

        async with owner.transaction():  # somebody reads, so that the table cannot be detached yet
            await owner.fetch("SELECT count(*) FROM event_payload")
            killed = command(settings, "archive", "detach", "2026-01", *by, "--drop")
            await _until(world, WAITS, 1)
            killed.send_signal(signal.SIGKILL)
            killed.wait()
        await _until(world, ALIVE, 0)  # the server has noticed that the killed one is gone
        assert await owner.fetchval("SELECT act FROM archive_act") == "detached"
        assert (
            await owner.fetchval("SELECT count(*) FROM event_payload") == 5
        )  # four events and the act: nothing is lost
        assert not await _faults(world, archive)
        done = await run(settings, "archive", "detach", "2026-01", *by, "--drop")
        assert (done["payloads"], done["copied"]) == ("away", True)
        assert await owner.fetchval("SELECT count(*) FROM archive_act") == 1
        assert await owner.fetchval("SELECT to_regclass($1)", TABLE) is None
        assert not await _faults(world, archive)
        assert (await run(settings, "verify"))["findings"] == []
        back = await run(settings, "archive", "attach", "2026-01", *by)
        assert (back["payloads"], back["act"]) == ("here", "attached")
        assert await owner.fetchval("SELECT count(*) FROM event_payload") == 6
        path = archive / "2026-01" / "event-00000.parquet"
        path.write_bytes(path.read_bytes()[:-1] + b"X")
        assert "2026-01" in str((await run(settings, "archive", "check", "2026-01", code=1))["reason"])
        await owner.close()


WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
ALIVE = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'ALTER TABLE event_payload DETACH%'"


async def _until(world: World, question: str, answer: int) -> None:
    for _ in range(3_000):
        if await world.process.database.writer.fetchval(question) == answer:
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"{question} was never {answer}")


async def _faults(world: World, archive: Path) -> list[str]:
    process = world.process
    found = await verify_database(process.database.writer, process.keys, process.origin, archive=archive)
    return [each.sentence for each in found]
