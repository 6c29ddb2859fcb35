"""The laws' pages: every edition in every language, two laws side by side, a draft says so."""

import json
from datetime import date
from html import unescape

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
async def test_every_edition_has_its_page_in_every_language(client: httpx.AsyncClient, lang: str) -> None:
    listed = await page(client, "/laws", lang=lang)
    for edition in EDITIONS:
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
