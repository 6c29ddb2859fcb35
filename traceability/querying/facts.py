"""Facts: what an event says, field by field, as the texts and numbers that the query language can ask for."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from traceability.events import vocabulary
from traceability.querying.canonical import Names, canonical, company_order, general, names_of
from traceability.querying.extensions import EXISTS, Facts, extension_facts, moment_fact, number_fact

VERSION: Final = 1
"""Of this reading of events: a higher one makes the index again."""

EPCS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
CLASSES: Final = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "bizStep": vocabulary.BIZ_STEPS, "disposition": vocabulary.DISPOSITIONS, "reason": vocabulary.ERROR_REASONS,
    "type": vocabulary.MEASUREMENTS,
}  # fmt: skip
SENSOR_URIS: Final = frozenset(
    {"deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules", "microorganism", "chemicalSubstance",
     "uriValue", "coordinateReferenceSystem", "stringValue", "hexBinaryValue", "component", "booleanValue"}
)  # fmt: skip
SENSOR_NUMBERS: Final = frozenset(
    {"value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"}
)  # fmt: skip
SENSOR_TIMES: Final = frozenset({"time", "startTime", "endTime"})
_ELSEWHERE: Final = frozenset(
    {"@context", "type", "action", "eventTime", "eventTimeZoneOffset", "eventID", "recordTime", "certificationInfo",
     "errorDeclaration", "ilmd", "readPoint", "bizLocation", "bizStep", "disposition", "persistentDisposition",
     "bizTransactionList", "sourceList", "destinationList", "sensorElementList", "transformationID", "parentID",
     *EPCS, *CLASSES}
)  # fmt: skip


def facts_of(event: Mapping[str, Any], context: Any = None) -> Facts:
    """All that a query may find this event by, but for its times, id, action and kind, which are columns."""
    names = names_of(context, event.get("@context"))
    facts = Facts()
    for read in _READERS:
        read(facts, event, names)
    known = _ELSEWHERE if event.get("type") in _KINDS else _ELSEWHERE & _OF_EVERYBODY
    extension_facts(facts, "field", {key: each for key, each in event.items() if key not in known}, names)
    return facts


_KINDS: Final = frozenset(
    {"ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"}
)
_OF_EVERYBODY: Final = frozenset(
    {"@context", "type", "eventTime", "eventTimeZoneOffset", "eventID", "recordTime", "certificationInfo",
     "errorDeclaration"}
)  # fmt: skip


def _texts(value: Any) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):
            yield each


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, Mapping):
            yield each


def _what(facts: Facts, event: Mapping[str, Any], names: Names) -> None:
    """The kind of event, what was done, why, and in which transformation."""
    for name, kind in (("type", "eventTypes"), ("bizStep", "bizSteps"), ("disposition", "dispositions")):
        for text in _texts(event.get(name)):
            facts.values.add((kind, text))
    for text in _texts(event.get("type")):
        if text not in _KINDS:
            facts.terms.add(("eventType", names.one(text)))
    for name in ("bizStep", "disposition"):
        for text in _texts(event.get(name)):
            facts.terms.add((name, word(name, text, names)))
    for text in _texts(event.get("transformationID")):
        facts.terms.add(("transformationID", canonical(names.one(text))))
    for states in _objects(event.get("persistentDisposition")):
        for name in ("set", "unset"):
            for text in _texts(states.get(name)):
                facts.terms.add((name, word("disposition", text, names)))


def word(name: str, text: str, names: Names) -> str:
    """A word of a vocabulary as its address, bare or not."""
    return WORDS[name].get(text) or canonical(names.one(text))


def _items(facts: Facts, event: Mapping[str, Any], names: Names) -> None:
    """EPCs, EPC classes and their quantities."""
    for name in (*EPCS, "parentID"):
        for text in _texts(event.get(name)):
            facts.values.add(("epcs", text))
            _item(facts, name, text, names)
    for name in CLASSES:
        for element in _objects(event.get(name)):
            for text in _texts(element.get("epcClass")):
                facts.values.add(("epcs", text))
                _item(facts, name, text, names)
            number_fact(facts, "quantity", element.get("quantity"), element.get("uom"))


def _item(facts: Facts, name: str, text: str, names: Names) -> None:
    uri = names.one(text)
    key = canonical(uri)
    facts.terms.add((name, key))
    whole = general(key)
    if whole is not None:
        facts.terms.add((f"{name} of", whole))
    ordered = company_order(uri)
    if ordered is not None:
        facts.numbers.add((f"{name} of {ordered[0]}", ordered[1], None))


def _places(facts: Facts, event: Mapping[str, Any], names: Names) -> None:
    """Where: read point and business location, with what others wrote beside their ids."""
    for name, kind in (("readPoint", "readPoints"), ("bizLocation", "bizLocations")):
        for place in _objects(event.get(name)):
            for text in _texts(place.get("id")):
                facts.values.add((kind, text))
                facts.terms.add((name, canonical(names.one(text))))
                whole = general(canonical(names.one(text)))
                if whole is not None:
                    facts.terms.add((f"{name} of", whole))
            extension_facts(facts, name, {key: each for key, each in place.items() if key != "id"}, names)


def _papers(facts: Facts, event: Mapping[str, Any], names: Names) -> None:
    """Business papers, sources and destinations, by their type."""
    for name, words in (
        ("bizTransaction", vocabulary.TRANSACTION_TYPES), ("source", vocabulary.PARTY_TYPES),
        ("destination", vocabulary.PARTY_TYPES),
    ):  # fmt: skip
        for pair in _objects(event.get(f"{name}List")):
            kind = pair.get("type")
            kind = (words.get(kind) or canonical(names.one(kind))) if isinstance(kind, str) else ""
            for text in _texts(pair.get(name)):
                facts.terms.add((f"{name} {kind}", canonical(names.one(text))))


def _errors(facts: Facts, event: Mapping[str, Any], names: Names) -> None:
    """What an error declaration says."""
    for declaration in _objects(event.get("errorDeclaration")):
        facts.terms.add(("errorDeclaration", EXISTS))
        moment_fact(facts, "errorDeclarationTime", declaration.get("declarationTime"))
        for text in _texts(declaration.get("reason")):
            facts.terms.add(("reason", word("reason", text, names)))
        for text in _texts(declaration.get("correctiveEventIDs")):
            facts.terms.add(("correctiveEventID", text))
        known = {"declarationTime", "reason", "correctiveEventIDs"}
        others = {key: each for key, each in declaration.items() if key not in known}
        extension_facts(facts, "ERROR_DECLARATION", others, names)


def _sensors(facts: Facts, event: Mapping[str, Any], names: Names) -> None:
    """What sensors reported; an attribute of the metadata and of a report is the same attribute."""
    if event.get("sensorElementList"):
        facts.terms.add(("sensorElementList", EXISTS))
    for element in _objects(event.get("sensorElementList")):
        known = {"sensorMetadata", "sensorReport"}
        extension_facts(facts, "SENSORELEMENT", {key: each for key, each in element.items() if key not in known}, names)
        for scope, name in (("SENSORMETADATA", "sensorMetadata"), ("SENSORREPORT", "sensorReport")):
            for part in _objects(element.get(name)):
                _sensed(facts, part, names)
                others = {key: each for key, each in part.items() if key not in _SENSED}
                extension_facts(facts, scope, others, names)


_SENSED: Final = SENSOR_URIS | SENSOR_NUMBERS | SENSOR_TIMES | {"type", "uom", "exception"}


def _sensed(facts: Facts, part: Mapping[str, Any], names: Names) -> None:
    for text in _texts(part.get("type")):
        facts.terms.add(("measurement", word("type", text, names)))
    for name, value in part.items():
        if name in SENSOR_URIS:
            text = str(value).lower() if isinstance(value, bool) else value
            if isinstance(text, str):
                facts.terms.add((name, canonical(names.one(text)) if name not in _LITERAL else text))
        elif name in SENSOR_NUMBERS:
            number_fact(facts, name, value, part.get("uom"))
        elif name in SENSOR_TIMES:
            moment_fact(facts, name, value)


_LITERAL: Final = frozenset({"stringValue", "hexBinaryValue", "booleanValue"})


def _ilmd(facts: Facts, event: Mapping[str, Any], names: Names) -> None:
    for ilmd in _objects(event.get("ilmd")):
        extension_facts(facts, "ILMD", ilmd, names)


_READERS: Final[tuple[Callable[[Facts, Mapping[str, Any], Names], None], ...]] = (
    _what, _items, _places, _papers, _errors, _sensors, _ilmd,
)  # fmt: skip
