"""The evaluation's law, sentence by sentence, at the edges that the published cases do not touch."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards.catalogue import load
from standards.conformity import (
    Evidence,
    Finding,
    Judgement,
    LotError,
    Result,
    Standard,
    Verdict,
    judge,
    lot_from,
    standard_from,
    standards,
)
from standards.conformity.judging import DecisionRule
from standards.materials import taxonomy
from standards.properties import properties

DAY = date(2026, 3, 1)
ONE = timedelta(days=1)
MOISTURE_AT_MOST_2 = {"limit": {"property": "moisture", "op": "<=", "value": 2, "unit": "%"}}


CATALOGUE = load()
KNOWN, MATERIALS = properties(CATALOGUE), taxonomy(CATALOGUE)


@cache
def shelf() -> Mapping[str, Standard]:
    return standards(CATALOGUE)


def clause(rule: dict[str, Any], **more: Any) -> dict[str, Any]:
    level = {"min": more.pop("level", "E0")}
    if "age" in more:
        level["max_age_days"] = more.pop("age")
    told = {"id": "c", "obligation": "required", "rule": rule, "evidence": level, "certainty": "verified"}
    return {**told, **more}


def standard(*clauses: dict[str, Any], **more: Any) -> Standard:
    data: dict[str, Any] = {
        "id": "made-up", "edition": "1", "title": {"en": "Made up"}, "issuer": {"name": "Test", "type": "platform"},
        "about": "grade", "grants": "grade", "status": "in_force", "effective": {"from": None, "to": None},
        "jurisdictions": ["JP"], "applicability": {"materials": ["plastics"], "forms": "any"}, **more,
    }  # fmt: skip
    if clauses:
        data["clauses"] = list(clauses)
    return standard_from(data, KNOWN, MATERIALS)


def lot(**told: Any) -> dict[str, Any]:
    return {"material": "plastics.pet", "form": "flake", **told}


def measured(value: Any, unit: str | None = "%", property: str = "moisture", **more: Any) -> dict[str, Any]:
    return {"property": property, "value": value, "unit": unit, "evidence": "E2", **more}


def asked(
    rule: dict[str, Any], *results: dict[str, Any], day: date = DAY, by: DecisionRule = "simple", level: str = "E0",
    age: int | None = None, when: dict[str, Any] | None = None, **told: Any,
) -> Finding:  # fmt: skip
    """The one clause with this rule, held against these results."""
    more = {**({} if when is None else {"when": when}), **({} if age is None else {"age": age})}
    made = standard(clause(rule, level=level, **more))
    return judge(made, lot_from(lot(measurements=list(results), **told)), day, by).findings[0]


def said(found: Finding) -> tuple[str, str | None]:
    return found.result.value, found.reason


# --- 1. scope


def test_a_child_is_in_the_scope_of_its_parent_and_a_parent_not_in_that_of_its_child() -> None:
    parent = standard(clause(MOISTURE_AT_MOST_2), applicability={"materials": ["plastics.pe"], "forms": "any"})
    child = standard(clause(MOISTURE_AT_MOST_2), applicability={"materials": ["plastics.pe.hd"], "forms": "any"})
    verdicts = [
        judge(each, lot_from({"material": material, "form": "flake"}), DAY).verdict
        for each, material in ((parent, "plastics.pe.lld"), (child, "plastics.pe"), (child, "plastics.pe.hd"))
    ]
    assert verdicts == [Verdict.INCOMPLETE, Verdict.OUT_OF_SCOPE, Verdict.INCOMPLETE]


def test_any_takes_every_material_and_the_material_is_asked_before_the_form() -> None:
    anything = standard(clause(MOISTURE_AT_MOST_2), applicability={"materials": ["any"], "forms": ["pellet"]})
    assert judge(anything, lot_from({"material": "moon.rock", "form": "pellet"}), DAY).verdict is Verdict.INCOMPLETE
    assert judge(anything, lot_from({"material": "moon.rock", "form": "bale"}), DAY).reason == "FORM_OUT_OF_SCOPE"
    flakes = standard(clause(MOISTURE_AT_MOST_2), applicability={"materials": ["plastics"], "forms": ["flake"]})
    assert judge(flakes, lot_from({"material": "glass.flat", "form": "bale"}), DAY).reason == "MATERIAL_OUT_OF_SCOPE"


def test_without_children_only_the_material_itself_is_in_scope() -> None:
    strict = {"materials": ["plastics.pe"], "include_children": False, "forms": "any"}
    made = standard(clause(MOISTURE_AT_MOST_2), applicability=strict)
    assert judge(made, lot_from({"material": "plastics.pe.hd", "form": "flake"}), DAY).verdict is Verdict.OUT_OF_SCOPE
    assert judge(made, lot_from({"material": "plastics.pe", "form": "flake"}), DAY).verdict is Verdict.INCOMPLETE


# --- 2. time


def test_scope_is_asked_before_time_and_both_ends_of_force_are_inside() -> None:
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    made = standard(clause(MOISTURE_AT_MOST_2), effective={"from": first, "to": last})
    wet = lot_from(lot(measurements=[measured("3")]))
    verdicts = [judge(made, wet, day).verdict for day in (first - ONE, first, last, last + ONE)]
    in_force = [Verdict.NOT_IN_FORCE, Verdict.NONCONFORMING, Verdict.NONCONFORMING, Verdict.NOT_IN_FORCE]
    assert verdicts == in_force
    assert (
        judge(made, lot_from({"material": "paper.white", "form": "bale"}), last + ONE).verdict is Verdict.OUT_OF_SCOPE
    )
    assert [judge(made, wet, day).expires_on for day in (first - ONE, first, last + ONE)] == [first, last + ONE, None]


def test_superseded_only_warns() -> None:
    made = standard(clause(MOISTURE_AT_MOST_2), status="superseded", superseded_by="another")
    judgement = judge(made, lot_from(lot(measurements=[measured("1")])), DAY)
    assert (judgement.verdict, judgement.warnings) == (Verdict.CONFORMING, ("STANDARD_SUPERSEDED",))


# --- 3. clauses: conditions


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"attributes": {"end_use": "toys"}}, ("fail", "LIMIT_EXCEEDED")),
        ({"attributes": {"end_use": "pipes"}}, ("not_applicable", "CONDITION_NOT_MET")),
        ({"end_use": "toys"}, ("fail", "LIMIT_EXCEEDED")),
        ({"attributes": {"end_use": "pipes"}, "end_use": "toys"}, ("not_applicable", "CONDITION_NOT_MET")),
        ({"attributes": {"end_use": None}, "end_use": "toys"}, ("fail", "LIMIT_EXCEEDED")),
        ({}, ("indeterminate", "CONDITION_UNKNOWN")),
        ({"attributes": {"end_use": ""}}, ("indeterminate", "CONDITION_UNKNOWN")),
        ({"attributes": {"end_use": True}}, ("indeterminate", "CONDITION_UNKNOWN")),
    ],
)
def test_a_condition_looks_in_the_attributes_and_then_in_the_lot(told: dict[str, Any], expected: Any) -> None:
    found = asked(MOISTURE_AT_MOST_2, measured("3"), when={"attribute": "end_use", "equals": "toys"}, **told)
    assert said(found) == expected


def test_a_condition_can_be_one_of_several_and_can_ask_the_lots_own_words() -> None:
    when = {"attribute": "origin", "in": ["post_consumer", "pre_consumer"]}
    assert said(asked(MOISTURE_AT_MOST_2, measured("1"), when=when, origin="pre_consumer"))[0] == "pass"
    assert said(asked(MOISTURE_AT_MOST_2, measured("1"), when=when, origin="virgin"))[0] == "not_applicable"


def test_yes_where_true_is_asked_for_switches_no_limit_off() -> None:
    when = {"attribute": "contains_recovered_material", "equals": True}
    for word in ("true", "yes", "false"):
        told = {"attributes": {"contains_recovered_material": word}}
        assert said(asked(MOISTURE_AT_MOST_2, measured("3"), when=when, **told))[1] == "CONDITION_UNKNOWN"


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (measured("1.0001", "mm", "cullet_size"), "pass"),
        (measured("1", "mm", "cullet_size"), "not_applicable"),
        (measured("1", "cm", "cullet_size"), "pass"),
        (measured("1", "mm", "cullet_size", qualifier=">"), "pass"),
        (measured("1", "mm", "cullet_size", qualifier="<"), "not_applicable"),
        (measured("2", "mm", "cullet_size", qualifier="<"), "indeterminate"),
        (measured("2", "%", "cullet_size"), "indeterminate"),
        (measured("5000", "mm", "cullet_size"), "indeterminate"),
    ],
)
def test_a_condition_on_a_property_is_decided_only_by_a_result_that_says_so(
    size: dict[str, Any], expected: str
) -> None:
    when = {"property": "cullet_size", "op": ">", "value": 1, "unit": "mm"}
    assert said(asked(MOISTURE_AT_MOST_2, measured("1"), size, when=when))[0] == expected


# --- evidence


@pytest.mark.parametrize("level", ["E0", "E1", "E2", "E3", "E4", "E5"])
def test_a_failing_value_fails_at_any_level_and_age_a_passing_one_counts_from_the_minimum_on(level: str) -> None:
    old = {"evidence": level, "sampled_on": date(1990, 1, 1)}
    assert said(asked(MOISTURE_AT_MOST_2, measured("3", **old), level="E3", age=10)) == ("fail", "LIMIT_EXCEEDED")
    counts = asked(MOISTURE_AT_MOST_2, measured("1", evidence=level), level="E3")
    assert said(counts) == (("pass", None) if level >= "E3" else ("indeterminate", "EVIDENCE_TOO_LOW"))


def test_evidence_is_old_on_the_day_after_its_last_and_undated_evidence_has_no_age() -> None:
    for days, expected in ((30, "pass"), (31, "indeterminate")):
        found = asked(MOISTURE_AT_MOST_2, measured("1", sampled_on=DAY - timedelta(days=days)), age=30)
        assert said(found)[0] == expected
    assert said(asked(MOISTURE_AT_MOST_2, measured("1"), age=30)) == ("indeterminate", "EVIDENCE_UNDATED")
    low_and_old = asked(
        MOISTURE_AT_MOST_2, measured("1", evidence="E1", sampled_on=date(2000, 1, 1)), level="E2", age=9
    )
    assert low_and_old.reason == "EVIDENCE_TOO_LOW"


def test_of_several_results_the_better_shown_counts_then_the_later_whatever_they_say() -> None:
    early, late = {"sampled_on": date(2026, 1, 1)}, {"sampled_on": date(2026, 2, 1)}
    fails, passes = measured("3", evidence="E3", **early), measured("1", evidence="E2", **late)
    assert said(asked(MOISTURE_AT_MOST_2, passes, fails))[0] == "fail"
    assert said(asked(MOISTURE_AT_MOST_2, fails, passes))[0] == "fail"
    assert said(asked(MOISTURE_AT_MOST_2, measured("3", **early), measured("1", **late)))[0] == "pass"
    assert said(asked(MOISTURE_AT_MOST_2, measured("3", **late), measured("1", **early)))[0] == "fail"
    assert said(asked(MOISTURE_AT_MOST_2, measured("3"), measured("1", **early)))[0] == "pass"
    wrong_unit = measured("1", "mm", evidence="E4")
    assert said(asked(MOISTURE_AT_MOST_2, passes, wrong_unit)) == ("indeterminate", "UNIT_INCOMPATIBLE")


# --- units and comparison


@pytest.mark.parametrize(
    ("op", "value", "passes"),
    [("<", "2", False), ("<", "1.9999999999999999999999999999999", True), ("<=", "2", True), (">", "2", False),
     ("<=", "2.0000000000000000000000000000001", False), (">", "2.0000000000000000000000000000001", True),
     (">=", "2", True), (">=", "1.9999999999999999999999999999999", False)],
)  # fmt: skip
def test_strict_and_inclusive_limits_differ_and_nothing_is_rounded(op: str, value: str, passes: bool) -> None:
    rule = {"limit": {"property": "moisture", "op": op, "value": 2, "unit": "%"}}
    assert (said(asked(rule, measured(value)))[0] == "pass") is passes


@pytest.mark.parametrize(
    ("unit", "reason"),
    [("ton", "UNIT_AMBIGUOUS"), ("furlong", "UNIT_UNKNOWN"), ("kg", "UNIT_INCOMPATIBLE"), (None, "UNIT_MISSING")],
)
def test_a_unit_that_cannot_be_converted_decides_nothing(unit: str | None, reason: str) -> None:
    assert said(asked(MOISTURE_AT_MOST_2, measured("1", unit))) == ("indeterminate", reason)


def test_intrinsic_viscosity_is_no_viscosity_number_and_impact_per_length_none_per_area() -> None:
    viscosity = {"limit": {"property": "intrinsic_viscosity", "op": ">=", "value": 0.7, "unit": "dL/g"}}
    assert said(asked(viscosity, measured("76", "mL/g", "intrinsic_viscosity")))[1] == "UNIT_INCOMPATIBLE"
    impact = {"limit": {"property": "charpy_notched", "op": ">=", "value": 5, "unit": "kJ/m2"}}
    assert said(asked(impact, measured("45", "J/m", "charpy_notched")))[1] == "UNIT_INCOMPATIBLE"


@pytest.mark.parametrize("rule", ["limit", "reported", "each_of", "sum", "schedule"])
@pytest.mark.parametrize("value", ["-0.0001", "100.0001", "101"])
def test_an_impossible_value_is_an_error_of_data_whatever_the_rule(rule: str, value: str) -> None:
    bound = {"op": "<=", "value": 2, "unit": "%"}
    rules: dict[str, dict[str, Any]] = {
        "limit": {"property": "moisture", **bound}, "reported": {"property": "moisture"},
        "each_of": {"properties": ["moisture", "ash"], **bound}, "sum": {"properties": ["moisture", "ash"], **bound},
        "schedule": {"property": "moisture", "op": "<=", "unit": "%", "steps": [{"from": DAY, "value": 2}]},
    }  # fmt: skip
    found = asked({rule: rules[rule]}, measured(value), measured("1", property="ash"))
    assert said(found) == ("indeterminate", "VALUE_OUT_OF_PHYSICAL_RANGE")


def test_the_ends_of_the_physical_range_are_possible() -> None:
    assert [said(asked(MOISTURE_AT_MOST_2, measured(each)))[0] for each in ("0", "100")] == ["pass", "fail"]


# --- limits of quantification


@pytest.mark.parametrize(
    ("sign", "x", "op", "expected"),
    [
        ("<", "2", "<=", "pass"), ("<", "2", "<", "pass"), ("<", "1", "<=", "pass"), ("<", "2.1", "<=", "LOQ"),
        ("<", "2.1", "<", "LOQ"), ("<", "2", ">=", "fail"), ("<", "2", ">", "fail"), ("<", "1", ">=", "fail"),
        ("<", "2.1", ">=", "LOQ"), (">", "2", ">=", "pass"), (">", "2", ">", "pass"), (">", "3", ">=", "pass"),
        (">", "1.9", ">=", "LOQ"), (">", "2", "<=", "fail"), (">", "2", "<", "fail"), (">", "3", "<=", "fail"),
        (">", "1.9", "<=", "LOQ"),
    ],
)  # fmt: skip
def test_a_bound_result_passes_or_fails_only_where_it_shows_so(sign: str, x: str, op: str, expected: str) -> None:
    rule = {"limit": {"property": "moisture", "op": op, "value": 2, "unit": "%"}}
    wanted = {"pass": ("pass", None), "fail": ("fail", "LIMIT_EXCEEDED"), "LOQ": ("indeterminate", "LOQ_ABOVE_LIMIT")}
    assert said(asked(rule, measured(x, qualifier=sign))) == wanted[expected]
    assert said(asked(rule, measured(f"{sign} {x}"))) == wanted[expected]


def test_nothing_is_concluded_from_what_is_physically_possible_alone() -> None:
    at_least_nothing = {"limit": {"property": "moisture", "op": ">=", "value": 0, "unit": "%"}}
    assert said(asked(at_least_nothing, measured("5", qualifier="<")))[1] == "LOQ_ABOVE_LIMIT"
    at_most_all = {"limit": {"property": "moisture", "op": "<=", "value": 100, "unit": "%"}}
    assert said(asked(at_most_all, measured("5", qualifier=">")))[1] == "LOQ_ABOVE_LIMIT"
    none_at_all = {"limit": {"property": "moisture", "op": "<=", "value": 0, "unit": "%"}}
    assert said(asked(none_at_all, measured("0.01", qualifier="<")))[1] == "LOQ_ABOVE_LIMIT"


# --- guard bands


@pytest.mark.parametrize(
    ("value", "spread", "op", "expected"),
    [
        ("1.8", "0.2", "<=", "pass"), ("1.8", "0.2", "<", "GUARD_BAND"), ("2.2", "0.2", "<=", "GUARD_BAND"),
        ("2.2", "0.2", "<", "LIMIT_EXCEEDED"), ("2.3", "0.2", "<=", "LIMIT_EXCEEDED"), ("2.2", "0.2", ">=", "pass"),
        ("2.2", "0.2", ">", "GUARD_BAND"), ("1.8", "0.2", ">=", "GUARD_BAND"), ("1.8", "0.2", ">", "LIMIT_EXCEEDED"),
        ("2", "0", "<=", "pass"), ("2", "0", "<", "LIMIT_EXCEEDED"), ("1", None, "<=", "pass"),
    ],
)  # fmt: skip
def test_a_guard_band_asks_both_ends(value: str, spread: str | None, op: str, expected: str) -> None:
    rule = {"limit": {"property": "moisture", "op": op, "value": 2, "unit": "%"}}
    found = asked(rule, measured(value, uncertainty=spread), by="guard_band")
    assert (found.reason or found.result.value) == expected
    assert asked(rule, measured(value, uncertainty=spread)).reason != "GUARD_BAND"


def test_a_guard_band_leaves_a_detection_limit_as_it_is_and_counts_in_the_results_own_unit() -> None:
    below = asked(MOISTURE_AT_MOST_2, measured("2", qualifier="<", uncertainty="1"), by="guard_band")
    assert said(below) == ("pass", None)
    parts = asked(MOISTURE_AT_MOST_2, measured("19000", "mg/kg", uncertainty="2000"), by="guard_band")
    assert said(parts) == ("indeterminate", "GUARD_BAND")


# --- methods and test conditions


def test_a_method_must_be_named_and_listed_and_a_condition_given() -> None:
    rule = {"reported": {"property": "mfr", "methods": ["ISO 1133-1"], "condition": "required"}}
    flow = measured("12", "g/10min", "mfr")
    assert said(asked(rule, flow))[1] == "METHOD_NOT_ACCEPTED"
    assert said(asked(rule, {**flow, "method": "ASTM D1238"}))[1] == "METHOD_NOT_ACCEPTED"
    assert said(asked(rule, {**flow, "method": "ISO 1133-1", "condition": " "}))[1] == "TEST_CONDITION_MISSING"
    assert said(asked(rule, {**flow, "method": "ISO 1133-1", "condition": "230/2.16"})) == ("pass", None)
    assert said(asked(rule, {**flow, "value": "2000"}))[1] == "VALUE_OUT_OF_PHYSICAL_RANGE"


def test_a_reported_word_is_a_word_and_an_empty_one_is_none() -> None:
    rule = {"reported": {"property": "colour_desc"}}
    assert said(asked(rule, measured("clear", None, "colour_desc"))) == ("pass", None)
    assert said(asked(rule, measured(" ", None, "colour_desc"))) == ("indeterminate", "MISSING_MEASUREMENT")


# --- documents and statements


def paper(**told: Any) -> dict[str, Any]:
    return {"documents": [{"type": "certificate_of_analysis", "evidence": "E4", **told}]}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (paper(), ("pass", None)),
        (paper(valid_to=DAY), ("pass", None)),
        (paper(valid_to=DAY - ONE), ("fail", "DOCUMENT_EXPIRED")),
        (paper(valid_to="2026-02-28"), ("fail", "DOCUMENT_EXPIRED")),
        (paper(status="suspended"), ("fail", "DOCUMENT_NOT_VALID")),
        (paper(status="withdrawn", valid_to=DAY - ONE), ("fail", "DOCUMENT_NOT_VALID")),
        (paper(status="Valid"), ("pass", None)),
        (paper(valid_from=DAY), ("pass", None)),
        (paper(valid_from=DAY + ONE), ("fail", "DOCUMENT_NOT_YET_VALID")),
        (paper(evidence="E1"), ("indeterminate", "EVIDENCE_TOO_LOW")),
        (paper(evidence="E1", status="suspended"), ("fail", "DOCUMENT_NOT_VALID")),
        ({}, ("indeterminate", "DOCUMENT_MISSING")),
        ({"documents": [{"type": "another"}]}, ("indeterminate", "DOCUMENT_MISSING")),
    ],
)
def test_a_document_is_valid_through_its_last_day_and_only_with_that_status(
    told: dict[str, Any], expected: Any
) -> None:
    assert said(asked({"document": {"type": "certificate_of_analysis"}}, level="E2", **told)) == expected


def test_one_good_document_of_several_is_enough_and_its_age_counts_from_its_issue() -> None:
    rule = {"document": {"type": "certificate_of_analysis"}}
    bad, good = paper(status="withdrawn")["documents"], paper(issued_on=DAY)["documents"]
    assert said(asked(rule, documents=bad + good)) == ("pass", None)
    assert said(asked(rule, documents=bad + bad)) == ("fail", "DOCUMENT_NOT_VALID")
    aged = paper(issued_on=DAY - timedelta(days=367), valid_from=DAY)
    assert said(asked(rule, age=366, **aged)) == ("indeterminate", "EVIDENCE_TOO_OLD")
    assert said(asked(rule, age=366, **paper(valid_from=DAY - timedelta(days=366)))) == ("pass", None)


@pytest.mark.parametrize(
    ("value", "level", "expected"),
    [
        (True, "E1", ("pass", None)),
        (True, "E2", ("indeterminate", "EVIDENCE_TOO_LOW")),
        (False, "E5", ("fail", "STATEMENT_FALSE")),
        ({"value": True, "evidence": "E4"}, "E3", ("pass", None)),
        ({"value": True, "evidence": "E0"}, "E1", ("indeterminate", "EVIDENCE_TOO_LOW")),
        ({"value": False, "evidence": "E0"}, "E1", ("fail", "STATEMENT_FALSE")),
        (None, "E0", ("indeterminate", "STATEMENT_MISSING")),
    ],
)
def test_a_bare_statement_counts_as_a_declaration_and_a_false_one_fails_always(
    value: Any, level: str, expected: Any
) -> None:
    rule = {"attest": {"statement": "free_of_pvc", "equals": True}}
    assert said(asked(rule, level=level, statements={"free_of_pvc": value})) == expected


def test_a_statement_can_be_asked_to_be_false() -> None:
    rule = {"attest": {"statement": "contains_pvc", "equals": False}}
    assert said(asked(rule, statements={"contains_pvc": False})) == ("pass", None)
    assert said(asked(rule, statements={"contains_pvc": True})) == ("fail", "STATEMENT_FALSE")


def test_an_attribute_is_a_declaration_and_none_is_asked_for() -> None:
    rule = {"one_of": {"attribute": "chain_of_custody", "values": ["segregated"]}}
    assert said(asked(rule)) == ("indeterminate", "ATTRIBUTE_MISSING")
    told = {"attributes": {"chain_of_custody": "segregated"}}
    assert said(asked(rule, level="E1", **told)) == ("pass", None)
    assert said(asked(rule, level="E2", **told)) == ("indeterminate", "EVIDENCE_TOO_LOW")
    wrong = {"attributes": {"chain_of_custody": "Segregated"}}
    assert said(asked(rule, **wrong)) == ("fail", "NOT_IN_LIST")


# --- sums, lists, steps


TOO_LOW = ("indeterminate", "EVIDENCE_TOO_LOW")
INCOMPATIBLE = ("indeterminate", "UNIT_INCOMPATIBLE")


def metals(op: str = "<=") -> dict[str, Any]:
    return {"sum": {"properties": ["lead", "cadmium", "mercury"], "op": op, "value": 100, "unit": "mg/kg"}}


def mg(property: str, value: str, **more: Any) -> dict[str, Any]:
    return measured(value, "mg/kg", property, **more)


@pytest.mark.parametrize(
    ("results", "op", "expected"),
    [
        ([mg("lead", "100")], "<=", ("indeterminate", "MISSING_MEASUREMENT")),
        ([mg("lead", "100")], "<", ("fail", "LIMIT_EXCEEDED")),
        ([mg("lead", "100.1")], "<=", ("fail", "LIMIT_EXCEEDED")),
        ([mg("lead", "60"), mg("cadmium", "40"), mg("mercury", "0")], "<=", ("pass", None)),
        ([mg("lead", "60"), mg("cadmium", "40"), mg("mercury", "< 5")], "<=", ("indeterminate", "LOQ_ABOVE_LIMIT")),
        ([mg("lead", "55"), mg("cadmium", "40"), mg("mercury", "5", qualifier="<")], "<=", ("pass", None)),
        ([mg("lead", "55"), mg("cadmium", "40"), mg("mercury", "5", qualifier="<")], "<", ("pass", None)),
        ([mg("lead", "101"), mg("cadmium", "40", qualifier="<")], "<=", ("fail", "LIMIT_EXCEEDED")),
        ([mg("lead", "100", qualifier=">")], "<=", ("fail", "LIMIT_EXCEEDED")),
        ([mg("lead", "1", evidence="E0"), mg("cadmium", "1"), mg("mercury", "1")], "<=", TOO_LOW),
        ([mg("lead", "99", evidence="E0"), mg("cadmium", "2", evidence="E0")], "<=", ("fail", "LIMIT_EXCEEDED")),
        ([measured("1", "mm", "lead"), mg("cadmium", "2"), mg("mercury", "2")], "<=", INCOMPATIBLE),
        ([measured("0.011", "%", "lead")], "<=", ("fail", "LIMIT_EXCEEDED")),
        ([], "<=", ("indeterminate", "MISSING_MEASUREMENT")),
    ],
)  # fmt: skip
def test_a_sum_fails_by_what_is_known_and_passes_only_when_all_is(results: Any, op: str, expected: Any) -> None:
    assert said(asked(metals(op), *results, level="E1")) == expected


def test_what_a_sum_lacks_is_named_part_by_part() -> None:
    made = standard(clause(metals()))
    judgement = judge(made, lot_from(lot(measurements=[mg("lead", "5")])), DAY)
    assert [each.wants for each in judgement.missing] == [("reported:cadmium",), ("reported:mercury",)]


def test_each_of_a_list_keeps_the_limit_and_one_that_breaks_it_decides_before_one_that_is_missing() -> None:
    rule = {"each_of": {"properties": ["lead", "cadmium", "mercury"], "op": "<=", "value": 100, "unit": "mg/kg"}}
    assert said(asked(rule, mg("lead", "1"), mg("mercury", "101"))) == ("fail", "LIMIT_EXCEEDED")
    assert said(asked(rule, mg("lead", "1"), mg("mercury", "100"))) == ("indeterminate", "MISSING_MEASUREMENT")
    found = asked(rule, mg("lead", "1"), mg("mercury", "100"), mg("cadmium", "0"))
    assert (said(found), len(found.outcome.parts)) == (("pass", None), 3)


def test_a_step_holds_from_its_first_day_and_the_order_of_writing_does_not_matter() -> None:
    steps = [{"from": date(2026, 6, 1), "value": 1}, {"from": date(2026, 1, 1), "value": 2}]
    rule = {"schedule": {"property": "moisture", "op": "<=", "unit": "%", "steps": steps}}
    results = {
        day: said(asked(rule, measured("1.5"), day=day))
        for day in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 5, 31), date(2026, 6, 1))
    }
    assert [each[0] for each in results.values()] == ["not_applicable", "pass", "pass", "fail"]
    assert results[date(2025, 12, 31)][1] == "LIMIT_NOT_YET_SET"


# --- joins

OUTCOMES = {"pass": True, "fail": False, "open": None}


@given(st.lists(st.sampled_from(["pass", "fail", "open"]), min_size=1, max_size=5), st.booleans())
def test_joined_rules_are_three_valued_and_the_first_deciding_part_gives_the_reason(
    kinds: list[str], all_: bool
) -> None:
    rules = [{"attest": {"statement": f"s{at}", "equals": True}} for at in range(len(kinds))]
    told = {f"s{at}": OUTCOMES[kind] for at, kind in enumerate(kinds)}
    found = asked({"all_of" if all_ else "any_of": rules}, statements=told)
    order = ["fail", "open", "pass"] if all_ else ["pass", "open", "fail"]
    first = next(each for each in order if each in kinds)
    assert found.result.value == {"open": "indeterminate"}.get(first, first)
    assert found.reason == {"pass": None, "fail": "STATEMENT_FALSE", "open": "STATEMENT_MISSING"}[first]
    assert found.outcome.evidence == found.outcome.parts[kinds.index(first)].evidence
    assert len(found.outcome.parts) == len(kinds)


def test_joined_rules_can_hold_each_other_and_what_is_missing_keeps_its_alternatives() -> None:
    rule = {
        "any_of": [
            {"all_of": [{"reported": {"property": "lead"}}, {"reported": {"property": "cadmium"}}]},
            {"document": {"type": "certificate_of_analysis"}},
        ]
    }
    made = standard(clause(rule))
    judgement = judge(made, lot_from(lot()), DAY)
    (need,) = judgement.missing
    assert need.wants == ("reported:lead & reported:cadmium", "document:certificate_of_analysis")
    one = judge(made, lot_from(lot(measurements=[mg("lead", "1")])), DAY)
    assert one.missing[0].wants == ("reported:cadmium", "document:certificate_of_analysis")


# --- 4. verdict


def test_optional_clauses_are_told_and_never_decide() -> None:
    optional = clause(MOISTURE_AT_MOST_2, id="o", obligation="optional")
    required = clause({"reported": {"property": "ash"}})
    results = [measured("3"), measured("1", property="ash")]
    judgement = judge(standard(optional, required), lot_from(lot(measurements=results)), DAY)
    assert judgement.verdict is Verdict.CONFORMING
    assert [(f.clause, f.result, f.decides) for f in judgement.findings] == [
        ("o", Result.FAIL, False), ("c", Result.PASS, True)
    ]  # fmt: skip
    assert judgement.missing == ()


def test_one_failure_decides_before_what_is_missing_and_both_are_told() -> None:
    made = standard(clause({"reported": {"property": "ash"}}, id="a"), clause(MOISTURE_AT_MOST_2, id="m"))
    judgement = judge(made, lot_from(lot(measurements=[measured("3")])), DAY)
    assert (judgement.verdict, judgement.reason) == (Verdict.NONCONFORMING, "LIMIT_EXCEEDED")
    assert [each.wants for each in judgement.missing] == [("reported:ash",)]


# --- 5. grades


def graded(mode: str, *limits: str, cumulative: bool = False, common: tuple[dict[str, Any], ...] = ()) -> Standard:
    bound = {"property": "moisture", "op": "<=", "unit": "%"}
    grades = [
        {"code": code, "clauses": [clause({"limit": {**bound, "value": Decimal(value)}})]}
        for code, value in zip("ABC", limits, strict=False)
    ]
    more = {"common_clauses": list(common)} if common else {}
    return standard(grades=grades, grade_mode=mode, cumulative=cumulative, **more)


def of(made: Standard, *results: dict[str, Any], **told: Any) -> Judgement:
    return judge(made, lot_from(lot(measurements=list(results), **told)), DAY)


def test_the_best_grade_is_the_first_that_passes_in_order_of_the_list() -> None:
    made = graded("best", "1", "2", "3")
    assert [of(made, measured(value)).grade for value in ("1", "1.5", "3")] == ["A", "B", "C"]
    worst = of(made, measured("3.1"))
    assert (worst.verdict, worst.grade, worst.best_grade) == (Verdict.NONCONFORMING, None, None)
    unknown = of(made)
    assert (unknown.verdict, unknown.grade, unknown.reason) == (Verdict.INCOMPLETE, None, "MISSING_MEASUREMENT")


def test_without_a_grade_one_that_is_undecided_leaves_it_open_though_others_fail() -> None:
    made = graded("best", "1", "2")
    found = of(made, measured("1.9", qualifier="<"))
    assert (found.verdict, found.grade, found.best_grade) == (Verdict.CONFORMING, "B", "B")
    found = of(made, measured("2.5", qualifier="<"))
    assert (found.verdict, found.reason) == (Verdict.INCOMPLETE, "LOQ_ABOVE_LIMIT")


def test_a_claimed_grade_is_judged_and_the_best_one_told_beside_it() -> None:
    made = graded("claimed", "1", "2", "3")
    modest = of(made, measured("0.5"), claimed_grade="C")
    assert (modest.grade, modest.best_grade) == ("C", "A")
    failed = of(made, measured("2.5"), claimed_grade="B")
    assert (failed.verdict, failed.grade, failed.best_grade) == (Verdict.NONCONFORMING, "B", "C")
    assert set(failed.by_clause) == {"A/c", "B/c", "C/c"}
    assert [f.clause for f in failed.findings if f.decides] == ["B/c"]
    unheard = of(made, measured("0.5"), claimed_grade="Z")
    assert (unheard.verdict, unheard.reason, unheard.best_grade) == (Verdict.INCOMPLETE, "GRADE_UNKNOWN", "A")


def test_a_grade_written_as_a_number_is_that_grade() -> None:
    crumb = {"material": "rubber.tyre_crumb", "form": "crumb", "attributes": {"rubber_source": "tread_peel"}}
    for told in (2, "2", Decimal(2)):
        judgement = judge(shelf()["astm-d5603"], lot_from({**crumb, "claimed_grade": told}), DAY)
        assert (judgement.verdict, judgement.grade, judgement.best_grade) == (Verdict.CONFORMING, "2", "2")
        assert judgement.warnings == ("STANDARD_SUPERSEDED",)


def test_common_clauses_hold_for_every_grade() -> None:
    common = (clause({"attest": {"statement": "clean", "equals": True}}, id="clean"),)
    for mode, told in (("best", {}), ("claimed", {"claimed_grade": "A"})):
        made = graded(mode, "1", common=common)
        good = of(made, measured("1"), statements={"clean": True}, **told)
        assert (good.verdict, good.best_grade) == (Verdict.CONFORMING, "A")
        dirty = of(made, measured("1"), statements={"clean": False}, **told)
        assert (dirty.verdict, dirty.reason, dirty.best_grade) == (Verdict.NONCONFORMING, "STATEMENT_FALSE", None)
        silent = of(made, measured("1"), **told)
        assert (silent.verdict, silent.reason, silent.grade) == (Verdict.INCOMPLETE, "STATEMENT_MISSING", "A")
    both = of(graded("best", "1", common=common), statements={"clean": False})
    assert (both.verdict, both.reason) == (Verdict.NONCONFORMING, "STATEMENT_FALSE")


def test_cumulative_grades_need_all_that_stands_below_them() -> None:
    made = graded("best", "1", "2", "3", cumulative=True)
    assert of(made, measured("1")).grade == "A"
    upside_down = graded("best", "3", "2", "1", cumulative=True)
    assert of(upside_down, measured("2.5")).verdict is Verdict.NONCONFORMING
    assert [f.clause for f in of(upside_down, measured("1")).findings if f.decides] == ["A/c", "B/c", "C/c"]


def test_data_quality_rises_only_step_by_step() -> None:
    words = [measured(word, None, name) for word, name in (("natural", "colour_desc"), ("pellet", "shape_desc"))]
    known = [measured("12", "g/10min", "mfr", condition="230/2.16"), measured("0.91", "g/cm3", "density")]
    third = [measured("1100", "MPa", "tensile_modulus"), measured("45", "kJ/m2", "izod_notched")]
    third.append(measured("1", property="ash"))
    reach = {"documents": [{"type": "reach_declaration", "evidence": "E1"}]}
    pp = {"material": "plastics.pp", "form": "pellet", "origin": "post_consumer"}

    def level(results: list[dict[str, Any]], **told: Any) -> str | None:
        return judge(shelf()["en-18065-dql"], lot_from({**pp, "measurements": results, **told}), DAY).grade

    assert level(words) == "DQL-P1"
    assert level(words + known) == "DQL-P2"
    assert level(words + known + third, **reach) == "DQL-P3"
    assert level(words + known[1:] + third, **reach) == "DQL-P1"
    assert level(words + known + third) == "DQL-P2"
    rework = {**pp, "origin": "virgin", "measurements": words}
    assert judge(shelf()["en-18065-dql"], lot_from(rework), DAY).verdict is Verdict.NONCONFORMING


def test_grades_of_other_materials_are_neither_judged_nor_offered() -> None:
    occ = {"material": "paper.corrugated", "form": "bale", "statements": {"free_of_prohibited_materials": True}}
    clean = [measured("0", property=each) for each in ("non_paper", "unwanted_total")]
    judgement = judge(shelf()["en-643-2014"], lot_from({**occ, "claimed_grade": "1.04.00", "measurements": clean}), DAY)
    assert {key.partition("/")[0] for key in judgement.by_clause if "/" in key} == {
        "4.02.00", "1.05.01", "1.05.00", "1.04.02", "1.04.00"
    }  # fmt: skip
    assert judgement.verdict is Verdict.INCOMPLETE
    white = {**occ, "material": "paper.white"}
    assert judge(shelf()["en-643-2014"], lot_from(white), DAY).verdict is Verdict.OUT_OF_SCOPE


# --- input


@pytest.mark.parametrize("value", ["1.9", " 1.9 ", "+1.9", "1.90", "19e-1", 1, Decimal("1.9"), "1_9e-1", "01.9"])
def test_numbers_may_be_text_whole_or_exact(value: Any) -> None:
    assert said(asked(MOISTURE_AT_MOST_2, measured(value)))[0] == "pass"


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"measurements": [measured(1.9)]}, "measurements/0/value"),
        ({"measurements": [measured("1,9")]}, "measurements/0/value"),
        ({"measurements": [measured("NaN")]}, "measurements/0/value"),
        ({"measurements": [measured("Infinity")]}, "measurements/0/value"),
        ({"measurements": [measured(True)]}, "measurements/0/value"),
        ({"measurements": [measured("1", uncertainty="-0.1")]}, "measurements/0/uncertainty"),
        ({"measurements": [measured("1", uncertainty=0.1)]}, "measurements/0/uncertainty"),
        ({"measurements": [measured("1", qualifier="~")]}, "measurements/0/qualifier"),
        ({"measurements": [measured("1", evidence="E6")]}, "measurements/0/evidence"),
        ({"measurements": [measured("1", sampled_on="2026-02-30")]}, "measurements/0/sampled_on"),
        ({"measurements": [measured("1", sampled_on="10.02.2026")]}, "measurements/0/sampled_on"),
        ({"measurements": [{"value": "1", "unit": "%"}]}, "measurements/0/property"),
        ({"measurements": {"moisture": "1"}}, "measurements"),
        ({"measurements": ["moisture"]}, "measurements/0"),
        ({"documents": [{"evidence": "E1"}]}, "documents/0/type"),
        ({"documents": [{"type": "x", "valid_to": 20260101}]}, "documents/0/valid_to"),
        ({"statements": {"clean": "yes"}}, "statements/clean"),
        ({"statements": ["clean"]}, "statements"),
        ({"attributes": {"end_use": 0.5}}, "attributes/end_use"),
        ({"material": None}, "material"),
        ({"form": ["flake"]}, "form"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"attributes": {"\ud800": "x"}}, "attributes"),
        ({"\ud800": "x"}, "lot"),
        ({"name": "x" * 501}, "name"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place_and_what_to_write(told: dict[str, Any], field: str) -> None:
    with pytest.raises(LotError) as refused:
        lot_from(lot(**told))
    assert refused.value.field == field
    assert refused.value.fix


def test_names_in_any_script_are_read() -> None:
    for name in ("再生 PET　フレーク", "พลาสติกรีไซเคิล", "Nhựa tái chế"):
        assert lot_from(lot(name=name)).name == name


def test_what_nobody_reads_is_told_and_not_dropped_in_silence() -> None:
    found = lot_from(lot(measurements=[measured("1", evidnce="E4")], origins=["post_consumer"], colour="blue"))
    assert found.unread == ("origins", "measurements/0/evidnce")
    assert found.own == {"colour": "blue"}


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=0, max_value=100))
def test_a_value_in_any_unit_of_its_kind_is_judged_the_same(value: Decimal) -> None:
    exact = Decimal(value)
    results = {
        said(asked(MOISTURE_AT_MOST_2, measured(str(number), unit)))
        for number, unit in (
            (exact, "%"),
            (exact.scaleb(4), "mg/kg"),
            (exact.scaleb(7), "ppb"),
            (exact.scaleb(-2), "1"),
        )
    }
    assert len(results) == 1


@pytest.mark.parametrize("value", ["1E+59", "1e-59", "0." + "0" * 55 + "1", "9" * 60, "1e61", "1e999999"])
def test_absurd_numbers_are_answered_and_cost_nothing(value: str) -> None:
    assert said(asked(MOISTURE_AT_MOST_2, measured(value)))[0] in {"pass", "indeterminate"}


def test_dates_at_the_ends_of_time_are_answered() -> None:
    rule = {"document": {"type": "certificate_of_analysis"}}
    made = standard(clause(rule, age=366))
    for told in (paper(valid_to=date.max, issued_on=date.max), paper(valid_from=date.min, issued_on=date.min)):
        assert judge(made, lot_from(lot(**told)), DAY).verdict in set(Verdict)
        assert judge(made, lot_from(lot(**told)), date.max).verdict in set(Verdict)
    endless = judge(replace(made, last_day=date.max), lot_from(lot(**paper(issued_on=DAY))), DAY)
    assert endless.expires_on == DAY + timedelta(days=367)


def test_the_level_of_evidence_is_read_in_either_case() -> None:
    assert lot_from(lot(measurements=[measured("1", evidence="e3")])).measurements[0].evidence is Evidence.E3
