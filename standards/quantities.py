"""Quantities: grams as whole numbers and property values exact within one kind; what cannot be converted is refused."""

from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from typing import assert_never

_MOST_DIGITS = 60  # a weight or test result has fewer; 1E+999999 would cost gigabytes as a whole number
# Room for a product of two such numbers and a sum of many; what would still be rounded raises instead.
EXACTLY = Context(prec=400, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation])


class QuantityError(ValueError):
    """A value or unit cannot be used exactly; `code` is stable, the sentence names value, unit and fix."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class NotWholeGrams(QuantityError):
    """A mass has a part below one gram, and the ledger counts whole grams."""


@dataclass(frozen=True)
class Unit:
    """A unit of one kind of quantity; `factor` converts one of it to the kind's base unit, exactly.

    `names` are the codes and spellings read on input: UN/CEFACT Rec 20, UCUM, common.
    """

    symbol: str
    kind: str
    factor: Fraction
    names: tuple[str, ...] = ()
    scale: Decimal = Decimal(1)  # the factor again, as every factor here ends as a decimal


def _unit(symbol: str, kind: str, factor: str, *names: str) -> Unit:
    return Unit(symbol, kind, Fraction(factor), names, Decimal(factor))


# Factors are definitions (SI; international pound 1959), not law that changes on a day, so they stand here.
# Rec 20 codes: UN/CEFACT Recommendation 20. Kinds that look alike but do not convert are kept apart on purpose:
# intrinsic viscosity (dL/g) and viscosity number (mL/g, ISO 1628-5); impact per area (ISO) and per length (ASTM D256).
_UNITS = (
    _unit("g", "mass", "1", "GRM", "gram", "grams"),
    _unit("mg", "mass", "0.001", "MGM"),
    _unit("kg", "mass", "1000", "KGM", "kilogram", "kilograms", "kgs"),
    _unit("t", "mass", "1000000", "TNE", "tonne", "tonnes", "mt", "MT"),
    _unit("kt", "mass", "1000000000", "KTN"),
    _unit("dt", "mass", "100000", "DTN"),
    _unit("lb", "mass", "453.59237", "LBR", "[lb_av]", "lbs"),
    _unit("short_ton", "mass", "907184.74", "STN", "[ston_av]"),
    _unit("long_ton", "mass", "1016046.9088", "LTN", "[lton_av]"),
    _unit("1", "fraction", "1", "C62"),
    _unit("%", "fraction", "0.01", "P1"),
    _unit("mg/kg", "fraction", "0.000001", "NA"),
    _unit("ppm", "fraction", "0.000001", "59", "[ppm]"),
    _unit("g/t", "fraction", "0.000001"),
    _unit("ug/kg", "fraction", "0.000000001"),
    _unit("ppb", "fraction", "0.000000001", "61", "[ppb]"),
    _unit("kg/m3", "density", "1", "KMQ"),
    _unit("g/cm3", "density", "1000", "23"),
    _unit("lb/ft3", "density", "16.01846337396013957965507065", "87"),
    _unit("MPa", "stress", "1", "MPA"),
    _unit("GPa", "stress", "1000"),
    _unit("N/mm2", "stress", "1", "C56"),
    _unit("kJ/m2", "impact_per_area", "1"),
    _unit("J/m", "impact_per_length", "1"),
    _unit("g/10min", "melt_flow", "1", "g/(10.min)", "g/10 min"),
    _unit("dL/g", "intrinsic_viscosity", "1", "dl/g"),
    _unit("mL/g", "viscosity_number", "1", "ml/g"),
    _unit("mm", "length", "1", "MMT"),
    _unit("um", "length", "0.001", "4H", "µm", "μm"),
    _unit("cm", "length", "10", "CMT"),
    _unit("m", "length", "1000", "MTR"),
    _unit("in", "length", "25.4", "INH", "[in_i]"),
    _unit("Cel", "temperature", "1", "CEL", "°C"),
    _unit("uSv/h", "dose_rate", "1", "µSv/h"),
    _unit("ugC/g", "emission", "1"),
    _unit("1/m2", "count_per_area", "1"),
    _unit("grade", "count", "1"),
    _unit("-", "count", "1"),
)
UNITS = {name: unit for unit in _UNITS for name in (unit.symbol, *unit.names)}
# "ton" is a tonne, a US short ton or a British long ton, by who speaks: guessing would move 10 % of the mass.
AMBIGUOUS = frozenset({"ton", "tons", "TON", "Ton"})


class Rounding(StrEnum):
    """How a law or contract rounds; named by the rule pack, never assumed."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"
    FLOOR = "floor"
    CEILING = "ceiling"


def unit_named(name: str) -> Unit:
    """The unit of a symbol, Rec 20 code or common name; QuantityError UNIT_UNKNOWN or UNIT_AMBIGUOUS."""
    if name in AMBIGUOUS:
        raise QuantityError("UNIT_AMBIGUOUS", f"{name!r} has three meanings: write t, short_ton or long_ton")
    if (unit := UNITS.get(name)) is None:
        raise QuantityError("UNIT_UNKNOWN", f"unit {name!r} is not known; mass: g, kg, t, lb; fractions: %, mg/kg, ppm")
    return unit


def exact(value: Decimal | int) -> Fraction:
    """The value without any rounding. TypeError for float (already rounded); QuantityError for what is no number."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise TypeError(f"{value!r} is {type(value).__name__}: give Decimal or int, a float has lost digits already")
    return Fraction(_reasonable(Decimal(value)))


def _reasonable(value: Decimal) -> Decimal:
    if len(text := str(value)) <= _MOST_DIGITS and "E" not in text and value.is_finite():
        return value  # most: so few characters hold neither too many digits nor a power of ten
    if not value.is_finite():
        raise QuantityError("VALUE_NOT_A_NUMBER", f"{value} is not a finite number")
    _, digits, exponent = value.as_tuple()
    if max(abs(value.adjusted()), abs(int(exponent)), len(digits)) > _MOST_DIGITS:
        raise QuantityError("VALUE_UNREASONABLE", f"the value has more than {_MOST_DIGITS} digits")
    return value


def in_base(value: Decimal | int, unit: str, kind: str) -> Fraction:
    """The value in the base unit of `kind`, exactly; QuantityError UNIT_INCOMPATIBLE for a unit of another kind."""
    return exact(value) * _unit_of(unit, kind).factor


def base_of(value: Decimal, unit: str, kind: str) -> Decimal:
    """The same as a decimal, for judging: every factor ends, so nothing is rounded. TypeError for a float."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{value!r} is {type(value).__name__}: give Decimal, a float has lost digits already")
    return EXACTLY.multiply(_reasonable(value), _unit_of(unit, kind).scale)


def _unit_of(name: str, kind: str) -> Unit:
    found = unit_named(name)
    if found.kind != kind:
        raise QuantityError("UNIT_INCOMPATIBLE", f"{name!r} measures {found.kind}, not {kind}: there is no conversion")
    return found


def convert(value: Decimal | int, unit: str, to: str) -> Decimal:
    """The same quantity in another unit of the same kind, exactly.

    QuantityError UNIT_INCOMPATIBLE between kinds, NOT_EXACT where the result has no end (then compare `in_base`).
    """
    target = unit_named(to)
    return decimal_of(in_base(value, unit, target.kind) / target.factor)


def decimal_of(value: Fraction) -> Decimal:
    """An exact fraction as an exact decimal, without trailing zeros; QuantityError NOT_EXACT where it never ends."""
    places, rest = 0, value.denominator
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest, count = rest // prime, count + 1
        places = max(places, count)
    if rest != 1:
        raise QuantityError("NOT_EXACT", f"{value} has no end as a decimal: say how to round it")
    return _decimal(value.numerator * (10**places // value.denominator), places)


def rounded(value: Decimal | int | Fraction, places: int, mode: Rounding) -> Decimal:
    """Rounded once, from the exact value, to so many decimal places (kept: 30 -> 30.00); negative places: tens."""
    scaled = (value if isinstance(value, Fraction) else exact(value)) * Fraction(10) ** places
    return _decimal(_whole(scaled, mode), places)


def grams_of(value: Decimal | int, unit: str) -> int:
    """A mass as whole grams, exactly; NotWholeGrams for a part below one gram. The sign is kept."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise TypeError(f"{value!r} is {type(value).__name__}: give Decimal or int, a float has lost digits already")
    grams = base_of(Decimal(value), unit, "mass")
    whole = int(grams)
    if whole != grams:
        fix = "give whole grams, or round by a named rule"
        raise NotWholeGrams("NOT_WHOLE_GRAMS", f"{value} {unit} is {rounded(grams, 6, Rounding.DOWN)} g: {fix}")
    return whole


def grams_rounded(value: Decimal | int, unit: str, mode: Rounding = Rounding.HALF_UP) -> int:
    """A mass rounded once to whole grams: the ledger's one rule, for units such as lb that seldom give whole grams."""
    return _whole(in_base(value, unit, "mass"), mode)


def shares(total: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """A whole split in proportion into whole numbers that add up to it exactly (largest remainder, earlier first)."""
    whole = sum(weights)
    if total < 0 or whole <= 0 or min(weights) < 0:
        raise QuantityError("NO_PROPORTION", f"{total} cannot be split by {weights}: weights are >= 0, some > 0")
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return tuple(parts)


def _decimal(units: int, places: int) -> Decimal:
    """units x 10**-places as a Decimal, never rounded by the context's precision."""
    if places < 0:
        return Decimal(units * 10**-places)
    sign = 1 if units < 0 else 0
    return Decimal((sign, tuple(map(int, str(abs(units)))), -places))


def _whole(value: Fraction, mode: Rounding) -> int:
    below = value.numerator // value.denominator
    rest, half = value - below, Fraction(1, 2)
    match mode:
        case Rounding.FLOOR:
            up = False
        case Rounding.CEILING:
            up = rest > 0
        case Rounding.DOWN:
            up = rest > 0 and value < 0
        case Rounding.UP:
            up = rest > 0 and value > 0
        case Rounding.HALF_UP:
            up = rest > half or (rest == half and value > 0)
        case Rounding.HALF_EVEN:
            up = rest > half or (rest == half and below % 2 == 1)
        case _:
            assert_never(mode)
    return below + up
