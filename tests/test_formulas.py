"""One definition of a formula, executed two ways, agrees to the last digit; what it cannot say it refuses."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standards.responsibility.evaluation import NoFigure, bounds, evaluate, explain, meets
from standards.responsibility.expressions import caveat, expression, reason
from standards.responsibility.expressions import meets as meets_in_table
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
    inputs,
    preceding,
)
from standards.responsibility.reading import Names
from standards.responsibility.reading import formula as read
from standards.responsibility.sizes import bits, checked

NAMES = ("generated", "recycled", "repaired")
GRAMS = st.one_of(st.none(), st.integers(0, 50), st.integers(0, 10**14))

leaves = st.one_of(
    st.builds(Quantity, st.sampled_from(NAMES), st.booleans()),
    st.builds(Constant, st.decimals("-100", "100", places=3)),
    st.just(FirstKnown(("repaired", "recycled"), "taken_from_recycled")),
    st.just(MeanOfPreceding("generated", 3)),
)


def grown(smaller: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    many = st.lists(smaller, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Sum, many),
        st.builds(Minimum, many),
        st.builds(Maximum, many),
        st.builds(Product, many),
        st.builds(Difference, smaller, smaller),
        st.builds(RatioPercent, smaller, smaller),
        st.builds(Rounded, smaller, st.sampled_from(MODES), st.integers(0, 3)),
    )


def exact_in_tables(formula: Formula) -> bool:
    try:
        checked(formula)
    except NotAFormula:
        return False
    return True


formulas = st.builds(
    Rounded, st.recursive(leaves, grown, max_leaves=5), st.sampled_from(MODES), st.integers(0, 4)
).filter(exact_in_tables)
KEYS = (*NAMES, *(preceding("generated", back) for back in (1, 2, 3)))
rows = st.lists(st.fixed_dictionaries(dict.fromkeys(KEYS, GRAMS)), min_size=1, max_size=4)


@settings(max_examples=300, deadline=None)
@given(formulas, rows)
def test_a_case_and_a_table_agree_to_the_last_digit(formula: Formula, values: list[dict[str, int | None]]) -> None:
    scaled = expression(formula)
    table = pl.DataFrame(values, schema=dict.fromkeys(KEYS, pl.Int64)).with_columns(
        text=scaled.text(), reason=reason(formula), caveat=caveat(formula)
    )
    for row, found in zip(values, table.to_dicts(), strict=True):
        try:
            explained = explain(formula, row)
        except NoFigure as none:
            assert found["text"] is None
            assert found["reason"] is not None
            assert (found["reason"] == "denominator_zero") == (none.reason == "denominator_zero") or any(
                row[name] is None for name in inputs(formula)
            )
            continue
        assert found["text"] is not None
        assert Decimal(found["text"]) == explained.value
        assert found["reason"] is None
        assert (found["caveat"] or "") == ",".join(explained.caveats)


def test_rounding_is_the_laws_own_and_ties_go_away_from_zero() -> None:
    half = Sum((Quantity("a"), Constant(Decimal("0.5"))))
    assert [evaluate(Rounded(half, mode, 0), {"a": 2}) for mode in ("half_up", "down", "ceiling")] == [3, 2, 3]
    assert [evaluate(Rounded(half, mode, 0), {"a": -3}) for mode in ("half_up", "down", "ceiling")] == [-3, -2, -2]


def test_every_step_is_explained_with_exact_numbers() -> None:
    rate = Rounded(
        RatioPercent(Sum((Quantity("recycled"), Quantity("repaired", True))), Quantity("generated")), "down", 1
    )
    told = explain(rate, {"recycled": 1, "generated": 3})
    assert told.value == Decimal("33.3")
    assert [(step.operation, step.inputs, step.result) for step in told.steps] == [
        ("quantity", ("recycled",), "1"),
        ("quantity", ("repaired",), "0"),
        ("Sum", ("1", "0"), "1"),
        ("quantity", ("generated",), "3"),
        ("RatioPercent", ("1", "3"), "100/3"),
        ("Rounded", ("100/3",), "333/10"),
    ]


def test_a_missing_mass_and_an_empty_denominator_give_no_figure_and_say_why() -> None:
    rate = Rounded(RatioPercent(Quantity("recycled"), Quantity("generated")), "half_up", 1)
    with pytest.raises(NoFigure, match="no_figure:recycled"):
        evaluate(rate, {"generated": 5})
    with pytest.raises(NoFigure, match="denominator_zero"):
        evaluate(rate, {"recycled": 0, "generated": 0})


def test_a_threshold_is_decided_on_masses_and_not_on_the_rounded_rate() -> None:
    assert (
        evaluate(Rounded(RatioPercent(Quantity("n"), Quantity("d")), "half_up", 1), {"n": 64_960, "d": 100_000}) == 65
    )
    assert not meets(64_960, 100_000, Decimal(65))
    assert meets(65_000, 100_000, Decimal(65))
    assert meets(225, 1000, Decimal("22.5")) and not meets(224, 1000, Decimal("22.5"))
    table = pl.DataFrame({"n": [64_960, 65_000, 2**62, None], "d": [100_000, 100_000, 2**62, 1]})
    found = table.select(met=meets_in_table(pl.col("n"), pl.col("d"), Decimal(65)))["met"].to_list()
    assert found == [False, True, True, None]


def test_rounded_inputs_give_an_interval() -> None:
    rate = Rounded(RatioPercent(Quantity("n"), Quantity("d")), "half_up", 1)
    half = Decimal("0.5")
    low, high = bounds(rate, {"n": (506 - half, 506 + half), "d": (583 - half, 583 + half)})
    assert low <= Decimal("86.9") <= high


@pytest.mark.parametrize(
    "written",
    [
        "unknown",
        True,
        {"sum": []},
        {"divide": ["generated", "recycled"]},
        {"ratio_percent": ["generated"]},
        {"round": "generated", "mode": "bankers", "decimals": 1},
        {"sum": ["generated"], "max": ["generated"]},
        {"mean_of_preceding": "generated", "periods": 0},
    ],
)
def test_what_is_not_in_the_vocabulary_is_refused(written: Any) -> None:
    with pytest.raises(NotAFormula):
        read(written, Names(frozenset(NAMES)))


def test_a_formula_reads_as_it_is_written() -> None:
    numerator = {"sum": ["recycled", {"optional": "repaired"}]}
    written = {"round": {"ratio_percent": [numerator, "generated"]}, "mode": "half_up", "decimals": 1}
    rate = read(written, Names(frozenset(NAMES)))
    both = Sum((Quantity("recycled"), Quantity("repaired", absent_is_zero=True)))
    assert rate == Rounded(RatioPercent(both, Quantity("generated")), "half_up", 1)


def test_a_formula_without_a_last_digit_or_beyond_exact_tables_is_refused() -> None:
    with pytest.raises(NotAFormula, match="last digit"):
        checked(RatioPercent(Quantity("a"), Quantity("b")))
    square = Product((Quantity("a"), Quantity("b")))
    with pytest.raises(NotAFormula, match="outgrows"):
        checked(square)
    assert bits(square)[0] == 126
