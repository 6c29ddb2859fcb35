"""Conformity: the published cases, the edges of days and limits, and that more evidence never harms."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards.catalogue import CATALOGUE, load
from standards.conformity import (
    Certainty,
    Evidence,
    HeldDocument,
    Judgement,
    Lot,
    LotError,
    Measurement,
    Qualifier,
    Result,
    Standard,
    StandardError,
    Statement,
    Verdict,
    judge,
    lot_from,
    standard_from,
    standards,
)
from standards.exactyaml import read
from standards.materials import taxonomy
from standards.properties import properties
from tests.published import cases, published
from tests.shared import needs_shared


@cache
def shelf() -> dict[str, Standard]:
    return dict(standards(load()))


def check(case: dict[str, Any], judgement: Judgement) -> None:
    expected = case["expected"]
    found = {
        "verdict": judgement.verdict.value,
        "grade": judgement.grade,
        "best_grade": judgement.best_grade,
        "reason": judgement.reason,
        "clauses": {key: judgement.by_clause[key].result.value for key in expected.get("clauses", {})},
        "reasons": {key: judgement.by_clause[key].reason for key in expected.get("reasons", {})},
    }
    assert {key: found[key] for key in expected} == expected


def ask(standard: Standard, case: dict[str, Any]) -> Judgement:
    return judge(standard, lot_from(case["lot"]), case["as_of"], case.get("decision_rule", "simple"))


@needs_shared
@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_published_standard_gives_the_published_verdict(case: dict[str, Any]) -> None:
    check(case, ask(published(case["standard"]), case))


@needs_shared
@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_our_own_encoding_gives_the_published_verdict(case: dict[str, Any]) -> None:
    check(case, ask(shelf()[case["standard"]], case))


# --- our own shelf


def test_every_clause_on_our_shelf_names_a_source_that_is_listed_beside_it() -> None:
    catalogue = load()
    for document in catalogue.documents("standard"):
        standard = shelf()[document.id]
        clauses = [*standard.clauses, *(clause for grade in standard.grades for clause in grade.clauses)]
        assert {clause.source for clause in clauses} <= document.data["sources"].keys(), document.path
        for clause in clauses:
            read_there = Certainty(document.data["sources"][clause.source]["certainty"])
            surer = list(Certainty).index(clause.certainty) > list(Certainty).index(read_there)
            assert not surer, f"{standard.id} {clause.id} is surer than its source"


def test_a_standard_that_asks_for_the_unknown_is_refused_with_its_clause() -> None:
    catalogue = load()
    data = read((CATALOGUE / "standards/te-grs.yaml").read_text("utf-8"))[0]
    for rule, sentence in (
        ({"limit": {"property": "beauty", "op": "<=", "value": 1, "unit": "%"}}, "beauty"),
        ({"limit": {"property": "pvc", "op": "<=", "value": 1, "unit": "kg"}}, "kg"),
        ({"limit": {"property": "colour_desc", "op": "<=", "value": 1, "unit": "%"}}, "words"),
        ({"sum": {"properties": ["lead", "density"], "op": "<=", "value": 1, "unit": "mg/kg"}}, "kind"),
        ({"magic": {}}, "ten"),
        ({}, "exactly one"),
    ):
        data["clauses"][0]["rule"] = rule
        with pytest.raises(StandardError, match=f"minimum.*{sentence}"):
            standard_from(data, properties(catalogue), taxonomy(catalogue))


# --- days


def grs_lot(first: date, last: date) -> Lot:
    content = Measurement("recycled_content", Decimal(60), "%", evidence=Evidence.E4)
    papers = (
        HeldDocument("te_scope_certificate", Evidence.E4, valid_from=first, valid_to=last),
        HeldDocument("te_transaction_certificate", Evidence.E4),
    )
    return Lot("plastics.pet", "pellet", measurements=(content,), documents=papers)


@given(st.dates(date(2018, 1, 1), date(2030, 1, 1)), st.integers(0, 900), st.integers(-400, 1300))
def test_a_certificate_holds_from_its_first_to_its_last_day_and_on_no_other(
    start: date, length: int, offset: int
) -> None:
    end, day = start + timedelta(days=length), start + timedelta(days=offset)
    if day < date(2017, 7, 1):
        return
    judgement = judge(shelf()["te-grs"], grs_lot(start, end), day)
    assert (judgement.verdict is Verdict.CONFORMING) is (start <= day <= end)
    if start <= day <= end:
        assert judgement.expires_on == end + timedelta(days=1)


@pytest.mark.parametrize("id", ["eu-eow-333-2011-fe", "vn-qcvn-33-2018", "id-sni-8424"])
def test_a_standard_is_in_force_on_both_its_first_and_its_last_day(id: str) -> None:
    standard = shelf()[id]
    lot = Lot(min(standard.materials or ()), min(standard.forms or ("bale",)))
    one = timedelta(days=1)
    assert standard.first_day is not None
    assert judge(standard, lot, standard.first_day).verdict is not Verdict.NOT_IN_FORCE
    before = judge(standard, lot, standard.first_day - one)
    assert (before.verdict, before.expires_on) == (Verdict.NOT_IN_FORCE, standard.first_day)
    if standard.last_day is not None:
        assert judge(standard, lot, standard.last_day).verdict is not Verdict.NOT_IN_FORCE
        assert judge(standard, lot, standard.last_day + one).verdict is Verdict.NOT_IN_FORCE


def test_the_day_a_falling_limit_ends_a_verdict_is_told() -> None:
    lot = Lot(
        "plastics.abs",
        "pellet",
        attributes={"contains_recovered_material": True, "end_use": "general"},
        measurements=(Measurement("pbde_sum", Decimal(300), "mg/kg", evidence=Evidence.E2),),
    )
    judgement = judge(shelf()["eu-pops-pbde"], lot, date(2026, 1, 1))
    assert (judgement.verdict, judgement.expires_on) == (Verdict.CONFORMING, date(2027, 12, 30))
    assert judge(shelf()["eu-pops-pbde"], lot, date(2027, 12, 30)).verdict is Verdict.NONCONFORMING


# --- evidence and missing


def pet_flake(level: Evidence, pvc: Decimal, sampled: date | None = date(2026, 1, 1)) -> Lot:
    words = [Measurement(p, "clear", evidence=level, sampled_on=sampled) for p in ("colour_desc", "shape_desc")]
    numbers = {"particle_size_max": ("10", "mm"), "bulk_density": ("320", "kg/m3"), "moisture": ("0.7", "%")}
    results = [Measurement(p, Decimal(v), u, evidence=level, sampled_on=sampled) for p, (v, u) in numbers.items()]
    results += [Measurement(p, pvc, "ppm", Qualifier.BELOW, evidence=level) for p in ("pvc", "polyolefin")]
    return Lot("plastics.pet", "flake", "post_consumer", measurements=(*words, *results))


ORDER = {Verdict.NONCONFORMING: 0, Verdict.INCOMPLETE: 1, Verdict.CONFORMING: 2}
levels = st.sampled_from(list(Evidence))
foreign = st.decimals(min_value=0, max_value=5, places=3)
statements = (
    "graded_to_specification",
    "no_excessive_oxide",
    "free_of_visible_oil",
    "no_hazardous_property",
    "no_pressurised_containers",
    "input_criteria_met",
    "treatment_completed",
)


def iron(value: Decimal, level: Evidence, papers: frozenset[str], said: frozenset[str]) -> Lot:
    return Lot(
        "metals.ferrous",
        "shredded",
        measurements=(Measurement("foreign_material", value, "%", evidence=level, sampled_on=date(2026, 2, 1)),),
        statements=tuple(Statement(name, True) for name in sorted(said)),
        documents=tuple(HeldDocument(name, Evidence.E4, issued_on=date(2026, 1, 1)) for name in sorted(papers)),
    )


PAPERS = ("radioactivity_certificate", "statement_of_conformity", "qms_verification_eow")


@given(foreign, levels, levels, st.frozensets(st.sampled_from(PAPERS)), st.frozensets(st.sampled_from(statements)))
def test_more_evidence_never_makes_a_verdict_worse_nor_saves_a_failing_value(
    value: Decimal, one: Evidence, other: Evidence, papers: frozenset[str], said: frozenset[str]
) -> None:
    standard, day = shelf()["eu-eow-333-2011-fe"], date(2026, 3, 1)
    weak = judge(standard, iron(value, min(one, other), papers, said), day)
    strong = judge(standard, iron(value, max(one, other), frozenset(PAPERS), frozenset(statements)), day)
    assert ORDER[weak.verdict] <= ORDER[strong.verdict]
    assert (strong.verdict is Verdict.NONCONFORMING) is (weak.verdict is Verdict.NONCONFORMING) is (value > 2)


@given(foreign, levels, st.frozensets(st.sampled_from(PAPERS)), st.frozensets(st.sampled_from(statements)))
def test_supplying_what_is_missing_leaves_nothing_missing(
    value: Decimal, level: Evidence, papers: frozenset[str], said: frozenset[str]
) -> None:
    standard, day = shelf()["eu-eow-333-2011-fe"], date(2026, 3, 1)
    judgement = judge(standard, iron(value, level, papers, said), day)
    wanted = {want.split(":")[1]: need.evidence for need in judgement.missing for want in need.wants}
    assert bool(wanted) is any(f.result is Result.INDETERMINATE for f in judgement.findings)
    supplied = iron(
        value, wanted.get("foreign_material", level), papers | wanted.keys() & set(PAPERS), said | wanted.keys()
    )
    again = judge(standard, supplied, day)
    assert again.missing == ()
    assert again.verdict in {Verdict.CONFORMING, Verdict.NONCONFORMING}


def test_characteristics_are_reported_by_detection_limits_too_and_the_weakest_mark_stays_with_the_verdict() -> None:
    judgement = judge(shelf()["en-15348"], pet_flake(Evidence.E2, Decimal(10)), date(2026, 3, 1))
    assert judgement.verdict is Verdict.CONFORMING
    assert judgement.certainty is Certainty.UNVERIFIED
    assert judgement.warnings == ("STANDARD_SUPERSEDED",)


@given(st.decimals(min_value=0, max_value=4, places=4), st.decimals(min_value=0, max_value=1, places=4))
def test_a_guard_band_passes_and_fails_only_what_is_beyond_doubt(value: Decimal, spread: Decimal) -> None:
    lot = iron(value, Evidence.E2, frozenset(PAPERS), frozenset(statements))
    lot = replace(lot, measurements=(lot.measurements[0]._replace(uncertainty=spread),))
    verdict = judge(shelf()["eu-eow-333-2011-fe"], lot, date(2026, 3, 1), "guard_band").verdict
    expected = (
        Verdict.CONFORMING
        if value + spread <= 2
        else Verdict.NONCONFORMING
        if value - spread > 2
        else Verdict.INCOMPLETE
    )
    assert verdict is expected


def test_a_failing_clause_says_by_how_much_in_the_unit_of_the_limit() -> None:
    lot = Lot("metals.ferrous", "shredded", measurements=(Measurement("foreign_material", Decimal(20001), "mg/kg"),))
    outcome = judge(shelf()["eu-eow-333-2011-fe"], lot, date(2026, 3, 1)).by_clause["1.2"].outcome
    assert (outcome.observed, outcome.asked, outcome.margin) == ("20001 mg/kg", "<= 2 %", "-0.0001")


def test_without_a_claimed_grade_the_best_one_is_told_and_the_claim_is_asked_for() -> None:
    numbers = {"non_paper": "1.2", "unwanted_total": "2.8", "corrugated_share": "85"}
    results = tuple(Measurement(name, Decimal(value), "%", evidence=Evidence.E2) for name, value in numbers.items())
    lot = Lot(
        "paper.corrugated", "bale", measurements=results, statements=(Statement("free_of_prohibited_materials", True),)
    )
    judgement = judge(shelf()["en-643-2014"], lot, date(2026, 3, 1))
    assert (judgement.verdict, judgement.reason, judgement.best_grade) == (
        Verdict.INCOMPLETE,
        "GRADE_NOT_CLAIMED",
        "1.04.02",
    )
    assert judgement.missing[0].wants == ("attribute:claimed_grade",)


@pytest.mark.parametrize(
    "broken",
    [
        {"measurements": [{"property": "pvc", "value": 1.5, "unit": "ppm"}]},
        {"measurements": [{"property": "pvc", "value": "few", "unit": "ppm"}]},
        {"measurements": [{"property": "pvc", "value": "1", "unit": "ppm", "evidence": "E9"}]},
        {"measurements": [{"property": "pvc", "value": "1", "unit": "ppm", "sampled_on": "yesterday"}]},
        {"statements": {"clean": "yes"}},
    ],
)
def test_a_lot_that_cannot_be_read_is_refused_with_its_field(broken: dict[str, Any]) -> None:
    with pytest.raises(LotError):
        lot_from({"material": "plastics.pet", "form": "flake", **broken})
