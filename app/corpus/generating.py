"""Generating: a whole world from a seed: honest firms at work, and the frauds of fourteen cases among them."""

from datetime import timedelta
from typing import Final

from app.corpus.frauds import CASES
from app.corpus.frauds.scene import Scene
from app.corpus.honest import honest
from app.corpus.pen import FIRST, Pen
from app.corpus.stating import World
from app.corpus.telling import in_order

LOTS_OF_A_LOAD: Final = 7
"""Loose goods, two bales, and a flake and a pellet of each."""
AFTER: Final = 5  # days before the first case begins


def world_of(seed: int, lots: int, rounds: int) -> World:
    """At least so many honest lots, and each case so many times, begun on days that the seed chooses.

    The same numbers give the same world, to the byte.
    """
    pen = Pen(seed)
    last = honest(pen, -(-lots // LOTS_OF_A_LOAD))
    made, span = pen.lots, (last - FIRST.date()).days
    for number in range(rounds):
        for at, case in enumerate(CASES, start=1):
            day = pen.random.randint(AFTER, max(span - AFTER, AFTER + 1))
            minute = pen.random.randint(0, 24 * 60 - 1)
            begins = FIRST + timedelta(days=day, minutes=minute, seconds=number)
            case(Scene(pen, f"F{at}", begins))
    return World(seed, tuple(pen.parties), in_order(pen.steps), made)
