"""A value that changes on dates answers for every day, and says why there is nothing."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards.dated import Dated, NotDated, NotInForce, dated, least_sure

SOURCES = {"law": {"title": "The law", "href": "https://example.org/law"}}
DAY = timedelta(days=1)


def row(since: date, value: object, **more: object) -> dict[str, Any]:
    return {"from": since, "value": value, "unit": "percent", "source": "law", "certainty": "verified"} | more


def rates(*rows: dict[str, Any]) -> Dated[Decimal]:
    return dated("target", rows, SOURCES, Decimal)


def test_the_value_of_the_first_day_holds_and_not_the_day_before() -> None:
    value = rates(row(date(2025, 12, 31), 65), row(date(2030, 12, 31), 70))
    assert value.on(date(2025, 12, 31)).value == 65
    assert value.on(date(2030, 12, 30)).value == 65
    assert value.on(date(2030, 12, 31)).value == 70
    with pytest.raises(NotInForce, match="not_yet"):
        value.on(date(2025, 12, 30))


def test_the_last_day_is_included_and_the_day_after_is_not() -> None:
    value = rates(row(date(2020, 1, 1), 55, until=date(2025, 12, 31)))
    assert value.on(date(2025, 12, 31)).until == date(2025, 12, 31)
    with pytest.raises(NotInForce, match="expired"):
        value.on(date(2026, 1, 1))


def test_an_explicit_null_repeals_from_its_day() -> None:
    value = rates(row(date(2023, 11, 30), 25), row(date(2026, 6, 30), None))
    assert value.on(date(2026, 6, 29)).value == 25
    with pytest.raises(NotInForce, match="repealed"):
        value.on(date(2026, 6, 30))


def test_a_draft_never_stands_in_for_adopted_law() -> None:
    value = rates(row(date(2020, 1, 1), 55), row(date(2027, 1, 1), 60, status="draft"))
    assert value.on(date(2028, 1, 1)).value == 55
    assert value.on(date(2028, 1, 1), drafts=True).value == 60
    only = rates(row(date(2027, 1, 1), 60, status="draft"))
    with pytest.raises(NotInForce, match="draft_only"):
        only.on(date(2028, 1, 1))


def test_a_value_tells_unit_reference_and_certainty() -> None:
    found = rates(row(date(2020, 1, 1), 55, certainty="secondary")).on(date(2020, 1, 1))
    assert (found.unit, found.reference.href, found.certainty) == ("percent", "https://example.org/law", "secondary")


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row(date(2020, 1, 1), 1), row(date(2020, 1, 1), 2)],
        [row(date(2020, 1, 1), 1, until=date(2019, 1, 1))],
        [row(date(2020, 1, 1), 1, source="hearsay")],
        [row(date(2020, 1, 1), 1, certainty="sure")],
        [{key: item for key, item in row(date(2020, 1, 1), 1).items() if key != "unit"}],
    ],
    ids=["no rows", "one day twice", "ends before it begins", "unknown source", "unknown certainty", "no unit"],
)
def test_rows_that_make_no_dated_value_are_refused(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(NotDated):
        rates(*rows)


@given(st.lists(st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 1, 1)), min_size=1, max_size=8, unique=True))
def test_every_row_holds_exactly_from_its_day_to_the_day_before_the_next(days: list[date]) -> None:
    days = sorted(days)
    value = rates(*[row(day, number) for number, day in enumerate(days)])
    for number, (day, following) in enumerate(zip(days, [*days[1:], date(2091, 1, 1)], strict=True)):
        assert value.on(day).value == number
        assert value.on(following - DAY).value == number


def test_a_result_is_as_sure_as_the_least_sure_value() -> None:
    assert least_sure("verified", "unverified", "secondary") == "unverified"
    assert least_sure() == "verified"
