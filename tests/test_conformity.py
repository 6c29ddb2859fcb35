"""Conformity: the published cases, the edges of days and limits, and that more evidence never harms."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards.catalogue import load
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
from tests.shared import REFERENCE_DATA, needs_shared

PUBLISHED = REFERENCE_DATA / "material-standards"
CASE_FILES = ("plastics", "grades", "end-of-waste", "substances", "schemes")


def cases() -> list[dict[str, Any]]:
    """Every published case; none where the data are not beside this clone (the tests then skip)."""
    files = [PUBLISHED / f"cases/{name}.yaml" for name in CASE_FILES]
    return [case for file in files if file.is_file() for case in read(file.read_text("utf-8"))[0]["cases"]]


def in_house_words(value: Any) -> Any:
    """The published files say `verification` where this house says `certainty`."""
    match value:
        case dict():
            return {{"verification": "certainty"}.get(key, key): in_house_words(item) for key, item in value.items()}
        case list():
            return [in_house_words(item) for item in value]
        case _:
            return value


@cache
def shelf() -> dict[str, Standard]:
    return dict(standards(load()))


@cache
def published(id: str) -> Standard:
    catalogue = load()
    data = in_house_words(read((PUBLISHED / f"standards/{id}.yaml").read_text("utf-8"))[0])
    return standard_from({"kind": "standard", **data}, properties(catalogue), taxonomy(catalogue))


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
@pytest.mark.parametrize("case", [c for c in cases() if c["standard"] in shelf()], ids=lambda case: case["id"])
def test_our_own_encoding_gives_the_published_verdict(case: dict[str, Any]) -> None:
    check(case, ask(shelf()[case["standard"]], case))


@needs_shared
def test_every_published_standard_can_be_read_and_every_case_was_found() -> None:
    names = [file.stem for file in sorted((PUBLISHED / "standards").glob("*.yaml"))]
    assert len([published(name) for name in names]) == len(names) >= 33
    assert len(cases()) >= 60
