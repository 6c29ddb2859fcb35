"""Bounds: between which shares the truth lies, where so many of so many were seen (Wilson, 95 %), in exact decimals."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import Final, NamedTuple

PPM: Final = 1_000_000
Z: Final = Decimal("1.95996398454005423552")
"""The 97.5 % quantile of the normal distribution."""
PRECISION: Final = 50


class Share(NamedTuple):
    """Seen of all, and the bounds of the share in ppm, rounded outwards."""

    seen: int
    of: int
    low: int
    high: int

    @property
    def ppm(self) -> int:
        """Rounded down; nothing of nothing is nothing."""
        return self.seen * PPM // self.of if self.of else 0


def share(seen: int, of: int) -> Share:
    """Wilson's score interval (E. B. Wilson, JASA 22, 1927, p. 209). ValueError for more seen than there are."""
    if not 0 <= seen <= of:
        raise ValueError(f"{seen} of {of} is no share")
    if of == 0:
        return Share(0, 0, 0, PPM)
    with localcontext() as context:
        context.prec = PRECISION
        n, p, z2 = Decimal(of), Decimal(seen) / of, Z * Z
        middle = p + z2 / (2 * n)
        around = Z * (p * (1 - p) / n + z2 / (4 * n * n)).sqrt()
        low, high = (middle - around) / (1 + z2 / n), (middle + around) / (1 + z2 / n)
        bottom = 0 if seen == 0 else int((low * PPM).to_integral_value(ROUND_FLOOR))
        top = PPM if seen == of else int((high * PPM).to_integral_value(ROUND_CEILING))
    return Share(seen, of, bottom, top)


def told(value: Share) -> dict[str, int]:
    """As JSON says it."""
    return {"seen": value.seen, "of": value.of, "ppm": value.ppm, "lowPpm": value.low, "highPpm": value.high}


def percent(ppm: int) -> str:
    """Exact, with four decimals at most: 9_950 ppm are 0.995 %."""
    return f"{(Decimal(ppm) / 10_000).normalize():f} %"
