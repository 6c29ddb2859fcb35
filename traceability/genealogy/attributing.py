"""Attributing: which share of a lot came from which first lot, to the gram, by replaying what was entered."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from math import lcm
from operator import attrgetter
from types import MappingProxyType

from standards.quantities import shares


@dataclass(frozen=True, slots=True)
class Moved:
    """One entry on a lot: grams (signed) at an event; `transforms` where it is input or output of a transformation."""

    event_index: int
    lot: int
    grams: int
    transforms: bool


@dataclass
class _Mixture:
    """What a lot holds at one moment: grams by the lot in which they first appeared, exact."""

    grams: int = 0
    parts: dict[int, Fraction] = field(default_factory=dict)

    def add(self, grams: int, parts: Mapping[int, Fraction]) -> None:
        self.grams += grams
        for origin, part in parts.items():
            self.parts[origin] = self.parts.get(origin, Fraction()) + part

    def draw(self, grams: int) -> dict[int, Fraction]:
        """Take grams out, of every part in proportion: inside a lot material is mixed."""
        if not 0 < grams <= self.grams:
            raise ValueError(f"{grams} g cannot be drawn from {self.grams} g")
        taken = {origin: part * grams / self.grams for origin, part in self.parts.items()}
        self.grams -= grams
        for origin, part in taken.items():
            self.parts[origin] -= part
        if not self.grams:
            self.parts.clear()
        return taken


def attributed(moves: Iterable[Moved], replayed: Container[int]) -> Mapping[int, Mapping[int, Fraction]]:
    """Lot -> the lot in which its mass first appeared -> exact grams of everything that ever came into the lot.

    `moves` by event index: every entry of the `replayed` lots, and what was drawn and made together with them; events
    that were taken back are left out. A lot that is not replayed counts as its own origin, whatever it is made of.
    A transformation draws its inputs in proportion to what they hold and gives each output its share of the mixture;
    what it loses is lost of every part alike. ValueError where a replayed lot gives more than it holds.
    """
    replay = _Replay(replayed)
    for _, group in groupby(moves, key=attrgetter("event_index")):
        entries = list(group)
        replay.transform([each for each in entries if each.transforms])
        replay.arrive_and_leave([each for each in entries if not each.transforms])
    return MappingProxyType({lot: MappingProxyType(parts) for lot, parts in replay.came.items()})


@dataclass
class _Replay:
    replayed: Container[int]
    holding: dict[int, _Mixture] = field(default_factory=dict)
    came: dict[int, dict[int, Fraction]] = field(default_factory=dict)

    def transform(self, entries: Sequence[Moved]) -> None:
        mixed = _Mixture()
        for each in entries:
            if each.grams < 0:
                mixed.add(-each.grams, self.draw(each.lot, -each.grams))
        for each in entries:
            if each.grams > 0 and each.lot in self.replayed:
                # An output without an input appears here for the first time.
                parts = {origin: part * each.grams / mixed.grams for origin, part in mixed.parts.items()}
                self.come(each.lot, each.grams, parts or {each.lot: Fraction(each.grams)})

    def arrive_and_leave(self, entries: Sequence[Moved]) -> None:
        """Between holders nothing changes; what comes from outside appears here, what goes outside is gone."""
        net: dict[int, int] = {}
        for each in entries:
            net[each.lot] = net.get(each.lot, 0) + each.grams
        for lot, grams in net.items():
            if grams > 0:
                self.come(lot, grams, {lot: Fraction(grams)})
            elif grams < 0:
                self.draw(lot, -grams)

    def draw(self, lot: int, grams: int) -> Mapping[int, Fraction]:
        if lot not in self.replayed:
            return {lot: Fraction(grams)}
        return self.holding.setdefault(lot, _Mixture()).draw(grams)

    def come(self, lot: int, grams: int, parts: Mapping[int, Fraction]) -> None:
        self.holding.setdefault(lot, _Mixture()).add(grams, parts)
        known = self.came.setdefault(lot, {})
        for origin, part in parts.items():
            known[origin] = known.get(origin, Fraction()) + part


def in_grams(parts: Mapping[int, Fraction], total: int) -> Mapping[int, int]:
    """Exact parts as whole grams that add up to `total` (largest remainder), the largest first."""
    ordered = sorted(parts.items(), key=lambda part: (-part[1], part[0]))
    whole = sum((part for _, part in ordered), Fraction())
    if not whole:
        return MappingProxyType({})
    common = lcm(*(part.denominator for _, part in ordered))
    split = shares(total, tuple(int(part * common) for _, part in ordered))
    return MappingProxyType({origin: grams for (origin, _), grams in zip(ordered, split, strict=True)})
