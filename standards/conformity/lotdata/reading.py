"""Reads a lot from plain values as they stand in JSON, YAML or a table's row; what cannot be read is named."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, TypeVar
from unicodedata import category

from standards.conformity.lots import Evidence, HeldDocument, Lot, Measurement, Qualifier, Statement

MEASUREMENT = frozenset(
    {"property", "value", "unit", "qualifier", "uncertainty", "method", "condition", "evidence", "sampled_on", "report"}
)
DOCUMENT = frozenset({"type", "evidence", "status", "issued_on", "valid_from", "valid_to", "reference", "doubt"})
QUALIFIERS = {qualifier.value: qualifier for qualifier in Qualifier}
LEVELS = dict(Evidence.__members__)
STATEMENT = frozenset({"value", "evidence", "stated_on"})
LISTS = frozenset({"attributes", "measurements", "statements", "documents"})
OWN = frozenset({"material", "form", "origin", "claimed_grade", "name", *LISTS})
_BOUNDED = re.compile(r"\s*([<>])")
LONGEST = 500  # characters of one word of an input
UNSHOWN = frozenset({"Cc", "Cs"})  # control characters and halves of letters: no JSON holds them
ISO_DAY = len("YYYY-MM-DD")


Fact = TypeVar("Fact")


class LotError(ValueError):
    """A field of a lot cannot be read: its path (measurements/0/value), the value, and what to write instead."""

    def __init__(self, field: str, value: object, sentence: str, fix: str) -> None:
        super().__init__(f"{field}: {sentence}; {fix}")
        self.field, self.value, self.sentence, self.fix = field, value, sentence, fix


def lot_from(data: Mapping[str, Any]) -> Lot:
    """A lot from plain values; LotError names the field that cannot be read.

    Numbers may be text, int or Decimal, never float; a result below or above its method's range is `qualifier` < or >,
    or "< 5" as value. A plain word of the lot that has no meaning here counts as the lot's own attribute.
    """
    if not isinstance(data, Mapping):
        raise LotError("lot", data, "is not an object", "write material and form and what is shown")
    further = {_text(name, "lot"): value for name, value in data.items() if name not in OWN}
    own = {name: value for name, value in further.items() if not isinstance(value, Mapping | list)}
    unread = [name for name in further if name not in own]
    said = _object(data, "statements")
    return Lot(
        material=_needed(data, "material"),
        form=_needed(data, "form"),
        origin=_word(data.get("origin"), "origin"),
        attributes=_words(_object(data, "attributes"), "attributes/"),
        measurements=tuple(_items(data, "measurements", _measurement, unread)),
        statements=tuple(_statement(name, value, unread) for name, value in said.items()),
        documents=tuple(_items(data, "documents", _document, unread)),
        claimed_grade=_word(data.get("claimed_grade"), "claimed_grade"),
        own=_words(own, ""),
        name=_word(data.get("name"), "name"),
        unread=tuple(unread),
    )


def _measurement(item: Mapping[str, Any], unread: list[str]) -> Measurement:
    if not item.keys() <= MEASUREMENT:
        unread += _others(item, MEASUREMENT)
    get = item.get
    unit, value, sign = _word(get("unit"), "unit"), get("value"), _word(get("qualifier"), "qualifier")
    if isinstance(value, str) and sign is None and unit is not None and (bounded := _BOUNDED.match(value)):
        sign, value = bounded[1], value[bounded.end() :]
    qualifier = QUALIFIERS.get(sign or "=")
    if qualifier is None:
        raise LotError("qualifier", sign, f"{sign!r} is not a qualifier", "use <, > or =")
    spread = get("uncertainty")
    uncertainty = None if spread is None else _number(spread, "uncertainty")
    if uncertainty is not None and uncertainty < 0:
        raise LotError("uncertainty", spread, f"{spread} is below zero", "write its size without a sign")
    return Measurement(
        _needed(item, "property"),
        _text(value, "value") if unit is None else _number(value, "value"),
        unit,
        qualifier,
        uncertainty,
        _word(get("method"), "method"),
        _word(get("condition"), "condition"),
        _level(get("evidence", "E0"), "evidence"),
        day_from(get("sampled_on"), "sampled_on"),
        _word(get("report"), "report"),
    )


def _statement(name: str, said: Any, unread: list[str]) -> Statement:
    at = f"statements/{name}"
    if not isinstance(said, Mapping):
        return Statement(name, _answer(said, at))
    unread += [f"{at}/{other}" for other in _others(said, STATEMENT)]
    level = _level(said.get("evidence", "E1"), f"{at}/evidence")
    return Statement(name, _answer(said.get("value"), at), level, day_from(said.get("stated_on"), f"{at}/stated_on"))


def _answer(value: object, at: str) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise LotError(at, value, f"{value!r} is neither true nor false", "write true or false, without quotes")


def _document(item: Mapping[str, Any], unread: list[str]) -> HeldDocument:
    unread += _others(item, DOCUMENT)
    return HeldDocument(
        _needed(item, "type"),
        _level(item.get("evidence", "E0"), "evidence"),
        (_word(item.get("status"), "status") or "valid").lower(),
        day_from(item.get("issued_on"), "issued_on"),
        day_from(item.get("valid_from"), "valid_from"),
        day_from(item.get("valid_to"), "valid_to"),
        _word(item.get("reference"), "reference"),
        _word(item.get("doubt"), "doubt"),
    )


def _others(item: Mapping[str, Any], known: frozenset[str]) -> list[str]:
    return [_text(name, "name") for name in item if name not in known]


def _items(
    data: Mapping[str, Any], name: str, read: Callable[[Mapping[str, Any], list[str]], Fact], unread: list[str]
) -> Iterator[Fact]:
    """Every fact of a list; what is wrong with one, or read by nobody, is told with its place."""
    listed = data.get(name) or ()
    if not isinstance(listed, list | tuple):
        raise LotError(name, listed, "is not a list", f"write {name} as a list of objects")
    for at, item in enumerate(listed):
        if not isinstance(item, Mapping):
            raise LotError(f"{name}/{at}", item, "is not an object", "write its fields by name")
        others: list[str] = []
        try:
            yield read(item, others)
        except LotError as error:
            raise LotError(f"{name}/{at}/{error.field}", error.value, error.sentence, error.fix) from None
        if others:
            unread += [f"{name}/{at}/{other}" for other in others]


def _object(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name) or {}
    if not isinstance(found, Mapping):
        raise LotError(name, found, "is not an object", "write name: value")
    return {_text(key, name): value for key, value in found.items()}


def _words(found: Mapping[str, Any], at: str) -> Mapping[str, str | bool]:
    told = {name: value if isinstance(value, bool) else _word(value, f"{at}{name}") for name, value in found.items()}
    return MappingProxyType({name: value for name, value in told.items() if value is not None})


def _needed(item: Mapping[str, Any], name: str) -> str:
    if (found := _word(item.get(name), name)) is None:
        raise LotError(name, item.get(name), "is missing", f"write {name}")
    return found


def _word(value: object, at: str) -> str | None:
    """A word as it stands, a whole or exact number as text; None for nothing."""
    if value is None:
        return None
    if type(value) is str and len(value) <= LONGEST and value.isprintable():  # nearly every word of a hundred thousand
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal | date):
        raise LotError(at, value, f"{value!r} is not a word", "write it as text")
    found = str(value).strip()
    if len(found) > LONGEST:
        raise LotError(at, found[:40], "is too long", f"use at most {LONGEST} characters")
    if not found.isprintable() and any(category(letter) in UNSHOWN for letter in found):
        raise LotError(at, repr(found)[:40], "holds characters that cannot be shown", "write it on one line as text")
    return found or None


def _text(value: object, at: str) -> str:
    return _word(value, at) or ""


def _number(value: object, at: str) -> Decimal:
    if isinstance(value, float | bool):
        raise LotError(at, value, f"{value!r} has lost digits already", 'write the number as text: "12.5"')
    try:
        found = Decimal(str(value).strip()) if isinstance(value, str | int | Decimal) else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite():
        raise LotError(at, value, f"{value!r} is not a number", "write digits with a point, such as 12.5")
    return found


def _level(value: object, at: str) -> Evidence:
    level = LEVELS.get(value.upper()) if isinstance(value, str) else None
    if level is None:
        raise LotError(at, value, f"{value!r} is not a level of evidence", "use E0 to E5")
    return level


def day_from(value: object, at: str) -> date | None:
    """A day as date or YYYY-MM-DD; None for nothing."""
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    if isinstance(value, str) and len(value) == ISO_DAY and value[4] == value[7] == "-":
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise LotError(at, value, f"{value!r} is not a day", "write YYYY-MM-DD")
