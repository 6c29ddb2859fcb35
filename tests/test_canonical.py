"""Canonical forms: what sorts as text sorts as number, moment or key, and what is equal is one text."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from traceability.identifiers import check_digit
from traceability.querying.canonical import (
    Names,
    canonical,
    company_order,
    general,
    plain_number,
    sortable_moment,
    sortable_number,
)
from traceability.querying.extensions import hashed
from traceability.querying.facts import facts_of
from traceability.querying.given import Given
from traceability.querying.matching import match
from traceability.querying.plan import Facet

NUMBERS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-10, max_value=10),
    st.sampled_from(
        [Decimal("1E+400"), Decimal("-1E-400"), Decimal("0E+9"), Decimal("-0"), Decimal("0.1"), Decimal(1)]
    ),
)
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))


@given(NUMBERS, NUMBERS)
def test_numbers_sort_as_their_texts(one: Decimal, other: Decimal) -> None:
    first, second = sortable_number(one), sortable_number(other)
    assert (first < second) == (one < other)
    assert (first == second) == (one == other)
    assert (plain_number(one) == plain_number(other)) == (one == other)
    assert Decimal(plain_number(one)) == one


@given(MOMENTS, MOMENTS)
def test_moments_sort_as_their_texts(one: datetime, other: datetime) -> None:
    assert (sortable_moment(one) < sortable_moment(other)) == (one < other)


@given(st.text(max_size=40))
def test_a_canonical_form_is_its_own(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


@given(st.text(st.characters(codec="ascii", exclude_characters=":"), min_size=1, max_size=4), st.text(max_size=5))
def test_a_prefix_that_is_bound_is_only_a_shorthand(prefix: str, local: str) -> None:
    names = Names({prefix: "https://ns.example/"}, {prefix: ("https://other.example/",)})
    assert names.expand(f"{prefix}:{local}") == (f"https://ns.example/{local}",)
    seen = Names({}, {prefix: ("https://other.example/",)})
    assert seen.expand(f"{prefix}:{local}") == (f"{prefix}:{local}", f"https://other.example/{local}")


DIGITS = st.text("0123456789", min_size=12, max_size=12)
SERIAL = st.text("ABCabc0123456789-", min_size=1, max_size=12)


@given(DIGITS, st.integers(6, 11), st.sampled_from("0123456789"), SERIAL, DIGITS)
def test_a_pattern_takes_exactly_the_keys_of_its_company(
    digits: str, length: int, indicator: str, serial: str, other: str
) -> None:
    body = f"{indicator}{digits}"
    gtin = body + check_digit(body)
    urn = f"urn:epc:id:sgtin:{digits[:length]}.{indicator}{digits[length:]}.{serial}"
    link = f"https://id.gs1.org/01/{gtin}/21/{serial}"
    assert canonical(urn) == canonical(link) == link
    assert general(link) == f"https://id.gs1.org/01/{gtin}"
    assert company_order(urn) == company_order(link) == ("01", digits + indicator)
    for prefix in (digits[:length], other[:length]):
        given_one = Given("MATCH_epc", (f"urn:epc:idpat:sgtin:{prefix}.*.*",), typed=True)
        facet = match(given_one, Names({}), ("epcList",))
        assert isinstance(facet, Facet)
        (wanted,) = facet.ranges
        assert wanted.low is not None
        assert wanted.high is not None
        assert (wanted.low <= digits + indicator <= wanted.high) == digits.startswith(prefix)
    facts = facts_of({"type": "ObjectEvent", "epcList": [urn]})
    assert ("epcList of 01", digits + indicator, None) in facts.numbers
    assert ("epcList", link) in facts.terms


@given(st.text(max_size=30), st.text(max_size=30))
def test_hashes_tell_texts_apart(one: str, other: str) -> None:
    assert (hashed(one) == hashed(other)) == (one == other)
    assert -(2**63) <= hashed(one) < 2**63
