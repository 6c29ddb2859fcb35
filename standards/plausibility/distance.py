"""Distance: at least how far two places are apart, exactly and without floating point."""

from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Final, NamedTuple

DIAMETER: Final = Decimal(12_742_000)  # metres, of the sphere of the Earth's mean radius (IUGG: 6,371.0 km)
PI: Final = Decimal("3.14159265358979323846264338327950288")
PRECISION: Final = 34
TERMS: Final = 24  # beyond what 34 digits can see, for angles up to pi


class Position(NamedTuple):
    """Degrees north and east."""

    latitude: Decimal
    longitude: Decimal


def _cosine(degrees: Decimal) -> Decimal:
    """Its power series."""
    angle = degrees * PI / 180
    term = total = Decimal(1)
    for n in range(1, TERMS):
        term = -term * angle * angle / ((2 * n - 1) * (2 * n))
        total += term
    return total


@lru_cache(maxsize=100_000)
def metres_apart(one: Position, other: Position) -> int:
    """Whole metres along the straight line through the Earth, which is never longer than any way on it."""
    with localcontext() as context:
        context.prec = PRECISION
        north = (1 - _cosine(one.latitude - other.latitude)) / 2
        east = (1 - _cosine(one.longitude - other.longitude)) / 2
        share = north + _cosine(one.latitude) * _cosine(other.latitude) * east  # the haversine of the angle between
        return int(DIAMETER * max(share, Decimal(0)).sqrt())
