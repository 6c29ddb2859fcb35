"""Our catalogue states the same facts as the published one: every document, property, unit, code and direction."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from standards.claimwindows import claim_time, claim_windows, deadline
from standards.conformity import Standard, standards
from standards.materials import taxonomy
from standards.properties import properties
from standards.quantities import UNITS, QuantityError, convert
from standards.recognition import recognised, recognitions
from tests.published import PUBLISHED, cases, catalogue, names, published, raw
from tests.shared import needs_shared

CLAUSE = ("required", "rule", "when", "evidence", "max_age_days", "certainty", "per", "downgrade_to", "settlement")
DOCUMENT = ("edition", "status", "first_day", "last_day", "grants", "materials", "forms", "grade_mode", "cumulative")
# Kinds of quantity that have a longer name here, so that those which do not convert are told apart.
KINDS = {
    "mass_fraction": "fraction", "impact": "impact_per_area", "temperature_celsius": "temperature", "text": None
}  # fmt: skip
STATES = {"ambiguous": "open"}


def facts(standard: Standard) -> dict[str, Any]:
    """What a document states, without the words in which it is told."""
    told: dict[str, Any] = {name: getattr(standard, name) for name in DOCUMENT}
    told["places"] = (set(standard.jurisdictions), set(standard.used_in))
    told["related"] = {(each.place, each.relation) for each in standard.related}
    told["superseded"] = standard.superseded_by is not None
    told["grades"] = [(grade.code, grade.materials, grade.rejectable) for grade in standard.grades]
    told["clauses"] = {key: {name: getattr(clause, name) for name in CLAUSE} for key, clause in standard.every_clause}
    return told


@needs_shared
def test_every_published_document_is_on_our_shelf_and_none_is_missing() -> None:
    assert len(names()) == 33
    assert set(names()) <= standards(catalogue()).keys()
    assert len(cases()) >= 60


@needs_shared
@pytest.mark.parametrize("id", names() if PUBLISHED.is_dir() else [])
def test_a_document_states_the_published_facts_clause_by_clause(id: str) -> None:
    assert facts(standards(catalogue())[id]) == facts(published(id))


@needs_shared
def test_every_material_has_the_published_family_parent_symbol_and_codes() -> None:
    ours = taxonomy(catalogue())
    seen = set()
    for family, told in raw("taxonomy")["families"].items():
        for code, item in told["materials"].items():
            material = ours.material(code)
            seen.add(code)
            assert (material.family, material.parent, material.resin_code) == (
                family, item.get("parent"), item.get("ric")
            )  # fmt: skip
            assert item.get("symbol") in {material.symbol, "mixed"}
            assert list(material.hs_scrap) == item["hs_scrap"]
            assert [each.code for each in material.hs_primary] == [each["code"] for each in item.get("hs_primary", ())]
    assert seen == ours.materials.keys()


@needs_shared
def test_every_form_and_origin_has_the_published_state() -> None:
    ours, told = taxonomy(catalogue()), raw("taxonomy")
    for code, item in told["forms"].items():
        primary = None if item["primary_form"] == "ambiguous" else item["primary_form"]
        state = STATES.get(item["typical_state"], item["typical_state"])
        assert (ours.forms[code].usual_state, ours.forms[code].primary_form) == (state, primary)
    assert ours.forms.keys() == told["forms"].keys()
    counted = {code: word == "counts_as_recycled" for code, word in told["origins"].items()}
    assert {code: each.recycled for code, each in ours.origins.items()} == counted


def numbers(ranges: dict[str, list[Any]]) -> dict[str, tuple[Decimal, ...]]:
    return {code: tuple(map(Decimal, ends)) for code, ends in ranges.items()}


@needs_shared
def test_every_property_has_the_published_unit_kind_ranges_methods_and_conditions() -> None:
    ours, told = properties(catalogue()), raw("properties")["properties"]
    assert len(told) == 93
    assert ours.keys() == told.keys()
    for code, item in told.items():
        known = ours[code]
        assert (known.unit, known.kind) == (item.get("unit"), KINDS.get(item["kind"], item["kind"])), code
        assert set(item.get("methods", ())) <= set(known.methods), code
        assert known.condition_required is item.get("condition_required", False)
        assert dict(known.conditions) == item.get("conditions", {})
        physical = None if known.physical is None else (Decimal(known.physical.low), Decimal(known.physical.high))
        assert physical == (tuple(map(Decimal, item["physical"])) if "physical" in item else None), code
        for name in ("plausible", "typical"):
            ends = {each: [held.low, held.high] for each, held in getattr(known, name).items()}
            assert numbers(ends) == numbers(item.get(name, {})), code


@needs_shared
def test_every_unit_has_the_published_factor_and_codes() -> None:
    for kind, units in raw("code-lists")["units"].items():
        first, base = next((name, Decimal(item["factor"])) for name, item in units.items())
        for name, item in units.items():
            unit = UNITS[name]
            assert {UNITS.get(item[key], unit) for key in ("rec20", "ucum") if key in item} <= {unit}, name
            if kind != "count":  # a share per area is kept apart from plain counts here
                assert unit.scale * base == UNITS[first].scale * Decimal(item["factor"]), name


@needs_shared
def test_every_code_list_holds_the_published_codes() -> None:
    told = raw("code-lists")
    ours = {each.id: [item["code"] for item in each.data["codes"]] for each in catalogue().documents("code-list")}
    for published_name, name in (
        ("incoterms_2020", "incoterms"), ("evidence_levels", "evidence-levels"),
        ("verification_marks", "certainty-marks"), ("chain_of_custody_models", "custody-models"),
        ("certificate_status", "certificate-statuses"), ("iso_currency_minor_units", "currencies"),
        ("transaction_certificate_status", "transaction-certificate-statuses"),
        ("asean_members_iso3166", "asean-members"),
    ):  # fmt: skip
        # Ours may know more currencies than were published; every other list is closed.
        assert set(told[published_name]) <= set(ours[name]), name
        assert name == "currencies" or ours[name] == list(told[published_name]), name
    digits = {
        item["code"]: item["minor_units"] for item in catalogue().document("code-list", "currencies").data["codes"]
    }
    assert digits.items() >= told["iso_currency_minor_units"].items()
    transport = {i["code"]: i["transport"] for i in catalogue().document("code-list", "incoterms").data["codes"]}
    assert transport == told["incoterms_2020"]


@needs_shared
def test_recognition_has_the_published_directions_and_no_others() -> None:
    told = {
        (each["standard"], each["jurisdiction"], each["relation"], each.get("target"))
        for each in raw("recognition")["entries"]
    }
    ours = {(each.standard, each.jurisdiction, each.relation, each.target) for each in recognitions(catalogue())}
    assert ours == told
    marks = {
        (e["standard"], e["jurisdiction"]): e["verification"]
        for e in raw("recognition")["entries"]
        if "verification" in e
    }
    assert {
        key: next(o.certainty for o in recognitions(catalogue()) if (o.standard, o.jurisdiction) == key)
        for key in marks
    } == marks


@needs_shared
@pytest.mark.parametrize("case", cases("units"), ids=lambda case: case["id"])
def test_units_convert_as_published(case: dict[str, Any]) -> None:
    if isinstance(case["expected"], dict):
        with pytest.raises(QuantityError) as refused:
            convert(Decimal(case["value"]), case["from"], case["to"])
        assert refused.value.code == case["expected"]["error"]
    else:
        assert str(convert(Decimal(case["value"]), case["from"], case["to"])) == case["expected"]


EVENTS = {"received_on": "receipt", "unloaded_on": "unloading"}


@needs_shared
@pytest.mark.parametrize("case", cases("claims-windows"), ids=lambda case: case["id"])
def test_claims_are_in_time_as_published(case: dict[str, Any]) -> None:
    answered = case.get("answered_on")
    events = {name: case[key] for key, name in EVENTS.items() if key in case}
    if answered is not None:
        events["notice"] = case["notified_on"]
    found = claim_time(
        claim_windows(catalogue()), case["family"], case["claim"], events, answered or case["notified_on"],
        case.get("holidays", ()),
    )  # fmt: skip
    assert {"in_time": found.in_time, "deadline": found.deadline} == case["expected"]


# --- what the published cases do not touch


def test_other_claims_count_from_unloading_and_its_tenth_day_is_the_last() -> None:
    windows, unloaded = claim_windows(catalogue()), {"unloading": date(2026, 3, 2)}
    assert claim_time(windows, "paper", "other", unloaded, date(2026, 3, 12)).in_time
    assert not claim_time(windows, "paper", "other", unloaded, date(2026, 3, 13)).in_time
    with pytest.raises(LookupError, match="counts from unloading"):
        claim_time(windows, "paper", "other", {"receipt": date(2026, 3, 2)}, date(2026, 3, 3))


def test_business_days_leave_out_weekends_and_holidays_also_where_they_fall_together() -> None:
    friday = date(2026, 3, 6)
    assert deadline(friday, 2, "business") == date(2026, 3, 10)
    assert deadline(friday, 2, "business", [date(2026, 3, 9), date(2026, 3, 7)]) == date(2026, 3, 11)
    assert deadline(date(2026, 3, 7), 1, "business") == date(2026, 3, 9)
    with pytest.raises(ValueError, match="calendar or business"):
        deadline(friday, 2, "working")


def test_a_custom_that_nobody_knows_gives_no_deadline() -> None:
    with pytest.raises(LookupError, match="no custom is known for glass"):
        claim_time(claim_windows(catalogue()), "glass", "other", {"unloading": date(2026, 3, 2)}, date(2026, 3, 3))


def test_recognition_goes_one_way_and_what_is_not_known_is_worth_nothing() -> None:
    known, day = recognitions(catalogue()), date(2026, 11, 23)
    there = recognised(known, "eu-eow-715-2013-cu", "VN", day, target="vn-qcvn-66-2024")
    assert there is not None
    assert there.relation == "data_reusable"
    assert recognised(known, "vn-qcvn-66-2024", "EU", day) is None
    assert recognised(known, "en-15343", "JP", day) is None
    assert recognised(known, "te-grs", "MY", day) == recognised(known, "te-grs", "JP", day)
