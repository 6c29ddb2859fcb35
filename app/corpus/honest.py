"""Honest worlds: collectors, recyclers and makers who process as published yields and move as roads allow."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from app.corpus.stage import Firm, Heard, Stage, morning, permit_of, share
from traceability.composing import Composed, Making, arrived, received, shipped, transformed
from traceability.ledger.interpretation import RECYCLING, REPROCESSING
from traceability.sites.registering import Hours, Meter

PET: Final = "plastics.pet"
TONNE: Final = 1_000_000
PPM: Final = 1_000_000
# From bale to washed flake: 73 % in 2011, 68 % in 2017 (Plastics Recyclers Europe, in Sustainable Plastics, 2017);
# Japan's containers law pays recyclers of PET bottles for 70 % (JCPRA). Plants differ, and so do their days.
YIELD: Final = (700_000, 30_000)
# From flake to pellet, behind the melt filter: a starting value of the platform, C02's own band.
MELT: Final = (972_000, 7_000)
LATEST: Final = 14
DAYS_AT_SEA: Final = (11, 17)  # Bangkok to Tokyo and back, 4,600 km


_When = Callable[[Firm, date, int, int], datetime]
_Event = Callable[[datetime], Composed]


class Planned(NamedTuple):
    """One event of the play: when it is recorded, by whom, and what."""

    recorded: datetime
    firm: Firm
    event: Composed


@dataclass
class World:
    """The firms of an honest world, and everything that they will record, by day."""

    collectors: list[Firm]
    recyclers: list[Firm]
    makers: list[Firm]
    capacity: dict[str, int]
    planned: dict[date, list[Planned]] = field(default_factory=dict)
    made: dict[tuple[str, date], int] = field(default_factory=dict)
    lots: int = 0

    def plan(self, recorded: datetime, firm: Firm, event: Composed) -> None:
        day = recorded.astimezone(firm.zone).date()
        self.planned.setdefault(day, []).append(Planned(recorded, firm, event))


PLACES: Final = (("JP", "Asia/Tokyo", 33, 38, 131, 140), ("TH", "Asia/Bangkok", 8, 18, 99, 104))


async def _firm(stage: Stage, role: str, where: int) -> Firm:
    country, zone, south, north, west, east = PLACES[where]
    at = Decimal(stage.random.randint(south * 100, north * 100)) / 100
    return await stage.firm(role, country, zone, at, Decimal(stage.random.randint(west * 100, east * 100)) / 100)


async def registered(stage: Stage, size: int) -> World:
    """So many collectors, recyclers and makers in each of two countries, with permits, hours and visits."""
    world = World([], [], [], {})
    for where in range(len(PLACES)):
        authority = await _firm(stage, "regulator", where)
        for _ in range(size):
            collector, recycler = await _firm(stage, "collector", where), await _firm(stage, "recycler", where)
            world.makers.append(await _firm(stage, "manufacturer", where))
            capacity = stage.random.randint(10, 60) * TONNE
            world.capacity[recycler.uri] = capacity
            permits = [permit_of(recycler, stage.new()[-8:], each, capacity) for each in ("reprocessing", "recycling")]
            hours = Hours(recycler.facility, date(2020, 1, 1), 7 * 60, 20 * 60, (0, 1, 2, 3, 4, 5))
            await stage.register(recycler, *permits, hours, by=authority)
            await stage.register(
                collector, permit_of(collector, stage.new()[-8:], "collecting", capacity), by=authority
            )
            world.collectors.append(collector)
            world.recyclers.append(recycler)
    return world


def _about(random: Random, of: tuple[int, int]) -> int:
    return round(random.gauss(*of))


def planned(stage: Stage, world: World, first: date, chains: int) -> None:
    """Fill days with chains until there are enough: from a collector by a recycler to a maker."""
    day = first
    while chains > 0:
        if day.weekday() < 6:
            for at, recycler in enumerate(world.recyclers):
                busy = share(stage.random, world.capacity[recycler.uri], 450_000, 950_000)
                loads = stage.random.randint(1, 3)
                for _ in range(loads):
                    _chain(stage, world, at, day, busy // loads)
                    chains -= 1
        day += timedelta(days=1)


def _open(day: date) -> date:
    """That day, or the Monday after a Sunday."""
    return day + timedelta(days=1) if day.weekday() == 6 else day


def _chain(stage: Stage, world: World, at: int, day: date, mass: int) -> None:
    """Bale, flake and pellet of one load; what may go wrong honestly does so now and then."""
    random, collector, recycler = stage.random, world.collectors[at], world.recyclers[at]
    grams = share(random, mass, 900_000, 1_000_000)
    bale, flake, pellet = stage.new(), stage.new(), stage.new()
    world.lots += 3

    def when(of: Firm, on: date, early: int, late: int) -> datetime:
        return morning(on, of.zone, random.randint(early, late), random.randint(0, 59))

    made = Making(bale, grams, PET, "bale", "post", collector.actor.country)
    _tell(stage, world, collector, when(collector, day, 8, 9), lambda at: arrived(collector.at(at), made))
    parties = collector.uri, recycler.uri
    _tell(
        stage,
        world,
        collector,
        when(collector, day, 10, 17),
        lambda at: shipped(collector.at(at), *parties, {bale: grams}),
    )
    came = _open(day + timedelta(days=1))  # one day's loads are one day's work: the plant keeps within its permit
    own = _weighed(random, grams)
    _tell(stage, world, recycler, when(recycler, came, 8, 17),
          lambda at: received(recycler.at(at), *parties, {bale: (grams, own)}))  # fmt: skip
    washed = _open(came + timedelta(days=1))
    clean = own * _about(random, YIELD) // PPM
    flakes, pellets = (
        Making(flake, clean, PET, "flake"),
        Making(pellet, clean * _about(random, MELT) // PPM, PET, "pellet"),
    )
    sinks = {"residue:process": (own - clean) * 3 // 4}
    _tell(stage, world, recycler, when(recycler, washed, 8, 18),
          lambda at: transformed(recycler.at(at), REPROCESSING, {bale: own}, [flakes], sinks))  # fmt: skip
    molten = _open(washed + timedelta(days=1))
    _tell(stage, world, recycler, when(recycler, molten, 8, 18),
          lambda at: transformed(recycler.at(at), RECYCLING, {flake: clean}, [pellets], {}))  # fmt: skip
    for on, mass_made in ((washed, clean), (molten, pellets.grams)):
        world.made[recycler.facility, on] = world.made.get((recycler.facility, on), 0) + mass_made
    _sold(stage, world, recycler, pellets, _open(molten + timedelta(days=1)), when)


def _sold(stage: Stage, world: World, recycler: Firm, pellets: Making, day: date, when: _When) -> None:
    """The pellets go to a maker, of the same country mostly; one in three hundred goes back after it was accepted."""
    random = stage.random
    maker = random.choice(world.makers)
    abroad = maker.actor.country != recycler.actor.country
    parties = recycler.uri, maker.uri
    sea = {"junkan:mode": "sea"} if abroad else {}
    _tell(stage, world, recycler, when(recycler, day, 9, 17),
          lambda at: shipped(recycler.at(at), *parties, {pellets.lot: pellets.grams}) | sea)  # fmt: skip
    came = _open(day + timedelta(days=random.randint(*DAYS_AT_SEA) if abroad else random.randint(1, 3)))
    own = _weighed(random, pellets.grams)
    got = {pellets.lot: (pellets.grams, own)}
    _tell(stage, world, maker, when(maker, came, 8, 17),
          lambda at: received(maker.at(at), *parties, got) | sea, late=True)  # fmt: skip
    if random.random() < 1 / 300:
        back = _open(came + timedelta(days=LATEST + 2))
        _tell(stage, world, maker, when(maker, back, 9, 17),
              lambda at: shipped(maker.at(at), maker.uri, recycler.uri, {pellets.lot: own}))  # fmt: skip


def _weighed(random: Random, grams: int) -> int:
    """The other side's scales: within some thousandths, now and then some hundredths for water that dried."""
    wet = random.random() < 1 / 100
    return share(random, grams, 960_000, 985_000) if wet else share(random, grams, 996_000, 1_003_000)


def _tell(
    stage: Stage, world: World, firm: Firm, happened: datetime, event: _Event, *, late: bool = False
) -> None:  # fmt: skip
    """Recorded soon after, one in fifty (that nothing waits for) late; one in five states the day alone."""
    random = stage.random
    recorded = happened + timedelta(minutes=random.randint(1, 20))
    if late and random.random() < 1 / 20:
        recorded = happened + timedelta(days=random.randint(1, LATEST))
    stated = happened
    if random.random() < 1 / 5 and recorded.astimezone(firm.zone).hour >= 12:
        stated = happened.astimezone(firm.zone).replace(hour=12, minute=0, second=0)
    world.plan(recorded, firm, event(stated))


async def play(stage: Stage, world: World, told: Callable[[int], None]) -> list[Heard]:
    """Record all of it, day by day, each firm's events of a day as one document; meters are read each month."""
    answers: list[Heard] = []
    month: date | None = None
    for day in sorted(world.planned):
        if month is not None and day.month != month.month:
            await read_meters(stage, world, day.replace(day=1))
        month = day
        firms: dict[str, list[Planned]] = {}
        for each in sorted(world.planned[day], key=lambda each: each.recorded):
            firms.setdefault(each.firm.uri, []).append(each)
        stage.hands.moment = max(stage.hands.moment, *(each.recorded for each in world.planned[day]))
        documents: list[Awaitable[list[Heard]]] = [
            stage.play(rows[0].firm, *(row.event for row in rows)) for rows in firms.values()
        ]
        for found in await asyncio.gather(*documents):
            answers += found
        told(len(world.planned[day]))
    return answers


async def read_meters(stage: Stage, world: World, day: date) -> None:
    """What each recycler used in the month before: 0.35 to 0.8 kWh for each kilogram that it made."""
    last = day - timedelta(days=1)
    first = last.replace(day=1)
    stage.hands.moment = max(stage.hands.moment, morning(day, ZoneInfo("UTC"), 0, 5))
    for recycler in world.recyclers:
        made = sum(
            grams
            for (facility, on), grams in world.made.items()
            if facility == recycler.facility and first <= on <= last
        )
        used = share(stage.random, made, 350_000, 800_000)
        await stage.register(recycler, Meter(recycler.facility, first, last, used))
