"""Eurostat's tables: what it publishes as tonnages gives its published rates; a bad row is named and loses nothing."""

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from reports.eurostat import EurostatReport, report_on
from reports.rows import WrongTable
from standards.catalogue import load
from tests.shared import REFERENCE_DATA, needs_shared

CATALOGUE = load()
TONNES = REFERENCE_DATA / "eurostat-packaging" / "env_waspac_tonnes.csv"
RATES = REFERENCE_DATA / "eurostat-packaging" / "env_waspacr_rates.csv"
HEADER = "waste,wst_oper,geo,year,tonnes,flag"
GOOD = ("W150107,GEN,AT,2015,300,", "W150107,RCY,AT,2015,200.5,")


def written(path: Path, *lines: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *lines]) + "\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def report() -> EurostatReport:
    return report_on(TONNES, RATES, CATALOGUE)


@needs_shared
def test_the_published_rates_are_reproduced_and_every_miss_has_its_reason(report: EurostatReport) -> None:
    assert report.published is not None
    assert (report.imported.rows, report.imported.errors, report.imported.skipped) == (16_656, (), {})
    assert report.published.rows == 3_048
    assert report.matches == 3_001
    assert Counter(miss.reason for miss in report.misses) == {
        "plastic_back_to_plastic_not_shown": 40,
        "published_contradicts_tonnages": 6,
        "published_differs_in_the_last_digit": 1,
    }
    assert {miss.geo for miss in report.misses if miss.reason == "published_contradicts_tonnages"} == {"IS"}


@needs_shared
def test_another_engine_finds_the_same_masses_and_tenths_in_the_published_tonnages(report: EurostatReport) -> None:
    theirs = duckdb.sql(
        f"""
        WITH wide AS (
            SELECT waste, geo, year, any_value(tonnes) FILTER (wst_oper = 'GEN') AS g,
                any_value(tonnes) FILTER (wst_oper = 'RCY') AS r, any_value(tonnes) FILTER (wst_oper = 'RCV') AS v,
                coalesce(any_value(tonnes) FILTER (wst_oper = 'RPR'), 0) AS p
            FROM '{TONNES}' WHERE waste NOT LIKE '%IBA' GROUP BY waste, geo, year)
        SELECT g * 1000000, r * 1000000, v * 1000000, (r + p) * 1000000, (g + p) * 1000000,
            CASE WHEN g + p > 0 THEN (2000 * (r + p) + g + p) // (2 * (g + p)) END
        FROM wide
        """
    ).fetchall()
    names = ("placed_grams", "recycled_grams", "recovered_grams", "numerator_grams", "denominator_grams")
    ours = [
        (*(row[name] for name in names), None if row["rate"] is None else int(row["rate"].replace(".", "")))
        for row in report.rates.to_dicts()
    ]
    assert Counter(ours) == Counter(theirs)


@needs_shared
def test_repaired_wood_is_reproduced_only_with_both_terms(report: EurostatReport) -> None:
    missed = {(miss.geo, miss.year, miss.material) for miss in report.misses}
    with TONNES.open() as file:
        repaired = {
            (row["geo"], int(row["year"]), row["waste"]) for row in csv.DictReader(file) if row["wst_oper"] == "RPR"
        }
    names = {"W1501": "all", "W150103": "wood"}
    assert len(repaired) == 28
    assert not {(geo, year, names[waste]) for geo, year, waste in repaired} & missed


@needs_shared
def test_published_rates_are_compared_and_never_read_into_a_figure(report: EurostatReport, tmp_path: Path) -> None:
    with RATES.open() as file:
        rows = list(csv.DictReader(file))
    false = tmp_path / "rates.csv"
    with false.open("w", newline="") as file:
        writer = csv.DictWriter(file, [name for name in rows[0] if name != "reproduced_by"])
        writer.writeheader()
        for row in rows:
            wrong = Decimal(row["published_rate_pct"]) + 1
            writer.writerow(
                {"waste": row["waste"], "geo": row["geo"], "year": row["year"], "published_rate_pct": wrong}
            )
    other = report_on(TONNES, false, CATALOGUE)
    assert other.rates.equals(report.rates)
    assert other.matches < 10
    assert report_on(TONNES, None, CATALOGUE).rates.equals(report.rates)


@needs_shared
def test_sdmx_csv_gives_the_same_figures(report: EurostatReport, tmp_path: Path) -> None:
    with TONNES.open() as file:
        lines = [
            f"ESTAT:ENV_WASPAC(1.0),25/03/22 11:00:00,A,{row['wst_oper']},T,{row['waste']},{row['geo']},{row['year']},"
            f"{row['tonnes']},{row['flag']}"
            for row in csv.DictReader(file)
        ]
    header = "DATAFLOW,LAST UPDATE,freq,wst_oper,unit,waste,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG"
    per_head = [line.replace(",T,", ",KG_HAB,") for line in lines[:10]]
    sdmx = written(tmp_path / "env_waspac.csv", *lines, *per_head, header=header)
    with RATES.open() as file:
        rate_lines = [
            f"ESTAT:ENV_WASPACR(1.0),25/03/22 11:00:00,A,{row['waste']},RT,{row['geo']},{row['year']},"
            f"{row['published_rate_pct'].removesuffix('.0')},{row['flag']}"
            for row in csv.DictReader(file)
        ]
    header = "DATAFLOW,LAST UPDATE,freq,waste,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG"
    found = report_on(sdmx, written(tmp_path / "env_waspacr.csv", *rate_lines, header=header), CATALOGUE)
    assert found.rates.equals(report.rates)
    assert (found.matches, len(found.misses)) == (3_001, 47)
    assert found.imported.skipped == {"unit_is_not_a_mass": 10}


@pytest.mark.parametrize(
    ("bad", "column", "value", "reason"),
    [
        ("W99,GEN,AT,2015,300,", "waste", "W99", "unknown_waste_code"),
        ("W150107,BURN,AT,2015,300,", "wst_oper", "BURN", "unknown_operation"),
        ("W150107,RCV,,2015,300,", "geo", "", "no_country"),
        ("W150107,RCV,AT,2558BE,300,", "year", "2558BE", "not_a_year"),
        ("W150107,RCV,AT,2015,-1,", "tonnes", "-1", "not_a_mass"),
        ("W150107,RCV,AT,2015,1.2E3,", "tonnes", "1.2E3", "not_a_mass"),
        ("W150107,RCV,AT,2015,0.1234567,", "tonnes", "0.1234567", "not_a_mass"),
        ("W150107,GEN,AT,2015,301,", "waste", "W150107", "stands_twice"),
    ],
)
def test_a_bad_row_is_named_with_line_column_value_and_fix(
    tmp_path: Path, bad: str, column: str, value: str, reason: str
) -> None:
    found = report_on(written(tmp_path / "t.csv", *GOOD, bad), None, CATALOGUE)
    (error,) = found.imported.errors
    assert (error.line, error.column, error.value, error.reason) == (4, column, value, reason)
    assert error.fix
    (row,) = [row for row in found.rates.to_dicts() if row["material"] == "glass"]
    assert (row["placed_grams"], row["recycled_grams"], row["rate"]) == (300_000_000, 200_500_000, "66.8")


def test_a_value_that_was_not_published_is_skipped_and_counted(tmp_path: Path) -> None:
    found = report_on(written(tmp_path / "t.csv", *GOOD, "W150107,RCV,AT,2015,:,"), None, CATALOGUE)
    assert (found.imported.rows, found.imported.skipped, found.imported.errors) == (3, {"no_value": 1}, ())
    assert found.imported.frame.height == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("waste,geo,year,tonnes\n", "no column wst_oper"),
        ("", "cannot be read"),
        ('a,b\n"1', "cannot be read|no column"),
    ],
    ids=["a column is missing", "empty", "broken quotes"],
)
def test_a_file_of_another_kind_is_refused_by_name(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "other.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(WrongTable, match=sentence) as refused:
        report_on(file, None, CATALOGUE)
    assert "other.csv" in str(refused.value)


def test_a_published_rate_without_tonnage_is_a_miss_and_not_a_match(tmp_path: Path) -> None:
    rates = written(
        tmp_path / "r.csv",
        "W150107,AT,2015,66.8,,x",
        "W150107,DE,2015,90.1,,x",
        "W150101,AT,2015,,,x",
        "W150107,AT,2016,much,,x",
        header="waste,geo,year,published_rate_pct,flag,reproduced_by",
    )
    found = report_on(written(tmp_path / "t.csv", *GOOD), rates, CATALOGUE)
    assert found.published is not None
    assert (found.matches, [(miss.geo, miss.reason) for miss in found.misses]) == (1, [("DE", "no_tonnage")])
    assert found.published.skipped == {"no_value": 1}
    assert [(error.line, error.reason) for error in found.published.errors] == [(5, "not_a_rate")]


def test_a_report_names_the_law_and_the_bytes_that_made_it(tmp_path: Path) -> None:
    found = report_on(written(tmp_path / "t.csv", *GOOD), None, CATALOGUE)
    assert found.pack == "eu-packaging"
    assert found.editions["eu-94-62@2003"] == CATALOGUE.document("rule-pack", "eu-94-62@2003").digest
    assert found.catalogue_digest == CATALOGUE.digest
    assert set(found.digests) == {"t.csv"}
