"""The rule book put to use: snapshots, whole shelves, equivalents, drafts, comparisons; and that no float decides."""

import json
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from standards.catalogue import CATALOGUE, load
from standards.conformity import Verdict, judge, lot_from
from standards.conformity.comparing import Subject, asks_of, changes, courses, differences
from standards.conformity.drafting import as_draft, draft_from
from standards.conformity.equivalents import equivalents
from standards.conformity.evaluation import ENGINE, canonical, evaluation, told_lot
from standards.conformity.many.batch import Batch, short
from standards.conformity.shelf import Shelf, judge_lot, shelf_of
from standards.recognition import recognitions
from tests.published import cases
from tests.shared import needs_shared

DAY = date(2026, 3, 1)
ONE = timedelta(days=1)
BOOK = load()


@cache
def shelf() -> Shelf:
    return shelf_of(BOOK)


def results(**values: str) -> list[dict[str, str]]:
    """'0.7 %' by property, all of the seller's own laboratory."""
    told = {name: value.rpartition(" ") for name, value in values.items()}
    return [
        {"property": name, "value": value, "unit": unit, "evidence": "E2", "sampled_on": "2026-02-10"}
        for name, (value, _, unit) in told.items()
    ]


IRON = {
    "material": "metals.ferrous", "form": "shredded", "origin": "post_consumer",
    "measurements": results(
        foreign_material="1.4 %", piece_thickness="6 mm", piece_width="500 mm", piece_length="700 mm"
    ),
    "statements": dict.fromkeys(
        ("graded_to_specification", "no_excessive_oxide", "free_of_visible_oil", "no_hazardous_property",
         "no_pressurised_containers", "input_criteria_met", "treatment_completed", "clean_apart_from_negligible"), True
    ),
    "documents": [
        {"type": "radioactivity_certificate", "evidence": "E1"}, {"type": "statement_of_conformity", "evidence": "E1"},
        {"type": "qms_verification_eow", "evidence": "E4", "issued_on": "2024-06-01"},
    ],
}  # fmt: skip


# --- snapshots


def test_a_snapshot_names_the_standard_by_its_bytes_and_every_input_by_its_hash() -> None:
    lot = lot_from(IRON)
    made = evaluation(judge(shelf().standards["eu-eow-333-2011-fe"], lot, DAY), lot)
    bytes_ = (CATALOGUE / "standards/eu-eow-333-2011-fe.yaml").read_bytes()
    assert made.document["standard"] == {
        "id": "eu-eow-333-2011-fe", "edition": "2011", "sha256": sha256(bytes_).hexdigest()
    }  # fmt: skip
    assert (made.document["engine"], made.document["as_of"]) == (ENGINE, "2026-03-01")
    assert [(each["kind"], each["of"]) for each in made.document["inputs"]][:2] == [
        ("measurement", "foreign_material"), ("measurement", "piece_thickness")
    ]  # fmt: skip
    assert len(made.document["inputs"]) == 4 + 8 + 3
    assert len({each["sha256"] for each in made.document["inputs"]}) == 15
    assert made.body == rfc8785.dumps(json.loads(made.body))
    assert made.sha256 == sha256(made.body).hexdigest()
    assert made.document["verdict"] == "conforming"
    assert made.document["expires_on"] == "2026-08-14"


def test_judging_again_gives_equal_bytes_and_any_other_input_other_ones() -> None:
    standard = shelf().standards["eu-eow-333-2011-fe"]

    def made(told: dict[str, Any], day: date = DAY) -> str:
        lot = lot_from(told)
        return evaluation(judge(standard, lot, day), lot).sha256

    first = made(IRON)
    assert made(json.loads(json.dumps(IRON))) == first
    others = [
        {**IRON, "measurements": results(foreign_material="1.5 %")}, {**IRON, "origin": "pre_consumer"},
        {**IRON, "statements": {**IRON["statements"], "extra": True}}, {**IRON, "documents": IRON["documents"][::-1]},  # type: ignore[dict-item, index]
        {**IRON, "attributes": {"end_use": "beams"}},
    ]  # fmt: skip
    hashes = [first, made(IRON, DAY + ONE), *map(made, others)]
    assert len(set(hashes)) == len(hashes)


@needs_shared
def test_every_published_case_makes_a_snapshot_that_is_canonical() -> None:
    for case in cases():
        lot = lot_from(case["lot"])
        made = evaluation(judge(shelf().standards[case["standard"]], lot, case["as_of"]), lot)
        assert rfc8785.dumps(json.loads(made.body)) == made.body


plain = st.recursive(
    st.none() | st.booleans() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), plain))
def test_canonical_json_is_that_of_the_rfc(value: dict[str, Any]) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@needs_shared
def test_a_lot_told_as_data_is_read_back_the_same() -> None:
    for case in cases():
        lot = lot_from(case["lot"])
        again = lot_from(json.loads(json.dumps(told_lot(lot))))
        assert replace(again, own=lot.own, attributes=lot.attributes) == replace(lot, unread=())
        assert {**lot.own, **lot.attributes} == again.attributes


# --- how sure


def test_what_only_unverified_clauses_decide_is_marked_and_what_a_read_clause_decides_is_not() -> None:
    pp = lot_from({"material": "plastics.pp", "form": "pellet", "origin": "post_consumer"})
    quality = judge(shelf().standards["en-18065-dql"], pp, DAY)
    assert (quality.verdict, quality.advisory) == (Verdict.INCOMPLETE, True)
    heavy = lot_from({"material": "plastics.pet", "form": "flake", "measurements": results(lead="101 mg/kg")})
    assert judge(shelf().standards["eu-packaging-heavy-metals"], heavy, DAY).advisory
    iron = judge(shelf().standards["eu-eow-333-2011-fe"], lot_from(IRON), DAY)
    assert (iron.verdict, iron.certainty, iron.advisory) == (Verdict.CONFORMING, "unverified", False)
    hazardous = {**IRON, "statements": {**IRON["statements"], "no_hazardous_property": False}}  # type: ignore[dict-item]
    refused = judge(shelf().standards["eu-eow-333-2011-fe"], lot_from(hazardous), DAY)
    assert (refused.verdict, refused.advisory) == (Verdict.NONCONFORMING, True)
    oily = {**IRON, "statements": {**IRON["statements"], "no_hazardous_property": False, "free_of_visible_oil": False}}  # type: ignore[dict-item]
    assert not judge(shelf().standards["eu-eow-333-2011-fe"], lot_from(oily), DAY).advisory


def test_a_verdict_that_rests_on_no_clause_at_all_only_advises() -> None:
    told = {"material": "plastics.abs", "form": "pellet", "attributes": {"contains_recovered_material": False}}
    standard = shelf().standards["eu-pops-pbde"]
    early = replace(standard, clauses=standard.clauses[1:2])
    vacuous = judge(early, lot_from(told), DAY)
    assert (vacuous.verdict, vacuous.certainty, vacuous.advisory) == (Verdict.CONFORMING, None, True)


# --- whole shelves


def test_a_shelf_judges_one_lot_as_each_standard_does_and_many_as_one() -> None:
    ways = [(form, grade) for form in ("bale", "loose") for grade in (None, "201")]
    lots = [lot_from({**IRON, "form": form, "claimed_grade": grade}) for form, grade in ways]
    singly = [judge_lot(shelf(), lot, DAY) for lot in lots]
    many = Batch(shelf(), DAY)
    assert [many.verdicts(lot) for lot in lots] == [[short(each) for each in found] for found in singly]
    assert {each.standard for each in singly[0]} == {
        "eu-eow-333-2011-fe", "jp-ferrous-unified", "rema-hms", "te-grs", "te-rcs", "iso-14021-recycled-content"
    }  # fmt: skip
    for lot, found in zip(lots, singly, strict=True):
        assert found == [judge(shelf().standards[each.standard], lot, DAY) for each in found]
    assert json.dumps(many.verdicts(lots[0]))


@needs_shared
def test_what_is_missing_is_told_in_short_as_it_is_at_length() -> None:
    for case in cases():
        for found in judge_lot(shelf(), lot_from(case["lot"]), DAY):
            assert found.wants() == [" or ".join(need.wants) for need in found.missing]


def test_a_chosen_standard_is_judged_in_or_out_of_scope_and_an_unknown_one_is_named() -> None:
    lot = lot_from(IRON)
    (found,) = judge_lot(shelf(), lot, DAY, chosen=["en-15344"])
    assert found.verdict is Verdict.OUT_OF_SCOPE
    with pytest.raises(LookupError, match="en-0"):
        judge_lot(shelf(), lot, DAY, chosen=["en-0"])


def test_a_draft_on_the_shelf_is_not_asked() -> None:
    drafted = as_draft(shelf().standards["rema-hms"])
    with_draft = replace(shelf(), standards={**shelf().standards, "rema-hms": drafted})
    assert "rema-hms" not in {each.standard for each in judge_lot(with_draft, lot_from(IRON), DAY)}


# --- equivalents


def test_equivalents_tell_what_is_reached_and_the_one_thing_that_others_lack() -> None:
    reached = equivalents(shelf(), lot_from(IRON), DAY, recognitions(BOOK))
    found = {(each.standard.id, each.grade): each for each in reached}
    eu = found["eu-eow-333-2011-fe", None]
    assert (eu.verdict, eu.missing) == (Verdict.CONFORMING, ())
    assert {(each.jurisdiction, each.relation) for each in eu.worth} == {
        ("EU", "native"), ("VN", "data_reusable"), ("JP", "data_reusable")
    }  # fmt: skip
    japan = found["jp-ferrous-unified", "HS"]
    assert japan.verdict is Verdict.INCOMPLETE
    assert [each.wants for each in japan.missing] == [("limit:piece_mass",)]
    assert [each.clause for each in found["jp-ferrous-unified", "H2"].failing] == ["H2/thickness"]
    america = found["rema-hms", "203"]
    assert america.verdict is Verdict.CONFORMING
    assert america.worth == ()
    order = [each.verdict for each in equivalents(shelf(), lot_from(IRON), DAY)]
    assert order == sorted(order, key=["conforming", "incomplete", "nonconforming"].index)


@given(st.sets(st.sampled_from(["piece_thickness", "piece_width", "piece_length", "piece_mass"])))
def test_supplying_all_that_an_equivalent_lacks_reaches_it_or_decides_against(shown: set[str]) -> None:
    every = {"piece_thickness": "6 mm", "piece_width": "500 mm", "piece_length": "700 mm", "piece_mass": "600 kg"}
    told = {"material": "metals.ferrous", "form": "loose", "measurements": results(**{n: every[n] for n in shown})}
    for each in equivalents(shelf(), lot_from(told), DAY):
        if each.standard.id != "jp-ferrous-unified" or each.verdict is not Verdict.INCOMPLETE:
            continue
        wanted = {need.wants[0].partition(":")[2] for need in each.missing}
        assert wanted == {part.partition(":")[2] for need in each.missing for part in need.wants}
        supplied = {**told, "measurements": results(**{n: every[n] for n in shown | wanted})}
        again = {(e.standard.id, e.grade): e for e in equivalents(shelf(), lot_from(supplied), DAY)}
        assert again[each.standard.id, each.grade].missing == ()


def test_a_grade_of_another_material_and_a_standard_out_of_force_are_no_equivalents() -> None:
    occ = lot_from({"material": "paper.corrugated", "form": "bale"})
    here = {(each.standard.id, each.grade) for each in equivalents(shelf(), occ, DAY)}
    assert ("en-643-2014", "1.04.00") in here
    assert ("en-643-2014", "1.02.00") not in here
    assert not [each for each in here if each[0] == "vn-qcvn-33-2018"]
    assert [each for each in equivalents(shelf(), occ, date(2024, 5, 1)) if each.standard.id == "vn-qcvn-33-2018"]


# --- comparing


def test_two_standards_are_compared_subject_by_subject_in_base_units() -> None:
    iron, copper = (shelf().standards[code] for code in ("eu-eow-333-2011-fe", "eu-eow-715-2013-cu"))
    lines = {line.subject: line for line in differences(iron, copper, DAY)}
    strict = lines[Subject("property", "foreign_material")]
    assert (strict.same, strict.left[0].shown, strict.right[0].shown) == (False, "<= 2 %", "< 2 %")
    assert lines[Subject("document", "radioactivity_certificate")].same
    assert lines[Subject("statement", "free_of_pvc")].left == ()
    written = (CATALOGUE / "standards/eu-eow-333-2011-fe.yaml").read_text("utf-8")
    again = draft_from(written.replace('value: 2, unit: "%"', "value: 20000, unit: mg/kg"), shelf())
    assert all(line.same for line in differences(iron, again, DAY))
    assert all(line.same for line in differences(iron, iron, DAY))


def test_what_is_asked_depends_on_the_day_and_on_the_material() -> None:
    pops, paper = shelf().standards["eu-pops-pbde"], shelf().standards["en-643-2014"]
    subject = Subject("property", "pbde_sum")
    days = (date(2025, 12, 29), date(2027, 12, 30))
    shown = {day: [ask.shown for ask in asks_of(pops, day)[subject]] for day in days}
    assert shown == {
        date(2025, 12, 29): ["<= 10 mg/kg", "<= 500 mg/kg", "<= 500 mg/kg"],
        date(2027, 12, 30): ["<= 10 mg/kg", "<= 200 mg/kg", "<= 10 mg/kg"],
    }
    clauses = {ask.clause for asks in asks_of(paper, DAY, "paper.mixed").values() for ask in asks}
    assert {each.partition("/")[0] for each in clauses} == {"prohibited", "moisture", "1.02.00", "1.01.00", "5.02.00"}


def test_the_course_of_a_limit_is_told_day_by_day() -> None:
    pops = shelf().standards["eu-pops-pbde"]
    recovered = next(course for course in courses(pops) if course.clause == "recovered")
    assert [(day, bound.value) for day, bound in recovered.steps] == [
        (date(2019, 7, 15), 500), (date(2025, 12, 30), 350), (date(2027, 12, 30), 200)
    ]  # fmt: skip
    assert (date(2025, 12, 30), "limit", "recovered") in changes(pops)
    assert (date(2025, 6, 29), "ends", "") in changes(shelf().standards["vn-qcvn-33-2018"])
