"""Quantities: exact or refused, never nearly."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards.exactyaml import read
from standards.quantities import (
    UNITS,
    NotWholeGrams,
    QuantityError,
    Rounding,
    convert,
    decimal_of,
    exact,
    grams_of,
    grams_rounded,
    in_base,
    rounded,
    shares,
)
from tests.shared import REFERENCE_DATA, needs_shared

masses = st.sampled_from(sorted({unit.symbol for unit in UNITS.values() if unit.kind == "mass"}))
decimals = st.decimals(min_value=-(10**12), max_value=10**12, places=6)


@needs_shared
def test_every_published_conversion_and_refusal_of_units_holds() -> None:
    cases = read((REFERENCE_DATA / "material-standards/cases/units.yaml").read_text("utf-8"))[0]["cases"]
    assert len(cases) >= 7
    for case in cases:
        value, expected = Decimal(case["value"]), case["expected"]
        if isinstance(expected, dict):
            with pytest.raises(QuantityError) as refused:
                convert(value, case["from"], case["to"])
            assert refused.value.code == expected["error"], case["id"]
        else:
            assert convert(value, case["from"], case["to"]) == Decimal(expected), case["id"]


@pytest.mark.parametrize(
    ("value", "unit", "grams"),
    [("12.5", "KGM", 12500), ("1.25", "TNE", 1250000), ("7", "GRM", 7), ("100", "lb", None), ("2000", "t", 2 * 10**9)],
)
def test_grams_are_whole_or_refused(value: str, unit: str, grams: int | None) -> None:
    if grams is None:
        with pytest.raises(NotWholeGrams, match=r"45359\.237"):
            grams_of(Decimal(value), unit)
        assert grams_rounded(Decimal(value), unit) == 45359
    else:
        assert grams_of(Decimal(value), unit) == grams


@pytest.mark.parametrize("value", [1.5, True, "1.5", None])
def test_a_float_never_becomes_a_mass(value: object) -> None:
    with pytest.raises(TypeError):
        grams_of(value, "kg")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1E+999999", "1E-999999"])
def test_what_is_no_weighable_number_is_refused_without_effort(value: str) -> None:
    with pytest.raises(QuantityError):
        grams_of(Decimal(value), "kg")


@pytest.mark.parametrize(("unit", "to"), [("dL/g", "mL/g"), ("J/m", "kJ/m2"), ("%", "kg"), ("g/cm3", "g/10min")])
def test_quantities_that_only_look_alike_do_not_convert(unit: str, to: str) -> None:
    with pytest.raises(QuantityError) as refused:
        convert(Decimal(1), unit, to)
    assert refused.value.code == "UNIT_INCOMPATIBLE"


@pytest.mark.parametrize("unit", ["ton", "tons", "stone", "", "KG"])
def test_unknown_and_ambiguous_units_are_refused(unit: str) -> None:
    with pytest.raises(QuantityError) as refused:
        grams_of(Decimal(1), unit)
    assert refused.value.code in {"UNIT_AMBIGUOUS", "UNIT_UNKNOWN"}


def test_a_conversion_without_end_is_refused_instead_of_cut() -> None:
    with pytest.raises(QuantityError) as refused:
        convert(Decimal(1), "kg", "lb")
    assert refused.value.code == "NOT_EXACT"


@given(st.integers(-(10**15), 10**15), masses)
def test_grams_survive_the_way_to_any_unit_and_back(grams: int, unit: str) -> None:
    back = Fraction(in_base(grams, "g", "mass")) / UNITS[unit].factor
    try:
        shown = decimal_of(back)
    except QuantityError:
        assert unit in {"lb", "short_ton", "long_ton"}
    else:
        assert grams_of(shown, unit) == grams


@given(decimals, st.sampled_from(["%", "mg/kg", "ppb", "1", "g/t", "ppm"]), st.sampled_from(["%", "mg/kg", "ppb", "1"]))
def test_fractions_convert_there_and_back_to_the_same_number(value: Decimal, unit: str, to: str) -> None:
    assert convert(convert(value, unit, to), to, unit) == value


@given(decimals, st.integers(-3, 5), st.sampled_from(list(Rounding)))
def test_rounding_moves_less_than_one_step_and_agrees_with_decimal(value: Decimal, places: int, mode: Rounding) -> None:
    result = rounded(value, places, mode)
    assert abs(exact(result) - exact(value)) < Fraction(1, 1) / Fraction(10) ** places
    assert result == value.quantize(Decimal(1).scaleb(-places), rounding=f"ROUND_{mode.name}")


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=9).filter(any))
def test_shares_add_up_and_are_less_than_one_from_the_proportion(total: int, weights: list[int]) -> None:
    parts = shares(total, tuple(weights))
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
