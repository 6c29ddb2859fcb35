"""Reading: a formula as a lawyer can write it in YAML becomes the same formula in the vocabulary."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from standards.responsibility.formulas import (
    MODES,
    Constant,
    Difference,
    FirstKnown,
    Formula,
    Maximum,
    MeanOfPreceding,
    Minimum,
    NotAFormula,
    Product,
    Quantity,
    RatioPercent,
    Rounded,
    Sum,
)

_MANY: Final[Mapping[str, Callable[[tuple[Formula, ...]], Formula]]] = {
    "sum": Sum,
    "min": Minimum,
    "max": Maximum,
    "product": Product,
}
_TWO: Final[Mapping[str, Callable[[Formula, Formula], Formula]]] = {
    "difference": Difference,
    "ratio_percent": RatioPercent,
}


def formula(written: Any, terms: Mapping[str, Formula], quantities: frozenset[str]) -> Formula:
    """Read a name, a number or one operation; `terms` are formulas that have names, `quantities` what a pack knows.

    Raises NotAFormula and says what is not understood.
    """
    match written:
        case str() if written in terms:
            return terms[written]
        case str():
            return Quantity(_quantity(written, quantities))
        case bool():
            raise NotAFormula(f"{written} is not a number")
        case int() | Decimal():
            return Constant(Decimal(written))
        case Mapping():
            return _operation(written, terms, quantities)
        case _:
            raise NotAFormula(f"{written!r} is no name, number or operation")


def _operation(written: Mapping[str, Any], terms: Mapping[str, Formula], quantities: frozenset[str]) -> Formula:
    def read(value: Any) -> Formula:
        return formula(value, terms, quantities)

    match dict(written):
        case {"optional": str(name), **rest} if not rest:
            return Quantity(_quantity(name, quantities), absent_is_zero=True)
        case {"first_known": (_, _, *_) as names, "caveat": str(caveat), **rest} if not rest:
            return FirstKnown(tuple(_quantity(name, quantities) for name in names), caveat)
        case {"mean_of_preceding": str(name), "periods": int(periods), **rest} if not rest and periods > 0:
            return MeanOfPreceding(_quantity(name, quantities), periods)
        case {"round": of, "mode": mode, "decimals": int(decimals), **rest} if not rest and mode in MODES:
            return Rounded(read(of), mode, decimals)
        case only if len(only) == 1:
            ((operation, operands),) = only.items()
            if operation in _MANY and isinstance(operands, list | tuple) and operands:
                return _MANY[operation](tuple(map(read, operands)))
            if operation in _TWO and isinstance(operands, list | tuple) and len(operands) == 2:
                return _TWO[operation](read(operands[0]), read(operands[1]))
    raise NotAFormula(f"no such operation: {dict(written)!r}")


def _quantity(name: Any, quantities: frozenset[str]) -> str:
    if name not in quantities:
        raise NotAFormula(f"{name!r} is not a quantity of this pack; known: {', '.join(sorted(quantities))}")
    return str(name)
