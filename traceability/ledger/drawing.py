"""Drawing: what leaves a lot of several origins, by origin; over all draws no more of one than it was made with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from standards.quantities import shares
from traceability.ledger.origins import Origins, Parts

Undo = Callable[[], object]


class Draw(NamedTuple):
    """What an event drew of a lot that has several origins: grams in the order of the lot's origins."""

    lot: str
    grams: tuple[int, ...]


def undrawn(origins: Origins, gone: tuple[int, ...]) -> tuple[int, ...]:
    """What is left of each origin after these grams were drawn.

    A lot may weigh more than when it was made (another scale, more of the same): its proportions then begin anew.
    """
    rounds = max(1, *(-(-drawn // grams) for (_, grams), drawn in zip(origins.grams, gone, strict=True)))
    left = tuple(rounds * grams - drawn for (_, grams), drawn in zip(origins.grams, gone, strict=True))
    return left if any(left) else tuple(grams for _, grams in origins.grams)


def drawn_from(lot: str, origins: Origins, left: tuple[int, ...], grams: int) -> Draw:
    """Draw grams in the proportions of what is left; beyond that, in those that the lot was made with."""
    gone, wanted = [0] * len(left), grams
    while wanted:
        now = min(wanted, sum(left))
        gone = [had + part for had, part in zip(gone, shares(now, left), strict=True)]
        left, wanted = tuple(part for _, part in origins.grams), wanted - now
    return Draw(lot, tuple(gone))


@dataclass
class Drawn:
    """What was drawn of lots with several origins, by lot and in the order of its origins."""

    gone: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def draw(self, lot: str, origins: Origins, grams: int) -> tuple[Parts, Draw, Undo]:
        """These grams of a lot with several origins, by origin, and how the draw is undone."""
        before = self.gone.get(lot, (0,) * len(origins.grams))
        draw = drawn_from(lot, origins, undrawn(origins, before), grams)
        parts = [(origin, part) for (origin, _), part in zip(origins.grams, draw.grams, strict=True) if part]
        return parts, draw, self._add(draw, before)

    def give_back(self, draw: Draw) -> tuple[Draw, Undo]:
        """The draw that takes back one of an event declared erroneous."""
        back = Draw(draw.lot, tuple(-grams for grams in draw.grams))
        return back, self._add(back, self.gone.get(draw.lot, (0,) * len(draw.grams)))

    def _add(self, draw: Draw, before: tuple[int, ...]) -> Undo:
        self.gone[draw.lot] = tuple(had + part for had, part in zip(before, draw.grams, strict=True))
        return partial(self.gone.__setitem__, draw.lot, before)
