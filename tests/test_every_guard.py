"""Every guard of the database refuses what it must, and what it refuses passes once that guard alone is taken away.

The guards are read from PostgreSQL's catalogue, so that none can be forgotten; what each must refuse is data
(tests/guards). Everything is tried in transactions that are rolled back. `make guards ONLY=lot` tells them one by one.
"""

from pathlib import Path

import asyncpg
import pytest

from foundation.database import Urls
from tests.guards.catalogue import Guard, guards
from tests.guards.probing import Probe, column_types, prepared, probe_of, tried, unused
from tests.guards.promises import PROMISES

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
async def empty(urls: Urls) -> asyncpg.Connection:
    """The owner's connection to a database in which only the probes' own rows are."""
    connection = await asyncpg.connect(urls.owner)
    await prepared(connection)
    return connection


@pytest.fixture(scope="module")
async def probes(empty: asyncpg.Connection) -> list[tuple[Guard, Probe | None]]:
    types = await column_types(empty)
    return [(each, probe_of(each, types)) for each in await guards(empty)]


async def test_of_every_guard_it_is_said_what_it_must_refuse(probes: list[tuple[Guard, Probe | None]]) -> None:
    assert not [guard.key for guard, probe in probes if probe is None]
    assert not unused([guard for guard, _ in probes])


async def test_every_guard_refuses_what_it_must_and_nothing_does_without_it(
    empty: asyncpg.Connection, probes: list[tuple[Guard, Probe | None]]
) -> None:
    every = {guard.key: guard for guard, _ in probes}
    done = [await tried(empty, guard, probe, every) for guard, probe in probes if probe is not None]
    assert not [each.fault for each in done if each.fault]
    assert len(done) > 500


async def test_every_promise_of_the_design_has_its_guards(probes: list[tuple[Guard, Probe | None]]) -> None:
    there = {guard.key for guard, _ in probes}
    assert not [(each.promise, key) for each in PROMISES for key in each.guards if key not in there]


def test_every_test_that_a_promise_names_is_there() -> None:
    for each in PROMISES:
        for test in each.tests:
            file, _, name = test.partition("::")
            assert f"def {name}(" in (ROOT / file).read_text("utf-8"), test


async def test_row_level_security_is_forced_wherever_it_is_on(empty: asyncpg.Connection) -> None:
    """It then holds for the owner, too, where that is no superuser."""
    assert not await empty.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity"
        " AND NOT relforcerowsecurity"
    )
