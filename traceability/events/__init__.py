"""Events: EPCIS 2.0 as frozen models, read from JSON with the verdict of the official schema (pure)."""

from traceability.events.document import Document, ReceivedEvent, parse_document, parse_event
from traceability.events.elements import (
    BizTransaction,
    Destination,
    ErrorDeclaration,
    PersistentDisposition,
    Place,
    QuantityElement,
    SensorElement,
    SensorMetadata,
    SensorReport,
    Source,
)
from traceability.events.models import (
    AggregationEvent,
    AssociationEvent,
    Event,
    ExtendedEvent,
    ObjectEvent,
    TransactionEvent,
    TransformationEvent,
)
from traceability.events.problems import EventInvalid, FieldProblem

__all__ = [
    "AggregationEvent",
    "AssociationEvent",
    "BizTransaction",
    "Destination",
    "Document",
    "ErrorDeclaration",
    "Event",
    "EventInvalid",
    "ExtendedEvent",
    "FieldProblem",
    "ObjectEvent",
    "PersistentDisposition",
    "Place",
    "QuantityElement",
    "ReceivedEvent",
    "SensorElement",
    "SensorMetadata",
    "SensorReport",
    "Source",
    "TransactionEvent",
    "TransformationEvent",
    "parse_document",
    "parse_event",
]
