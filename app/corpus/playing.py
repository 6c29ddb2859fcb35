"""Playing: a world's steps carried out in order through the platform's own commands; every answer is kept."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import islice, takewhile
from typing import Final

from app.corpus.acting import acted
from app.corpus.hearing import Heard
from app.corpus.stage import Stage
from app.corpus.stating import Document, Step, World
from traceability.history.releasing import Clearing, clear

SPAN: Final = timedelta(hours=6)
WIDEST: Final = 256

Played = tuple[Step, tuple[Heard, ...]]


def waves(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Steps that may be told at the same time: of a few hours, none touching what another or an earlier one does."""
    at = 0
    while at < len(steps):
        ends = steps[at].moment + SPAN
        window = list(takewhile(lambda step: step.moment <= ends, islice(steps, at, at + WIDEST)))  # noqa: B023
        at += len(window)
        while window:
            wave, later, touched = list[Step](), list[Step](), set[str]()
            for step in window:
                (wave if step.touches.isdisjoint(touched) else later).append(step)
                touched |= step.touches
            yield wave
            window = later


async def play(stage: Stage, world: World, told: Callable[[int], None]) -> list[Played]:
    """Register everybody, then carry out every step; `told` hears how many are done.

    What is held of an honest firm, its manager clears: a right event is released, a mistake rejected.
    """
    await stage.register(world.parties)
    played: list[Played] = []
    for wave in waves(world.steps):
        stage.hands.until(wave[-1].moment)
        answers = await asyncio.gather(*(acted(stage, step) for step in wave))
        for step, found in zip(wave, answers, strict=True):
            played.append((step, found))
            for each in found:
                if each.outcome == "held" and step.truth.honest and isinstance(step.act, Document):
                    await _clear(stage, step, each)
        told(len(wave))
    return played


async def _clear(stage: Stage, step: Step, held: Heard) -> None:
    """A second person of the firm decides what was held, a minute later. Raises what the ledger refuses."""
    stage.hands.until(stage.hands.moment + timedelta(milliseconds=1))
    manager = stage.players[step.by.uri].manager
    if held.index is None:
        raise AssertionError("a held event has its leaf")
    clearing = Clearing(
        held.index, "reject" if step.truth.mistaken else "release", "Looked at with the weighing ticket"
    )
    async with stage.database.begin(manager.organisation_id) as session:
        await clear(session, stage.door, manager, clearing)
