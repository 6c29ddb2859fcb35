"""Calculations: every case that a pack tells is right, a case and a nation's table agree, the unknown is named."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standards.catalogue import load
from standards.responsibility.calculating.answers import Answer
from standards.responsibility.calculating.cases import calculate
from standards.responsibility.calculating.given import BadInput
from standards.responsibility.calculating.tables import tabulate
from standards.responsibility.duties.calculations import Calculation, Input, LawCase
from standards.responsibility.duties.units import unit_of
from standards.responsibility.packs import Edition
from standards.responsibility.shelf import laws

EDITIONS = {edition.id: edition for pack in laws(load()).values() for edition in pack.editions}
ALL = [(edition, calculation) for edition in EDITIONS.values() for calculation in edition.duties.calculations]
CASES = [(edition, calculation, case) for edition, calculation in ALL for case in calculation.cases]
JP, VN = EDITIONS["jp-containers@1997"], EDITIONS["vn-decree-05-2025@2025"]


def owed(edition: Edition, calculation: str, year: int, **given: Any) -> Answer:
    return calculate(edition, edition.duties.calculation(calculation), given, year)


@pytest.mark.parametrize(("edition", "calculation", "case"), CASES, ids=lambda part: getattr(part, "id", ""))
def test_every_case_that_a_pack_tells_comes_out_as_told(
    edition: Edition, calculation: Calculation, case: LawCase
) -> None:
    answer = calculate(edition, calculation, case.given, case.year)
    for step, expected in case.expect.items():
        found = tuple("" if each.missing else each.text for each in answer.of(step))
        assert found == expected, (case.says, step, answer.missing)


def drawn(wanted: Input) -> st.SearchStrategy[Any]:
    match wanted.kind:
        case "code":
            some = st.sampled_from([code.id for code in wanted.codes])
        case "yes_no":
            some = st.booleans()
        case "number":
            unit = unit_of(wanted.unit)
            small = st.sampled_from(["0", "1", "2", "5", "30", "100", "15"])
            places = min(unit.decimals, 3)
            large = st.decimals(0, 10**unit.whole - 1, places=places).map(lambda value: f"{value:f}")
            some = st.one_of(small, st.integers(0, 200).map(str), large)
    return some if wanted.absent == "refused" else st.one_of(st.none(), some)


@st.composite
def tables(draw: st.DrawFn, calculation: Calculation) -> list[dict[str, Any]]:
    rows = []
    for case in range(draw(st.integers(1, 3))):
        year = draw(st.integers(1998, 2041))
        common = {each.id: draw(drawn(each)) for each in calculation.inputs if each.per == "case"}
        for _ in range(draw(st.integers(1, 3)) if calculation.by_line else 1):
            own = {each.id: draw(drawn(each)) for each in calculation.inputs if each.per == "line"}
            given = {name: draw(st.sampled_from([None, None, "7", "0.125"])) for name in calculation.parameters()}
            rows.append({"year": year, "case": str(case), **common, **own, **given})
    return rows


def as_text(value: Any) -> str | None:
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def alone(calculation: Calculation, rows: list[dict[str, Any]]) -> Mapping[str, Any]:
    """The rows of one case as they are given for a single calculation."""
    once = {each.id for each in calculation.inputs if each.per == "case"}
    lines = [{name: row[name] for name in row.keys() - once - {"year", "case"}} for row in rows]
    common = {name: rows[0][name] for name in once}
    return {**common, "lines": lines} if calculation.by_line else {**common, **lines[0]}


@pytest.mark.parametrize(("edition", "calculation"), [(e.id, c.id) for e, c in ALL])
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_a_case_and_a_nations_table_agree_to_the_last_digit(
    edition: str, calculation: str, data: st.DataObject
) -> None:
    agree(EDITIONS[edition], EDITIONS[edition].duties.calculation(calculation), data)


def agree(edition: Edition, calculation: Calculation, data: st.DataObject) -> None:
    rows = data.draw(tables(calculation))
    schema = {name: pl.Int32() if name == "year" else pl.String() for name in rows[0]}
    texts = [{name: value if name == "year" else as_text(value) for name, value in row.items()} for row in rows]
    found = tabulate(edition, calculation, pl.DataFrame(texts, schema=schema)).to_dicts()
    for case in {row["case"] for row in rows}:
        mine = [row for row in rows if row["case"] == case]
        theirs = [row for row in found if row["case"] == case]
        try:
            answer = calculate(edition, calculation, alone(calculation, mine), mine[0]["year"])
        except BadInput as bad:
            codes = {each.code for each in bad.problems}
            assert all(row[f"{step.id}|why"] for row in theirs for step in calculation.steps), codes
            assert all(row[step.id] is None for row in theirs for step in calculation.steps), codes
            continue
        for step in calculation.steps:
            figures = answer.of(step.id)
            for at, row in enumerate(theirs):
                figure = figures[at] if len(figures) > 1 else figures[0]
                why = figure.missing.reason if figure.missing else None
                assert row[f"{step.id}|why"] == why, (step.id, row)
                if why is None and isinstance(figure.value, bool):
                    assert row[step.id] is figure.value
                elif why is None:
                    assert Fraction(row[step.id]) == figure.value
                    assert "/" in row[step.id] or row[step.id] == figure.text


def test_every_step_says_what_it_was_made_of_and_where_that_is_read() -> None:
    answer = owed(JP, "fee", 2022, material="paper_packaging", use_category="food", duty="use", sold="120 t",
                  exported="5000 kg", own_collected=5000, business_use="10000")  # fmt: skip
    (application,), (fee,) = answer.of("application"), answer.of("fee")
    assert (application.text, fee.text) == ("4712", "65968")
    assert [(use.kind, use.name, use.text, use.unit) for use in application.uses] == [
        ("step", "emission_estimate", "100000", "kg"), ("step", "coefficient", "0.04712", "1"),
    ]  # fmt: skip
    price = next(use for use in fee.uses if use.kind == "table")
    assert (price.text, price.unit, dict(price.keys)) == ("14000", "JPY/t", {"material": "paper_packaging"})
    assert price.since is not None and price.since.isoformat() == "2022-04-01"
    assert price.reference is not None and price.reference.href.startswith("https://")
    assert [step.operation for step in fee.operations][-2:] == ["Quotient", "Rounded"]


def test_what_the_law_does_not_tell_us_fails_closed_and_says_what_is_missing_and_where_to_look() -> None:
    answer = owed(VN, "recycle", 2025, category="a_3_1", placed="100")
    assert [figure.text for figure in answer.of("must_recycle")] == ["22"]
    (payment,) = answer.of("payment")
    assert payment.value is None and payment.text == ""
    (missing,) = answer.missing
    assert (missing.reason, missing.kind, missing.name) == ("no_parameter:fs", "table", "fs")
    assert dict(missing.keys) == {"category": "a_3_1"}
    assert missing.day.isoformat() == "2025-12-31"
    assert missing.says is not None and "not found" in missing.says["en"]
    assert missing.look is not None


@pytest.mark.parametrize(("year", "step"), [(2023, "unit_price"), (2007, "unit_price"), (2030, "own_coefficient")])
def test_prices_and_coefficients_of_other_years_are_never_filled_in(year: int, step: str) -> None:
    answer = owed(JP, "fee", year, material="pet_bottle", use_category="food", duty="use", sold=1000, business_use=0,
                  **({} if step == "own_coefficient" else {"own_coefficient": "0.3"}))  # fmt: skip
    assert answer.missing[0].name == step
    assert answer.of("fee")[0].value is None


def test_a_rate_ends_with_the_years_it_was_made_for() -> None:
    assert owed(VN, "recycle", 2026, category="a_3_1", placed="100").of("rate")[0].text == "22"
    assert owed(VN, "recycle", 2027, category="a_3_1", placed="100").missing[0].name == "recycling_rate"


def test_a_value_given_in_the_laws_stead_counts_and_marks_every_figure_made_of_it() -> None:
    answer = owed(VN, "recycle", 2025, category="a_3_1", placed=100, fs="5000")
    assert answer.of("total_payment")[0].text == "110000000"
    assert [answer.of(step)[0].given for step in ("must_recycle", "payment", "total_payment")] == [False, True, True]


def test_a_figure_is_as_sure_as_the_least_sure_thing_in_it() -> None:
    assert owed(VN, "recycle", 2025, category="a_3_1", placed=1).of("must_recycle")[0].certainty == "secondary"
    assert owed(VN, "recycle", 2025, category="a_2_1", placed=1).of("must_recycle")[0].certainty == "unverified"


@pytest.mark.parametrize(
    ("given_values", "field", "code"),
    [
        ({"sold": "many"}, "sold", "NOT_A_NUMBER"),
        ({"sold": 71.5}, "sold", "NOT_A_NUMBER"),
        ({"sold": True}, "sold", "NOT_A_NUMBER"),
        ({"sold": "-1"}, "sold", "NEGATIVE"),
        ({"sold": "10 m2"}, "sold", "UNIT_INCOMPATIBLE"),
        ({"sold": "10 ton"}, "sold", "UNIT_INCOMPATIBLE"),
        ({"sold": "0.0001"}, "sold", "TOO_LONG"),
        ({"sold": "1" + "0" * 12}, "sold", "TOO_LONG"),
        ({"sold": None}, "sold", "MISSING_INPUT"),
        ({"sold": " "}, "sold", "MISSING_INPUT"),
        ({"material": "uranium"}, "material", "UNKNOWN_CODE"),
        ({"material": {"a": 1}}, "material", "UNKNOWN_CODE"),
        ({"material": ["glass"]}, "material", "UNKNOWN_CODE"),
        ({"colour": "red"}, "colour", "UNKNOWN_INPUT"),
        ({"lines": "x"}, "lines", "NO_SUCH_LINES"),
        ({"lines": [{"sold": "x"}]}, "lines/0/sold", "NOT_A_NUMBER"),
        ({"exported": "2 t"}, "within_sales", "requirement:within_sales"),
        ({"unit_price": "dear"}, "unit_price", "NOT_A_NUMBER"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_field_with_its_value_and_a_way_out(
    given_values: dict[str, Any], field: str, code: str
) -> None:
    good = {"material": "pet_bottle", "use_category": "food", "duty": "use", "sold": "1000"}
    with pytest.raises(BadInput) as refused:
        owed(JP, "fee", 2025, **{**good, **given_values})
    assert [(each.field, each.code) for each in refused.value.problems] == [(field, code)]
    assert all(each.sentence and each.fix for each in refused.value.problems)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(BadInput) as refused:
        owed(JP, "fee", 2025, material="gold", sold="x")
    assert {each.field for each in refused.value.problems} == {"material", "use_category", "duty", "sold"}


def test_masses_are_taken_in_any_unit_exactly() -> None:
    one = owed(VN, "recycle", 2025, category="a_3_1", placed="100 t").of("must_recycle")
    other = owed(VN, "recycle", 2025, category="a_3_1", placed="100000000 g").of("must_recycle")
    third = owed(VN, "recycle", 2025, category="a_3_1", placed=Decimal("0.1E3")).of("must_recycle")
    assert {figure.value for figure in (*one, *other, *third)} == {Fraction(22)}


def test_a_table_row_that_cannot_be_read_says_so_and_leaves_the_others_alone() -> None:
    table = pl.DataFrame(
        {"year": [2025] * 4, "case": ["a", "b", "c", "d"], "category": ["a_3_1", "a_3_1", "gold", None],
         "placed": ["100", "-5", "1", "1"]},
        schema_overrides={"year": pl.Int32},
    )  # fmt: skip
    found = tabulate(VN, VN.duties.calculation("recycle"), table)
    assert found["must_recycle"].to_list() == ["22", None, None, None]
    assert found["must_recycle|why"].to_list() == [
        None, "cannot_be_read:placed", "cannot_be_read:category", "no_figure:category",
    ]  # fmt: skip


def test_a_total_says_of_every_line_what_went_into_it() -> None:
    lines = [{"category": "a_3_1", "placed": "100"}, {"category": "a_4_1", "placed": "40"}]
    (total,) = owed(VN, "recycle", 2025, lines=lines).of("total_recycle")
    assert [(use.name, use.line, use.text) for use in total.uses] == [
        ("must_recycle", 0, "22"), ("must_recycle", 1, "6"),
    ]  # fmt: skip
