"""Reading: a formula as a lawyer can write it in YAML becomes the same formula in the vocabulary."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from standards.quantities import Rounding
from standards.responsibility.formulas import (
    MODES,
    RELATIONS,
    Among,
    Choice,
    Compare,
    Condition,
    Constant,
    Contrary,
    Difference,
    Either,
    Every,
    FirstKnown,
    Formula,
    Holds,
    Known,
    Largest,
    Lookup,
    Maximum,
    Mean,
    MeanOfPreceding,
    Minimum,
    NotAFormula,
    Product,
    Quantity,
    Quotient,
    RatioPercent,
    Rounded,
    Sum,
    Total,
)

_MANY: Final[Mapping[str, Callable[[tuple[Formula, ...]], Formula]]] = MappingProxyType(
    {"sum": Sum, "min": Minimum, "max": Maximum, "product": Product, "mean": Mean}
)
_TWO: Final[Mapping[str, Callable[[Formula, Formula], Formula]]] = MappingProxyType(
    {"difference": Difference, "ratio_percent": RatioPercent, "quotient": Quotient}
)
_LINES: Final[Mapping[str, Callable[[Formula], Formula]]] = MappingProxyType({"total": Total, "largest": Largest})


@dataclass(frozen=True, slots=True)
class Names:
    """What a formula may speak of: numbers, coded inputs with their codes, yes-or-no names, tables with their keys."""

    quantities: frozenset[str]
    codes: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    flags: frozenset[str] = frozenset()
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def quantity(self, name: Any) -> str:
        if name not in self.quantities:
            known = ", ".join(sorted(self.quantities))
            raise NotAFormula(f"{name!r} is not a quantity of this pack; known: {known}")
        return str(name)


def formula(written: Any, names: Names) -> Formula:
    """Read a name, a number or one operation. Raises NotAFormula and says what is not understood."""
    match written:
        case str():
            return Quantity(names.quantity(written))
        case bool():
            raise NotAFormula(f"{written} is not a number")
        case int() | Decimal():
            return Constant(Decimal(written))
        case Mapping():
            return _operation(dict(written), names)
        case _:
            raise NotAFormula(f"{written!r} is no name, number or operation")


def condition(written: Any, names: Names) -> Condition:
    """Read a yes-or-no name or one condition. Raises NotAFormula and says what is not understood."""
    match written:
        case str() if written in names.flags:
            return Holds(written)
        case Mapping() if len(written) == 1:
            ((operation, operands),) = written.items()
            return _condition(str(operation), operands, names)
        case _:
            raise NotAFormula(f"{written!r} is no condition; yes-or-no names: {', '.join(sorted(names.flags)) or '-'}")


def _operation(written: Mapping[str, Any], names: Names) -> Formula:  # noqa: PLR0911 - one answer per operation
    match written:
        case {"optional": str(name), **rest} if not rest:
            return Quantity(names.quantity(name), absent_is_zero=True)
        case {"first_known": (_, _, *_) as known, "caveat": str(caveat), **rest} if not rest:
            return FirstKnown(tuple(names.quantity(name) for name in known), caveat)
        case {"mean_of_preceding": str(name), "periods": int(periods), **rest} if not rest and periods > 0:
            return MeanOfPreceding(names.quantity(name), periods)
        case {"round": of, "mode": mode, "decimals": int(places), **rest} if not rest and mode in MODES:
            return Rounded(formula(of, names), Rounding(mode), places)
        case {"if": when, "then": then, "else": otherwise, **rest} if not rest:
            return Choice(condition(when, names), formula(then, names), formula(otherwise, names))
        case {"lookup": str(name), **rest} if not rest or (len(rest) == 1 and isinstance(rest.get("with"), Mapping)):
            return _lookup(name, rest.get("with", {}), names)
        case only if len(only) == 1:
            ((operation, operands),) = only.items()
            if operation in _MANY and isinstance(operands, list | tuple) and operands:
                return _MANY[operation](tuple(formula(each, names) for each in operands))
            if operation in _TWO and isinstance(operands, list | tuple) and len(operands) == 2:
                return _TWO[operation](formula(operands[0], names), formula(operands[1], names))
            if operation in _LINES:
                return _LINES[operation](formula(operands, names))
    raise NotAFormula(f"no such operation: {dict(written)!r}")


def _condition(operation: str, operands: Any, names: Names) -> Condition:
    match operation, operands:
        case relation, (left, right) if relation in RELATIONS:
            return Compare(relation, formula(left, names), formula(right, names))
        case "is", (str(name), *codes) if codes and set(codes) <= names.codes.get(name, frozenset()):
            return Among(name, tuple(codes))
        case "known", str(name) if name in names.quantities | names.flags | names.codes.keys():
            return Known(name)
        case "all", (_, *_):
            return Every(tuple(condition(each, names) for each in operands))
        case "any", (_, *_):
            return Either(tuple(condition(each, names) for each in operands))
        case "not", of:
            return Contrary(condition(of, names))
    raise NotAFormula(f"no such condition, or unknown names in it: {operation}: {operands!r}")


def _lookup(name: str, fixed: Mapping[str, Any], names: Names) -> Lookup:
    keys = names.tables.get(name)
    if keys is None:
        raise NotAFormula(f"{name!r} is not a table of this pack; known: {', '.join(sorted(names.tables)) or 'none'}")
    if unknown := fixed.keys() - set(keys):
        raise NotAFormula(f"the table {name} has no key {', '.join(sorted(unknown))}")
    if unread := [key for key in keys if key not in fixed and key not in names.codes]:
        raise NotAFormula(f"the table {name} is keyed by {', '.join(unread)}, which is no coded input")
    return Lookup(name, tuple((key, str(fixed[key])) for key in keys if key in fixed))
