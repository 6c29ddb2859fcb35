"""Origins: where the grams of a lot were collected and from whom, carried exactly through every transformation."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import gcd
from typing import Final, Literal, NamedTuple, Self

from standards.quantities import shares

Consumer = Literal["post", "pre", "virgin", "unknown"]
Parts = list[tuple["Origin", int]]
Split = tuple[tuple[Consumer, int], ...]
RECYCLED: Final[frozenset[Consumer]] = frozenset({"post", "pre"})
NOT_VIRGIN: Final[frozenset[Consumer]] = RECYCLED | {"unknown"}
UNKNOWN_COUNTRY: Final = "ZZ"  # ISO 3166-1 user-assigned: not stated


class Origin(NamedTuple):
    """One source: country of collection (ISO 3166-1 alpha-2) and kind of waste (ISO 14021 pre- / post-consumer).

    `booked`: a mass-balance account says so; what is physically there came from elsewhere.
    """

    country: str
    consumer: Consumer
    booked: bool = False

    @property
    def recycled(self) -> bool:
        return self.consumer in RECYCLED

    def as_unknown(self) -> "Origin":
        """The same grams where nothing may be said any more of what they were."""
        return Origin(self.country, "unknown") if self.recycled else self

    def as_virgin(self) -> "Origin":
        """The same grams after an account took over what they were: they count as any other material does."""
        return Origin(self.country, "virgin") if self.recycled else self


class Content(NamedTuple):
    """Grams of a lot by what they are (ISO 14021); `booked_*` by a mass-balance account, apart from the physical."""

    pre: int = 0
    post: int = 0
    virgin: int = 0
    unknown: int = 0
    booked_pre: int = 0
    booked_post: int = 0


@dataclass(frozen=True)
class Origins:
    """Grams by origin as they were when the lot was made; later they are read as proportions."""

    grams: tuple[tuple[Origin, int], ...]

    @classmethod
    def of(cls, grams: int, country: str | None, consumer: Consumer, *, booked: bool = False) -> Self:
        origin = Origin(country or UNKNOWN_COUNTRY, consumer)
        return cls(((origin._replace(booked=booked and origin.recycled), grams),))

    @classmethod
    def of_kinds(cls, split: Split, country: str | None, *, booked: bool = False) -> Self:
        """Grams of several kinds from one country."""
        parts = (cls.of(grams, country, consumer, booked=booked).grams for consumer, grams in split)
        return cls.sum(part for each in parts for part in each)

    @classmethod
    def sum(cls, parts: Iterable[tuple[Origin, int]]) -> Self:
        """The grams of these parts, one line for each origin."""
        parts = tuple(parts)
        if len(parts) == 1:
            return cls(parts)
        sums: dict[Origin, int] = {}
        for origin, grams in parts:
            sums[origin] = sums.get(origin, 0) + grams
        return cls(tuple((origin, grams) for origin, grams in sorted(sums.items()) if grams))

    @cached_property
    def total(self) -> int:
        return sum(grams for _, grams in self.grams)

    @cached_property
    def shares(self) -> tuple[tuple[Origin, int], ...]:
        """The proportions in lowest terms: equal shares mean equal origins, whatever the mass."""
        divisor = gcd(*(grams for _, grams in self.grams)) or 1
        return tuple(sorted((origin, grams // divisor) for origin, grams in self.grams))

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of waste that any gram is of."""
        return frozenset(origin.consumer for origin, _ in self.grams)

    def least_of(self, kinds: frozenset[Consumer], grams: int) -> int:
        """How many of these grams are of these kinds, rounded down."""
        return sum(part for origin, part in self.grams if origin.consumer in kinds) * grams // (self.total or 1)

    def shared(self, grams: int) -> Parts:
        """These grams of the lot, by origin."""
        if len(self.grams) == 1:
            return [(self.grams[0][0], grams)]
        parts = shares(grams, tuple(part for _, part in self.grams))
        return [(origin, part) for (origin, _), part in zip(self.grams, parts, strict=True)]

    def content(self, grams: int) -> Content:
        """What these grams of the lot are."""
        sums = dict.fromkeys(Content._fields, 0)
        for origin, part in self.shared(grams):
            sums[f"booked_{origin.consumer}" if origin.booked else origin.consumer] += part
        return Content(**sums)

    def recycled(self, grams: int) -> tuple[int, int]:
        """(pre-consumer, post-consumer) grams physically in these grams of the lot (ISO 14021, 7.8)."""
        content = self.content(grams)
        return content.pre, content.post

    def to_json(self) -> list[dict[str, object]]:
        return [
            {"country": o.country, "consumer": o.consumer, "grams": grams} | ({"booked": True} if o.booked else {})
            for o, grams in self.grams
        ]

    @classmethod
    def from_json(cls, rows: Iterable[dict[str, object]]) -> "Origins":
        return cls(
            tuple(
                (Origin(str(row["country"]), consumer_of(row["consumer"]), row.get("booked") is True),
                 int(str(row["grams"])))
                for row in rows
            )
        )  # fmt: skip


class Kind(NamedTuple):
    """Grams in a process: their origin, and whether they count where a model is stated (`making` knows which do)."""

    origin: Origin
    followed: bool


class Pool:
    """Grams of several kinds from which shares are taken one after another: of no kind ever more than there was."""

    def __init__(self, parts: Iterable[tuple[Kind, int]]) -> None:
        sums: dict[Kind, int] = {}
        for kind, grams in parts:
            sums[kind] = sums.get(kind, 0) + grams
        self.left = sums if len(sums) == 1 else dict(sorted(sums.items()))

    def take(self, grams: int) -> list[tuple[Kind, int]]:
        """These grams in the proportions of what is left, fewer where less is left."""
        there = sum(self.left.values())
        if not there:
            return []
        if len(self.left) == 1:  # most processes: one kind of waste from one country
            ((kind, left),) = self.left.items()
            self.left[kind] = left - min(grams, left)
            return [(kind, min(grams, left))]
        parts = shares(min(grams, there), tuple(self.left.values()))
        taken = [(kind, part) for kind, part in zip(self.left, parts, strict=True) if part]
        for kind, part in taken:
            self.left[kind] -= part
        return taken


def consumer_of(value: object) -> Consumer:
    """The kind of waste (ISO 14021), or ValueError."""
    match value:
        case "post" | "pre" | "virgin" | "unknown":
            return value
        case _:
            raise ValueError(f"no such kind of waste: {value!r}")
