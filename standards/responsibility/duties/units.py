"""Units: in what a law's calculation is stated, how fine, and how large a value can be and stay exact in a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from standards.quantities import QuantityError, convert
from standards.responsibility.sizes import Size, decimal_size


@dataclass(frozen=True, slots=True)
class DutyUnit:
    """Digits before and after the point; `kind` says what converts into it: masses and shares do, exactly."""

    symbol: str
    kind: str
    whole: int
    decimals: int

    @property
    def size(self) -> Size:
        return decimal_size(self.whole + self.decimals, self.decimals)


YES_NO: Final = "yes_no"
# Masses are exact to the gram up to a thousand million tonnes; money of states fits, to the smallest coin.
_UNITS: Final = (
    DutyUnit("g", "mass", 15, 0),
    DutyUnit("kg", "mass", 12, 3),
    DutyUnit("t", "mass", 9, 6),
    DutyUnit("percent", "fraction", 4, 4),
    DutyUnit("count", "count", 12, 0),
    DutyUnit("month", "time", 4, 0),
    DutyUnit("year", "time", 4, 0),
    DutyUnit("day", "time", 5, 0),
    DutyUnit("ml", "volume", 9, 0),
    DutyUnit("m2", "area", 9, 2),
    DutyUnit("1", "number", 4, 6),
)
_MONEY: Final = ("EUR", "GBP", "IDR", "INR", "JPY", "MYR", "PHP", "SGD", "THB", "USD", "VND")
UNITS: Final[Mapping[str, DutyUnit]] = MappingProxyType(
    {unit.symbol: unit for unit in _UNITS}
    | {code: DutyUnit(code, "money", 15, 2) for code in _MONEY}
    | {f"{code}/{mass}": DutyUnit(f"{code}/{mass}", "price", 7, 4) for code in _MONEY for mass in ("kg", "t")}
)
_OTHER_NAMES: Final = MappingProxyType({"percent": "%"})


def unit_of(symbol: str) -> DutyUnit:
    """The unit of this symbol; QuantityError where a calculation knows none such."""
    if (unit := UNITS.get(symbol)) is None:
        raise QuantityError("UNIT_UNKNOWN", f"unit {symbol!r} is not known; known: {', '.join(UNITS)}")
    return unit


def in_unit(value: Decimal, given: str, wanted: DutyUnit) -> Decimal:
    """A value given in another unit of the same kind, exactly; QuantityError where it does not convert."""
    if given == wanted.symbol:
        return value
    if wanted.kind not in ("mass", "fraction"):
        raise QuantityError("UNIT_INCOMPATIBLE", f"{given!r} is not {wanted.symbol}")
    return convert(value, _OTHER_NAMES.get(given, given), _OTHER_NAMES.get(wanted.symbol, wanted.symbol))
