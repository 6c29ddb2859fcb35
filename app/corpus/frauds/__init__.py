"""Frauds: the mechanisms of fourteen real cases, written into honest worlds with amounts that the seed chooses."""

from collections.abc import Callable
from typing import Final

from app.corpus.frauds.counting import contaminated, customs_differ, raced, unvisited
from app.corpus.frauds.inventing import no_machines, points_of_origin, shells, tampered_papers
from app.corpus.frauds.moving import misdeclared, no_movement
from app.corpus.frauds.rewriting import rewritten
from app.corpus.frauds.scene import Scene
from app.corpus.frauds.twice import already_claimed, oversold, two_registers

CASES: Final[tuple[Callable[[Scene], None], ...]] = (
    no_machines, tampered_papers, shells, already_claimed, oversold, unvisited, contaminated, no_movement,
    points_of_origin, two_registers, rewritten, misdeclared, customs_differ, raced,
)  # fmt: skip
"""F1 to F14, in this order."""
