"""A correction says what was wrong and what is right, leaves everything else as it was, and is exact to the gram."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from traceability import composing
from traceability.events import parse_document
from traceability.history.correcting import Weight, corrected, event_of, speaks_our_words, weights
from traceability.history.reading import Happened, Stated
from traceability.ledger.interpretation import REPROCESSING, movement_of
from traceability.ledger.movements import ErrorDeclared, Transformation

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
AT = composing.At(NOW, "https://example.org/id/place", ZoneInfo("Asia/Tokyo"))
BALE, FLAKE = "https://example.org/id/bale", "https://example.org/id/flake"


def stated(event: composing.Composed, event_id: str = "ni:///sha-256;abc?ver=CBV2.0") -> Stated:
    """The event as the record gives it back: one text, and its document's context."""
    document = json.loads(composing.document([event], NOW))
    happened = Happened(
        4, "epcis", event_id, event["type"], event["bizStep"], NOW, date(2026, 11, 23), NOW, "counted", (), (), False,
        False, False,
    )  # fmt: skip
    raw = parse_document(composing.document([event], NOW)).events[0].raw
    return Stated(happened, raw.decode(), document["@context"])


def processed() -> Stated:
    made = composing.Making(FLAKE, 7_200_500, "plastics.pet", "flake")
    sinks = {"residue:process": 1_000_000, "loss:moisture": 500_000}
    return stated(composing.transformed(AT, REPROCESSING, {BALE: 10_000_000}, [made], sinks))


def test_every_weight_of_an_event_is_found_with_its_part_in_it() -> None:
    assert weights(processed()) == [
        Weight("input", 0, BALE, 10_000_000), Weight("output", 0, FLAKE, 7_200_500),
        Weight("sink", 0, "residue:process", 1_000_000), Weight("sink", 1, "loss:moisture", 500_000),
    ]  # fmt: skip


def test_the_right_event_states_the_right_grams_and_nothing_else_changes() -> None:
    found = processed()
    wrong, right = corrected(found, {("input", 0): 9_999_999, ("sink", 1): 0}, NOW, "urn:junkan:event:new")
    assert wrong["eventID"] == found.happened.event_id
    assert wrong["errorDeclaration"]["correctiveEventIDs"] == ["urn:junkan:event:new"]
    assert {**wrong, "eventID": None, "errorDeclaration": None} == {
        **event_of(found), "eventID": None, "errorDeclaration": None,
    }  # fmt: skip
    assert right["eventID"] == "urn:junkan:event:new"
    assert right["inputQuantityList"][0]["quantity"] == Decimal("9999.999")
    assert right["outputQuantityList"] == event_of(found)["outputQuantityList"]
    assert [each["junkan:account"] for each in right["junkan:sinks"]] == ["residue:process"]


def test_both_are_read_as_what_they_mean() -> None:
    found = processed()
    both = corrected(found, {("output", 0): 7_000_000}, NOW, "urn:junkan:event:new")
    events = [each.event for each in parse_document(composing.document(both, NOW)).events]
    assert all(events)
    first, second = (movement_of(event) for event in events if event is not None)
    assert first == ErrorDeclared(found.happened.event_id)
    assert isinstance(second, Transformation)
    assert [each.grams for each in second.outputs] == [7_000_000]


def test_another_binding_of_our_namespace_is_not_composed_here() -> None:
    found = processed()
    assert speaks_our_words(found.context)
    assert not speaks_our_words(["https://ref.gs1.org/x", {"own": "https://w3id.org/junkan/epcis/"}])
    assert not speaks_our_words("https://ref.gs1.org/x")
