"""What do I owe: asked of the API, a page and the command line; one answer at every door, and clear refusals."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from litestar import Litestar

from app.cli import main
from app.formats import LANGUAGES
from tests.conftest import BASE, World
from tests.pageworld import page_app

# One case each of three laws: pack, calculation, year, what is given, an answer as text, the same as a page says it.
FOOD = {"material": "paper_packaging", "use_category": "food", "duty": "use", "sold": "1001", "business_use": "0"}
LIQUOR = {**FOOD, "use_category": "liquor", "sold": "2002"}
CASES: list[tuple[str, str, int, dict[str, Any], str, str, str]] = [
    ("jp-containers", "fee", 2022, {"lines": [FOOD, LIQUOR]}, "total_fee", "1932", "1,932 JPY"),
    (
        "vn-producers", "recycle", 2025,
        {"lines": [{"category": "a_3_1", "placed": "100", "fs": "5000"},
                   {"category": "a_4_1", "placed": "40", "fs": "1000"}]},
        "total_payment", "116000000", "116,000,000 VND",
    ),
    (
        "eu-packaging", "reuse_adjusted_target", 2030,
        {"material": "all", "share_1": "6", "share_2": "7", "share_3": "8"}, "adjusted", "65", "65 %",
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def pages(world: World) -> Litestar:
    return page_app(world)


@pytest.fixture
async def guest(pages: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url=BASE) as client:
        yield client


def said(page: str) -> str:
    """What a reader sees of the main part."""
    main_part = page[page.index("<main") : page.index("</main")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main_part))).replace("\u00a0", " ")


def typed(given: dict[str, Any]) -> dict[str, str]:
    """A case as the form sends it."""
    lines = given.get("lines", [])
    own = {name: value for name, value in given.items() if name != "lines"}
    rows = {f"lines.{at}.{name}": value for at, line in enumerate(lines) for name, value in line.items()}
    return {**own, **rows, "count": str(len(lines) or 1), "step": "work"}


@pytest.mark.parametrize(("pack", "rule", "year", "given", "step", "text", "large"), CASES)
async def test_one_case_has_one_answer_at_every_door(
    guest: httpx.AsyncClient, tmp_path: Path, pack: str, rule: str, year: int, given: dict[str, Any], step: str,
    text: str, large: str,
) -> None:  # fmt: skip
    posted = await guest.post(f"/api/v1/laws/{pack}/calculations/{rule}", json={"year": year, "given": given})
    assert posted.status_code == 200, posted.text
    told = posted.json()
    assert [each["value"] for each in told["steps"] if each["id"] == step] == [text]
    assert told["complete"]
    lines = tmp_path / "lines.csv"
    extra = [f"{name}={value}" for name, value in given.items() if name != "lines"]
    if rows := given.get("lines"):
        lines.write_text("\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]), "utf-8")
        extra += ["--lines", str(lines)]
    run = CliRunner().invoke(main, ["owe", pack, rule, "--year", str(year), "--json", *extra])
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout) == told
    page = await guest.get(f"/owe/{pack}/{rule}", params={"year": str(year), **typed(given), "lang": "en"})
    assert page.status_code == 200
    assert large in said(page.text)
    table = [{"year": str(year), "case": "one", **{n: v for n, v in given.items() if n != "lines"}, **line}
             for line in given.get("lines", [{}])]  # fmt: skip
    body = "\n".join([",".join(table[0]), *(",".join(row.values()) for row in table)])
    answer = await guest.post(f"/api/v1/laws/{pack}/calculations/{rule}/table", content=body.encode())
    assert answer.status_code == 200, answer.text
    assert {row[step] for row in csv.DictReader(io.StringIO(answer.text))} == {text}
    (tmp_path / "in.csv").write_text(body, "utf-8")
    out = tmp_path / "out.csv"
    run = CliRunner().invoke(main, ["owe", pack, rule, "--table", str(tmp_path / "in.csv"), "--out", str(out)])
    assert run.exit_code == 0, run.output
    assert out.read_text("utf-8") == answer.text


async def test_what_is_unknown_is_named_with_where_to_look_and_may_be_given(guest: httpx.AsyncClient) -> None:
    address = "/api/v1/laws/vn-producers/calculations/recycle"
    line = {"category": "a_3_1", "placed": "100"}
    told = (await guest.post(address, json={"year": 2025, "given": {"lines": [line]}})).json()
    (missing,) = told["missing"]
    assert (told["complete"], missing["reason"]) == (False, "no_parameter:fs")
    assert missing["look"]["href"].startswith("https://")
    steps = {each["id"]: each for each in told["steps"]}
    assert (steps["payment"]["value"], steps["must_recycle"]["value"]) == (None, "22")
    assert steps["must_recycle"]["formula"] == "[Put on the market (V)] × [Mandatory rate (R)] ÷ 100"
    page = await guest.get("/owe/vn-producers/recycle", params={"year": "2025", **typed({"lines": [line]})})
    assert '<a class="no-print" href="#f-lines-0-fs">' in page.text
    assert "not known" in said(page.text)
    page = await guest.get(
        "/owe/vn-producers/recycle", params={"year": "2025", **typed({"lines": [{**line, "fs": "5000"}]})}
    )
    assert "Values that you gave yourself" in said(page.text)


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        (b"{", 400, [""]),
        (b"[]", 400, [""]),
        (b'{"year": 2025}', 400, ["given"]),
        (b'{"year": "x", "given": {}}', 400, ["year"]),
        (b'{"year": 2020, "given": {}}', 400, ["year"]),
        (b'{"year": 2025, "given": {}, "more": 1}', 400, ["more"]),
        (b'{"year": 2025, "given": {"lines": [{"category": "a_3_1", "placed": -1}, {"placed": "1 JPY"}]}}', 400,
         ["given/lines/0/placed", "given/lines/1/category", "given/lines/1/placed"]),
    ],
)  # fmt: skip
async def test_bad_input_is_refused_at_its_field(
    guest: httpx.AsyncClient, body: bytes, status: int, pointers: list[str]
) -> None:
    answer = await guest.post("/api/v1/laws/vn-producers/calculations/recycle", content=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert sorted(each["pointer"] for each in answer.json()["errors"]) == pointers
    assert all(each["fix"] for each in answer.json()["errors"])


async def test_laws_are_listed_by_place_role_and_day_and_told_whole(guest: httpx.AsyncClient) -> None:
    found = (await guest.get("/api/v1/laws", params={"jurisdiction": "EU", "on": "2026-05-01"})).json()["laws"]
    packs = {each["pack"]: each for each in found}
    assert [each["last_year"] for each in packs["eu-packaging"]["editions"]] == [2028]
    roles = (await guest.get("/api/v1/laws", params={"role": "designated_body"})).json()["laws"]
    assert "jp-containers" in {each["pack"] for each in roles}
    assert (await guest.get("/api/v1/laws", params={"role": "nobody_at_all"})).status_code == 400
    assert (await guest.get("/api/v1/laws", params={"jurisdiction": "x"})).status_code == 400
    for each in (await guest.get("/api/v1/laws")).json()["laws"]:
        law = await guest.get(f"/api/v1/laws/{each['pack']}")
        assert law.status_code == 200
        for edition in law.json()["law"]["editions"]:
            one = (await guest.get(f"/api/v1/laws/{each['pack']}/{edition['id']}")).json()["edition"]
            assert one == edition
            assert all(step["written"] for rule in one.get("calculations", []) for step in rule["steps"])
    assert (await guest.get("/api/v1/laws/jp-container")).status_code == 404
    assert (await guest.get("/api/v1/laws/jp-containers/none")).status_code == 404


@pytest.mark.parametrize(
    ("table", "pointer"),
    [
        ("year,case,category,placed\n2025,a,a_3_1,1\n2024,a,a_3_1,2\n", "rows/2/case"),
        ("year,case,category,placed\n2025,a,a_3_1,1\n2025,,a_3_1,2\n", "rows/3/case"),
        ("year,category,placed\n2025,a_3_1,1\n25,a_3_1,2\n", "rows/3/year"),
        ("year,category,place\n2025,a_3_1,1\n", "placed"),
        ("year,year,placed\n", "year"),
        ("category,placed\na_3_1,1\n", "year"),
        ("year,category,placed\n", "table"),
        ("", "table"),
    ],
)
async def test_a_table_that_says_two_things_is_refused(guest: httpx.AsyncClient, table: str, pointer: str) -> None:
    answer = await guest.post("/api/v1/laws/vn-producers/calculations/recycle/table", content=table.encode())
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_table_keeps_its_rows_in_order_over_two_editions(guest: httpx.AsyncClient) -> None:
    table = "no,year,category,placed\n1,2025,a_3_1,1\n2,2024,a_3_1,2\n3,2025,a_3_1,x\n"
    answer = await guest.post("/api/v1/laws/vn-producers/calculations/recycle/table", content=table.encode())
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["no"], row["must_recycle"]) for row in rows] == [("1", "0.22"), ("2", "0.44"), ("3", "")]
    assert rows[2]["must_recycle|why"] == "cannot_be_read:placed"


def test_the_command_says_field_value_and_fix_on_standard_error() -> None:
    run = CliRunner().invoke(main, ["owe", "vn-producers", "recycle", "--year", "2025", "category=a", "placed=x"])
    assert run.exit_code == 2
    assert run.stdout == ""
    assert "placed: 'x': 'x' is not a number; give digits" in run.stderr
    for wrong in (["vn-producer"], ["vn-producers", "recycle"], ["vn-producers", "recycle", "--year", "2025", "="]):
        assert CliRunner().invoke(main, ["owe", *wrong]).exit_code == 2


async def test_lines_are_added_and_taken_out_by_buttons(guest: httpx.AsyncClient) -> None:
    lines = {"lines.0.placed": "7", "lines.1.placed": "8", "lines.2.placed": "9"}
    page = await guest.get("/owe/vn-producers/recycle", params={**lines, "count": "3", "step": "drop-1"})
    assert re.findall(r'name="lines\.\d\.placed" value="(\d*)"', page.text) == ["7", "9"]
    page = await guest.get("/owe/vn-producers/recycle", params={**lines, "count": "3", "step": "add"})
    assert re.findall(r'name="lines\.\d\.placed" value="(\d*)"', page.text) == ["7", "8", "9", ""]


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_every_calculation_has_a_page_and_every_language_its_words(guest: httpx.AsyncClient, lang: str) -> None:
    home = await guest.get("/owe", params={"lang": lang})
    links = re.findall(r'href="(/owe/[^"]+)"', home.text)
    assert len(links) > 10
    for link in links if lang in {"en", "ja"} else links[::5]:
        page = await guest.get(link, params={"lang": lang, "step": "work"})
        assert page.status_code in {200, 400}, link
        assert "<form" in page.text


async def test_what_cannot_be_read_is_said_at_its_field_and_kept(guest: httpx.AsyncClient) -> None:
    given = {"lines": [{**FOOD, "sold": "ten", "exported": "5"}]}
    page = await guest.get("/owe/jp-containers/fee", params={"year": "2022", **typed(given), "lang": "en"})
    assert page.status_code == 400
    assert 'id="f-lines-0-sold-error"' in page.text
    assert 'name="lines.0.sold" value="ten"' in page.text
    page = await guest.get("/owe/eu-packaging/reuse_adjusted_target", params={"year": "2025"})
    assert page.status_code == 400
    assert 'id="f-year-error"' in page.text
    assert (await guest.get("/owe/jp-containers/none")).status_code == 404
    assert (await guest.get("/owe/none/fee")).status_code == 404
