"""A leaf commits to every field of a fact alone, in a form that anybody can recompute."""

import hashlib
import json
import struct
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.shared import CONFORMANCE, needs_shared
from traceability.tree import merkle
from traceability.tree.canonical import NotCanonical, canonical, canonical_parsed, fields_of
from traceability.tree.leaf import (
    commitment_root,
    commitments,
    disclose,
    leaf_data,
    verify_disclosure,
)

SALT = bytes(range(32))
FACT = {
    "type": "ObjectEvent",
    "eventTime": "2026-03-01T10:00:00.000+07:00",
    "quantityList": [{"epcClass": "https://id.example/id/a", "quantity": Decimal("1000.50"), "uom": "KGM"}],
    "readPoint": {"id": "https://id.example/id/b"},
    "junkan:backfill": False,
}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
NUMBER = st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)
SPELLED = st.recursive(
    NUMBER | TEXT.map(json.dumps) | TEXT.map(lambda text: json.dumps(text, ensure_ascii=False)) | st.just("null"),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda each: f"[{','.join(each)}]")
        | st.dictionaries(TEXT, inner, max_size=4).map(
            lambda each: "{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in each.items()) + "}"
        )
    ),
    max_leaves=12,
)
PUBLISHED = CONFORMANCE / "jcs-rfc8785"


@needs_shared
@pytest.mark.parametrize("file", sorted((PUBLISHED / "input").glob("*.json")), ids=lambda file: file.stem)
@pytest.mark.parametrize("number", [float, Decimal])
def test_published_canonical_forms(file: Any, number: type) -> None:
    value = json.loads(file.read_text("utf-8"), parse_float=number)
    assert canonical(value) == (PUBLISHED / "output" / file.name).read_bytes()


@given(JSON)
@example({"\ufb33": 1, "\U0001f602": 2})
@example([1e16, 1e-5, 9.999e-5, 1e-4, 123456789012345.6, -0.0, 1e21, 5e-324])
@settings(max_examples=400, deadline=None)
def test_the_fast_form_is_the_canonical_form(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(SPELLED)
@example('["-0","-0e0"]')
@example("[-0,-0.0,-0e0,1.50,1e2,1E+3,5e0,1000.005,0.0001]")
@example("[0.00001,1e-7,1e300,1234567890123456789e0]")
@example("[9007199254740991,9007199254740993]")
@example("12345678901234567890")
@example('{"\ufb33":1,"\U0001f602":2}')
@settings(max_examples=600, deadline=None)
def test_what_is_read_from_text_is_written_in_the_canonical_form(text: str) -> None:
    fields, exact = fields_of(f'{{"field":{text}}}'.encode()), json.loads(text, parse_float=Decimal)
    if fields is not None:
        assert canonical_parsed(fields["field"]) == canonical(exact)


def test_ordinary_numbers_are_read_for_the_fast_form() -> None:
    assert fields_of(b'{"a":1000.005,"b":[2.0,-7]}') == {"a": 1000.005, "b": [2, -7]}
    assert fields_of(b'{"a":1e-5}') is fields_of(b'{"a":1e300}') is None


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=400, deadline=None)
def test_any_double_is_written_the_same_from_a_decimal(bits: int) -> None:
    (double,) = struct.unpack("d", struct.pack("Q", bits))
    if double - double == 0:
        assert canonical(Decimal(double)) == canonical(double) == rfc8785.dumps(double)
        assert canonical(Decimal(repr(double))) == canonical(double)


@pytest.mark.parametrize(
    ("number", "text"),
    [("1000.50", b"1000.5"), ("1E+3", b"1000"), ("0.1", b"0.1"), ("0.0000001", b"1e-7"), ("-0", b"0"),
     ("12345678901234567890", b"12345678901234567000"), ("0.10000000000000000001", b"0.1")],
)  # fmt: skip
def test_decimals_take_the_form_of_the_nearest_double(number: str, text: bytes) -> None:
    assert canonical(Decimal(number)) == text


def test_large_integers_take_the_form_of_the_nearest_double() -> None:
    assert canonical(12345678901234567890) == b"12345678901234567000"
    assert canonical([2**53 - 1, 2**53]) == b"[9007199254740991,9007199254740992]"


@pytest.mark.parametrize(
    "value",
    [Decimal("NaN"), Decimal("1E+400"), float("inf"), 10**400, b"bytes", {1: "a"}, {"a": {2: "b"}}, "\ud800",
     {"\ud800": 1}, ["\udfff"], {1, 2}],
    ids=repr,
)  # fmt: skip
def test_what_is_no_json_value_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


def test_a_commitment_is_what_the_page_says() -> None:
    field_salt = hashlib.sha256(SALT + b"type").digest()
    expected = hashlib.sha256(field_salt + b"type\x00" + b'"ObjectEvent"').digest()
    assert dict(commitments(FACT, SALT))["type"] == expected


def test_the_root_is_the_tree_over_the_commitments_in_name_order() -> None:
    made = commitments(FACT, SALT)
    assert commitment_root(made) == merkle.root([each for _, each in sorted(made)])
    assert commitment_root(reversed(made)) == commitment_root(made)


def test_fields_may_be_committed_to_in_parts() -> None:
    part = commitments({"junkan:outcome": "counted"}, SALT)
    assert commitment_root((*part, *commitments(FACT, SALT))) == commitment_root(
        commitments({**FACT, "junkan:outcome": "counted"}, SALT)
    )


def test_a_field_committed_to_twice_is_refused() -> None:
    made = commitments(FACT, SALT)
    with pytest.raises(ValueError, match="twice"):
        commitment_root((*made, made[0]))


def test_a_short_salt_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        commitments(FACT, b"short")


@given(st.dictionaries(TEXT, JSON, min_size=1, max_size=6), st.binary(min_size=32, max_size=32), st.data())
@settings(max_examples=100, deadline=None)
def test_a_field_shown_alone_verifies_and_a_changed_one_does_not(
    fact: dict[str, Any], salt: bytes, data: st.DataObject
) -> None:
    root = commitment_root(commitments(fact, salt))
    name = data.draw(st.sampled_from(sorted(fact)))
    shown = disclose(fact, salt, name)
    assert verify_disclosure(shown, root)
    other = data.draw(JSON.filter(lambda value: canonical(value) != canonical(fact[name])))
    assert not verify_disclosure(replace(shown, value=other), root)
    assert not verify_disclosure(replace(shown, name=name + "x"), root)
    assert not verify_disclosure(replace(shown, field_salt=salt), root)
    assert not verify_disclosure(replace(shown, count=shown.count + 8), root)
    assert not verify_disclosure(shown, bytes(32))


def test_a_shown_field_tells_nothing_of_the_salt_and_other_values() -> None:
    shown = repr(disclose(FACT, SALT, "type")).encode()
    assert repr(SALT)[2:-1].encode() not in shown
    assert b"id.example" not in shown


def test_leaf_data_is_canonical_and_complete() -> None:
    data = leaf_data("epcis", bytes(32), b"\xab" * 32, 1_772_334_000_000_007)
    leaf = json.loads(data)
    assert leaf == {
        "hash": "00" * 32,
        "kind": "epcis",
        "root": "ab" * 32,
        "time": "2026-03-01T03:00:00.000007Z",
        "version": 1,
    }
    assert data == rfc8785.dumps(leaf)
    assert b'"time":"1969-12-31T23:59:59.999999Z"' in leaf_data("epcis", bytes(32), bytes(32), -1)
