"""The command line of the rule book: one lot or thousands from a file, drafts, equivalents and lint."""

import json
from pathlib import Path
from typing import Any

import click.testing
import pytest

from app.cli import main
from standards.catalogue import CATALOGUE
from tests.test_rulebook import IRON

DRAFT = (CATALOGUE / "standards/eu-eow-333-2011-fe.yaml").read_text("utf-8")
TABLE = (
    "name,material,form,evidence,foreign_material [%],statement:free_of_visible_oil\na,metals.ferrous,loose,E2,{},yes\n"
)


def run(*words: str) -> tuple[int, str]:
    answer = click.testing.CliRunner().invoke(main, list(words))
    return answer.exit_code, answer.output


def told(*words: str) -> tuple[int, Any]:
    code, output = run(*words, "--json")
    return code, json.loads(output)


def test_a_lot_is_judged_for_people_and_for_machines(tmp_path: Path) -> None:
    file = tmp_path / "lot.json"
    file.write_text(json.dumps(IRON))
    code, output = run("judge", str(file), "--on", "2026-03-01")
    assert code == 0
    assert "+ eu-eow-333-2011-fe: conforming (unverified, until 2026-08-14)" in output
    assert "? te-grs: incomplete" in output
    code, facts = told("judge", str(file), "--on", "2026-03-01", "--standard", "eu-eow-333-2011-fe", "--full")
    (verdict,) = facts["lots"][0]["verdicts"]
    assert (verdict["verdict"], len(verdict["sha256"]), len(verdict["inputs"])) == ("conforming", 64, 15)
    assert facts["counts"] == {"conforming": 1, "lots": 1, "unreadable": 0}


def test_what_breaks_a_limit_or_cannot_be_read_is_a_finding_and_stops_no_other_lot(tmp_path: Path) -> None:
    table = tmp_path / "lots.csv"
    table.write_text(TABLE.format("2.5"))
    assert run("judge", str(table))[0] == 1
    table.write_text(TABLE.format("1.5") + "b,metals.ferrous,loose,E2,many,perhaps\nc,metals.ferrous,loose,E9,1,\n")
    code, facts = told("judge", str(table))
    assert code == 1
    assert [("verdicts" in each, len(each.get("problems", ()))) for each in facts["lots"]] == [
        (True, 0), (False, 1), (False, 1)
    ]  # fmt: skip
    assert facts["lots"][1]["problems"][0]["field"] == "statement:free_of_visible_oil"
    assert facts["lots"][2]["problems"][0]["fix"] == "use E0 to E5"
    table.write_text("nome,material\n")
    code, output = run("judge", str(table))
    assert code == 2
    assert "there is no property or column 'nome'" in output
    assert run("judge", str(table), "--standard", "en-0")[0] == 2


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_thousands_of_lots_go_from_file_to_file_in_their_order(tmp_path: Path, jobs: str) -> None:
    file, out = tmp_path / "lots.jsonl", tmp_path / "out.jsonl"
    file.write_text("".join(json.dumps({**IRON, "name": str(at)}) + "\n" for at in range(2_600)) + "no json\n")
    code, output = run("judge", str(file), "--out", str(out), "--jobs", jobs, "--standard", "eu-eow-333-2011-fe")
    assert code == 1
    assert "2601 lots" in output
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [each.get("lot") for each in lines[:-1]] == [str(at) for at in range(2_600)]
    assert lines[-1]["problems"][0]["sentence"].startswith("this is no JSON")


def test_a_contributed_standard_is_linted_with_file_line_key_and_fix(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(DRAFT)
    bad.write_text(DRAFT.replace("foreign_material", "foreign_materials").replace("grants: end_of_waste\n", ""))
    assert run("standards", "lint", str(good)) == (0, "Everything fits: 1 documents.\n")
    code, output = run("standards", "lint", str(bad))
    assert code == 1
    assert "bad.yaml:2: document: the key 'grants' is missing - add grants:" in output
    bad.write_text(DRAFT.replace("foreign_material", "foreign_materials"))
    code, facts = told("standards", "lint", str(tmp_path))
    (problem,) = facts["problems"]
    assert (code, problem["file"], problem["line"]) == (1, "bad.yaml", 19)
    assert problem["fix"].startswith("did you mean 'foreign_material'")
    assert told("standards", "lint", str(CATALOGUE))[1]["ok"]


def test_a_draft_is_set_beside_the_standard_in_force(tmp_path: Path) -> None:
    draft, lots = tmp_path / "draft.yaml", tmp_path / "lots.json"
    draft.write_text(DRAFT.replace("value: 2, unit", "value: 1, unit"))
    lots.write_text(json.dumps([IRON]))
    code, output = run("standards", "judge-with", str(draft), str(lots), "--on", "2026-03-01")
    assert code == 0
    assert "DRAFT eu-eow-333-2011-fe" in output
    assert "conforming -> nonconforming (CHANGES)" in output
    assert "1.2: pass (<= 2 %) -> fail (<= 1 %, LIMIT_EXCEEDED)" in output
    draft.write_text("[" * 100_000)
    assert run("standards", "judge-with", str(draft), str(lots))[0] == 2


def test_equivalents_are_told_with_what_they_lack(tmp_path: Path) -> None:
    lots = tmp_path / "lots.json"
    lots.write_text(json.dumps(IRON))
    code, output = run("standards", "equivalents", str(lots), "--on", "2026-03-01")
    assert code == 0
    assert "? JP jp-ferrous-unified HS: incomplete; lacks 1: limit:piece_mass" in output
