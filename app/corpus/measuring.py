"""Measuring: a world goes through capture on a database of its own; what is caught of the frauds, and what is not."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import reduce
from typing import Final, NamedTuple

from app.corpus.bounds import PPM, Share, share
from app.corpus.generating import world_of
from app.corpus.hearing import Heard
from app.corpus.pen import FIRST
from app.corpus.playing import Played, play
from app.corpus.stage import Hands, stage_of
from app.corpus.stating import AtOnce, Claimed, Document, Truth
from app.process import Process
from traceability.controls import controls_of
from traceability.sequencing.sequencer import Sequencer

MOST_HELD: Final = 10_000  # ppm of honest statements
MOST_FLAGGED: Final = 50_000
SINCE: Final = (FIRST - timedelta(days=1)).date()


class Mechanism(NamedTuple):
    """One kind of fraudulent act: its case, what it does, and the control that must catch it."""

    case: str
    name: str
    control: str


@dataclass
class Measured:
    """What worlds gave, counted up. Of frauds, by mechanism: `tried`, `caught` by the control named, `other`: by
    another.

    Of honest statements: `held` (held, refused or left out) and `flagged` by code, `flags` how many carry a flag at
    all. `mistaken` are honest mistakes, `corrected` those of them that were stopped. `groundwork` is what a case
    needed before its acts and did not get: then the case was not tried.
    """

    lots: int = 0
    honest: int = 0
    tried: Counter[Mechanism] = field(default_factory=Counter)
    caught: Counter[Mechanism] = field(default_factory=Counter)
    other: Counter[tuple[Mechanism, str]] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)
    flags: int = 0
    mistaken: int = 0
    corrected: int = 0
    groundwork: Counter[tuple[str, str]] = field(default_factory=Counter)

    def fraud(self, truth: Truth, answer: Heard) -> None:
        """One fraudulent act, and what it got."""
        mechanism = Mechanism(truth.case, truth.mechanism, truth.control)
        self.tried[mechanism] += 1
        if answer.code in truth.codes:
            self.caught[mechanism] += 1
        elif answer.code:
            self.other[mechanism, answer.code] += 1

    def honestly(self, truth: Truth, answer: Heard) -> None:
        """One honest statement, right or mistaken, and what it got."""
        if truth.mistaken:
            self.mistaken += 1
            self.corrected += bool(answer.code)
        else:
            self.honest += 1
            self.held.update([answer.code] if answer.code else ())
        self.flagged.update(answer.flags)
        self.flags += bool(answer.flags)

    def __add__(self, more: "Measured") -> "Measured":
        return Measured(*(mine + its for mine, its in zip(vars(self).values(), vars(more).values(), strict=True)))

    @property
    def missed(self) -> dict[Mechanism, int]:
        """Acts that their control did not catch, by mechanism."""
        return {
            each: self.tried[each] - self.caught[each] for each in self.tried if self.caught[each] < self.tried[each]
        }

    @property
    def false_holds(self) -> Share:
        """Of all honest statements, mistakes among them, those that do not count as stated."""
        return share(sum(self.held.values()) + self.corrected, self.honest + self.mistaken)

    @property
    def flag_rate(self) -> Share:
        return share(self.flags, self.honest + self.mistaken)

    @property
    def lenient(self) -> bool:
        """At most one honest statement in a hundred is held, and one in twenty flagged."""
        held, flagged = self.false_holds, self.flag_rate
        return held.seen * PPM <= MOST_HELD * held.of and flagged.seen * PPM <= MOST_FLAGGED * flagged.of

    @property
    def good(self) -> bool:
        """Every fraudulent act is caught, every case could be tried, and honest firms are left alone."""
        return not self.missed and not self.groundwork and self.lenient

    def recall(self, case: str | None = None) -> Share:
        """Caught of tried, of one case or of all."""
        chosen = [each for each in self.tried if case in (None, each.case)]
        return share(sum(self.caught[each] for each in chosen), sum(self.tried[each] for each in chosen))


def together(found: Iterable[Measured]) -> Measured:
    """Several worlds as one."""
    return reduce(lambda one, other: one + other, found)


async def measure(
    process: Process, seed: int, lots: int, rounds: int, told: Callable[[int], None] = lambda _done: None
) -> Measured:
    """Play one world on an empty database; `told` hears of each wave how many steps are done."""
    world = world_of(seed, lots, rounds)
    hands = Hands(FIRST - timedelta(hours=1))
    async with Sequencer(process.database.writer, controls_of(process.catalogue), hands).running() as sequencer:
        played = await play(stage_of(process, sequencer, hands), world, told)
    return counted(world.lots, played)


def counted(lots: int, played: Sequence[Played]) -> Measured:
    """Count the answers against the truth."""
    found = Measured(lots=lots)
    for step, answers in played:
        truth = step.truth
        # of what came at the same instant one is honest: the first that passes
        judged = sorted(answers, key=lambda each: bool(each.code))[1:] if isinstance(step.act, AtOnce) else answers
        for answer in judged:
            if truth.fraudulent:
                found.fraud(truth, answer)
            elif not truth.honest:
                found.groundwork.update([(truth.case, answer.code)] if answer.code else ())
            elif isinstance(step.act, Document | Claimed):
                found.honestly(truth, answer)
            elif answer.code:
                raise AssertionError(f"an honest fact was refused: {step.act}: {answer.code}")
    return found
