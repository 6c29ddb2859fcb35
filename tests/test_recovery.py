"""Rates on tables and on the ledger: exact, nothing dropped, by the law of the year; another engine agrees."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.counting import categories
from reports.frames import DECLARATIONS, MOVEMENTS, RATES, TONNAGES, WrongFrame, checked, empty
from reports.recovery import from_movements, merged, partial, recovery_rates
from standards.catalogue import load
from standards.materials import taxonomy
from standards.responsibility.evaluation import NoFigure, evaluate, meets
from standards.responsibility.formulas import MeanOfPreceding, Quantity, RatioPercent, Rounded
from standards.responsibility.packs import RulePack
from standards.responsibility.shelf import packs

CATALOGUE = load()
PACKS = packs(CATALOGUE)
EU = PACKS["eu-packaging"]
TAXONOMY = taxonomy(CATALOGUE)


def tonnages(*rows: Sequence[object]) -> pl.LazyFrame:
    return pl.LazyFrame([list(row) for row in rows], schema=dict(TONNAGES), orient="row")


def rates(*rows: Sequence[object], pack: Any = EU) -> dict[tuple[str, int, str], dict[str, Any]]:
    found = recovery_rates(tonnages(*rows), pack).rates.collect()
    return {(row["geo"], row["year"], row["material"]): row for row in found.to_dicts()}


def movement(stage: str, grams: int, **more: Any) -> dict[str, Any]:
    return {
        "event_index": 1, "day": date(2025, 6, 1), "facility_country": "JP", "collected_country": "JP",
        "organisation": "org", "material": "plastics.pet", "stage": stage, "grams": grams, "counted": True,
        "reason": None,
    } | more  # fmt: skip


def declaration(grams: int, **more: Any) -> dict[str, Any]:
    return {
        "leaf_index": 1, "organisation": "org", "country": "JP", "material": "plastics.pet",
        "first_day": date(2025, 1, 1), "last_day": date(2025, 12, 31), "grams": grams,
    } | more  # fmt: skip


def ledger(movements: list[dict[str, Any]], declarations: list[dict[str, Any]], pack: str = "eu-packaging") -> Any:
    found = from_movements(
        pl.LazyFrame(movements, schema=dict(MOVEMENTS)),
        pl.LazyFrame(declarations, schema=dict(DECLARATIONS)),
        PACKS[pack],
        TAXONOMY,
    )
    by_key = {(row["geo"], row["year"], row["material"]): row for row in found.rates.collect().to_dicts()}
    return by_key, found.left_out.collect()


def test_repaired_wood_stands_in_both_terms() -> None:
    t = 1_000_000
    row = rates(
        ("SE", 2018, "wood", "generated", 221_884 * t),
        ("SE", 2018, "wood", "recycled", 7_532 * t),
        ("SE", 2018, "wood", "repaired", 105_741 * t),
    )["SE", 2018, "wood"]
    assert row["rate"] == "34.6"
    assert (row["numerator_grams"], row["denominator_grams"]) == (113_273 * t, 327_625 * t)
    assert row["recycled_grams"] == 7_532 * t, "what was recycled stays its own column"


def test_recovered_recycled_and_placed_are_never_one_column() -> None:
    masses = {"generated": 100, "recycled": 60, "recovered": 75}
    row = rates(*[("AT", 2015, "glass", name, grams) for name, grams in masses.items()])["AT", 2015, "glass"]
    assert (row["placed_grams"], row["recycled_grams"], row["recovered_grams"], row["rate"]) == (100, 60, 75, "60.0")


def test_no_row_is_dropped_where_there_is_no_figure() -> None:
    found = rates(
        ("AT", 2015, "glass", "generated", 0),
        ("AT", 2015, "glass", "recycled", 0),
        ("AT", 2015, "plastic", "generated", 5),
        ("AT", 2015, "metal", "recycled", 5),
    )
    assert {key[2]: (row["rate"], row["rate_reason"], row["target_met"]) for key, row in found.items()} == {
        "glass": (None, "denominator_zero", None),
        "plastic": (None, "no_figure:recycled", None),
        "metal": (None, "no_figure:generated", None),
    }


def test_the_edition_is_chosen_by_the_reporting_year_and_the_target_by_its_last_day() -> None:
    given = [
        (geo, year, "plastic", name, grams)
        for geo in ("AT", "PL", "JP")
        for year in (2000, 2005, 2013, 2024, 2025, 2030)
        for name, grams in (("generated", 1000), ("recycled", 400))
    ]
    found = rates(*given)
    told = {
        key[:2]: (row["edition"], row["target"], row["target_met"], row["target_reason"]) for key, row in found.items()
    }
    assert told["AT", 2000] == ("eu-94-62@1997", None, None, "no_target")
    assert told["AT", 2005] == ("eu-94-62@2003", "15", True, None)
    assert told["AT", 2013] == ("eu-94-62@2003", "22.5", True, None)
    assert told["PL", 2013] == ("eu-94-62@2003", "22.5", None, "target_deferred")
    assert told["AT", 2024] == ("eu-94-62@2020", "22.5", True, None)
    assert told["AT", 2025] == ("eu-94-62@2020", "50", False, None)
    assert told["AT", 2030] == ("eu-2025-40@2029", "55", None, "edition_unverified")
    assert found["AT", 2000, "plastic"]["caveat"] == "edition_unverified"
    assert found["AT", 2005, "plastic"]["caveat"] == "plastic_back_to_plastic_not_shown"
    assert {found["JP", year, "plastic"]["label"] for year in (2000, 2030)} == {"reference_not_law_here"}


def test_a_rate_that_only_rounds_up_to_the_target_misses_it() -> None:
    row = rates(("AT", 2025, "all", "generated", 100_000), ("AT", 2025, "all", "recycled", 64_960))["AT", 2025, "all"]
    assert (row["rate"], row["target"], row["target_met"]) == ("65.0", "65", False)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(sorted(EU.editions[1].materials)),
    st.sampled_from(["AT", "EL", "GR", "UK", "UKN", "XI", "BG", "HR", "IS", "JP", "EU28"]),
    st.integers(1997, 2032),
    st.integers(0, 10**13),
    st.integers(0, 10**13),
    st.one_of(st.none(), st.integers(0, 10**12)),
)
def test_a_table_and_a_single_case_say_the_same(
    material: str, geo: str, year: int, generated: int, recycled: int, repaired: int | None
) -> None:
    values = {"generated": generated, "recycled": recycled, "repaired": repaired}
    found = rates(*[(geo, year, material, name, grams) for name, grams in values.items() if grams is not None])
    edition = EU.edition(year)
    rated = {name for rate in edition.rates for name in rate.materials}
    if material not in rated:
        assert not found
        return
    row, rate = found[geo, year, material], edition.rate(material)
    try:
        assert row["rate"] == format(evaluate(rate.figure, values), "f")
    except NoFigure as none:
        assert (row["rate"], row["rate_reason"]) == (None, none.reason)
    assert row["label"] == EU.label_for(geo, year)
    if row["target_met"] is not None:
        target = edition.target(material, on=edition.calendar.last_day(year))
        assert row["target"] == str(target.value)
        assert edition.deferral(geo, target.since, edition.calendar.last_day(year)) is None
        assert row["target_met"] == meets(row["numerator_grams"], row["denominator_grams"], target.value)


def test_a_denominator_may_be_the_mean_of_earlier_years() -> None:
    figure = Rounded(RatioPercent(Quantity("recycled"), MeanOfPreceding("generated", 3)), "half_up", 1)
    edition = EU.edition(2010)
    plain = edition.rate("glass")
    mean = replace(plain, figure=figure, denominator=Rounded(MeanOfPreceding("generated", 3), "half_up", 0))
    lagging = RulePack("lagging", (replace(edition, rates=(mean,)),))
    sold = [("AT", year, "glass", "generated", tonnes * 10) for year, tonnes in ((2007, 100), (2008, 110), (2009, 120))]
    found = rates(*sold, ("AT", 2010, "glass", "recycled", 715), pack=lagging)
    assert found["AT", 2010, "glass"]["rate"] == "65.0"
    assert found["AT", 2009, "glass"]["rate_reason"] == "no_figure:recycled"
    assert ("AT", 2011, "glass") not in found, "a year of which nothing is known gets no row"


def test_partition_by_partition_gives_the_same_as_the_whole() -> None:
    rows = [("AT", 2015 + i % 3, "glass", ("generated", "recycled")[i % 2], i * 7) for i in range(60)]
    whole = recovery_rates(tonnages(*rows), EU).rates.collect()
    parts = merged([partial(tonnages(*rows[start::7])) for start in range(7)])
    assert recovery_rates(parts, EU).rates.collect().equals(whole)
    assert merged([]).collect().is_empty()


def test_what_no_edition_or_rate_speaks_of_is_left_out_with_its_reason() -> None:
    given = tonnages(
        ("AT", 1990, "glass", "recycled", 3),
        ("AT", 2018, "ferrous_iba", "recycled", 4),
        ("AT", 2018, "glass", "recycled_in_eu", 5),
        ("AT", 2018, "glass", "recycled", 6),
    )
    left = recovery_rates(given, EU).left_out.collect()
    assert {(row["reason"], row["grams"], row["rows"]) for row in left.to_dicts()} == {
        ("no_edition_for_year", 3, 1),
        ("no_rate_for_material", 4, 1),
        ("quantity_not_in_a_rate", 5, 1),
    }


def test_on_the_ledger_in_is_counted_plus_left_out_by_reason() -> None:
    movements = [
        movement("collected", 100),
        movement("recycling_input", 70),
        movement("recycling_input", 9, facility_country="TH"),
        movement("recycling_input", 5, collected_country=None),
        movement("recycling_input", 4, counted=False, reason="held"),
        movement("recycling_input", 3, material="textiles.worn"),
        movement("recycling_input", 2, day=date(1990, 1, 1)),
        movement("energy", 11),
    ]
    found, left = ledger(movements, [declaration(100), declaration(7, material="textiles.worn")])
    row = found["JP", 2025, "plastic"]
    assert (row["numerator_grams"], row["denominator_grams"], row["rate"]) == (79, 100, "79.0")
    assert row["recovered_grams"] == 90, "energy is recovered, never recycled"
    assert row["label"] == "reference_not_law_here"
    assert row["caveat"] == "ledger_material_taken_as_packaging"
    assert found["JP", 2025, "all"]["rate"] == "79.0"
    reasons = {(item["stage"], item["reason"]): item["grams"] for item in left.to_dicts()}
    assert reasons == {
        ("collected", "stage_does_not_count"): 100,
        ("recycling_input", "country_of_collection_unknown"): 5,
        ("recycling_input", "held"): 4,
        ("recycling_input", "material_not_in_pack"): 3,
        ("recycling_input", "no_edition_for_year"): 2,
        ("energy", "stage_does_not_count"): 11,
        ("declared", "material_not_in_pack"): 7,
    }
    counted = 79 + 100
    assert sum(item["grams"] for item in movements) + 107 == counted + sum(reasons.values())


def test_a_producer_without_any_recovery_is_reported_as_zero() -> None:
    found, _ = ledger([], [declaration(100)])
    assert (found["JP", 2025, "plastic"]["rate"], found["JP", 2025, "plastic"]["numerator_grams"]) == ("0.0", 0)
    nobody_declared, _ = ledger([movement("recycling_input", 1)], [])
    assert nobody_declared["JP", 2025, "plastic"]["rate_reason"] == "no_figure:generated"


def test_japans_rate_counts_what_comes_out_in_its_own_fiscal_year() -> None:
    movements = [
        movement("recycling_output", 10, day=date(2025, 3, 31)),
        movement("recycling_output", 80, day=date(2025, 4, 1)),
        movement("recycling_input", 95, day=date(2025, 4, 1)),
        movement("recycling_output", 5, day=date(2026, 3, 31)),
    ]
    fiscal = declaration(100, first_day=date(2025, 4, 1), last_day=date(2026, 3, 31))
    found, _ = ledger(movements, [fiscal], "jp-pet-recycling")
    row = found["JP", 2025, "pet_bottle"]
    assert (row["rate"], row["label"], row["caveat"]) == ("85.0", "law", "ledger_pet_taken_as_bottles")
    assert (row["target"], row["target_met"], row["target_reason"]) == ("85", None, "target_unverified")
    calendar, _ = ledger(movements, [declaration(100)], "jp-pet-recycling")
    assert calendar["JP", 2025, "pet_bottle"]["caveat"].endswith("declared_for_another_calendar")
    long, left = ledger([], [declaration(1, last_day=date(2026, 12, 31))], "jp-pet-recycling")
    assert not long
    assert left["reason"].to_list() == ["period_is_not_up_to_a_year"]


def test_every_material_of_the_taxonomy_belongs_to_at_most_one_category() -> None:
    for pack in PACKS.values():
        for edition in pack.editions:
            assert categories(edition, TAXONOMY)


def test_an_independent_engine_finds_every_integer_equal(tmp_path: Path) -> None:
    chance = random.Random(7)
    quantities = ("generated", "recycled", "recovered", "repaired")
    rows = [
        (geo, year, material, quantity, chance.randrange(10**11))
        for geo in ("AT", "DE", "SE", "JP")
        for year in range(1995, 2020)
        for material in ("all", "wood", "glass", "plastic")
        for quantity in quantities
        for _ in range(chance.randrange(3))
    ]
    file = tmp_path / "tonnages.parquet"
    tonnages(*rows).collect().write_parquet(file)
    ours = recovery_rates(tonnages(*rows), EU).rates.collect()
    theirs = duckdb.sql(
        f"""
        WITH wide AS (
            SELECT geo, year, material,
                sum(grams) FILTER (operation = 'generated')::HUGEINT AS g,
                sum(grams) FILTER (operation = 'recycled')::HUGEINT AS r,
                sum(grams) FILTER (operation = 'recovered')::HUGEINT AS v,
                CASE WHEN year >= 2003 AND material IN ('all', 'wood')
                    THEN coalesce(sum(grams) FILTER (operation = 'repaired'), 0) ELSE 0 END::HUGEINT AS p
            FROM '{file}' WHERE year >= 1997 GROUP BY geo, year, material)
        SELECT geo, year, material, g, r, v, r + p AS n, g + p AS d,
            CASE WHEN g + p > 0 THEN (2000 * (r + p) + g + p) // (2 * (g + p)) END AS tenths
        FROM wide ORDER BY geo, year, material
        """
    ).fetchall()
    assert len(ours) == len(theirs) > 300
    for mine, other in zip(ours.sort("geo", "year", "material").to_dicts(), theirs, strict=True):
        *masses, tenths = other[3:]
        names = ("placed_grams", "recycled_grams", "recovered_grams", "numerator_grams", "denominator_grams")
        assert [mine[name] for name in names] == masses, mine
        assert mine["rate"] == (None if tenths is None else f"{tenths // 10}.{tenths % 10}")


@pytest.mark.parametrize("break_it", ["missing", "float", "more"])
def test_a_frame_of_another_shape_is_refused(break_it: str) -> None:
    frame = empty(TONNAGES)
    frame = {
        "missing": frame.drop("geo"),
        "float": frame.with_columns(pl.col("grams").cast(pl.Float64)),
        "more": frame.with_columns(extra=pl.lit(1)),
    }[break_it]
    with pytest.raises(WrongFrame):
        checked(frame, TONNAGES)
    assert checked(empty(RATES), RATES).collect().is_empty()
