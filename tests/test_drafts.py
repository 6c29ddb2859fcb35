"""A contributed standard: every fault is told at its place, a hostile file harms nobody, and a draft never decides."""

import pytest

from standards.catalogue import CATALOGUE, CatalogueError
from standards.conformity import Result, Verdict, lot_from
from standards.conformity.contributing import senseless
from standards.conformity.drafting import draft_from, side_by_side
from standards.exactyaml import Unreadable, read
from tests.test_rulebook import BOOK, DAY, IRON, results, shelf

DRAFT = (CATALOGUE / "standards/eu-eow-333-2011-fe.yaml").read_text("utf-8")
STRICTER = DRAFT.replace("value: 2, unit", "value: 1, unit").replace("from: 2011-10-09", "from: 2030-01-01")


def test_a_draft_is_shown_beside_what_is_in_force_and_never_decides() -> None:
    draft = draft_from(STRICTER, shelf())
    current = shelf().standards["eu-eow-333-2011-fe"]
    good = {**IRON, "measurements": results(foreign_material="0.9 %")}
    first, second = side_by_side(draft, current, [lot_from(IRON), lot_from(good)], DAY)
    assert first.now is not None
    assert (first.changed, first.now.verdict, first.then.verdict) == (True, Verdict.CONFORMING, Verdict.NONCONFORMING)
    ((key, now, then),) = first.clauses
    assert now is not None
    assert then is not None
    assert (key, now.result, then.result) == ("1.2", Result.PASS, Result.FAIL)
    assert (now.outcome.asked, then.outcome.asked) == ("<= 2 %", "<= 1 %")
    assert not second.changed
    assert [(each.clause, each.now.result, each.then.result) for each in second.clauses if each.now and each.then] == [
        ("1.2", Result.PASS, Result.PASS)
    ]
    for each in (first.then, second.then):
        assert each.advisory
        assert "STANDARD_DRAFT" in each.warnings
        assert each.digest != current.digest


def test_a_draft_without_anything_in_force_stands_alone() -> None:
    (alone,) = side_by_side(draft_from(STRICTER, shelf()), None, [lot_from(IRON)], DAY)
    assert alone.now is None
    assert alone.changed
    assert all(each.now is None for each in alone.clauses)


@pytest.mark.parametrize(
    ("written", "instead", "key", "sentence", "fix"),
    [
        ("value: 2, unit", 'value: "2", unit', "clauses/1/rule/limit/value", "number", "without quotes"),
        ("foreign_material", "foreign_materials", "clauses/1/rule/limit/property", "no property", "foreign_material"),
        ('unit: "%"', "unit: kg", "clauses/1/rule/limit/unit", "measures mass", "use %"),
        ('unit: "%"', "unit: ton", "clauses/1/rule/limit/unit", "meanings", "use %"),
        ("value: 2, unit", "value: 200, unit", "clauses/1/rule/limit/value", "outside", "unit"),
        ("foreign_material", "colour_desc", "clauses/1/rule/limit/property", "in words", "reported"),
        ("[metals.ferrous]", "[metals.ferous]", "applicability/materials/0", "no material", "metals.ferrous"),
        ("forms: any", "forms: [balle]", "applicability/forms/0", "no form", "bale"),
        ("source: general}", "source: generel}", "clauses/5/source", "not listed", "general"),
        ('id: "1.3"', 'id: "1.4"', "clauses/3/id", "stands twice", "own id"),
        ("to: null", "to: 2001-01-01", "effective/to", "before it begins", "exchange"),
        ("obligation: required", "obligaton: required", "clauses/0/obligaton", "no key", "obligation"),
        ("status: in_force", "status: in force", "status", "is not one of", "in_force"),
        ("from: 2011-10-09", "from: 9.10.2011", "effective/from", "", ""),
        ('edition: "2011"', "edition: 2011", "edition", "not of type", "in quotes"),
        ("kind: standard", "kind: controls", "", "missing", "add"),
        ("grants: end_of_waste\n", "", "", "'grants' is missing", "add grants:"),
        ("{limit:", "{limits:", "clauses/1/rule/limits", "no key", "limit"),
    ],
)  # fmt: skip
def test_a_fault_of_a_contributed_standard_is_told_with_line_key_and_fix(
    written: str, instead: str, key: str, sentence: str, fix: str
) -> None:
    assert written in DRAFT
    with pytest.raises(CatalogueError) as refused:
        draft_from(DRAFT.replace(written, instead, 1), shelf(), "theirs.yaml")
    told = {problem.key: problem for problem in refused.value.problems}
    assert key in told, told
    assert sentence in told[key].sentence
    assert fix in told[key].fix
    if key.endswith(("value", "property", "unit")):
        line = DRAFT.replace(written, instead, 1).splitlines()[told[key].line - 1]
        assert instead.rsplit(maxsplit=1)[-1].strip('"') in line


def test_all_faults_are_told_at_once_and_our_own_shelf_has_none() -> None:
    broken = DRAFT.replace("foreign_material", "beauty").replace("[metals.ferrous]", "[gold]")
    broken = broken.replace("source: summary", "source: x")
    with pytest.raises(CatalogueError) as refused:
        draft_from(broken, shelf())
    assert len(refused.value.problems) == 2 + DRAFT.count("source: summary")
    for document in BOOK.documents("standard"):
        assert list(senseless(document.data, shelf().properties, shelf().materials)) == []


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "a:\n" * 3, "a: &x [1]\nb: *x\n", "a: &x {b: *x}\n", "x: " + "9" * 5_000, "a: !!python/object:x y",
     "\x00", "a: " + "[" * 50 + "]" * 50, "".join(" " * at + "a:\n" for at in range(60)), "- 1\n" * 60_000],
)  # fmt: skip
def test_a_hostile_file_is_refused_and_not_obeyed(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text, trusted=False)
