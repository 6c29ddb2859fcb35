"""Codes of the trade: every currency that our firms use with its smallest unit, and money rounded to it in one way."""

from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from babel.numbers import get_territory_currencies
from hypothesis import example, given
from hypothesis import strategies as st

from foundation.errors import Invalid
from marketplace.listings import incoterms
from marketplace.prices import cost, currencies, home_currency
from standards.catalogue import load
from standards.codes import codes

CATALOGUE = load()
ASEAN = ("BN", "ID", "KH", "LA", "MM", "MY", "PH", "SG", "TH", "TL", "VN")
EU = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip
OTHERS = ("JP", "GB", "US", "AU", "CN", "KR", "IN", "TW")
WITHOUT_CENTS = {"JPY", "KRW", "VND"}


@pytest.mark.parametrize("country", [*ASEAN, *EU, *OTHERS])
def test_every_country_of_the_trade_has_its_currency(country: str) -> None:
    found = home_currency(CATALOGUE, country)
    if country == "BG":  # the euro since 2026, which an older CLDR does not know
        assert found == "EUR"
    else:
        assert found in get_territory_currencies(country)


def test_no_country_has_two_currencies_of_its_own_and_an_unknown_one_has_none() -> None:
    named = [country for each in currencies(CATALOGUE).values() for country in each.countries]
    assert len(named) == len(set(named))
    assert home_currency(CATALOGUE, "ZZ") is None


def test_smallest_units_are_those_of_iso_4217() -> None:
    units = {code: each.minor_units for code, each in currencies(CATALOGUE).items()}
    assert units == {code: 0 if code in WITHOUT_CENTS else 2 for code in units}
    assert WITHOUT_CENTS | {"IDR", "BND", "MMK", "KHR", "LAK"} <= units.keys()


def test_the_terms_of_delivery_are_the_eleven_of_2020() -> None:
    known = incoterms(CATALOGUE)
    assert CATALOGUE.document("code-list", "incoterms").data["edition"] == "Incoterms 2020"
    assert "DPU" in known
    assert "DAT" not in known
    assert {code for code, each in known.items() if each.transport == "sea"} == {"FAS", "FOB", "CFR", "CIF"}
    assert len(known) == 11


@pytest.mark.parametrize(
    ("price", "currency", "grams", "total"),
    [
        ("1", "JPY", 500_000, "1"), ("1", "JPY", 499_999, "0"), ("118500.5", "JPY", 2_500_000, "296251"),
        ("0.01", "USD", 500_000, "0.01"), ("0.05", "IDR", 500_000, "0.03"), ("950.125", "EUR", 1_000_000, "950.13"),
        ("9999999999.9999", "EUR", 10**15, "9999999999999900000.00"),
    ],
)  # fmt: skip
def test_half_of_the_smallest_unit_is_rounded_up(price: str, currency: str, grams: int, total: str) -> None:
    assert str(cost(Decimal(price), currency, grams, CATALOGUE)) == total


@given(
    st.decimals(0, 10**10, places=4, allow_nan=False), st.sampled_from(sorted(currencies(CATALOGUE))),
    st.integers(0, 10**15),
)  # fmt: skip
@example(Decimal("7777777777.7777"), "JPY", 999_999_285_714_287)  # just below a half in its 29th digit
def test_a_total_is_the_exact_one_rounded_once(price: Decimal, currency: str, grams: int) -> None:
    smallest = 10 ** (currencies(CATALOGUE)[currency].minor_units or 0)
    exact = Fraction(price) * grams / 1_000_000
    rounded = Fraction(floor(exact * smallest + Fraction(1, 2)), smallest)
    assert Fraction(cost(price, currency, grams, CATALOGUE)) == rounded


@pytest.mark.parametrize("unknown", ["XAU", "HRK", "jpy", ""])
def test_the_smallest_unit_of_an_unknown_currency_is_not_guessed(unknown: str) -> None:
    with pytest.raises(Invalid) as refused:
        cost(Decimal(1), unknown, 1_000_000, CATALOGUE)
    assert (refused.value.field, refused.value.value) == ("currency", unknown)
    assert "JPY" in str(refused.value.fix)


def test_a_list_is_read_only_and_one_that_is_not_there_is_named() -> None:
    with pytest.raises(TypeError):
        codes(CATALOGUE, "currencies")["XAU"] = None  # type: ignore[index]
    with pytest.raises(LookupError, match="no code-list 'colours'"):
        codes(CATALOGUE, "colours")
