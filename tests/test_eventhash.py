"""The CBV event hash: every published JSON vector byte for byte, and what must not change it."""

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import CONFORMANCE, needs_shared
from traceability.eventhash import event_hash, prehash
from traceability.events import parse_document, parse_event
from traceability.events.reading import read

FOLDER = CONFORMANCE / "epcis-event-hash"
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "https://ns.example.com/"}]
EVENT: dict[str, Any] = {
    "type": "TransformationEvent",
    "eventTime": "2026-11-23T09:30:00.000+07:00",
    "eventTimeZoneOffset": "+07:00",
    "bizStep": "commissioning",
    "inputQuantityList": [
        {"epcClass": "https://a.example/id/1", "quantity": Decimal("1250.10"), "uom": "KGM"},
        {"epcClass": "urn:epc:class:lgtin:4012345.012345.Lot987", "quantity": 2},
    ],
    "outputQuantityList": [{"epcClass": "https://a.example/id/2", "quantity": 1200, "uom": "KGM"}],
    "sourceList": [{"type": "location", "source": "https://a.example/p/1"}],
    "ilmd": {"ex:colour": "clear", "ex:grade": [1, "B"]},
    "ex:sinks": [{"ex:account": "loss:moisture", "ex:quantity": Decimal("50.1")}],
}


def ignored(value: Any) -> Iterator[str]:
    """Fields that a document of the vectors wants left out."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from each if key.endswith("ignoreFields") else ignored(each)


def hashes(name: str) -> list[tuple[str, str]]:
    """Per event of a document: hash and prehash."""
    document = read((FOLDER / name).resolve().read_bytes())
    body = document["epcisBody"]
    if "event" in body:
        events = [body["event"]]
    elif "queryResults" in body:
        events = body["queryResults"]["resultsBody"]["eventList"]
    else:
        events = body["eventList"]
    left_out, context = set(ignored(document)), document["@context"]
    return [(event_hash(each, context, left_out), prehash(each, context, left_out)) for each in events]


def cases(source: str) -> list[dict[str, Any]]:
    if not FOLDER.is_dir():
        return []
    found: list[dict[str, Any]] = json.loads((FOLDER / source).read_text("utf-8"))["cases"]
    return found


def reference() -> list[Any]:
    # The XML form of the vectors is left out: we take JSON only.
    return [
        pytest.param(name, case["hashes"], case.get("prehashes"), id=name)
        for case in cases("hashes.json")
        for name in case["inputs"]
        if not name.endswith(".xml")
    ]


@needs_shared
@pytest.mark.parametrize(("name", "expected", "prehashes"), reference())
def test_a_reference_vector_comes_out(name: str, expected: list[str], prehashes: list[str] | None) -> None:
    found = hashes(name)
    if prehashes and [event_of(text) for text in prehashes] == expected:
        assert [text for _, text in found] == prehashes
    assert [digest for digest, _ in found] == expected


def event_of(text: str) -> str:
    """The hash that a prehash string gives; a few published strings are cut or garbled and give another."""
    return f"ni:///sha-256;{hashlib.sha256(text.encode()).hexdigest()}?ver=CBV2.0"


@needs_shared
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(case["file"], case["hashes"], id=case["file"])
        for source in ("computed-openepcis.json", "computed-gs1-examples.json")
        for case in cases(source)
    ],
)
def test_documents_of_other_authors_get_the_reference_hash(name: str, expected: list[str]) -> None:
    assert [digest for digest, _ in hashes(name)] == expected


@needs_shared
def test_events_written_in_different_ways_have_one_hash() -> None:
    for name in json.loads((FOLDER / "expected_equal.json").read_text("utf-8"))["cases"]:
        if name.endswith(".json"):
            assert len({digest for digest, _ in hashes(name)}) == 1


@pytest.mark.parametrize(
    "same",
    [
        {"eventID": "urn:uuid:1"},
        {"recordTime": "2026-12-01T00:00:00Z"},
        {"errorDeclaration": {"declarationTime": "2026-12-01T00:00:00Z"}},
        {"eventTime": "2026-11-23T02:30:00Z"},
        {"eventTime": "2026-11-23T02:29:59.9995Z"},
        {"bizStep": "https://ref.gs1.org/cbv/BizStep-commissioning"},
        {"rdfs:comment": "said aside"},
        {"inputQuantityList": list(reversed(EVENT["inputQuantityList"]))},
        {"outputQuantityList": [{"uom": "KGM", "quantity": Decimal("1200.0"), "epcClass": "https://a.example/id/2"}]},
        {"outputQuantityList": [{"uom": "KGM", "quantity": Decimal("1.2E+3"), "epcClass": "https://a.example/id/2"}]},
        {"@context": [{"ex": "https://ns.example.com/"}]},
        {"inputEPCList": []},
        {"ilmd": {"ex:grade": ["B", 1], "ex:colour": " clear "}},
    ],
)
def test_what_says_the_same_has_the_same_hash(same: dict[str, Any]) -> None:
    assert event_hash({**EVENT, **same}, CONTEXT) == event_hash(EVENT, CONTEXT)


@pytest.mark.parametrize(
    "other",
    [
        {"eventTime": "2026-11-23T09:30:00.001+07:00"},
        {"eventTimeZoneOffset": "+08:00"},
        {"bizStep": "shipping"},
        {"ilmd": {"ex:colour": "blue", "ex:grade": [1, "B"]}},
        {"outputQuantityList": [{"epcClass": "https://a.example/id/2", "quantity": Decimal("1200.001"), "uom": "KGM"}]},
        {"outputQuantityList": [{"epcClass": "https://a.example/id/2", "quantity": 1200, "uom": "TNE"}]},
        {"sourceList": []},
        {"ex:more": None, "ex:less": 0},
    ],
)
def test_what_says_another_thing_has_another_hash(other: dict[str, Any]) -> None:
    assert event_hash({**EVENT, **other}, CONTEXT) != event_hash(EVENT, CONTEXT)


def test_a_prefix_is_only_a_shorthand() -> None:
    renamed = json.loads(json.dumps(EVENT, default=str).replace('"ex:', '"other:'))
    written = json.loads(json.dumps(EVENT, default=str))
    assert event_hash(renamed, [{"other": "https://ns.example.com/"}]) == event_hash(written, CONTEXT)


def test_a_kind_of_event_that_others_defined_has_a_hash() -> None:
    event = {"type": "ex:Audit", "eventTime": EVENT["eventTime"], "quantityList": "none", "bizStep": {"a": [[1], 2]}}
    assert event_hash(event, CONTEXT).startswith("ni:///sha-256;")
    assert prehash(event, CONTEXT).endswith("ZbizStepa=1a=2quantityListquantity=none")


def test_the_hash_does_not_depend_on_being_in_a_document() -> None:
    plain = {key: value for key, value in EVENT.items() if key != "inputQuantityList"} | {"inputEPCList": ["urn:a:b"]}
    text = json.dumps(plain, default=str).replace('"50.1"', "50.1")
    alone = parse_event(text.encode(), CONTEXT)
    document = {
        "@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-11-23T09:30:00Z",
        "epcisBody": {"eventList": ["HERE"]},
    }  # fmt: skip
    whole = parse_document(json.dumps(document).replace('"HERE"', text).encode())
    assert event_hash(whole.events[0].data, whole.context) == event_hash(alone.data, CONTEXT)


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6)


@given(NUMBERS)
def test_a_number_is_written_without_exponent_and_needless_zeros(number: Decimal) -> None:
    text = prehash({"type": "ObjectEvent", "ex:n": number}, CONTEXT).rpartition("=")[2]
    assert Decimal(text) == number
    assert "E" not in text
    assert not ("." in text and text.endswith(("0", ".")))
    assert not text.startswith(("-0", "00")) or text.startswith("-0.")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["ex:a", "ex:bList", "other:c", "ex:quantity"]), JSON), st.randoms())
def test_any_extension_can_be_hashed_and_the_order_of_fields_does_not_matter(own: dict[str, Any], chance: Any) -> None:
    event = {**EVENT, **own}
    shuffled = list(event.items())
    chance.shuffle(shuffled)
    try:
        assert event_hash(event, CONTEXT) == event_hash(dict(shuffled), CONTEXT)
    except UnicodeEncodeError:
        assert "\\ud" in json.dumps(own, default=str)
