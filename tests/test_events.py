"""EPCIS events: the verdict of the official schema on published documents, exact bytes and numbers, problems told."""

import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.shared import CONFORMANCE, needs_shared
from traceability.events import (
    EventInvalid,
    ExtendedEvent,
    FieldProblem,
    ObjectEvent,
    TransformationEvent,
    parse_document,
    parse_event,
    vocabulary,
)

SOURCES = ("gs1-epcis-2.0/examples.json", "openepcis-test-resources/cases.json", "openepcis-dpp-ready/cases.json")
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
EVENT = {
    "type": "TransformationEvent",
    "eventTime": "2026-11-23T09:30:00.000+07:00",
    "eventTimeZoneOffset": "+07:00",
    "bizStep": "https://w3id.org/junkan/epcis/BizStep-recycling",
    "inputQuantityList": [{"epcClass": "https://a.example/id/1", "quantity": 1250.10, "uom": "KGM"}],
    "outputQuantityList": [{"epcClass": "https://a.example/id/2", "quantity": 1200, "uom": "KGM"}],
    "junkan:sinks": [{"junkan:account": "loss:moisture", "junkan:quantity": 50.10}],
}


def document(*events: Any) -> dict[str, Any]:
    return {
        "@context": [CONTEXT, {"junkan": "https://w3id.org/junkan/epcis/"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-23T09:30:00Z",
        "epcisBody": {"eventList": list(events)},
    }


def problems(raw: bytes) -> list[FieldProblem]:
    """What we say of a document or a single event, in either case."""
    kind = json.loads(raw).get("type")
    try:
        if str(kind) in {"EPCISDocument", "EPCISQueryDocument"}:
            return [problem for each in parse_document(raw).events for problem in each.problems]
        return list(parse_event(raw).problems)
    except EventInvalid as error:
        return list(error.problems)


def of_event(**changes: Any) -> list[FieldProblem]:
    """What we say of the sample event with these changes (None takes a field away)."""
    event = {key: value for key, value in {**EVENT, **changes}.items() if value is not None}
    return list(parse_document(json.dumps(document(event)).encode()).events[0].problems)


def published() -> list[Any]:
    if not CONFORMANCE.is_dir():
        return []
    cases = []
    for source in SOURCES:
        folder = (CONFORMANCE / source).parent
        for case in json.loads((CONFORMANCE / source).read_text("utf-8"))["cases"]:
            verdict = case.get("schema_valid", case.get("official_schema_valid"))
            if verdict is not None:
                cases.append(pytest.param(folder / case["file"], verdict, id=f"{folder.name}/{case['file']}"))
    return cases


@needs_shared
@pytest.mark.parametrize(("file", "valid"), published())
def test_a_published_document_gets_the_official_verdict(file: Any, valid: bool) -> None:
    assert (problems(file.read_bytes()) == []) is valid


@cache
def official() -> jsonschema_rs.Draft7Validator:
    schema = json.loads((CONFORMANCE / "gs1-epcis-2.0/schema/EPCIS-JSON-Schema.json").read_text("utf-8"))
    return jsonschema_rs.Draft7Validator(schema, validate_formats=True)


@cache
def valid_documents() -> list[dict[str, Any]]:
    return [json.loads(case.values[0].read_text("utf-8")) for case in published() if case.values[1]]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(each, (*path, key))


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        None, True, 0, -1.5, "", "x", "ex:y", "my_ex:y", "urn:epcglobal:cbv:bizstep:shipping", "shipping", "po",
        "https://ns.gs1.org/cbv/BizStep-x", "http://gs1.org/voc/Mass", "Temperature", "location", "KGM", "kgm",
        "2020-02-30T00:00:00Z", "2020-01-01T00:00:00", "2020-01-01T00:00:00Z", "+14:00", "+14:01", "ADD", "add",
        "http://a b", "http://[::1]/x", "http://[::g]/x", "a:%4", "a:b#c#d", "http://\u00fc.example", "1a:b", [], {},
        ["a:b"], ["a:b", "a:b"], {"id": "a:b"}, {"id": "x y"}, {"set": []}, {"unset": ["active"]}, {"type": "po"},
        {"epcClass": "a:b"}, {"epcClass": "a:b", "quantity": "1"}, {"sensorReport": [{"type": "Mass", "b": 1}]},
        {"type": "location", "source": "a:b"}, {"declarationTime": "2020-01-01T00:00:00Z"},
    ]
)  # fmt: skip
FIELD = st.sampled_from(
    [
        "action", "epcList", "quantityList", "parentID", "childEPCs", "inputEPCList", "outputQuantityList", "ilmd",
        "transformationID", "persistentDisposition", "bizTransactionList", "sourceList", "sensorElementList", "eventID",
        "certificationInfo", "errorDeclaration", "@context", "readPoint", "x", "ex:y", "my_ex:z", "_comment", "id",
        "type", "uom", "value", "component", "exception", "time", "reason", "disposition", "hexBinaryValue",
    ]
)  # fmt: skip


@needs_shared
@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_valid_document_with_one_thing_changed_still_gets_the_official_verdict(data: st.DataObject) -> None:
    whole = copy.deepcopy(data.draw(st.sampled_from(valid_documents())))
    path = data.draw(st.sampled_from(list(places(whole))))
    inside = whole
    for step in path[:-1]:
        inside = inside[step]
    match data.draw(st.sampled_from(["take away", "replace", "add"])):
        case "take away":
            del inside[path[-1]]
        case "add" if isinstance(inside[path[-1]], dict):
            inside[path[-1]][data.draw(FIELD)] = data.draw(ODD)
        case _:
            inside[path[-1]] = data.draw(ODD)
    assert (problems(json.dumps(whole).encode()) == []) is official().is_valid(whole)


@needs_shared
def test_the_vocabulary_is_the_published_one() -> None:
    told = json.loads((CONFORMANCE / "gs1-epcis-2.0/cbv-vocabulary.json").read_text("utf-8"))
    ours = {
        "bizstep": vocabulary.BIZ_STEPS, "disposition": vocabulary.DISPOSITIONS, "component": vocabulary.COMPONENTS,
        "biztransaction-type": vocabulary.TRANSACTION_TYPES, "error-reason": vocabulary.ERROR_REASONS,
        "sourcedest-type": vocabulary.PARTY_TYPES, "measurement-type": vocabulary.MEASUREMENTS,
        "sensor-alert-type": vocabulary.ALERTS,
    }  # fmt: skip
    full = {"cbv:": vocabulary.CBV, "gs1:": vocabulary.GS1}
    for name, words in ours.items():
        assert dict(words) == {word: full[uri[:4]] + uri[4:] for word, uri in told[name].items()}


def test_an_event_keeps_its_exact_bytes_and_numbers() -> None:
    odd = (
        b'{ "type":"ObjectEvent",\n "eventTime":"2026-11-23T09:30:00Z", "eventTimeZoneOffset":"+00:00","action":"ADD",'
    )
    odd += (
        b'"quantityList":[{"epcClass":"a:b", "quantity": 1.10}], "ex:n": 0.1000000000000000055511151231257827021181 }'
    )
    raw = json.dumps(document("EVENT")).encode().replace(b'"EVENT"', b" " + odd + b"  ")
    received = parse_document(raw).events[0]
    assert received.raw == odd
    assert isinstance(received.event, ObjectEvent)
    assert received.event.quantity_list is not None
    assert str(received.event.quantity_list[0].quantity) == "1.10"
    assert str(received.data["ex:n"]) == "0.1000000000000000055511151231257827021181"


def test_an_event_speaks_python() -> None:
    event = parse_document(json.dumps(document(EVENT)).encode()).events[0].event
    assert isinstance(event, TransformationEvent)
    assert event.event_time.isoformat() == "2026-11-23T02:30:00+00:00"
    assert event.event_time_zone_offset == "+07:00"
    assert event.input_quantity_list is not None
    assert (event.input_quantity_list[0].quantity, event.input_quantity_list[0].uom) == (Decimal("1250.1"), "KGM")
    assert event.input_epc_list is None
    assert event.extensions["junkan:sinks"] == [
        {"junkan:account": "loss:moisture", "junkan:quantity": Decimal("50.1")}
    ]  # fmt: skip
    with pytest.raises(ValidationError):
        event.biz_step = "shipping"  # type: ignore[misc]


def test_a_query_answer_is_read_like_a_document() -> None:
    answer = document()
    answer["type"] = "EPCISQueryDocument"
    answer["epcisBody"] = {"queryResults": {"queryName": "q", "resultsBody": {"eventList": [EVENT, EVENT]}}}
    read = parse_document(json.dumps(answer).encode())
    assert [each.problems for each in read.events] == [(), ()]
    assert read.context == answer["@context"]


def test_a_single_event_needs_a_context() -> None:
    alone = json.dumps(EVENT).encode()
    assert [each.pointer for each in parse_event(alone).problems] == ["/@context"]
    assert parse_event(alone, CONTEXT).problems == ()
    assert parse_event(json.dumps({"@context": CONTEXT, **EVENT}).encode()).problems == ()


def test_an_event_of_a_kind_of_others_is_kept_whole() -> None:
    event = {"type": "ex:Audit", "eventTime": EVENT["eventTime"], "eventTimeZoneOffset": "+07:00", "bizStep": 7}
    received = parse_document(json.dumps(document(event)).encode()).events[0]
    assert isinstance(received.event, ExtendedEvent)
    assert received.event.extensions == {"bizStep": 7}
    assert received.event.biz_step is None


def test_a_bad_event_does_not_take_the_good_ones_with_it() -> None:
    bad = {**EVENT, "eventTime": "yesterday"}
    events = parse_document(json.dumps(document(EVENT, bad, EVENT, 7)).encode()).events
    assert [each.event is not None for each in events] == [True, False, True, False]
    assert events[1].problems[0].pointer == "/epcisBody/eventList/1/eventTime"
    assert events[3].problems[0].code == "NOT_AN_OBJECT"


@pytest.mark.parametrize(
    ("changes", "pointer", "code", "fix"),
    [
        ({"bizStep": "urn:epcglobal:cbv:bizstep:shipping"}, "bizStep", "NOT_A_WORD", "Write shipping."),
        ({"bizStep": "Shiping"}, "bizStep", "NOT_A_WORD", "Write shipping."),
        ({"action": "ADD"}, "action", "UNKNOWN_FIELD", "A TransformationEvent has no action: leave it out."),
        ({"eventTime": "2026-11-23T09:30:00"}, "eventTime", "NOT_A_TIME", "Add the offset from UTC"),
        ({"eventTimeZoneOffset": "7"}, "eventTimeZoneOffset", "NOT_AN_OFFSET", "Write it as +07:00"),
        ({"eventTimeZoneOffset": None}, "eventTimeZoneOffset", "MISSING", "State it."),
        ({"inputQuantityList": [{"epcClass": "a:b", "quantity": "12.5"}]}, "inputQuantityList/0/quantity",
         "NOT_A_NUMBER", "Write 12.5 without quotation marks."),
        ({"inputQuantityList": [{"epcClass": "a:b", "uom": "kg"}]}, "inputQuantityList/0/uom", "NOT_A_UNIT", "KGM"),
        ({"inputQuantityList": [{"epcClass": "lot 7"}]}, "inputQuantityList/0/epcClass", "NOT_A_URI", "full URI"),
        ({"inputQuantityList": [{"epcClass": "a:b", "lot": 1}]}, "inputQuantityList/0/lot", "UNKNOWN_FIELD", "Leave"),
        ({"inputQuantityList": []}, "", "WHAT_MISSING", "State inputs and outputs"),
        ({"moisture": 3}, "moisture", "UNKNOWN_FIELD", "prefix"),
        ({"type": "TransformEvent"}, "type", "NOT_A_WORD", "Use TransformationEvent"),
        ({"inputEPCList": ["a:b", "a:b"]}, "inputEPCList", "DUPLICATE_ITEM", ""),
        ({"readPoint": {"id": None}}, "readPoint/id", "NOT_A_STRING", "quotation marks"),
    ],
)  # fmt: skip
def test_a_problem_names_field_and_fix(changes: dict[str, Any], pointer: str, code: str, fix: str) -> None:
    found = of_event(**changes)
    assert [(each.pointer, each.code) for each in found] == [
        ("/epcisBody/eventList/0" + ("/" + pointer if pointer else ""), code)
    ]
    assert fix in (found[0].fix or "")


def test_a_problem_shows_the_value() -> None:
    assert of_event(bizStep="urn:x y")[0].value == "urn:x y"
    assert len(of_event(bizStep="x" * 9999)[0].value or "") < 250


def test_at_most_a_hundred_problems_are_told() -> None:
    assert len(of_event(inputEPCList=["x y"] * 500)) == 100


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ('{"type": "ObjectEvent",}', "NOT_JSON", "Line 1, column 24"),
        ('{\n "a": 1,\n "b": {"c": 1, "c": 2}}', "DUPLICATE_KEY", "Line 3, column 16"),
        ('{"a": 1, "\\u0061": 2}', "DUPLICATE_KEY", "Line 1, column 10"),
        ('{"a" : 1, "a" : 2}', "DUPLICATE_KEY", "Line 1, column 11"),
        ('{"x": "\\u003a", "a": 1, "a": 2}', "DUPLICATE_KEY", "Line 1, column 25"),
        ('{"a": NaN}', "NOT_JSON", "Line 1, column 7"),
        ('{"a": -Infinity}', "NUMBER_RANGE", "Line 1, column 7"),
        ('{"a": 1e99999}', "NUMBER_RANGE", "Line 1, column 7"),
        ('{"a": ' + "9" * 5000 + "}", "NUMBER_RANGE", "Line 1, column 7"),
        ('{"a": "\\ud800"}', "NOT_A_STRING", "Line 1, column 8"),
        ('{"a": "\\u0000"}', "NOT_A_STRING", "Line 1, column 8"),
        ("[" * 100_000, "TOO_DEEP", "Line 1"),
        ("", "NOT_JSON", "Line 1, column 1"),
        ("[1, 2]", "NOT_A_DOCUMENT", ""),
    ],
)
def test_what_is_no_strict_json_is_refused_with_its_place(text: str, code: str, where: str) -> None:
    with pytest.raises(EventInvalid) as refused:
        parse_document(text.encode())
    assert refused.value.problems[0].code == code
    assert where in refused.value.problems[0].message


def test_text_that_is_not_utf8_is_refused_with_its_place() -> None:
    with pytest.raises(EventInvalid, match="Line 2, column 3"):
        parse_document(b'{"a":1,\n "\xff": 2}')


def test_a_whole_character_in_two_escapes_is_read() -> None:
    event = {**EVENT, "ex:name": "\U0001f5d1\ufe0f"}
    assert parse_document(json.dumps(document(event)).encode()).events[0].data["ex:name"] == "\U0001f5d1\ufe0f"


def test_an_event_too_deep_to_follow_is_refused() -> None:
    deep: Any = 1
    for _ in range(70):
        deep = [deep]
    assert [each.code for each in of_event(**{"ex:deep": deep})] == ["TOO_DEEP"]


TREE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2) | st.just(":"), inner, max_size=3),
    max_leaves=8,
)


@given(TREE, TREE, st.text(max_size=3), st.booleans())
def test_no_key_may_stand_twice_however_the_text_is_written(one: Any, other: Any, key: str, plain: bool) -> None:
    if not any("\x00" in text or any(0xD800 <= ord(c) < 0xE000 for c in text) for text in (str(one), str(other), key)):
        name = json.dumps(key, ensure_ascii=not plain)
        values = (json.dumps(each, ensure_ascii=not plain) for each in (one, other))
        twice = "{" + ", ".join(f"{name}: {value}" for value in values) + "}"
        with pytest.raises(EventInvalid) as refused:
            parse_event(twice.encode())
        assert refused.value.problems[0].code in {"DUPLICATE_KEY", "NOT_A_STRING"}
