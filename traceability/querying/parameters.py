"""Parameters: the names of the EPCIS 2.0 query language (8.2.7.1), each with the condition that it states."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from difflib import get_close_matches
from typing import Final

from traceability.events import vocabulary
from traceability.events.values import is_uri
from traceability.querying.canonical import Names, canonical, sortable_moment, sortable_number
from traceability.querying.extensions import hashed
from traceability.querying.facts import CLASSES, EPCS, WORDS
from traceability.querying.given import Given
from traceability.querying.matching import match
from traceability.querying.plan import Condition, Described, Facet, Range, Within

Reader = Callable[[Given, Names], Condition | None]

KINDS: Final = ("AggregationEvent", "AssociationEvent", "ObjectEvent", "TransactionEvent", "TransformationEvent")
COMPARED: Final = ("EQ", "GT", "GE", "LT", "LE")


def facet(fields: tuple[str, ...], values: set[str] | frozenset[str]) -> Facet:
    """One of these values stands in one of these fields."""
    return Facet(hashes(fields), hashes(values))


def hashes(texts: Iterable[str]) -> tuple[int, ...]:
    """In order, each once."""
    return tuple(sorted({hashed(text) for text in texts}))


def _words(field: str, words: str) -> Reader:
    """Words of a vocabulary, bare or as addresses of one's own."""
    known = WORDS[words]

    def read(given: Given, names: Names) -> Condition:
        found: set[str] = set()
        for text in given.texts(words=True):
            if text in known:
                found.add(known[text])
                continue
            if ":" not in text:
                near = get_close_matches(text, known, n=1, cutoff=0.6) or [next(iter(known))]
                raise given.wrong(
                    "The vocabulary has no such word.", f"Write {near[0]}, or an address (URI) of your own.", text
                )
            found |= {canonical(each) for each in names.expand(text)}
        return facet((field,), found)

    return read


def _kinds(given: Given, names: Names) -> Condition:
    found: set[str] = set()
    for text in given.texts(words=True):
        if text not in KINDS and not is_uri(text):
            near = get_close_matches(text, KINDS, n=1) or KINDS
            raise given.wrong("The standard has no such kind of event.", f"Use {' or '.join(near)}.", text)
        found |= set() if text in KINDS else set(names.expand(text))
    kinds = tuple(sorted(set(KINDS).intersection(given.texts(words=True))))
    return replace(facet(("eventType",), found), kinds=kinds)


def _actions(given: Given, _: Names) -> Condition:
    texts = given.texts(words=True)
    for text in texts:
        if text not in {"ADD", "OBSERVE", "DELETE"}:
            raise given.wrong("There is no such action.", "Use ADD, OBSERVE or DELETE.", text)
    return Facet(actions=tuple(sorted(set(texts))))


def _addresses(given: Given, names: Names) -> frozenset[str]:
    return frozenset(canonical(each) for text in given.texts() for each in names.expand(text))


def _uris(field: str) -> Reader:
    return lambda given, names: facet((field,), _addresses(given, names))


def _exactly(field: str) -> Reader:
    return lambda given, _: facet((field,), set(given.texts()))


def _within(field: str) -> Reader:
    return lambda given, names: Within(field, tuple(sorted(_addresses(given, names))))


def _match(*fields: str) -> Reader:
    return lambda given, names: match(given, names, fields)


def _exists(field: str) -> Reader:
    return lambda given, _: Facet(present=(hashed(field),)) if given.flag() else None


def _truth(given: Given, _: Names) -> Condition:
    return facet(("booleanValue",), {str(given.flag()).lower()})


def _bounded(operator: str, fields: tuple[str, ...], bounds: tuple[str, ...], unit: str | None = None) -> Facet:
    at, bound = hashes(fields), bounds[0]
    match operator:
        case "EQ":
            found = Range(at, among=tuple(sorted(set(bounds))), unit=unit)
        case "GT" | "GE":
            found = Range(at, low=bound, low_open=operator == "GT", unit=unit)
        case _:
            found = Range(at, high=bound, high_open=operator == "LT", unit=unit)
    return Facet(ranges=(found,))


def numeric(operator: str, name: str, unit: str | None = None) -> Reader:
    """A number of this name (and unit), compared; EQ takes several."""

    def read(given: Given, _: Names) -> Condition:
        numbers: tuple[Decimal, ...] = given.numbers() if operator == "EQ" else (given.number(),)
        return _bounded(operator, (name,), tuple(sortable_number(each) for each in numbers), unit)

    return read


def _temporal(operator: str, name: str) -> Reader:
    return lambda given, _: _bounded(operator, (name,), (sortable_moment(given.moment()),))


FIXED: Final[Mapping[str, Reader]] = {
    "eventType": _kinds,
    "EQ_action": _actions,
    "EQ_bizStep": _words("bizStep", "bizStep"),
    "EQ_disposition": _words("disposition", "disposition"),
    "EQ_persistentDisposition_set": _words("set", "disposition"),
    "EQ_persistentDisposition_unset": _words("unset", "disposition"),
    "EQ_readPoint": _uris("readPoint"),
    "WD_readPoint": _within("readPoint"),
    "EQ_bizLocation": _uris("bizLocation"),
    "WD_bizLocation": _within("bizLocation"),
    "EQ_transformationID": _uris("transformationID"),
    "MATCH_epc": _match("epcList", "childEPCs"),
    "MATCH_parentID": _match("parentID"),
    "MATCH_inputEPC": _match("inputEPCList"),
    "MATCH_outputEPC": _match("outputEPCList"),
    "MATCH_anyEPC": _match(*EPCS, "parentID"),
    "MATCH_epcClass": _match("quantityList", "childQuantityList"),
    "MATCH_inputEPCClass": _match("inputQuantityList"),
    "MATCH_outputEPCClass": _match("outputQuantityList"),
    "MATCH_anyEPCClass": _match(*CLASSES),
    "EXISTS_errorDeclaration": _exists("errorDeclaration"),
    "EQ_errorReason": _words("reason", "reason"),
    "EQ_correctiveEventID": _exactly("correctiveEventID"),
    "EXISTS_sensorElementList": _exists("sensorElementList"),
    "EQ_type": _words("measurement", "type"),
    "EQ_booleanValue": _truth,
    "EQ_stringValue": _exactly("stringValue"),
    "EQ_hexBinaryValue": _exactly("hexBinaryValue"),
    **{f"EQ_{name}": _uris(name) for name in
       ("deviceID", "dataProcessingMethod", "microorganism", "chemicalSubstance", "bizRules", "uriValue")},
    **{f"{operator}_quantity": numeric(operator, "quantity") for operator in COMPARED},
    **{f"{operator}_percRank": numeric(operator, "percRank") for operator in COMPARED[1:]},
    **{f"{operator}_{name}": _temporal(operator, name) for operator in ("GE", "LT")
       for name in ("time", "startTime", "endTime", "errorDeclarationTime")},
    # The published query schema spells it so.
    **{f"{operator}_errorDeclaration_Time": _temporal(operator, "errorDeclarationTime") for operator in ("GE", "LT")},
}  # fmt: skip

_PAPER: Final = re.compile(r"EQ_(bizTransaction|source|destination)_([a-z][A-Za-z0-9_]+|[^_:\s]+:\S+)")
_MEASURED: Final = re.compile(
    r"(EQ|GT|GE|LT|LE)_(value|minValue|maxValue|meanValue|sDev|percValue|quantity)_([A-Z0-9]{2,4})"
)
_ATTRIBUTE: Final = re.compile(
    r"(?:HASATTR_(?P<has>[^_:\s]+(?::\S+)?)|(?:EQATTR|EQ_ATTR)_(?P<field>[^_:\s]+(?::\w+?)?)_(?P<attribute>\S+))"
)
_FIELD: Final = re.compile(
    r"(?P<operator>EQ|GT|GE|LT|LE|EXISTS)_(?P<inner>INNER_)?"
    r"(?:(?P<scope>ILMD|ERROR_DECLARATION|SENSORELEMENT|SENSORMETADATA|SENSORREPORT|readPoint|bizLocation)_)?"
    r"(?P<name>[^_:\s][^:\s]*:\S+)"
)


def reader_of(name: str, names: Names) -> Reader | None:
    """What this parameter states; None where EPCIS 2.0 knows no such parameter."""
    if name in FIXED:
        return FIXED[name]
    if found := _PAPER.fullmatch(name):
        return _papers(found[1], found[2], names)
    if found := _MEASURED.fullmatch(name):
        single = found[1] != "EQ" or found[2] in {"value", "quantity"}
        return numeric(found[1], found[2], found[3]) if single else None
    if found := _ATTRIBUTE.fullmatch(name):
        return _described(found["has"] or found["field"], found["attribute"], names)
    if found := _FIELD.fullmatch(name):
        scope = ("INNER " if found["inner"] else "") + (found["scope"] or "field")
        return _field(found["operator"], tuple(f"{scope} {each}" for each in names.expand(found["name"])))
    return None


def _papers(list_of: str, kind: str, names: Names) -> Reader:
    words = vocabulary.TRANSACTION_TYPES if list_of == "bizTransaction" else vocabulary.PARTY_TYPES
    kinds = (words[kind],) if kind in words else tuple(canonical(each) for each in names.expand(kind))
    fields = tuple(f"{list_of} {each}" for each in kinds)
    return lambda given, names: facet(fields, _addresses(given, names))


def _described(field: str, attribute: str | None, names: Names) -> Reader | None:
    """Attributes of master data: HASATTR takes their names, EQATTR names one and takes its values."""
    if ":" in field:
        fields = tuple(f"field {each}" for each in names.expand(field))
    elif field in {"readPoint", "bizLocation", "bizStep", "disposition"}:
        fields = (field,)
    elif field in {"epcClass", "epc"}:
        fields = CLASSES if field == "epcClass" else (*EPCS, "parentID")
    else:
        return None

    def read(given: Given, names: Names) -> Condition:
        texts = given.texts()
        if attribute is not None:
            return Described(fields, names.expand(attribute), texts)
        return Described(fields, tuple(each for text in texts for each in names.expand(text)), None)

    return read


def _field(operator: str, fields: tuple[str, ...]) -> Reader:
    """A field of others: equal to one of some texts, numbers or moments, beyond a number or moment, or just there."""

    def read(given: Given, names: Names) -> Condition | None:
        if operator == "EXISTS":
            return Facet(present=hashes(fields)) if given.flag() else None
        if operator == "EQ":
            texts = [item if isinstance(item, str) else _told(item) for item in given.items]
            plain = Given(given.name, tuple(texts), given.typed)
            return facet(fields, {canonical(each) for text in plain.texts() for each in names.expand(text)})
        text = given.items[0] if len(given.items) == 1 else None
        if isinstance(text, str) and "T" in text.upper():
            bound, kind = sortable_moment(given.moment()), " @"
        else:
            bound, kind = sortable_number(given.number()), ""
        return _bounded(operator, tuple(f"{each}{kind}" for each in fields), (bound,))

    return read


def _told(item: object) -> str:
    """A number or truth of JSON as text."""
    return str(item).lower() if isinstance(item, bool) else f"{item:f}" if isinstance(item, Decimal) else str(item)
