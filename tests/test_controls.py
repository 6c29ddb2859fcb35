"""Controls: each says nothing on what is plausible, speaks beyond its limit, and not yet at it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards.catalogue import load
from standards.plausibility import (
    RULES,
    Claim,
    Facts,
    Finding,
    Goods,
    Hours,
    Leg,
    Load,
    Meter,
    Position,
    Site,
    claim_finding,
    container_finding,
    examine,
    in_order,
    load_finding,
    metres_apart,
    thresholds,
)

DAY = date(2026, 11, 23)  # a Monday
LIMITS = thresholds(load())
RULES_IN_ORDER = in_order(LIMITS)
TONNE = 1_000_000
FULL = Load(100 * TONNE, 20_000 * TONNE, 90 * TONNE, 2_000 * TONNE, 15_000 * TONNE, 1_800 * TONNE,
            (2_000 * TONNE,) * 3, 26, date(2024, 1, 1), visited=True)  # fmt: skip
PLANT = Site("reprocessing", True, (FULL,), Meter(date(2026, 10, 31), 400_000_000, 1_500 * TONNE), date(2024, 1, 1))
CALM = Facts(datetime(2026, 11, 23, 10, 30, tzinfo=UTC), True, DAY, PLANT)


def found(facts: Facts) -> list[tuple[str, str]]:
    return [(each.code, each.response) for each in examine(RULES_IN_ORDER, LIMITS, facts)]


def at(**changes: object) -> Facts:
    return replace(CALM, site=replace(PLANT, loads=(replace(FULL, **changes),)))  # type: ignore[arg-type]


def test_a_plant_that_runs_well_is_left_alone() -> None:
    assert found(CALM) == []
    assert found(Facts(CALM.happened, True, DAY)) == []


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (at(today=105 * TONNE), []),
        (at(today=105 * TONNE + 1), [("CAPACITY_EXCEEDED", "HOLD")]),
        (at(today=120 * TONNE), [("CAPACITY_EXCEEDED", "HOLD")]),
        (at(today=120 * TONNE + 1), [("CAPACITY_EXCEEDED", "REJECT")]),
        (at(thirty=2_730 * TONNE), []),
        (at(thirty=2_730 * TONNE + 1), [("CAPACITY_EXCEEDED", "HOLD")]),
        (at(year=20_000 * TONNE), []),
        (at(year=20_000 * TONNE + 1), [("CAPACITY_EXCEEDED", "HOLD")]),
        (at(per_day=None, per_year=None, today=10**15, thirty=10**15, year=10**15), []),
        (at(month=2_100 * TONNE, months=(700 * TONNE,) * 3), []),
        (at(month=2_100 * TONNE + 1, months=(700 * TONNE,) * 3), [("RAMP", "HOLD")]),
        (at(month=2_100 * TONNE, months=(0, TONNE, TONNE)), []),
        (at(since=date(2026, 9, 1), visited=False), [("RAMP", "HOLD")]),
        (at(since=date(2026, 8, 25), visited=False), []),
        (at(since=date(2026, 9, 1), visited=True), []),
        (at(since=date(2026, 9, 1), visited=False, thirty=650 * TONNE, month=650 * TONNE), []),
        (at(since=date(2026, 9, 1), visited=False, thirty=650 * TONNE + 1), [("RAMP", "HOLD")]),
    ],
)
def test_capacity_and_ramp_speak_beyond_what_is_permitted(facts: Facts, expected: list[tuple[str, str]]) -> None:
    assert found(facts) == expected


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        (replace(PLANT, meter=Meter(date(2026, 10, 31), 225_000_000, 1_500 * TONNE)), []),
        (replace(PLANT, meter=Meter(date(2026, 10, 31), 224_999_999, 1_500 * TONNE)), ["ENERGY_IMPLAUSIBLE"]),
        (replace(PLANT, meter=Meter(date(2026, 10, 31), 0, 1)), ["ENERGY_IMPLAUSIBLE"]),
        (replace(PLANT, meter=Meter(date(2026, 10, 31), 0, 0)), []),
        (replace(PLANT, meter=Meter(date(2026, 9, 24), 400_000_000, 1)), []),
        (replace(PLANT, meter=Meter(date(2026, 9, 23), 400_000_000, 1)), ["ENERGY_IMPLAUSIBLE"]),
        (replace(PLANT, meter=None), ["ENERGY_IMPLAUSIBLE"]),
        (replace(PLANT, meter=None, begun=DAY), []),
        (replace(PLANT, meter=None, process="sorting"), []),
        (replace(PLANT, permitted=False), ["PERMIT_SCOPE"]),
        (replace(PLANT, permitted=False, process="collecting"), []),
        (Site("reprocessing", None), []),
        (replace(PLANT, hours=Hours(630, 631, frozenset({0}))), []),
        (replace(PLANT, hours=Hours(691, 1_200, frozenset({0}))), ["OUTSIDE_HOURS"]),
        (replace(PLANT, hours=Hours(690, 1_200, frozenset({0}))), []),
        (replace(PLANT, hours=Hours(0, 1_440, frozenset({1}))), ["OUTSIDE_HOURS"]),
    ],
)
def test_energy_permits_and_hours_are_those_of_the_plant(site: Site, expected: list[str]) -> None:
    assert [code for code, _ in found(replace(CALM, site=site))] == expected


def test_a_day_without_an_hour_is_not_outside_hours() -> None:
    site = replace(PLANT, hours=Hours(1_200, 1_300, frozenset({0})))
    assert found(replace(CALM, site=site, exact=False)) == []


@pytest.mark.parametrize(
    ("leg", "mode", "expected"),
    [
        (Leg(100_000, 3_600), None, []),
        (Leg(101_000, 3_600), None, ["HOLD"]),
        (Leg(101_000, 3_600), "sea", ["HOLD"]),
        (Leg(51_000, 3_600), "sea", ["HOLD"]),
        (Leg(900_000, 3_600), "air", []),
        (Leg(951_000, 3_600), "air", ["HOLD"]),
        (Leg(1_100_000, 3_600), None, ["HOLD"]),
        (Leg(1_101_000, 3_600), "air", ["REJECT"]),
        (Leg(50_000, 1), None, []),
        (Leg(51_000, 0), None, ["REJECT"]),
        (Leg(51_000, -60), None, ["REJECT"]),
    ],
)
def test_nothing_arrives_before_it_can(leg: Leg, mode: str | None, expected: list[str]) -> None:
    assert [response for _, response in found(replace(CALM, legs=(leg,), mode=mode))] == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (replace(CALM, goods=(Goods("plastics.pet", "bale", "3915.90"),)), []),
        (replace(CALM, goods=(Goods("plastics.pet", "bale", "392020"),)), [("HS_MISMATCH", "REJECT")]),
        (replace(CALM, goods=(Goods("plastics.pet", "pellet", "3907.61"),)), []),
        (replace(CALM, goods=(Goods("plastics.pet", "pellet", "3915"),)), [("HS_MISMATCH", "REJECT")]),
        (replace(CALM, goods=(Goods("metals.al", "ingot", "7601"),)), []),
        (replace(CALM, container_elsewhere=True), [("TRANSPORT_ID", "HOLD")]),
        (replace(CALM, invoices_foreign=1), [("INVOICE_REUSED", "HOLD")]),
        (replace(CALM, documents_foreign=1), [("DOC_REUSED", "HOLD")]),
        (replace(CALM, related=("owner",)), [("RELATED_PARTY", "HOLD")]),
        (replace(CALM, related=("shoe_size",)), []),
        (replace(CALM, held_before=1), [("WASH_CYCLE", "HOLD")]),
    ],
)
def test_papers_and_parties_are_their_own(facts: Facts, expected: list[tuple[str, str]]) -> None:
    assert found(facts) == expected


def test_the_first_that_holds_decides_in_the_order_of_the_ids() -> None:
    ids = [control.id for control in LIMITS.controls]
    assert ids == sorted(ids)
    assert {control.rule for control in LIMITS.controls if control.rule} == set(RULES)
    both = replace(CALM, held_before=1, documents_foreign=1)
    assert found(both) == [("DOC_REUSED", "HOLD")]
    assert found(replace(both, documents_foreign=0)) == [("WASH_CYCLE", "HOLD")]


def test_every_control_says_who_keeps_it_and_why_where_nobody_does() -> None:
    assert [control.id for control in LIMITS.controls] == [f"C{n:02}" for n in range(1, 45)]
    assert all(control.because for control in LIMITS.controls if control.kept == "nobody")
    for control in LIMITS.controls:
        for parameter in control.parameters:
            for row in parameter.value.rows:
                assert row.unit
                assert row.reference.href


EVIDENCE = Claim("epr", "GB", 500, 1_000, 500, 0, True, True, DAY)


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        (EVIDENCE, None),
        (replace(EVIDENCE, claimed=501), "ORIGIN_UNBACKED"),
        (replace(EVIDENCE, permitted=False), "PERMIT_MISSING"),
        (replace(EVIDENCE, jurisdiction="IN", made=False), "NO_BACKING_INPUT"),
        (replace(EVIDENCE, jurisdiction="JP", made=False, permitted=False, domestic=0), None),
        (replace(EVIDENCE, purpose="content", virgin=505), None),
        (replace(EVIDENCE, purpose="content", virgin=506), "CONTENT_MISMATCH"),
        (replace(EVIDENCE, purpose="credit", virgin=1_000, domestic=0), None),
    ],
)
def test_a_claim_rests_on_what_the_lot_is(claim: Claim, code: str | None) -> None:
    finding = claim_finding(LIMITS, claim)
    assert (finding.code if finding else None) == code


# The example of ISO 6346 itself, and numbers of real boxes published by their owners.
@pytest.mark.parametrize("number", ["CSQU3054383", "MSCU6639870", "TOLU4734787"])
def test_a_containers_number_carries_its_check_digit(number: str) -> None:
    assert container_finding(number) is None
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert container_finding(wrong) == Finding("C18", "TRANSPORT_ID", "REJECT", "container_digit")


@given(st.text(max_size=15))
def test_any_text_is_a_number_or_is_refused(text: str) -> None:
    finding = container_finding(text)
    assert finding is None or finding.response == "REJECT"


def test_a_box_and_a_lorry_carry_less_than_a_ship() -> None:
    def response(grams: int, mode: str | None, *, container: bool) -> str | None:
        finding = load_finding(LIMITS, grams, DAY, mode, container=container)
        return finding.response if finding else None

    assert response(30 * TONNE, None, container=True) is None
    assert response(30 * TONNE + 1, None, container=True) == "HOLD"
    assert response(45 * TONNE + 1, "road", container=False) == "HOLD"
    assert response(46 * TONNE, "sea", container=False) is None
    assert response(1_000 * TONNE + 1, "sea", container=False) == "REJECT"


def test_distances_are_those_of_the_globe_or_a_little_less() -> None:
    bangkok, tokyo = Position(Decimal("13.75"), Decimal("100.5")), Position(Decimal("35.68"), Decimal("139.65"))
    assert 4_400_000 < metres_apart(bangkok, tokyo) < 4_610_000  # 4,609 km along the great circle
    pole = metres_apart(Position(Decimal(90), Decimal(0)), Position(Decimal(-90), Decimal(17)))
    assert pole == 12_742_000


PLACES = st.builds(
    Position, st.decimals(-90, 90, places=5, allow_nan=False), st.decimals(-180, 180, places=5, allow_nan=False)
)


@given(PLACES, PLACES)
def test_a_way_is_as_long_there_as_back(one: Position, other: Position) -> None:
    assert metres_apart(one, other) == metres_apart(other, one)
    assert metres_apart(one, one) == 0
    assert 0 <= metres_apart(one, other) <= 12_742_000
