"""Published tables of laws and statistics: every row is in the rule book or comes out of it to the printed digit."""

import csv
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import pytest

from standards.catalogue import load
from standards.responsibility.calculating.answers import Answer
from standards.responsibility.calculating.cases import calculate
from standards.responsibility.evaluation import evaluate
from standards.responsibility.packs import Edition
from standards.responsibility.shelf import laws
from tests.shared import REFERENCE_DATA, needs_shared

PACKS: Final = laws(load())
EDITIONS: Final = {edition.id: edition for pack in PACKS.values() for edition in pack.editions}

pytestmark = needs_shared


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE_DATA / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def owed(edition: str, calculation: str, year: int, given: Mapping[str, Any]) -> Answer:
    found = EDITIONS[edition]
    return calculate(found, found.duties.calculation(calculation), given, year)


def text(edition: str, calculation: str, year: int, step: str, **given: Any) -> str:
    (figure,) = owed(edition, calculation, year, given).of(step)
    return figure.text


def table(edition: Edition, parameter: str, keys: tuple[str, ...], on: date) -> tuple[Decimal, str] | None:
    row = edition.duties.parameters[parameter].on(keys, on)
    return None if row is None else (row.value, row.certainty)


# Which edition and table hold a target, and whether the table is keyed by the category.
EU: Final[Mapping[str, tuple[str, str, bool]]] = {
    "packaging_recycling": ("eu-2025-40@2029", "target_recycling", True),
    "plastic_recycled_content": ("eu-2025-40@2029", "recycled_content", True),
    "sup_bottle_separate_collection": ("eu-sup-bottles@2025", "collection_target", False),
    "sup_bottle_recycled_content": ("eu-sup-bottles@2025", "content_target", True),
    "battery_recycling_efficiency": ("eu-batteries@2024", "efficiency_target", True),
    "battery_material_recovery": ("eu-batteries@2024", "recovery_target", True),
    "weee_collection_pom": ("eu-weee@2019", "collection_target", True),
    "weee_collection_generated": ("eu-weee@2019", "collection_target", True),
}
WEEE: Final = {"weee_collection_pom": "placed", "weee_collection_generated": "generated"}


def test_every_target_of_the_union_is_in_the_rule_book() -> None:
    found = rows("eu-targets/targets")
    for row in found:
        edition, parameter, keyed = EU[row["target"]]
        keys = (WEEE.get(row["target"], row["category"]),) if keyed else ()
        value = table(EDITIONS[edition], parameter, keys, date(int(row["by_year"]), 12, 31))
        assert value is not None, row
        assert value[0] == Decimal(row["pct"]), row
    assert len(found) == 44


def test_a_target_is_not_there_before_its_day() -> None:
    plastic = EDITIONS["eu-2025-40@2029"].duties.parameters["target_recycling"]
    before, after = (plastic.on(("plastic",), date(2030, 12, day)) for day in (30, 31))
    assert (before and before.value, after and after.value) == (50, 55)


def test_every_business_target_of_the_united_kingdom_is_in_the_rule_book_and_no_other() -> None:
    published = {(int(row["year"]), row["material"]): Decimal(row["target_pct"])
                 for row in rows("uk-packaging/prn_business_targets")}  # fmt: skip
    edition = EDITIONS["gb-packaging@2012"]
    names = [code.id for code in edition.duties.codes["target_of"]]
    held = {
        (year, name): value[0]
        for year in range(2005, 2031) for name in names
        if (value := table(edition, "target", (name,), date(year, 12, 31))) is not None
    }  # fmt: skip
    assert held == published
    assert len(published) == 78


def test_every_printed_rate_of_the_united_kingdom_lies_within_its_rounded_tonnes() -> None:
    """Tonnes are printed in thousands, the rate was made before they were rounded: both ends of half a thousand."""
    found = rows("uk-packaging/defra_packaging_recycling")
    for row in found:
        arising, recycled = (Decimal(row[name]) * 1000 for name in ("arising_kt", "recycled_kt"))
        low = text("gb-packaging@2012", "recycling_rate", 2021, "rate",
                   arising=f"{arising + 500:f}", recycled=f"{max(recycled - 500, Decimal(0)):f}")  # fmt: skip
        high = text("gb-packaging@2012", "recycling_rate", 2021, "rate",
                    arising=f"{arising - 500:f}", recycled=f"{recycled + 500:f}")  # fmt: skip
        assert Decimal(low) <= Decimal(row["published_rate_pct"]) <= Decimal(high), row
    assert len(found) == 18


def test_the_obligations_of_the_united_kingdom_in_2015_were_met_and_would_not_be_by_a_tonne_less_than_owed() -> None:
    found = rows("uk-packaging/prn_2015_obligation_vs_achieved")
    for row in found:
        given = {"owed": row["obligation_t"], "achieved": row["achieved_t"]}
        answer = owed("gb-packaging@2012", "fulfilment", 2015, given)
        assert answer.of("met")[0].value is True, row
        (surplus,) = answer.of("surplus")
        assert surplus.value == int(row["achieved_t"]) - int(row["obligation_t"])
        short = {"owed": row["obligation_t"], "achieved": str(int(row["obligation_t"]) - 1)}
        assert owed("gb-packaging@2012", "fulfilment", 2015, short).of("met")[0].value is False
    assert {row["material"] for row in found} == {"total", "paper", "plastic", "glass"}


def test_every_target_of_the_philippines_is_in_the_rule_book_and_the_last_one_stays() -> None:
    edition = EDITIONS["ph-plastics@2023"]
    for row in rows("asean-epr/ph_ra11898_targets"):
        year, share = int(row["year"]), row["recovery_pct_of_footprint"]
        assert table(edition, "target", (), date(year, 12, 31)) == (Decimal(share), "secondary")
        answer = owed(edition.id, "recover", year, {"category": "rigid", "footprint": 100, "recovered": share})
        assert answer.of("reached")[0].value is True
        assert answer.of("must_recover")[0].value == Fraction(share)
    assert table(edition, "target", (), date(2040, 1, 1)) == (Decimal(80), "secondary")
    assert table(edition, "target", (), date(2022, 12, 31)) is None


def test_every_rate_of_viet_nam_is_in_the_rule_book_as_sure_as_it_was_read() -> None:
    for edition, year in (("vn-decree-08-2022@2024", 2024), ("vn-decree-05-2025@2025", 2026)):
        for row in rows("asean-epr/vn_mandatory_rates_2024_2026"):
            keys = (row["code"].lower().replace(".", "_"),)
            value, certainty = table(EDITIONS[edition], "recycling_rate", keys, date(year, 12, 31)) or (None, "")
            assert value == Decimal(row["rate_pct"]), row
            unsure = row["confidence"].startswith("own") or "check against the gazette" in row["confidence"]
            assert (certainty == "unverified") is unsure, row


def test_the_collection_rate_of_pet_bottles_comes_out_under_both_definitions() -> None:
    found = rows("jp-recycling-rates/pet_collection_rate")
    for row in found:
        edition = PACKS["jp-pet-collection"].edition(int(row["fiscal_year"]))
        assert row["denominator"] in edition.quantities, row
        collected = int(row["municipal_t"]) + int(row["business_t"] or 0)
        given = {"collected": collected * 10**6, row["denominator"]: int(row["denominator_t"]) * 10**6}
        rate = evaluate(edition.rate("pet_bottle").figure, given)
        assert str(rate) == row["published_collection_rate_pct"], row
    assert len(found) == 9


def test_the_recycling_rate_of_pet_bottles_comes_out_of_thousands_of_tonnes() -> None:
    for row in rows("jp-recycling-rates/pet_recycling_rate"):
        edition = PACKS["jp-pet-recycling"].edition(int(row["fiscal_year"]))
        given = {"recycled": int(row["recycled_total_kt"]) * 10**9, "bottle_sales": int(row["sales_kt"]) * 10**9}
        assert str(evaluate(edition.rate("pet_bottle").figure, given)) == row["published_recycling_rate_pct"]


def test_every_published_rate_of_cans_comes_out() -> None:
    found = rows("jp-recycling-rates/cans")
    for row in found:
        rate = text("jp-cans@1998", "rate", int(row["fiscal_year"]), "rate", can=row["material"],
                    consumption=row["consumption_t"], recycled=row["recycled_t"])  # fmt: skip
        if row["published_rate_pct"]:
            assert rate == row["published_rate_pct"], row
        else:  # tonnes in thousands, and no rate printed with them
            assert row["fiscal_year"] == "2023"
            assert rate == "93.6"
    assert len(found) == 3


def test_the_consumption_of_steel_cans_misses_its_printed_total_by_what_was_rounded() -> None:
    read = {row["item"]: int(row["tonnes"]) for row in rows("jp-recycling-rates/steel_can_consumption_2022")}
    found = text("jp-cans@1998", "consumption", 2022, "consumption", shipment=read["domestic_shipment"],
                 exported=read["canned_goods_exported"], imported=read["canned_goods_imported"],
                 empty_imported=read["empty_cans_imported"])  # fmt: skip
    assert read["published_total"] - int(found) == 2  # four terms, each rounded to the tonne before it was printed


def test_the_plans_of_the_eight_materials_and_what_reached_them() -> None:
    found = rows("jp-recycling-rates/eight_materials_rates")
    edition = EDITIONS["jp-eight-materials@2016"]
    for row in found:
        parameter = "recycling_target" if row["indicator"] == "recycling" else "collection_target"
        value = table(edition, parameter, (row["material"],), date(2017, 3, 31))
        assert value == (Decimal(row["target_pct"]), "verified"), row
        calculation = {"recycling": "recycled", "collection": "collected"}[row["indicator"]]
        answer = owed(edition.id, calculation, 2016, {"material": row["material"], "rate": row["actual_pct"]})
        assert answer.of("reached")[0].value is (Decimal(row["actual_pct"]) >= Decimal(row["target_pct"]))
    assert len(found) == 8


def test_the_statutory_rates_of_home_appliances_and_a_rate_that_is_cut_not_rounded() -> None:
    edition = EDITIONS["jp-home-appliances@2022"]
    for row in rows("jp-recycling-rates/home_appliance_rates"):
        item = "tv_flat" if row["item"].startswith("tv_lcd") else row["item"]
        day = date(int(row["fiscal_year"]) + 1, 3, 31)
        assert table(edition, "least_rate", (item,), day) == (Decimal(row["statutory_min_pct"]), "verified"), row
    for row in rows("jp-recycling-rates/home_appliance_rounding"):
        rate = text(edition.id, "rate", int(row["fiscal_year"]), "rate", appliance="refrigerator_freezer",
                    treated=row["treated_kg"], recycled=row["recycled_kg"])  # fmt: skip
        assert rate == row["published_rate_pct"]


@pytest.mark.parametrize("edition", [each.id for each in EDITIONS.values() if each.status == "draft"])
def test_a_draft_says_so_on_every_answer(edition: str) -> None:
    found = EDITIONS[edition]
    for calculation in found.duties.calculations:
        case = calculation.cases[0]
        answer = calculate(found, calculation, case.given, case.year)
        assert answer.status == "draft"
        assert "edition_draft" in answer.doubts


def test_every_table_that_is_silent_says_what_is_missing_and_where_to_look() -> None:
    silent = [
        (edition.id, table.id)
        for edition in EDITIONS.values()
        for table in edition.duties.parameters.values()
        if not table.values and (not table.missing or table.look is None)
    ]
    assert silent == []
