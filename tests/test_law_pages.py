"""The laws' pages: every edition in every language, two laws side by side, a draft says so."""

import json
from datetime import date
from html import unescape
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cli import main
from app.formats import LANGUAGES
from app.owing.book import laws_of
from standards.catalogue import load
from standards.responsibility.comparing import differences
from tests.pagework import said

PACKS = laws_of(load())
EDITIONS = [edition for pack in PACKS.values() for edition in pack.editions]
DAYS = st.dates(date(1995, 1, 1), date(2045, 12, 31))


async def page(client: httpx.AsyncClient, path: str, status: int = 200, lang: str = "en") -> str:
    answer = await client.get(path, headers={"accept": "text/html", "accept-language": lang})
    assert answer.status_code == status, (path, said(answer.text)[:400])
    return unescape(answer.text)


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_every_edition_has_its_page_and_every_language_its_words(client: httpx.AsyncClient, lang: str) -> None:
    listed = await page(client, "/laws", lang=lang)
    for edition in EDITIONS if lang in {"en", "ja"} else EDITIONS[::5]:
        assert f'href="/laws/{edition.pack}"' in listed
        text = await page(client, f"/laws/{edition.pack}?edition={edition.id}", lang=lang)
        assert edition.digest in text
        for calculation in edition.duties.calculations:
            assert f'href="/owe/{edition.pack}/{calculation.id}"' in text


async def test_laws_are_found_by_country_material_and_day(client: httpx.AsyncClient) -> None:
    only = said(await page(client, "/laws?place=VN"))
    assert "Viet Nam: producers' recycling duty" in only
    assert "Philippines: plastic packaging" not in only
    metals = said(await page(client, "/laws?material=metals.aluminium"))
    assert "Japan: steel and aluminium cans" in metals
    assert "Singapore: beverage container return scheme" in metals  # metals cover aluminium
    assert "Japan: plastic resource circulation" not in metals
    await page(client, "/laws?on=yesterday", 400)
    await page(client, "/laws/atlantis", 404)


async def test_a_law_shows_who_how_figures_dates_and_what_is_not_known(client: httpx.AsyncClient) -> None:
    text = said(await page(client, "/laws/vn-producers"))
    for part in ("Who does what", "How it counts", "Papers to keep or show", "its values were not found", "Apr"):
        assert part in text, part
    japan = await page(client, "/laws/jp-containers")
    assert japan.count("<svg") >= 2  # the course of prices, for wide and for narrow screens
    assert "101,755" in said(japan)


@pytest.mark.parametrize(
    "edition", [each for each in EDITIONS if each.status == "draft"], ids=lambda each: str(each.id)
)
async def test_a_draft_says_on_its_page_that_it_decides_nothing(client: httpx.AsyncClient, edition: object) -> None:
    text = said(await page(client, f"/laws/{getattr(edition, 'pack', '')}"))
    assert "It decides nothing" in text
    assert "Draft" in said(await page(client, "/laws"))


@settings(max_examples=40, deadline=None)
@given(left=st.sampled_from(EDITIONS), right=st.sampled_from(EDITIONS), on=DAYS)
def test_a_law_differs_from_another_as_that_from_it_and_never_from_itself(left, right, on) -> None:  # type: ignore[no-untyped-def]
    forward, backward = differences(left, right, on), differences(right, left, on)
    assert [(line.section, line.subject, line.same) for line in forward] == [
        (line.section, line.subject, line.same) for line in backward
    ]
    assert [(line.left, line.right) for line in forward] == [(line.right, line.left) for line in backward]
    assert all(line.same for line in differences(left, left, on))


async def test_two_laws_stand_side_by_side_by_page_interface_and_command_line(client: httpx.AsyncClient) -> None:
    left, right = "vn-decree-08-2022@2024", "vn-decree-05-2025@2025"
    shown = said(await page(client, f"/laws/compare?left={left}&right={right}&on=2025-06-01"))
    assert "20,000,000,000 VND" in shown  # the importers' threshold before
    answer = await client.get("/api/v1/laws-compare", params={"left": left, "right": right, "on": "2025-06-01"})
    assert answer.status_code == 200, answer.text
    lines = {line["subject"]: line for line in answer.json()["lines"]}
    assert lines["sales_threshold/importer"]["same"] is False
    assert lines["recycling_rate/a_3_1"]["same"] is True
    run = CliRunner().invoke(main, ["laws", "compare", left, right, "--on", "2025-06-01", "--json"])
    assert run.exit_code == 1, run.output
    told = {line["subject"]: line for line in json.loads(run.output)["lines"]}
    assert told["sales_threshold/importer"] == lines["sales_threshold/importer"]
    assert "recycling_rate/a_3_1" not in told
    same = CliRunner().invoke(main, ["laws", "compare", left, left])
    assert (same.exit_code, same.output.strip()) == (0, "They say the same.")


async def test_an_unknown_edition_is_refused_by_side_with_a_suggestion(client: httpx.AsyncClient) -> None:
    params = {"left": "jp-containers@1998", "right": "vn-decree-05-2025@2025"}
    answer = await client.get("/api/v1/laws-compare", params=params)
    assert answer.status_code == 400, answer.text
    assert "left" in answer.text
    assert "jp-containers@1997" in answer.text
    assert "no such edition" in said(await page(client, "/laws/compare?left=jp-containers@1998&right=x", 400))
    run = CliRunner().invoke(main, ["laws", "compare", "jp-containers@1998", "x"])
    assert run.exit_code == 2
    assert "jp-containers@1997" in run.output


DRAFT = Path(__file__).parents[1] / "standards/catalogue/jurisdictions/vn/producers/decree-05-2025-2025.yaml"


def draft(**changes: str) -> str:
    """Viet Nam's newest edition with some of its text changed."""
    text = DRAFT.read_text("utf-8")
    for old, new in (each.split(" => ") for each in changes.values()):
        assert old in text, old
        text = text.replace(old, new)
    return text


HIGHER = {
    "a": "importer: 30000000000 => importer: 40000000000",
    "b": 'expect: {obliged: "true"} => expect: {obliged: "false"}',
}


async def test_a_draft_says_what_it_would_change_and_that_it_is_one(client: httpx.AsyncClient) -> None:
    told = await client.post("/api/v1/laws-draft", json={"draft": draft(**HIGHER)})
    assert told.status_code == 200, told.text
    body = told.json()
    assert (body["draft"]["status"], body["compliance_grade"]) == ("draft", False)
    changed = [(row["step"], row["now"]["value"], row["then"]["value"]) for row in body["rows"] if row["changed"]]
    assert changed == [("obliged", "true", "false")]
    assert [(line["subject"], line["right"]["value"]) for line in body["differences"]] == [
        ("sales_threshold/importer", "40000000000")
    ]
    table = "year,kind,sales\n2025,importer,35000000000\n2025,producer,35000000000\n"
    asked = {"draft": draft(**HIGHER), "calculation": "obliged", "table": table}
    rows = (await client.post("/api/v1/laws-draft", json=asked)).json()["rows"]
    assert [(row["case"], row["now"]["value"], row["then"]["value"]) for row in rows] == [
        ("row 2", "true", "false"), ("row 3", "true", "true"),
    ]  # fmt: skip


async def test_a_draft_is_tried_by_page_and_command_line_too(client: httpx.AsyncClient, tmp_path: Path) -> None:
    answer = await client.post("/laws/draft", data={"draft": draft(**HIGHER)}, headers={"accept": "text/html"})
    shown = said(answer.text)
    assert answer.status_code == 200, shown[:400]
    assert "It decides nothing" in shown
    assert "1 of " in shown
    assert "40,000,000,000 VND" in shown
    file = tmp_path / "draft.yaml"
    file.write_text(draft(**HIGHER), encoding="utf-8")
    run = CliRunner().invoke(main, ["laws", "try", str(file)])
    assert run.exit_code == 1, run.output
    assert "true -> false" in run.output
    assert "DRAFT" in run.output


@pytest.mark.parametrize(
    ("change", "key", "sentence"),
    [
        ("kind: rule-pack => kind: standard", "", ""),
        ("unit: VND/kg => unit: VND/stone", "", "VND/stone"),
        ("formula: {total: must_recycle} => formula: {total: nothing}", "calculations/1", "nothing"),
        ("formula: {total: payment} => formula: {round: payment, mode: half_up, decimals: 999999999}", "", "decimals"),
        ("quotient: [{product: [placed, rate]}, 100] => quotient: [{product: [placed, rate]}, 1E+999999]", "", "hold"),
        ("total_recycle: 28 => total_recycle: 29", "calculations/1/cases/0", "comes to 28, not to 29"),
        ("source: sggp => source: nobody", "source", "nobody"),
        ("certainty: verified => certainty: sure", "certainty", "sure"),
    ],
)
async def test_what_is_wrong_with_a_draft_is_told_by_line_key_and_fix(
    client: httpx.AsyncClient, tmp_path: Path, change: str, key: str, sentence: str
) -> None:
    answer = await client.post("/api/v1/laws-draft", json={"draft": draft(only=change)})
    assert answer.status_code == 400, answer.text
    errors = answer.json()["errors"]
    assert any(key in each["key"] and sentence in each["message"] for each in errors), errors
    assert all(each["line"] >= 1 and each["fix"] for each in errors)
    file = tmp_path / "draft.yaml"
    file.write_text(draft(only=change), encoding="utf-8")
    for command in (["laws", "try", str(file)], ["standards", "lint", str(file)]):
        run = CliRunner().invoke(main, command)
        assert run.exit_code in {1, 2}, (command, run.output)
        assert sentence in run.output


async def test_a_draft_of_no_known_law_needs_to_be_told_what_it_stands_beside(client: httpx.AsyncClient) -> None:
    unknown = draft(only="pack: vn-producers => pack: vn-producer")
    refused = await client.post("/api/v1/laws-draft", json={"draft": unknown})
    assert refused.status_code == 400, refused.text
    assert "vn-producers" in refused.text
    fine = await client.post("/api/v1/laws-draft", json={"draft": unknown, "against": "vn-decree-08-2022@2024"})
    assert fine.status_code == 200, fine.text


def test_every_law_of_the_rule_book_passes_its_own_lint() -> None:
    run = CliRunner().invoke(main, ["standards", "lint", str(DRAFT.parents[2])])
    assert run.exit_code == 0, run.output[:800]
