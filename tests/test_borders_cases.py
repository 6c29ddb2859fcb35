"""Borders by their cases: law in words of its day, published entries and codes, every material in every form."""

import json
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.crossings.shapes import CrossingIn
from standards.borders import Answer, Borders, Crossing, Lot, Outcome, Route, borders, check
from standards.catalogue import load
from standards.exactyaml import read
from standards.materials import Taxonomy, taxonomy
from tests.shared import REFERENCE_DATA, needs_shared

CASES: list[dict[str, Any]] = read((Path(__file__).parent / "cases/borders.yaml").read_text("utf-8"))[0]["cases"]


@cache
def known() -> tuple[Borders, Taxonomy]:
    catalogue = load()
    return borders(catalogue), taxonomy(catalogue)


def answered(day: date, given: dict[str, Any]) -> Answer:
    return check(*known(), CrossingIn.model_validate({**given, "day": day}).crossing)


def told(answer: Answer) -> dict[str, Any]:
    """An answer in the words of a case's `expect`."""
    return {
        "outcome": answer.outcome.value,
        "entry": answer.entry.decided.code if answer.entry.decided else None,
        "missing": list(answer.missing),
        "gates": {gate.code: f"{gate.outcome.value} {gate.reason}" for gate in answer.gates},
        "papers": {each.paper.paper: each.last_day or "none" for each in answer.papers},
        "origins": {each.agreement.id: each.basis if each.available else each.reason for each in answer.origins},
        "hs": f"{', '.join(answer.tariff.candidates)} {answer.tariff.certainty}",
        "later": [gate.code.removeprefix("rule:") for gate in answer.changes],
        "certainty": answer.certainty,
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["case"]))
def test_a_case_of_the_law_comes_out_as_it_is_written(case: dict[str, Any]) -> None:
    found = told(answered(case["day"], case["given"]))
    assert case["expect"]
    for name, wanted in case["expect"].items():
        if name in {"gates", "papers", "origins"} and wanted:
            assert {each: found[name].get(each) for each in wanted} == wanted, (name, found)
        elif name == "later":
            assert set(wanted) <= set(found[name]), found
        else:
            assert found[name] == wanted, (name, found)


# --- published cases of others

# What each published text says, in facts. A text that says less is told as less: nothing is added to what it says.
PUBLISHED_LOTS: dict[str, dict[str, Any]] = {
    "PET flakes, washed, single polymer, residue 0.3 %": {
        "material": "plastics.pet", "form": "flake",
        "facts": {"single_polymer": True, "almost_free": True, "contamination_percent": Decimal("0.3")},
    },
    "mixed PE/PP/PET bales, each to be recycled separately, almost free from contamination": {
        "material": "plastics.mixed", "form": "bale",
        "facts": {
            "polymers": ("plastics.pe", "plastics.pp", "plastics.pet"), "separately_recycled": True,
            "almost_free": True,
        },
    },
    "PVC window scrap, clean, no Annex I constituents": {
        "material": "plastics.pvc", "form": "loose", "facts": {"single_polymer": True, "almost_free": True},
    },
    "PET bottles in bales, caps, labels and residues": {
        "material": "plastics.pet", "form": "bale", "facts": {"almost_free": False},
    },
    "HIPS with 2 % brominated flame retardant showing an Annex III characteristic": {
        "material": "plastics.ps", "form": "regrind", "facts": {},
    },
    "rPET pellets meeting an end-of-waste specification, sold as product": {
        "material": "plastics.pet", "form": "pellet", "facts": {},
    },
}  # fmt: skip
OPERATION = {"R3 mechanical recycling": "R3", "R3": "R3", None: None}


@needs_shared
def test_the_published_entries_of_the_convention_are_found() -> None:
    text = (REFERENCE_DATA / "epr-worked-examples/cases.json").read_text("utf-8")
    cases = [case for case in json.loads(text)["cases"] if case["id"].startswith("basel-")]
    assert len(cases) >= 6
    for case in cases:
        given, expected = case["input"], case["expected"]
        known_lot = PUBLISHED_LOTS[given["lot"]]
        facts = {**known_lot["facts"], "hazardous": given["hazardous"]}
        if given.get("end_of_waste"):
            facts["end_of_waste"] = ("TH", "SG")  # "not waste if both the exporting and the importing state agree"
        lot = Lot(known_lot["material"], known_lot["form"], None, facts)
        # two parties outside the OECD and the Union: nothing but the Convention speaks
        route = Route("TH", "SG", (), OPERATION[given["destination_operation"]])
        answer = check(*known(), Crossing(lot, route, date(2026, 11, 24)))
        entry = answer.entry.decided.code if answer.entry.decided else None
        procedure = next(gate for gate in answer.gates if gate.code == "procedure")
        assert (entry, procedure.reason == "consent") == (expected["entry"], expected["pic"]), case["id"]


@needs_shared
def test_where_only_one_state_accepts_end_of_waste_the_published_lot_stays_waste() -> None:
    known_lot = PUBLISHED_LOTS["rPET pellets meeting an end-of-waste specification, sold as product"]
    for accepts in (("TH",), ("SG",), ()):
        lot = Lot(known_lot["material"], known_lot["form"], None, {"hazardous": False, "end_of_waste": accepts})
        assert check(*known(), Crossing(lot, Route("TH", "SG"), date(2026, 11, 24))).waste


@needs_shared
def test_the_published_tariff_suggestions_are_made() -> None:
    raw = yaml.safe_load((REFERENCE_DATA / "material-standards/cases/hs-suggestion.yaml").read_text("utf-8"))
    assert len(raw["cases"]) >= 9
    for case in raw["cases"]:
        stated = dict(case["lot"])
        material, form = stated.pop("material"), stated.pop("form")
        facts = {name: Decimal(value) if isinstance(value, str) else value for name, value in stated.items()}
        answer = check(*known(), Crossing(Lot(material, form, None, facts), Route("TH", "JP"), date(2026, 11, 24)))
        found = {"candidates": sorted(answer.tariff.candidates), "certainty": answer.tariff.certainty}
        wanted = {**case["expected"], "candidates": sorted(case["expected"]["candidates"])}
        assert {name: found[name] for name in wanted} == wanted, case["id"]


# --- every material in every form


def test_every_material_in_every_form_has_its_codes_and_never_a_sure_answer_without_one() -> None:
    book, words = known()
    for material in words.materials:
        for form in words.forms:
            answer = check(book, words, Crossing(Lot(material, form), Route("TH", "JP"), date(2026, 11, 24)))
            said = answer.tariff
            assert said.certainty in {"indicative", "needs_data", "needs_ruling", "unsettled"}, (material, form)
            assert all(len(code) == 6 and code.isdigit() for code in said.candidates), (material, form)
            assert (said.certainty == "needs_data") == bool(said.missing), (material, form)
            if said.certainty == "indicative":
                assert len(said.candidates) == 1, (material, form)
            assert answer.outcome is not Outcome.ALLOWED, (material, form)  # nothing is stated of it


def test_every_material_has_a_scrap_code_in_some_form() -> None:
    book, words = known()
    without = {
        material
        for material in words.materials
        if not any(
            check(book, words, Crossing(Lot(material, form), Route("TH", "JP"), date(2026, 11, 24))).tariff.candidates
            for form in words.forms
        )
    }
    assert without == set()
