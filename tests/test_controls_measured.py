"""Controls measured: honest worlds are left alone, frauds that a control is kept for are caught, the rest is told."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from app.corpus.bounds import share
from app.corpus.generating import world_of
from app.corpus.measuring import Measured, Mechanism, measure, together
from app.corpus.practice import practice
from app.corpus.stating import HONEST
from app.process import Process, opened
from foundation.database import Urls
from foundation.embedded import create_database, drop_database, urls_of
from foundation.embedded.server import Server
from foundation.settings import Settings

UNSEEN = (20_261_124, 77_001)
"""Never tuned on: those were 1 to 9."""

KNOWN_MISSED = {
    Mechanism("F2", "invoice of less than what is sent", "C20"):
        "C20 knows who else names an invoice; the mass on it is not a fact of the record",
    Mechanism("F3", "waste that never was, collected without a permit", "C31"):
        "C31 asks for the permit when evidence is claimed, not when waste is said to be collected",
    Mechanism("F7", "non-target waste noted with the rest", "C08"):
        "C08 is kept by nobody: events state weighed masses, not their non-target share",
    Mechanism("F9", "a point of origin without a limit", "C02"):
        "C02 knows no number of generators behind a point of collection; only a permit's mass limits it",
    Mechanism("F10", "counted in a register that is not this one", "C32"):
        "C32 is kept by nobody: no other register answers",
    Mechanism("F13", "customs counted less", "C24"): "C24 compares the two sides; customs data are not joined",
    Mechanism("F13", "the receiver restates what was sent", "C24"):
        "C24 takes the sent mass from the receiver, who may receive in parts; what stays underway is C25's to flag",
}  # fmt: skip
"""Not caught yet, and why. What becomes caught must leave this list: the test fails until it does."""

Fresh = Callable[[], AbstractAsyncContextManager[Process]]


@pytest.fixture
def fresh(server: Server, template: Settings) -> Fresh:
    """An open process on an empty database of its own: every world begins on the same day."""

    @asynccontextmanager
    async def open_one() -> AsyncIterator[Process]:
        name = f"corpus_{secrets.token_hex(4)}"
        owner = await create_database(server.owner_url, name, "template_junkan")
        urls: Urls = urls_of(template, owner)
        async with opened(template, urls) as process:
            yield process
        await drop_database(server.owner_url, name)

    return open_one


async def played(fresh: Fresh, seeds: tuple[int, ...], lots: int, rounds: int) -> Measured:
    found = []
    for seed in seeds:
        async with fresh() as process:
            found.append(await measure(process, seed, lots, rounds))
    return together(found)


def check(found: Measured) -> None:
    assert not found.groundwork, "a case could not be tried"
    assert set(found.missed) == set(KNOWN_MISSED), (
        "caught by now, or no longer caught: say so in KNOWN_MISSED", set(found.missed) ^ set(KNOWN_MISSED)
    )  # fmt: skip
    assert all(found.missed[each] == found.tried[each] for each in KNOWN_MISSED)
    assert {each.case for each in found.tried} == {f"F{n}" for n in range(1, 15)}
    assert found.lenient, (found.false_holds, found.held, found.flag_rate, found.flagged)


async def test_every_fraud_that_a_control_is_kept_for_is_caught_and_honest_firms_are_left_alone(fresh: Fresh) -> None:
    found = await played(fresh, UNSEEN, lots=250, rounds=1)
    check(found)
    assert found.honest > 1_000


@pytest.mark.nightly
async def test_so_they_are_in_ten_thousand_lots_also_at_the_bounds_of_chance(fresh: Fresh) -> None:
    found = await played(fresh, (90_001, 90_002, 90_003, 90_004), lots=2_500, rounds=5)
    check(found)
    assert found.lots >= 10_000
    assert found.false_holds.high <= 10_000
    assert found.flag_rate.high <= 50_000
    assert found.mistaken > 10


def test_a_world_is_its_seed() -> None:
    world = world_of(4, 120, 1)
    assert world == world_of(4, 120, 1)
    assert world.steps != world_of(5, 120, 1).steps
    moments = [step.moment for step in world.steps]
    assert moments == sorted(moments)
    assert {step.by.uri for step in world.steps} <= {party.uri for party in world.parties}


def test_an_honest_world_says_nothing_of_a_case_and_every_case_names_its_control() -> None:
    world = world_of(4, 120, 2)
    acts = [step.truth for step in world.steps if step.truth.fraudulent]
    assert {truth.case for truth in acts} == {f"F{n}" for n in range(1, 15)}
    assert all(truth.control and truth.mechanism and truth.codes for truth in acts)
    assert sum(step.truth == HONEST for step in world.steps) > 300


def test_every_value_of_honest_practice_says_its_unit_source_and_certainty() -> None:
    known = practice()
    for value in known.values.values():
        assert value.unit and value.what, value.name
        assert all(known.titles[each] for each in value.sources), value.name
        assert value.certainty == "unverified" or value.sources != ("platform",), value.name


@pytest.mark.parametrize(
    ("seen", "of", "low", "high"),
    # published: R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    [(81, 263, 255_300, 366_200), (15, 148, 62_400, 160_500), (0, 20, 0, 161_100), (1, 29, 6_100, 171_800)],
)
def test_bounds_are_those_published(seen: int, of: int, low: int, high: int) -> None:
    found = share(seen, of)
    assert abs(found.low - low) <= 50 and abs(found.high - high) <= 50, found
