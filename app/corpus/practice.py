"""Practice: how honest firms work, read from data with a source beside each value, and drawn in whole numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from random import Random
from typing import Any, Final

import yaml

PPM: Final = 1_000_000
CERTAINTIES: Final = frozenset({"primary", "secondary", "unverified"})
THROWS: Final = 12


@dataclass(frozen=True, slots=True)
class Value:
    """One value as published: a range (both ends included) or one figure for each month, and where it is from."""

    name: str
    figures: tuple[int, ...]
    unit: str
    what: str
    sources: tuple[str, ...]
    certainty: str


@dataclass(frozen=True)
class Practice:
    """All values by name; `title` tells a source."""

    values: Mapping[str, Value]
    titles: Mapping[str, str]

    def drawn(self, random: Random, name: str) -> int:
        """Anything within the range, all alike likely."""
        low, high = self.values[name].figures
        return random.randint(low, high)

    def happens(self, random: Random, name: str) -> bool:
        """As often as this share (in ppm) says."""
        return random.randrange(PPM) < self.values[name].figures[0]

    def around(self, random: Random, mean: int, spread: str) -> int:
        """Around a mean, with this standard deviation: the sum of twelve throws, which needs no floating point."""
        deviation = self.values[spread].figures[0]
        return mean + sum(random.randint(-deviation, deviation) for _ in range(THROWS)) // 2

    def season(self, month: int, *, north: bool) -> int:
        """What is collected in a month, per mille of the yearly mean."""
        return self.values["season.north" if north else "season.tropics"].figures[month - 1]


@lru_cache(maxsize=1)
def practice() -> Practice:
    """Read `practice.yaml`. ValueError for a value without a unit, a source or a certainty."""
    data = yaml.safe_load(files("app.corpus").joinpath("practice.yaml").read_text(encoding="utf-8"))
    sources = data["sources"]
    return Practice(
        {row["name"]: _value(row, sources) for row in data["values"]},
        {key: row["title"] for key, row in sources.items()},
    )


def _value(row: Mapping[str, Any], sources: Mapping[str, Any]) -> Value:
    figures = tuple(row.get("range") or row["months"])
    fits = len(figures) in (2, 12) and all(isinstance(each, int) for each in figures)
    known = bool(row["sources"]) and all(each in sources for each in row["sources"])
    if not (fits and known and row["unit"] and row["certainty"] in CERTAINTIES):
        raise ValueError(f"practice.yaml: {row['name']} lacks figures, a unit, a known source or a certainty")
    return Value(row["name"], figures, row["unit"], row["what"], tuple(row["sources"]), row["certainty"])
