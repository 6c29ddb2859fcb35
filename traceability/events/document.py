"""Document: an EPCIS 2.0 document as received, each event with its exact bytes, its values and its verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final

import msgspec
from pydantic import ValidationError

from traceability.events.envelope import EPCISDocument, EPCISQueryDocument
from traceability.events.models import (
    AggregationEvent,
    AssociationEvent,
    Event,
    ExtendedEvent,
    ObjectEvent,
    TransactionEvent,
    TransformationEvent,
)
from traceability.events.problems import EventInvalid, FieldProblem, pointer
from traceability.events.reading import DEEPEST, read, too_deep
from traceability.events.telling import shown, told
from traceability.events.values import is_uri

_EVENTS: Final[Mapping[str, type[Event]]] = {
    "ObjectEvent": ObjectEvent,
    "AggregationEvent": AggregationEvent,
    "TransactionEvent": TransactionEvent,
    "TransformationEvent": TransformationEvent,
    "AssociationEvent": AssociationEvent,
}
_BOM: Final = b"\xef\xbb\xbf"
_RESULTS: Final = ("queryResults", "resultsBody")


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """One event: its bytes as received, its values (numbers int or Decimal), and the event or what is wrong with it."""

    raw: bytes
    data: Mapping[str, Any]
    event: Event | None
    problems: tuple[FieldProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A document that could be read: `context` is the JSON value of @context; events may still have problems."""

    context: Any
    schema_version: str | None
    creation_date: datetime | None
    events: tuple[ReceivedEvent, ...]


class _Body(msgspec.Struct):
    eventList: list[msgspec.Raw]  # noqa: N815 - the standard's spelling


class _Slices(msgspec.Struct):
    epcisBody: _Body  # noqa: N815


class _Results(msgspec.Struct):
    resultsBody: _Body  # noqa: N815


class _QueryBody(msgspec.Struct):
    queryResults: _Results  # noqa: N815


class _QuerySlices(msgspec.Struct):
    epcisBody: _QueryBody  # noqa: N815


_SLICES: Final = msgspec.json.Decoder(_Slices)
_QUERY_SLICES: Final = msgspec.json.Decoder(_QuerySlices)


def parse_document(raw: bytes) -> Document:
    """An EPCISDocument or EPCISQueryDocument with all its events, in order.

    Raises EventInvalid where it is no JSON or the document around the events is wrong; a bad event among good ones
    does not raise: its `problems` tell, with pointers into the document.
    """
    raw = raw.removeprefix(_BOM)
    data = read(raw)
    kind = data.get("type") if isinstance(data, dict) else None
    envelope: EPCISDocument | EPCISQueryDocument
    steps: tuple[str, ...]
    try:
        if kind == "EPCISDocument":
            envelope, steps = EPCISDocument.model_validate(data), ("epcisBody", "eventList")
            slices = _SLICES.decode(raw).epcisBody.eventList
        elif kind == "EPCISQueryDocument":
            envelope, steps = EPCISQueryDocument.model_validate(data), ("epcisBody", *_RESULTS, "eventList")
            slices = _QUERY_SLICES.decode(raw).epcisBody.queryResults.resultsBody.eventList
        else:
            raise EventInvalid([_no_document(kind)])
    except ValidationError as error:
        raise EventInvalid(told(error)) from None
    events = tuple(
        _received(bytes(part), each, (*steps, at))
        for at, (part, each) in enumerate(zip(slices, envelope.events, strict=True))
    )
    return Document(data["@context"], envelope.schema_version, envelope.creation_date, events)


def parse_event(raw: bytes, context: Any = None) -> ReceivedEvent:
    """A single event outside a document; it needs its own @context, unless one is given with it.

    Raises EventInvalid where it is no JSON; else its `problems` tell what is wrong.
    """
    raw = raw.removeprefix(_BOM).strip()
    data = read(raw)
    received = _received(raw, data, ())
    if context is None and "@context" not in received.data:
        missing = FieldProblem(
            "/@context", "MISSING", "A single event needs a @context.", None, "State it, as in a document."
        )
        return ReceivedEvent(raw, received.data, None, (missing, *received.problems))
    return received


def _no_document(kind: object) -> FieldProblem:
    fix = "Use type EPCISDocument or EPCISQueryDocument."
    if isinstance(kind, str) and kind in _EVENTS:
        fix = "Put the event into the eventList of an EPCISDocument, or capture it as a single event."
    return FieldProblem("/type", "NOT_A_DOCUMENT", "This is no EPCIS document.", shown(kind), fix)


def _received(raw: bytes, data: Any, steps: tuple[str | int, ...]) -> ReceivedEvent:
    if not isinstance(data, dict):
        problem = FieldProblem(pointer(*steps), "NOT_AN_OBJECT", "An event is an object.", shown(data), "Use braces.")
        return ReceivedEvent(raw, {}, None, (problem,))
    if too_deep(raw, data):
        deep = f"The event is nested deeper than {DEEPEST} levels."
        return ReceivedEvent(raw, data, None, (FieldProblem(pointer(*steps), "TOO_DEEP", deep, None, "Flatten it."),))
    kind = data.get("type")
    if isinstance(kind, str) and kind not in _EVENTS and not is_uri(kind):
        near = get_close_matches(kind, _EVENTS, n=1) or list(_EVENTS)
        message = "The standard has no such kind of event."
        problem = FieldProblem(
            pointer(*steps, "type"), "NOT_A_WORD", message, shown(kind), f"Use {' or '.join(near)}."
        )  # fmt: skip
        return ReceivedEvent(raw, data, None, (problem,))
    model = _EVENTS.get(kind, ExtendedEvent) if isinstance(kind, str) else ExtendedEvent
    try:
        return ReceivedEvent(raw, data, model.model_validate(data))
    except ValidationError as error:
        return ReceivedEvent(raw, data, None, told(error, *steps))
