"""What do I owe, from a file: every bad cell by row and column, the answer as a page and as a file again."""

import csv
import io
from typing import Any

import fastexcel
import httpx
import pytest

from app.sheets import xlsx_of
from app.words import LANGUAGES
from tests.pagework import said

FEE = "/owe/jp-containers/fee"
HEADER = "material,use_category,duty,sold,exported,own_collected,business_use"


async def uploaded(client: httpx.AsyncClient, raw: bytes, path: str = FEE, **fields: str) -> httpx.Response:
    files = {"file": ("lines.csv", raw, "text/csv")}
    data: dict[str, Any] = {"year": "2022", "step": "work", **fields}
    return await client.post(path, data=data, files=files, headers={"accept": "text/html"})


def lines(*rows: str) -> bytes:
    return "\n".join((HEADER, *rows)).encode()


GOOD = ("paper_packaging,food,use,120000,20000,0,0", "paper_packaging,liquor,use,5000,,,0")


async def test_the_answer_is_that_of_the_form(client: httpx.AsyncClient) -> None:
    page = await uploaded(client, lines(*GOOD))
    assert page.status_code == 200, said(page.text)[:800]
    names = HEADER.split(",")
    typed = {
        f"lines.{at}.{name}": cell
        for at, row in enumerate(GOOD) for name, cell in zip(names, row.split(","), strict=True) if cell
    }  # fmt: skip
    form = await client.get(FEE, params={"year": "2022", "count": "2", "step": "work", **typed})
    told = [said(one.text).split("Step by step")[0].partition("Answer")[2] for one in (page, form)]
    assert told[0] == told[1] != ""


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_the_same_comes_back_as_a_file_with_its_figures(client: httpx.AsyncClient, kind: str) -> None:
    answer = await uploaded(client, xlsx_of("lines", HEADER.split(","), [row.split(",") for row in GOOD]), step=kind)
    assert answer.status_code == 200
    assert f'filename="jp-containers-fee-2022.{kind}"' in answer.headers["content-disposition"]
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    else:
        sheet = fastexcel.read_excel(answer.content).load_sheet(0, header_row=None, dtypes="string").to_polars()
        rows = [["" if cell is None else cell for cell in row] for row in sheet.iter_rows()]
    assert rows[0][:8] == ["row", *HEADER.split(",")]
    assert [row[0] for row in rows[1:]] == ["2", "3", ""]
    assert rows[1][1:5] == ["paper_packaging", "food", "use", "120000"]
    assert rows[-1][-1] not in ("", "?")  # the whole case has its figure


async def test_every_bad_cell_is_named_by_row_and_column(client: httpx.AsyncClient) -> None:
    raw = lines(GOOD[0], "", "plastik,food,use,12x,0,0,0", "pet_bottle,food,use,-5,0,0,0")
    answer = await uploaded(client, raw)
    assert answer.status_code == 400
    text = said(answer.text)
    assert "These cells cannot be used" in text
    for row, column, value in (("4", "material", "plastik"), ("4", "sold", "12x"), ("5", "sold", "-5")):
        assert f"{row} {column} {value}" in text, text[:1500]


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "No file was chosen"),
        (b"material,weight\nplastic,1", "The template has no such column"),
        (HEADER.encode(), "A file holds 1 to 1000 lines"),
        ("\n".join((HEADER, *[GOOD[0]] * 1001)).encode(), "A file holds 1 to 1000 lines"),
        (b"\xff\x00\xfe", "The file cannot be read"),
    ],
)
async def test_a_file_that_cannot_be_taken_is_told_why(client: httpx.AsyncClient, raw: bytes, sentence: str) -> None:
    answer = await uploaded(client, raw)
    assert answer.status_code == 400
    assert sentence in said(answer.text), said(answer.text)[:600]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_the_template_has_a_column_for_all_that_a_line_may_say(client: httpx.AsyncClient, kind: str) -> None:
    answer = await client.get(f"{FEE}/template/{kind}")
    assert answer.status_code == 200
    if kind == "csv":
        assert answer.content.decode("utf-8-sig").startswith(HEADER)
    assert (await client.get(f"{FEE}/template/pdf")).status_code == 404
    assert (await client.get("/owe/eu-batteries/efficiency_of_nothing/template/csv")).status_code == 404


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_a_thousand_lines_are_worked_out_in_every_language(client: httpx.AsyncClient, lang: str) -> None:
    many = lines(*(GOOD[at % 2] for at in range(1000 if lang == "en" else 40)))
    answer = await client.post(
        FEE,
        params={"lang": lang},
        data={"year": "2022"},
        files={"file": ("a.csv", many)},
        headers={"accept": "text/html"},
    )
    assert answer.status_code == 200
    assert answer.text.count("<tr") > (1000 if lang == "en" else 40)
