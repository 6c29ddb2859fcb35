"""Measuring: an honest world and the frauds of fourteen cases go through capture; what is stopped, what not."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

from app.corpus.attempts import Attempt
from app.corpus.frauds import CASES
from app.corpus.honest import planned, play, registered
from app.corpus.stage import Hands, Heard, Stage
from app.process import Process
from traceability.controls import controls_of
from traceability.sequencing.sequencer import Sequencer

EVENTS = 7  # of one chain
CHAIN = 3  # lots of one chain: bale, flake, pellet
TAIL, ROUND = 60, 25  # days: a sea voyage and late reports; the longest round of frauds
SIZES = ((0, 2), (1_000, 5), (5_000, 10))  # from how many lots on there are how many firms of a kind in each country


@dataclass(frozen=True, slots=True)
class Measured:
    """What one seed's world gave: of honest events those held or refused and those flagged; of fraud those stopped."""

    seed: int
    lots: int
    events: int
    held: Counter[str]
    flagged: Counter[str]
    flagged_events: int
    attempts: tuple[Attempt, ...]

    @property
    def false_holds(self) -> Fraction:
        return Fraction(sum(self.held.values()), self.events)

    @property
    def flags(self) -> Fraction:
        return Fraction(self.flagged_events, self.events)

    @property
    def missed(self) -> tuple[Attempt, ...]:
        return tuple(each for each in self.attempts if not each.stopped)

    @property
    def good(self) -> bool:
        """Every fraud stopped, at most one honest event in a hundred held, and one in twenty flagged."""
        return not self.missed and self.false_holds <= Fraction(1, 100) and self.flags <= Fraction(1, 20)

    def told(self) -> dict[str, Any]:
        """As JSON says it; shares in ppm."""
        cases = {each.case: [0, 0] for each in self.attempts}
        for each in self.attempts:
            cases[each.case][0] += each.stopped
            cases[each.case][1] += 1
        return {
            "seed": self.seed, "lots": self.lots, "events": self.events, "good": self.good,
            "falseHoldsPpm": int(self.false_holds * 1_000_000), "flagsPpm": int(self.flags * 1_000_000),
            "held": dict(self.held), "flagged": dict(self.flagged),
            "stopped": {case: {"of": tried, "stopped": stopped} for case, (stopped, tried) in cases.items()},
            "missed": [{"case": e.case, "expected": e.expected, "found": e.found} for e in self.missed],
        }  # fmt: skip


def chains_of(lots: int) -> int:
    """Chains that make at least so many lots."""
    return -(-lots // CHAIN)


def size_of(chains: int) -> int:
    """Firms of a kind in each country."""
    return max(firms for least, firms in SIZES if chains * CHAIN >= least)


def begin_of(chains: int, rounds: int) -> datetime:
    """Long enough ago for all of it to end before now: two loads a working day at each recycler, then the rounds."""
    days = chains * 7 // (size_of(chains) * 4 * 6) + TAIL + rounds * ROUND
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)


async def measure(
    process: Process, seed: int, lots: int, rounds: int, told: Callable[[int], None] = lambda _: None
) -> Measured:
    """Play an honest world of so many lots, then each case so many times, all of it through capture.

    The world begins long enough ago to end before now; `told` hears of every recorded event.
    """
    chains = chains_of(lots)
    size = size_of(chains)
    begins = begin_of(chains, rounds)
    hands = Hands(begins)
    stage_random = Random(seed)  # noqa: S311 - a world, not a secret
    async with Sequencer(process.database.writer, controls_of(process.catalogue), hands).running() as sequencer:
        stage = Stage(process.database, sequencer, hands, stage_random)
        world = await registered(stage, size)
        planned(stage, world, begins.date() + timedelta(days=1), chains)
        answers = await play(stage, world, told)
        found: list[Attempt] = []
        for _ in range(rounds):
            for case in CASES:
                stage.forward(hours=1)
                found += await case(stage)
    return _measured(seed, world.lots, answers, found)


def _measured(seed: int, lots: int, answers: list[Heard], found: list[Attempt]) -> Measured:
    held = Counter(each.code for each in answers if each.code)
    flagged = Counter(flag for each in answers for flag in each.flags)
    return Measured(seed, lots, len(answers), held, flagged, sum(bool(each.flags) for each in answers), tuple(found))
