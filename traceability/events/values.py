"""Values: the simple kinds of value in an EPCIS document (address, moment, number, word), each with its check."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, GetCoreSchemaHandler, PlainValidator, StringConstraints
from pydantic_core import CoreSchema, PydanticCustomError

from traceability.events.vocabulary import (
    ALERTS,
    BIZ_STEPS,
    COMPONENTS,
    DISPOSITIONS,
    ERROR_REASONS,
    MEASUREMENTS,
    PARTY_TYPES,
    TRANSACTION_TYPES,
)


def _uri_pattern() -> str:
    """RFC 3986, appendix A: `URI`, ASCII only and with a scheme."""
    unreserved, delimiters, escape = r"A-Za-z0-9\-._~", "!$&'()*+,;=", "%[0-9A-Fa-f]{2}"
    part = f"(?:[{unreserved}{delimiters}:@]|{escape})"
    group = "[0-9A-Fa-f]{1,4}"
    octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
    dotted = rf"{octet}\.{octet}\.{octet}\.{octet}"
    last = f"(?:{group}:{group}|{dotted})"
    short = "|".join(
        f"(?:(?:{group}:){{0,{before - 1}}}{group})?::{after}" if before else f"::{after}"
        for before, after in (
            (0, f"(?:{group}:){{5}}{last}"), (1, f"(?:{group}:){{4}}{last}"), (2, f"(?:{group}:){{3}}{last}"),
            (3, f"(?:{group}:){{2}}{last}"), (4, f"{group}:{last}"), (5, last), (6, group), (7, ""),
        )
    )  # fmt: skip
    literal = rf"\[(?:(?:{group}:){{6}}{last}|{short}|v[0-9A-Fa-f]+\.[{unreserved}{delimiters}:]+)\]"
    name = f"(?:[{unreserved}{delimiters}]|{escape})*"
    authority = f"(?:(?:[{unreserved}{delimiters}:]|{escape})*@)?(?:{literal}|{name})(?::[0-9]*)?"
    path = f"(?://{authority}(?:/{part}*)*|/(?:{part}+(?:/{part}*)*)?|{part}+(?:/{part}*)*|)"
    rest = f"(?:{part}|[/?])*"
    return rf"^[A-Za-z][A-Za-z0-9+.\-]*:{path}(?:\?{rest})?(?:#{rest})?$"


URI_PATTERN: Final = _uri_pattern()
KEY_PATTERN: Final = f"(?:{URI_PATTERN})"
UOM_PATTERN: Final = "^[A-Z0-9]{2,3}$"
OFFSET_PATTERN: Final = "^[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)$"
HEX_PATTERN: Final = "^[A-Fa-f0-9]+$"
VERSION_PATTERN: Final = r"^[0-9]+(?:\.[0-9]+)*$"

_URI: Final = re.compile(URI_PATTERN[:-1] + r"\Z")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_URN_WORD: Final = re.compile(r"(?:urn:epcglobal:cbv:[a-z]+:|https?://(?:ref|ns)\.gs1\.org/cbv/(?:[A-Za-z]+-)?)(.+)")


def is_uri(value: object) -> bool:
    """Whether this is a URI of RFC 3986 (no relative reference, ASCII only)."""
    return isinstance(value, str) and _URI.match(value) is not None


def _moment(value: object) -> datetime:
    """An RFC 3339 moment, in UTC (microseconds; finer digits are cut)."""
    if not isinstance(value, str):
        raise PydanticCustomError("NOT_A_TIME", "A moment is a text such as 2026-11-23T09:30:00+07:00.")
    text = value.upper()
    if _MOMENT.fullmatch(text) is None:
        fix = "Add the offset from UTC, for example +07:00." if _MOMENT.fullmatch(text + "Z") else None
        raise PydanticCustomError("NOT_A_TIME", "This is no date and time with an offset (RFC 3339).", {"fix": fix})
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("NOT_A_TIME", "There is no such day or hour.") from None


def _number(value: object) -> Decimal:
    """A JSON number, exact."""
    if type(value) is Decimal:
        return value
    if type(value) is int:
        return Decimal(value)
    fix = None
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        fix = f"Write {value} without quotation marks."
    raise PydanticCustomError("NOT_A_NUMBER", "This must be a number.", {"fix": fix})


def _context(value: Any) -> Any:
    """A JSON-LD context: an address, an object, or a list of them without repetition."""
    listed: list[Any] = value if isinstance(value, list) else [value]
    for at, each in enumerate(listed):
        if not (isinstance(each, Mapping) or is_uri(each)):
            raise PydanticCustomError("NOT_A_CONTEXT", "A context is an address (URI) or an object of prefixes.")
        if each in listed[:at]:
            raise PydanticCustomError("DUPLICATE_ITEM", "The list names the same context twice.")
    return value


class _Word:
    """A bare word of a vocabulary, or an address of one's own outside the vocabulary's own namespaces."""

    def __init__(self, words: Collection[str], reserved: tuple[str, ...]) -> None:
        self.words = frozenset(words)
        self.reserved = reserved

    def __call__(self, value: str) -> str:
        if value in self.words:
            return value
        if _URI.match(value) is None or value.startswith(self.reserved):
            found = _URN_WORD.fullmatch(value)
            word = found[1] if found else value
            near = [word] if word in self.words else get_close_matches(word.lower(), self.words, n=1, cutoff=0.7)
            fix = f"Write {near[0]}." if near else "Use a word of the vocabulary, or an address (URI) of your own."
            raise PydanticCustomError("NOT_A_WORD", "The vocabulary has no such word.", {"fix": fix})
        return value


_CBV: Final = ("urn:epcglobal:cbv", "http://ns.gs1.org/cbv/", "https://ns.gs1.org/cbv/")
_GS1: Final = tuple(f"{scheme}://{host}/voc/" for scheme in ("http", "https") for host in ("gs1.org", "www.gs1.org"))


def _distinct(items: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(items)) != len(items):
        raise PydanticCustomError("DUPLICATE_ITEM", "The list names the same thing twice.")
    return items


class _Stated:
    """Absent is None, but null is no value: unwraps the nullable schema."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        assert schema["type"] == "nullable"
        inner: CoreSchema = schema["schema"]
        return inner


Kind = TypeVar("Kind")
Maybe = Annotated[Kind | None, _Stated()]
"""A field that may be left out; `null` is refused, as by the standard."""

Uri = Annotated[str, StringConstraints(pattern=URI_PATTERN)]
Key = Annotated[str, StringConstraints(pattern=KEY_PATTERN)]
Uom = Annotated[str, StringConstraints(pattern=UOM_PATTERN)]
Offset = Annotated[str, StringConstraints(pattern=OFFSET_PATTERN)]
Hex = Annotated[str, StringConstraints(pattern=HEX_PATTERN)]
Version = Annotated[str, StringConstraints(pattern=VERSION_PATTERN)]
Moment = Annotated[datetime, PlainValidator(_moment)]
Number = Annotated[Decimal, PlainValidator(_number)]
Context = Annotated[Any, PlainValidator(_context)]
BizStep = Annotated[str, AfterValidator(_Word(BIZ_STEPS, _CBV))]
Disposition = Annotated[str, AfterValidator(_Word(DISPOSITIONS, _CBV))]
TransactionType = Annotated[str, AfterValidator(_Word(TRANSACTION_TYPES, _CBV))]
PartyType = Annotated[str, AfterValidator(_Word(PARTY_TYPES, _CBV))]
ErrorReason = Annotated[str, AfterValidator(_Word(ERROR_REASONS, _CBV))]
Component = Annotated[str, AfterValidator(_Word(COMPONENTS, _CBV))]
Measurement = Annotated[str, AfterValidator(_Word(MEASUREMENTS, _GS1))]
Alert = Annotated[str, AfterValidator(_Word(ALERTS, _GS1))]
DISTINCT: Final = AfterValidator(_distinct)
