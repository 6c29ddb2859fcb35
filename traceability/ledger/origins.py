"""Origins: where the grams of a lot were collected and from whom, carried exactly through every transformation."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import gcd
from typing import Final, Literal, NamedTuple, Self

from standards.quantities import shares

Consumer = Literal["post", "pre", "virgin", "unknown"]
UNKNOWN_COUNTRY: Final = "ZZ"  # ISO 3166-1 user-assigned: not stated


class Origin(NamedTuple):
    """One source: country of collection (ISO 3166-1 alpha-2) and kind of waste (ISO 14021 pre- / post-consumer)."""

    country: str
    consumer: Consumer


@dataclass(frozen=True)
class Origins:
    """Grams by origin as they were when the lot was made; later they are read as proportions."""

    grams: tuple[tuple[Origin, int], ...]

    @classmethod
    def of(cls, grams: int, country: str | None, consumer: Consumer) -> Self:
        return cls(((Origin(country or UNKNOWN_COUNTRY, consumer), grams),))

    @classmethod
    def blend(cls, inputs: Iterable[tuple["Origins", int]], grams: int) -> "Origins":
        """What `grams` made of these inputs (each with the grams drawn from it) come from."""
        sums: dict[Origin, int] = {}
        for origins, drawn in inputs:
            for origin, part in origins.shared(drawn):
                sums[origin] = sums.get(origin, 0) + part
        ordered = sorted(sums.items())
        parts = shares(grams, tuple(part for _, part in ordered))
        return cls(tuple((origin, part) for (origin, _), part in zip(ordered, parts, strict=True) if part))

    @cached_property
    def total(self) -> int:
        return sum(grams for _, grams in self.grams)

    @cached_property
    def shares(self) -> tuple[tuple[Origin, int], ...]:
        """The proportions in lowest terms: equal shares mean equal origins, whatever the mass."""
        divisor = gcd(*(grams for _, grams in self.grams)) or 1
        return tuple(sorted((origin, grams // divisor) for origin, grams in self.grams))

    def shared(self, grams: int) -> list[tuple[Origin, int]]:
        """These grams of the lot, by origin."""
        if len(self.grams) == 1:
            return [(self.grams[0][0], grams)]
        parts = shares(grams, tuple(part for _, part in self.grams))
        return [(origin, part) for (origin, _), part in zip(self.grams, parts, strict=True)]

    def recycled(self, grams: int) -> tuple[int, int]:
        """(pre-consumer, post-consumer) grams in these grams of the lot (ISO 14021, 7.8)."""
        pre = post = 0
        for origin, part in self.shared(grams):
            pre += part if origin.consumer == "pre" else 0
            post += part if origin.consumer == "post" else 0
        return pre, post

    def to_json(self) -> list[dict[str, object]]:
        return [{"country": o.country, "consumer": o.consumer, "grams": grams} for o, grams in self.grams]

    @classmethod
    def from_json(cls, rows: Iterable[dict[str, object]]) -> "Origins":
        return cls(
            tuple((Origin(str(row["country"]), consumer_of(row["consumer"])), int(str(row["grams"]))) for row in rows)
        )


def consumer_of(value: object) -> Consumer:
    """The kind of waste (ISO 14021), or ValueError."""
    match value:
        case "post" | "pre" | "virgin" | "unknown":
            return value
        case _:
            raise ValueError(f"no such kind of waste: {value!r}")
