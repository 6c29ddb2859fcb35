"""Laws of ASEAN and India at their edges: at a limit, one step to each side of it, and where a table is silent."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from standards.catalogue import Document, load
from standards.responsibility.calculating.answers import Answer
from standards.responsibility.calculating.cases import calculate
from standards.responsibility.duties.provisions import Due
from standards.responsibility.shelf import laws

CATALOGUE: Final = load()
EDITIONS: Final = {edition.id: edition for pack in laws(CATALOGUE).values() for edition in pack.editions}
REGION: Final = ("ID", "IN", "MY", "PH", "SG", "TH", "VN")


def owed(edition: str, calculation: str, year: int, given: Mapping[str, Any]) -> Answer:
    found = EDITIONS[edition]
    return calculate(found, found.duties.calculation(calculation), given, year)


@pytest.mark.parametrize(
    ("edition", "calculation", "year", "step", "given", "name", "below_at_above"),
    [
        ("ph-plastics@2023", "obliged", 2025, "obliged", {}, "assets",
         {"99999999.99": False, "100000000": False, "100000000.01": True}),
        ("vn-decree-08-2022@2024", "obliged", 2024, "obliged", {"kind": "importer"}, "sales",
         {"19999999999": False, "20000000000": True, "20000000001": True}),
        ("vn-decree-08-2022@2024", "obliged", 2024, "obliged", {"kind": "producer"}, "sales",
         {"29999999999": False, "30000000000": True, "30000000001": True}),
        ("vn-decree-05-2025@2025", "obliged", 2025, "obliged", {"kind": "importer"}, "sales",
         {"29999999999": False, "30000000000": True, "30000000001": True}),
        ("sg-packaging@2021", "obliged", 2025, "obliged", {}, "turnover",
         {"9999999.99": False, "10000000": False, "10000000.01": True}),
        ("sg-beverage-containers@2026", "return_point", 2026, "keeps", {}, "area",
         {"199.99": False, "200": False, "200.01": True}),
        ("sg-beverage-containers@2026", "deposits", 2026, "covered", {"container": "metal_can", "supplied": 1},
         "volume", {"149": False, "150": True, "151": True}),
        ("sg-beverage-containers@2026", "deposits", 2026, "covered", {"container": "metal_can", "supplied": 1},
         "volume", {"2999": True, "3000": True, "3001": False}),
        ("ph-plastics@2023", "recover", 2023, "reached", {"category": "rigid", "footprint": 250000}, "recovered",
         {"49999.999999": False, "50000": True, "50000.000001": True}),
        ("id-roadmap@2020", "reduction", 2029, "reached", {"baseline": 100}, "limited",
         {"29.999999": False, "30": True, "30.000001": True}),
        ("in-plastics@2024", "capacity", 2023, "over_capacity", {"verified_capacity": 100}, "certificates",
         {"99.999999": False, "100": False, "100.000001": True}),
    ],
)  # fmt: skip
def test_a_limit_is_judged_exactly(edition: str, calculation: str, year: int, step: str, given: Mapping[str, Any],
                                   name: str, below_at_above: Mapping[str, bool]) -> None:  # fmt: skip
    found = {
        value: owed(edition, calculation, year, {**given, name: value}).of(step)[0].value for value in below_at_above
    }
    assert found == below_at_above


@pytest.mark.parametrize(
    ("edition", "calculation", "year", "given", "table"),
    [
        ("vn-decree-08-2022@2024", "recycle", 2024, {"category": "a_3_1", "placed": 100}, "fs"),
        ("vn-decree-05-2025@2025", "recycle", 2025, {"category": "a_3_1", "placed": 100}, "fs"),
        ("vn-decree-05-2025@2025", "recycle", 2025, {"category": "battery", "placed": 100}, "recycling_rate"),
        ("vn-decree-05-2025@2025", "recycle", 2027, {"category": "a_3_1", "placed": 100}, "recycling_rate"),
        ("id-roadmap@2020", "reduction", 2028, {"baseline": 100, "limited": 40}, "target"),
        ("sg-beverage-containers@2026", "return_rate", 2028, {"supplied": 100, "returned": 99}, "return_target"),
        ("my-packaging@2026", "fee", 2026, {"material": "plastic", "placed": 10}, "fee"),
        ("th-packaging@2027", "rate", 2027, {"material": "glass", "placed": 100, "recycled": 99}, "target"),
        ("in-plastics@2024", "obligation", 2025, {"category": "cat_2", "placed_1": 10, "placed_2": 10},
         "recycling_target"),
    ],
)  # fmt: skip
def test_a_silent_table_gives_no_figure_and_says_what_is_missing_and_where_it_stands(
    edition: str, calculation: str, year: int, given: Mapping[str, Any], table: str
) -> None:
    missing = {each.name: each for each in owed(edition, calculation, year, given).missing}
    found = missing[table]
    assert found.kind == "table"
    assert found.says and {"en", "ja"} <= found.says.keys()
    assert found.look is not None and found.look.href


def test_a_fine_without_the_cost_of_the_shortfall_has_a_lower_bound_and_no_upper_one() -> None:
    answer = owed("ph-plastics@2023", "fine", 2025, {"offence": "third"})
    assert answer.of("least")[0].value == 15_000_000
    assert answer.of("most")[0].value is None
    assert [(each.kind, each.name) for each in answer.missing] == [("input", "recovery_cost")]


@pytest.mark.parametrize(
    ("edition", "year", "deadline", "day"),
    [
        ("ph-plastics@2023", 2023, "audit_report", "2024-06-30"),
        ("vn-decree-08-2022@2024", 2024, "payment", "2025-04-20"),
        ("vn-decree-05-2025@2025", 2025, "payment", "2026-04-20"),
        ("sg-packaging@2021", 2025, "report", "2026-03-31"),
        ("jp-containers@1997", 2026, "application", "2026-02"),  # the day was not read: it is not made up
    ],
)
def test_a_deadline_falls_on_the_day_that_was_read(edition: str, year: int, deadline: str, day: str) -> None:
    found = EDITIONS[edition]
    (due,) = [each for each in found.duties.deadlines if each.id == deadline]
    assert str(due.due.on(year, found.calendar)) == day


def test_only_india_is_a_comparison_and_only_malaysia_and_thailand_are_drafts() -> None:
    found = [edition for edition in EDITIONS.values() if edition.jurisdiction in REGION]
    assert {edition.jurisdiction for edition in found} == set(REGION)
    assert {each.jurisdiction for each in found if each.duties.standing == "comparison_model"} == {"IN"}
    assert {each.jurisdiction for each in found if each.status == "draft"} == {"MY", "TH"}


def marked(node: Any) -> Iterator[Mapping[str, Any]]:
    """Every part of a file that says where it was read and how sure we are."""
    if isinstance(node, Mapping):
        if "certainty" in node and "source" in node:
            yield node
        for each in node.values():
            yield from marked(each)
    elif isinstance(node, list | tuple):
        for each in node:
            yield from marked(each)


PACKS: Final = [pack for pack in CATALOGUE.documents("rule-pack") if pack.data["jurisdiction"] in REGION]


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_nothing_is_surer_than_the_source_that_was_not_read(pack: Document) -> None:
    unread = {id for id, source in pack.data["sources"].items() if "not read" in source["title"]}
    surer = [part for part in marked(pack.data) if part["source"] in unread and part["certainty"] != "unverified"]
    assert surer == []


def test_a_day_that_its_month_lacks_is_no_deadline() -> None:
    for month, day in ((2, 29), (2, 30), (4, 31)):
        with pytest.raises(LookupError, match=f"month {month} has no day {day}"):
            Due(month, day, 0, None)
    fiscal = EDITIONS["jp-containers@1997"].calendar
    assert str(Due(None, None, 0, 6).on(2025, fiscal)) == "2026-09-30"  # from one month's end to another's
    assert str(Due(7, None, 1, None).on(2025, fiscal)) == "2026-07"
