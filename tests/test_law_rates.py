"""A draft law that has rates only: what each rate of given masses comes to, beside the law in force."""

from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from app.cli import main
from standards.catalogue import CATALOGUE
from tests.pagework import said

LAW = (CATALOGUE / "jurisdictions/jp/pet-bottles/recycling-2005.yaml").read_text("utf-8")
STRICTER = LAW.replace("decimals: 1,", "decimals: 2,").replace(
    "{from: 2016-04-01, value: 85,", "{from: 2016-04-01, value: 90,"
)
TABLE = "year,material,recycled,bottle_sales\n2018,pet_bottle,529.4 t,626.1 t\n2019,pet_bottle,510 t,593.38 t\n"


async def rows(
    client: httpx.AsyncClient, table: str = TABLE, **more: str
) -> list[tuple[str, str, str | None, str | None]]:
    told = await client.post("/api/v1/laws-draft", json={"draft": STRICTER, "table": table, **more})
    assert told.status_code == 200, told.text
    assert (told.json()["draft"]["status"], told.json()["compliance_grade"]) == ("draft", False)
    assert all(row["then"]["draft"] for row in told.json()["rows"])
    return [(row["case"], row["step"], row["now"]["value"], row["then"]["value"]) for row in told.json()["rows"]]


async def test_rates_targets_and_whether_they_are_met_stand_side_by_side(client: httpx.AsyncClient) -> None:
    found = await rows(client)
    first = {step: (now, then) for case, step, now, then in found if case == "row 2, pet_bottle"}
    assert first == {
        "numerator": ("529400000", "529400000"), "denominator": ("626100000", "626100000"),
        "rate": ("84.6", "84.56"), "target": ("85", "90"), "met": ("no", "no"),
    }  # fmt: skip
    second = {step: (now, then) for case, step, now, then in found if case == "row 3, pet_bottle"}
    assert Decimal(second["rate"][0] or 0) == Decimal("85.9")
    assert second["met"] == ("yes", "no")
    assert await rows(client, calculation="recycling") == found


async def test_what_is_not_given_is_no_zero(client: httpx.AsyncClient) -> None:
    found = await rows(client, "year,material,recycled,bottle_sales\n2018,pet_bottle,1 t,\n")
    assert {step: now for _, step, now, _ in found} == {
        "numerator": "1000000", "denominator": None, "rate": None, "target": "85", "met": None
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("year,material,recycled\n2018,pet_bottle,529\n", "this is no mass"),
        ("year,material,recycled\n2018,pet_bottle,5 ton\n", "this is no mass"),
        ("year,material,recycled\n2018,pet_botle,5 t\n", "neither law has this material"),
        ("year,material,recyled\n2018,pet_bottle,5 t\n", "Neither law has this quantity"),
        ("year,material,recycled\n18,pet_bottle,5 t\n", ""),
    ],
)
async def test_a_table_that_cannot_be_read_is_told_why(client: httpx.AsyncClient, table: str, sentence: str) -> None:
    refused = await client.post("/api/v1/laws-draft", json={"draft": STRICTER, "table": table})
    assert refused.status_code == 400, refused.text
    assert sentence in refused.text


async def test_the_same_by_page_and_command_line(client: httpx.AsyncClient, tmp_path: Path) -> None:
    answer = await client.post("/laws/draft", data={"draft": STRICTER, "table": TABLE}, headers={"accept": "text/html"})
    shown = said(answer.text)
    assert answer.status_code == 200, shown[:400]
    assert "Rate (%) 84.6 84.56" in shown
    assert "Target met Yes No" in shown
    (tmp_path / "draft.yaml").write_text(STRICTER, encoding="utf-8")
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    run = CliRunner().invoke(
        main, ["laws", "try", str(tmp_path / "draft.yaml"), "--table", str(tmp_path / "table.csv")]
    )
    assert run.exit_code == 1, run.output
    assert "rate: 84.6 -> 84.56" in run.output
