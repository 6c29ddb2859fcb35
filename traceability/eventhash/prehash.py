"""Prehash: the text of an event that is hashed, names and values in the standard's order, then all else, sorted."""

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from traceability.eventhash.normal import Names, normal, normal_instant, normal_number, normal_text, prefixes
from traceability.events.vocabulary import (
    ALERTS,
    BIZ_STEPS,
    CBV,
    COMPONENTS,
    DISPOSITIONS,
    GS1,
    MEASUREMENTS,
    PARTY_TYPES,
    TRANSACTION_TYPES,
)

Written = tuple[str, list[str]]
"""What the order knows, as one text; and the texts that it does not know, which go to the end."""

Writer = Callable[[str, Any, Names], Written]
Order = tuple[tuple[str, Writer], ...]

_BOUND: Final[Names] = {"cbvmda": "urn:epcglobal:cbv:mda", "gs1": GS1, "cbv": CBV}
_UNSAID: Final = frozenset({"@context", "type", "eventID", "recordTime", "errorDeclaration"})
_REMARKS: Final = frozenset({"#text", "comment", "rdfs:comment"})
_RENAMED: Final[Mapping[str, str]] = {
    "inputEPC": "epc", "outputEPC": "epc", "inputQuantity": "quantityElement", "outputQuantity": "quantityElement",
    "childQuantity": "quantityElement",
}  # fmt: skip


def prehash(event: Mapping[str, Any], context: Any = None, ignored: Collection[str] = ()) -> str:
    """The text that is hashed (CBV 2.0, section 8.9.2) of a valid event, given as parsed JSON.

    `context` is the document's @context; prefixes that the event itself binds come on top. `ignored` are keys that
    take no part.
    """
    names = {**_BOUND, **prefixes(context), **prefixes(event.get("@context"))}
    if ignored:
        event = {key: value for key, value in event.items() if key not in ignored}
    kind = str(event.get("type"))
    order, known = (_EVENT, _KNOWN) if kind in _KINDS else (_EXTENDED, _KNOWN_OF_EXTENDED)
    said, rest = [f"eventType={kind}"], []
    for key, write in order:
        value = event.get(key)
        if value is not None:
            text, left = write(key, value, names)
            said.append(text)
            rest += left
    for key, value in event.items():
        if key not in known:
            rest += _free(_expanded(key, names), value, names)
    rest.sort()
    return "".join(said) + "".join(rest)


def _expanded(key: str, names: Names) -> str:
    """`{namespace}name` for `prefix:name`."""
    prefix, colon, local = key.partition(":")
    return f"{{{names[prefix]}}}{local}" if colon and prefix in names else key


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _field(key: str, value: Any, names: Names) -> Written:
    """One `key=value`; a list gives one for each of its values, sorted."""
    if isinstance(value, str):
        text = normal(value, names)
        return (f"{key}={text}" if text else ""), []
    return "".join(sorted(f"{key}={normal(each, names)}" for each in _listed(value))), []


def _instant(key: str, value: Any, _: Names) -> Written:
    return f"{key}={normal_instant(value)}", []


def _word(words: Mapping[str, str]) -> Writer:
    """A bare word stands for its address."""

    def write(key: str, value: Any, names: Names) -> Written:
        return "".join(sorted(f"{key}={words.get(each) or normal(each, names)}" for each in _listed(value))), []

    return write


def _epcs(key: str, value: Any, names: Names) -> Written:
    if not value:
        return "", []
    return key + "".join(sorted([f"epc={normal(each, names)}" for each in value])), []


def _quantities(key: str, value: Any, names: Names) -> Written:
    if not value:
        return "", []
    elements = []
    for each in value:
        text = "quantityElementepcClass=" + normal(each["epcClass"], names)
        number, uom = each.get("quantity"), each.get("uom")
        if number is not None:
            text += "quantity=" + (normal_number(number) if type(number) is Decimal else str(number))
        if uom is not None:
            text += "uom=" + normal_text(uom)
        elements.append(text)
    elements.sort()
    return key + "".join(elements), []


def _pairs(member: str, words: Mapping[str, str]) -> Writer:
    """A list of objects that hold a type and a member. It is not part of the order, but sorted in with all else."""

    def write(key: str, value: Any, names: Names) -> Written:
        pairs = sorted(
            (f"type={words.get(each['type']) or normal(each['type'], names)}" if "type" in each else "")
            + f"{member}={normal(each[member], names)}"
            for each in value
        )
        return "", [key + "".join(pairs)] if pairs else []

    return write


def _object(order: Order) -> Writer:
    """An object whose fields have an order of their own; fields of others follow it, inside the object."""
    known = frozenset(key for key, _ in order)

    def write(key: str, value: Any, names: Names) -> Written:
        said: list[str] = []
        left: list[str] = []
        count = 0
        for inner, form in order:
            if inner in value:
                text, more = form(inner, value[inner], names)
                said.append(text)
                left += more
                count += 1
        others = [
            text
            for inner, each in value.items()
            if inner not in known and inner not in _REMARKS
            for text in _free(_expanded(inner, names), each, names)
        ]
        if others and count + len(others) > 1:
            said += sorted(each for each in others if _is_foreign(each))
            left += [each for each in others if not _is_foreign(each)]
        else:
            left += others
        text = "".join(said)
        return (key + text if text else ""), [key + "".join(sorted(left))] if left else []

    return write


def _is_foreign(text: str) -> bool:
    """Whether this is a field under a namespace that ends as a namespace should."""
    return text.startswith("{") and "/}" in text


def _objects(element: str, order: Order, wrapped: bool = True) -> Writer:
    """A list of such objects; `wrapped` under the name of the list."""
    form = _object(order)

    def write(key: str, value: Any, names: Names) -> Written:
        texts, left = [], []
        for each in _listed(value):
            text, more = form(element, each, names)
            texts.append(text)
            left += more
        texts.sort()
        text = "".join(texts)
        if not wrapped:
            return text, left
        return (key + text if text else ""), [key + "".join(sorted(left))] if left else []

    return write


def _free(name: str, value: Any, names: Names) -> list[str]:
    """A field that the standard gives no order: its texts, one for each value of a list."""
    if value is None:
        return []
    if name == "childEPCs":
        return [name + "".join(sorted(f"epc={normal(each, names)}" for each in _listed(value)))] if value else []
    if name.endswith("List"):
        inner = name[:-4]
        texts = sorted(_single(inner, each, names) for each in _listed(value) if each is not None)
        return [name + "".join(texts)] if texts else []
    return [_single(name, each, names) for each in _listed(value) if each is not None]


def _single(name: str, value: Any, names: Names) -> str:
    if isinstance(value, list):
        return name + "".join(sorted(_single("", each, names) for each in value))
    if type(value) is not dict and not isinstance(value, Mapping):
        text = normal(value, names)
        return f"{_RENAMED.get(name, name)}={text}" if text else _RENAMED.get(name, name)
    children = sorted(_within(value, names))
    if name == "quantity" and children:
        name = "quantityElement"
    text = normal(value["#text"], names) if "#text" in value else ""
    return _RENAMED.get(name, name) + (f"={text}" if text else "") + "".join(children)


def _within(value: Mapping[str, Any], names: Names) -> Iterator[str]:
    for key, each in value.items():
        if key not in _REMARKS:
            yield from _free(_expanded(key, names), each, names)


_METADATA: Final[Order] = (
    ("time", _instant), ("startTime", _instant), ("endTime", _instant), ("deviceID", _field),
    ("deviceMetadata", _field), ("rawData", _field), ("dataProcessingMethod", _field), ("bizRules", _field),
)  # fmt: skip
_REPORT: Final[Order] = (
    ("type", _word(MEASUREMENTS)), ("exception", _word(ALERTS)), ("deviceID", _field), ("deviceMetadata", _field),
    ("rawData", _field), ("dataProcessingMethod", _field), ("time", _instant), ("microorganism", _field),
    ("chemicalSubstance", _field), ("value", _field), ("component", _word(COMPONENTS)), ("stringValue", _field),
    ("booleanValue", _field), ("hexBinaryValue", _field), ("uriValue", _field), ("minValue", _field),
    ("maxValue", _field), ("meanValue", _field), ("sDev", _field), ("percRank", _field), ("percValue", _field),
    ("uom", _field), ("coordinateReferenceSystem", _field),
)  # fmt: skip
_SENSOR: Final[Order] = (
    ("sensorMetadata", _object(_METADATA)), ("sensorReport", _objects("sensorReport", _REPORT, wrapped=False)),
)  # fmt: skip
_PLACE: Final = _object((("id", _field),))
_STATES: Final = _object((("set", _word(DISPOSITIONS)), ("unset", _word(DISPOSITIONS))))
_EVENT: Final[Order] = (
    ("eventTime", _instant), ("eventTimeZoneOffset", _field), ("certificationInfo", _field), ("parentID", _field),
    ("epcList", _epcs), ("inputEPCList", _epcs), ("childEPCs", _epcs), ("quantityList", _quantities),
    ("childQuantityList", _quantities), ("inputQuantityList", _quantities), ("outputEPCList", _epcs),
    ("outputQuantityList", _quantities), ("action", _field), ("transformationID", _field),
    ("bizStep", _word(BIZ_STEPS)), ("disposition", _word(DISPOSITIONS)), ("persistentDisposition", _STATES),
    ("readPoint", _PLACE), ("bizLocation", _PLACE), ("sensorElementList", _objects("sensorElement", _SENSOR)),
    ("bizTransactionList", _pairs("bizTransaction", TRANSACTION_TYPES)), ("sourceList", _pairs("source", PARTY_TYPES)),
    ("destinationList", _pairs("destination", PARTY_TYPES)),
)  # fmt: skip
_KINDS: Final = frozenset(
    {"ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"}
)
# Of an event of a kind that others defined, the standard's fields may hold anything but these.
_EXTENDED: Final = _EVENT[:3]
_KNOWN: Final = frozenset(key for key, _ in _EVENT) | _UNSAID | _REMARKS
_KNOWN_OF_EXTENDED: Final = frozenset(key for key, _ in _EXTENDED) | _UNSAID | _REMARKS
