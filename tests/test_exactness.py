"""Laws of nature: no float decides, units come back to the same number, and more evidence never harms."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal, Inexact
from fractions import Fraction
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards.conformity import Lot, Verdict, judge, lot_from
from standards.conformity.evaluation import evaluation
from standards.conformity.shelf import judge_lot
from standards.quantities import EXACTLY, UNITS, QuantityError, Unit, base_of, convert, in_base
from tests.published import cases
from tests.shared import needs_shared
from tests.test_rulebook import BOOK, DAY, IRON, shelf

ROOT = Path(__file__).resolve().parents[1]


def values_in(fact: Any, seen: set[int]) -> Iterator[Any]:
    """Every value that a fact holds, however deep."""
    if id(fact) in seen:
        return
    seen.add(id(fact))
    yield fact
    inside: Any = ()
    if is_dataclass(fact) and not isinstance(fact, type):
        inside = [getattr(fact, each.name) for each in fields(fact)]
    elif isinstance(fact, dict):
        inside = [*fact, *fact.values()]
    elif isinstance(fact, tuple | list | set | frozenset):
        inside = fact
    elif hasattr(fact, "items"):
        inside = [item for pair in fact.items() for item in pair]
    for each in inside:
        yield from values_in(each, seen)


def test_no_float_stands_in_the_catalogue_in_a_standard_or_in_a_judgement() -> None:
    seen: set[int] = set()
    everything = [document.data for kind in ("standard", "property-list") for document in BOOK.documents(kind)]
    judged = [judge_lot(shelf(), lot_from(case["lot"]), case["as_of"], "guard_band") for case in cases()]
    for value in values_in((everything, dict(shelf().standards), dict(shelf().properties), judged), seen):
        assert not isinstance(value, float), value
    assert len(seen) > 10_000


def test_a_float_is_refused_wherever_a_number_enters() -> None:
    with pytest.raises(TypeError, match="lost digits"):
        base_of(0.5, "%", "fraction")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="lost digits"):
        convert(0.5, "%", "ppm")  # type: ignore[arg-type]
    for told in ({"value": 0.5}, {"value": "0.5", "uncertainty": 0.1}):
        with pytest.raises(ValueError, match="lost digits"):
            lot_from({"material": "x", "form": "y", "measurements": [{"property": "ash", "unit": "%", **told}]})


def test_judging_makes_no_float_on_its_way() -> None:
    """Every value that a function of the rule book holds or returns while it judges is looked at."""
    looked, found = [0], []

    def look(frame: FrameType, event: str, returned: Any) -> None:
        if event == "return" and "/standards/" in frame.f_code.co_filename:
            looked[0] += 1
            found.extend(each for each in (*frame.f_locals.values(), returned) if isinstance(each, float))

    sys.setprofile(look)
    try:
        for case in cases() or [{"lot": IRON, "as_of": DAY}]:
            lot = lot_from(case["lot"])
            for each in judge_lot(shelf(), lot, case["as_of"], "guard_band"):
                evaluation(each, lot)
    finally:
        sys.setprofile(None)
    assert looked[0] > 1_000
    assert found == []


def test_no_room_that_decides_writes_a_float() -> None:
    for file in (*(ROOT / "standards/conformity").glob("*.py"), ROOT / "standards/quantities.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), file
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id
            assert called not in {"float", "round"}, file


pairs = [(one, other) for one in UNITS.values() for other in UNITS.values() if one.kind == other.kind]


@given(st.sampled_from(pairs), st.decimals(-(10**12), 10**12, allow_nan=False, places=15))
def test_units_there_and_back_give_the_same_number(pair: Any, value: Decimal) -> None:
    one, other = pair
    try:
        there = convert(value, one.symbol, other.symbol)
    except QuantityError as never_ends:
        assert never_ends.code == "NOT_EXACT"
        return
    assert convert(there, other.symbol, one.symbol) == value
    assert base_of(value, one.symbol, one.kind) == base_of(there, other.symbol, other.kind) or len(str(there)) > 60


@needs_shared
@given(st.sampled_from(cases() or [{}]), st.data())
def test_more_shown_never_turns_conforming_into_less(case: dict[str, Any], data: st.DataObject) -> None:
    """Taking facts away from a lot that conforms never makes it fail, and giving them back never harms."""
    order = {Verdict.NONCONFORMING: 0, Verdict.INCOMPLETE: 1, Verdict.CONFORMING: 2}
    standard, whole = shelf().standards[case["standard"]], lot_from(case["lot"])
    full = judge(standard, whole, case["as_of"])
    if full.verdict is not Verdict.CONFORMING:
        return
    kept: dict[str, Any] = {}
    for name in ("measurements", "statements", "documents"):
        held = getattr(whole, name)
        flags = data.draw(st.lists(st.booleans(), min_size=len(held), max_size=len(held)))
        kept[name] = tuple(each for each, keep in zip(held, flags, strict=True) if keep)
    less: Lot = replace(whole, **kept)
    found = judge(standard, less, case["as_of"])
    assert order[found.verdict] <= order[full.verdict]
    if not standard.grades and standard.id != "eu-eow-1179-2012-glass":
        assert found.verdict is not Verdict.NONCONFORMING


@given(st.sampled_from(list(UNITS.values())), st.decimals(-(10**29), 10**29, allow_nan=False, places=30))
def test_a_value_in_base_units_is_the_exact_fraction_and_rounding_would_raise(unit: Unit, value: Decimal) -> None:
    assert Fraction(base_of(value, unit.symbol, unit.kind)) == in_base(value, unit.symbol, unit.kind)
    with pytest.raises(Inexact):
        EXACTLY.divide(Decimal(1), Decimal(3))
