"""`make guards [ONLY=part of a name]`: takes each guard of a scratch database away and sees that a test then fails.

First every guard's own probe, in one database; then, for each promise of the design, the tests that are named for it,
on a database without its first guard. Exits 1 where something survives.
"""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg

from app.migrate import migrate
from foundation.embedded import create_database, start, stop, urls_of
from foundation.settings import read_settings
from tests.guards.catalogue import Guard, guards
from tests.guards.probing import column_types, prepared, probe_of, tried
from tests.guards.promises import PROMISES

ROOT = Path(__file__).resolve().parents[2]


async def _probe(connection: asyncpg.Connection, every: dict[str, Guard], only: str) -> list[str]:
    """Every guard whose name holds `only`, by its probe; answers what is wrong."""
    types, faults = await column_types(connection), []
    for guard in every.values():
        if only not in guard.key:
            continue
        probe = probe_of(guard, types)
        done = await tried(connection, guard, probe, every) if probe is not None else None
        fault = done.fault if done else f"{guard.key}: nobody says what it must refuse"
        faults += [fault] if fault else []
        told = fault or f"without it {(done.gone if done else '').partition(chr(10))[0]}"
        print(f"{'SURVIVES' if fault else 'killed':9}{guard.kind:12}{guard.key}: {told}", flush=True)
    return faults


def _run_tests(every: dict[str, Guard], only: str) -> list[str]:
    """The tests of the promises, each without the promise's first guard; answers what is wrong."""
    faults = []
    for each in PROMISES:
        gone = every[each.guards[0]]
        if not each.tests or (only and not any(only in key for key in each.guards)):
            continue
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *each.tests], check=False, cwd=ROOT,
            env={**os.environ, "JUNKAN_WITHOUT": gone.removal}, capture_output=True, text=True,
        )  # fmt: skip
        fault = None if done.returncode == 1 else f"{each.promise}: its tests pass without {gone.key}"
        faults += [fault] if fault else []
        last = done.stdout.strip().splitlines()[-1:] or [done.stderr]
        print(f"{'SURVIVES' if fault else 'killed':9}{'promise':12}{each.promise} (without {gone.key}): {last[0]}",
              flush=True)  # fmt: skip
    return faults


async def _all(only: str, folder: Path) -> int:
    server = await start(folder)
    try:
        settings = read_settings({"JUNKAN_DATA_DIR": str(folder), "HOME": str(folder)})
        owner = await create_database(server.owner_url, "guards")
        await migrate(urls_of(settings, owner), datetime.now(UTC).date(), date(2026, 1, 1))
        connection = await asyncpg.connect(owner)
        await prepared(connection)
        every = {guard.key: guard for guard in await guards(connection)}
        faults = await _probe(connection, every, only)
        await connection.close()
    finally:
        stop(server)
    faults += _run_tests(every, only)
    print(f"\n{sum(only in key for key in every)} guards, {len(faults)} survive")
    return 1 if faults else 0


if __name__ == "__main__":
    reader = argparse.ArgumentParser(prog="make guards", description=__doc__)
    reader.add_argument("--only", default="", help="part of a guard's name, table.name")
    scratch = Path(tempfile.mkdtemp(prefix="junkan-guards-"))
    scratch.chmod(0o711)
    try:
        sys.exit(asyncio.run(_all(reader.parse_args().only, scratch)))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
