"""Formats: what is shown can be typed again, and what could mean two things is asked about."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formats import (
    GRAMS,
    LANGUAGES,
    MASS_UNITS,
    DayAmbiguous,
    DayBuddhist,
    DayUnreadable,
    Lang,
    MassAmbiguous,
    MassTooFine,
    MassUnit,
    MassUnreadable,
    day,
    mass,
    mass_input,
    moment,
    money,
    month,
    number,
    parse_day,
    parse_mass,
    percent,
)

_languages = st.sampled_from(LANGUAGES)
_units = st.sampled_from(MASS_UNITS)


@given(st.integers(0, 10**15), _units, _languages)
def test_what_a_form_field_is_filled_with_reads_back_to_the_same_grams(grams: int, unit: MassUnit, lang: Lang) -> None:
    assert parse_mass(mass_input(grams, unit, lang), unit, lang) == grams


@given(st.integers(0, 10**15), _units, _languages)
def test_a_shown_mass_reads_back_to_the_same_grams_or_is_asked_about(grams: int, unit: MassUnit, lang: Lang) -> None:
    shown = mass(grams, lang, unit)
    try:
        assert parse_mass(shown, unit, lang) == grams
    except MassAmbiguous as refusal:
        assert lang in {"id", "vi"}
        assert shown.removesuffix(f"\u00a0{unit}") == refusal.value.removesuffix(f"\u00a0{unit}")


@given(st.text(max_size=30), _units, _languages)
def test_any_typed_text_gives_whole_grams_or_a_refusal_that_names_the_field(text: str, unit: str, lang: str) -> None:
    try:
        assert parse_mass(text, unit, lang, field="grams") >= 0  # type: ignore[arg-type]
    except (MassUnreadable, MassAmbiguous, MassTooFine) as refusal:
        assert refusal.field == "grams"
        assert refusal.fix


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("typed", "grams"),
    [
        ("1,234.5", 1_234_500),
        ("1.234,5", 1_234_500),
        ("１，２３４．５", 1_234_500),
        ("1 234,5", 1_234_500),
        ("1\u202f234,5", 1_234_500),
        ("1'234.5", 1_234_500),
        ("1。5", 1_500),
        ("0.500", 500),
        ("12,5", 12_500),
        ("1234.567", 1_234_567),
        ("1.234.567", 1_234_567_000),
        ("1,234,567", 1_234_567_000),
        ("๑๒๓", 123_000),
        ("500 kg", 500_000),
        ("５００ｋｇ", 500_000),
    ],
)
def test_a_mass_is_understood_as_people_write_it(typed: str, grams: int, lang: Lang) -> None:
    assert parse_mass(typed, "kg", lang) == grams


@pytest.mark.parametrize("lang", ["id", "vi"])
def test_one_point_before_three_digits_is_refused_with_both_readings_where_commas_mark_decimals(lang: Lang) -> None:
    with pytest.raises(MassAmbiguous) as refused:
        parse_mass("1.234", "kg", lang, field="received")
    assert refused.value.field == "received"
    assert (refused.value.facts["first"], refused.value.facts["second"]) == ("1234 kg", "1,234 kg")
    assert parse_mass("1.234", "kg", "en") == 1_234


@pytest.mark.parametrize("typed", ["", "-5", "1.5e3", "1,234,5", "12 5", "1,5,", "5 t", "٫", "1..5", "NaN", "9" * 25])
def test_what_is_no_mass_in_this_unit_is_refused(typed: str) -> None:
    with pytest.raises(MassUnreadable):
        parse_mass(typed, "kg", "en")


def test_less_than_a_gram_is_refused_and_a_gram_is_not() -> None:
    with pytest.raises(MassTooFine):
        parse_mass("0.0005", "kg", "en")
    assert parse_mass("0.000001", "t", "en") == 1


@pytest.mark.parametrize(
    ("grams", "lang", "shown"),
    [
        (0, "en", "0 kg"),
        (12, "en", "12 g"),
        (1_234_567, "en", "1,234.567 kg"),
        (1_234_567, "vi", "1.234,567 kg"),
        (12_400_000, "ja", "12.4 t"),
        (-12_400_000, "id", "-12,4 t"),
        (10**15 + 1, "en", "1,000,000,000,000.001 kg"),
    ],
)
def test_a_mass_is_shown_exactly(grams: int, lang: Lang, shown: str) -> None:
    assert mass(grams, lang) == shown.replace(" ", "\u00a0")


@pytest.mark.parametrize("unit", MASS_UNITS)
def test_units_are_powers_of_a_thousand(unit: MassUnit) -> None:
    assert mass(GRAMS[unit], "en", unit) == f"1\u00a0{unit}"


def test_figures_follow_the_language() -> None:
    assert number(Decimal("1234.50"), "id", 2) == "1.234,50"
    assert percent(Decimal("0.6543"), "vi") == "65,4%"
    assert money(Decimal("1234.5"), "USD", "en") == "USD\u00a01,234.50"
    assert money(Decimal("0.4125"), "USD", "en") == "USD\u00a00.4125"


def test_a_time_is_shown_on_the_clock_of_the_facility_with_its_offset() -> None:
    at = datetime(2026, 11, 4, 19, 5, tzinfo=UTC)
    assert moment(at, "Asia/Tokyo", "en") == "5 Nov 2026, 04:05\u00a0UTC+9"
    assert moment(at, "Asia/Kolkata", "en").endswith("UTC+5:30")
    assert moment(at, "UTC", "en").endswith("19:05\u00a0UTC")
    with pytest.raises(ValueError, match="without zone"):
        moment(at.replace(tzinfo=None), "Asia/Tokyo", "en")


def test_the_thai_year_is_a_way_of_showing_only() -> None:
    assert day(date(2026, 11, 24), "th", buddhist=True).endswith("พ.ศ. 2569")
    assert "2026" in day(date(2026, 11, 24), "th")
    assert "2026" in day(date(2026, 11, 24), "ja", buddhist=True)
    assert month(date(2026, 11, 24), "ja") == "2026年11月"


@pytest.mark.parametrize("typed", ["2026-11-24", "24/11/2026", "11/24/2026", "2026年11月24日", "２０２６／１１／２４"])
def test_a_day_is_understood_as_people_write_it(typed: str) -> None:
    assert parse_day(typed, "en") == date(2026, 11, 24)


def test_a_day_that_could_be_two_is_asked_about() -> None:
    with pytest.raises(DayAmbiguous) as refused:
        parse_day("3/4/2026", "en")
    assert (refused.value.facts["first"], refused.value.facts["second"]) == ("2026-04-03", "2026-03-04")
    assert parse_day("3/4/2026", "id") == date(2026, 4, 3)


@pytest.mark.parametrize("typed", ["2569-11-24", "24/11/2569", "๒๕๖๙-๑๑-๒๔"])
def test_a_buddhist_year_is_refused_with_the_day_it_means(typed: str) -> None:
    with pytest.raises(DayBuddhist) as refused:
        parse_day(typed, "th")
    assert refused.value.facts["suggestion"] == "2026-11-24"


@pytest.mark.parametrize("typed", ["", "x", "31/02/2026", "2026-13-01", "24/11/26", "0000-01-01"])
def test_what_is_no_day_is_refused(typed: str) -> None:
    with pytest.raises(DayUnreadable):
        parse_day(typed, "id")
