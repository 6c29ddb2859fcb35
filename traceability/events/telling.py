"""Telling: what the models found, told as field problems with a fix."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from traceability.events.problems import MOST, FieldProblem, pointer
from traceability.events.values import (
    HEX_PATTERN,
    KEY_PATTERN,
    OFFSET_PATTERN,
    UOM_PATTERN,
    URI_PATTERN,
    VERSION_PATTERN,
)

# Per pattern: code, sentence, fix.
_PATTERNS: Final[Mapping[str, tuple[str, str, str]]] = {
    URI_PATTERN: (
        "NOT_A_URI",
        "This is no address (URI).",
        "Write a full URI, for example https://id.gs1.org/01/09521234543213/10/A1.",
    ),
    KEY_PATTERN: (
        "UNKNOWN_FIELD",
        "The standard has no such field.",
        "Correct its name or leave it out; a field of your own needs a prefix that @context explains (ours:name).",
    ),
    UOM_PATTERN: ("NOT_A_UNIT", "This is no unit code.", "Use a UN/ECE Rec 20 code, for example KGM for kilograms."),
    OFFSET_PATTERN: ("NOT_AN_OFFSET", "This is no offset from UTC.", "Write it as +07:00, at most 14 hours."),
    HEX_PATTERN: ("NOT_HEX", "These are no hexadecimal digits.", "Use 0-9 and A-F."),
    VERSION_PATTERN: ("NOT_A_VERSION", "This is no version number.", "Write 2.0."),
}

# Per kind of error in pydantic: code, sentence, fix.
_KINDS: Final[Mapping[str, tuple[str, str, str | None]]] = {
    "missing": ("MISSING", "This field is missing.", "State it."),
    "extra_forbidden": ("UNKNOWN_FIELD", "The standard has no such field here.", "Leave it out."),
    "unexpected_keyword_argument": ("UNKNOWN_FIELD", "The standard has no such field here.", "Leave it out."),
    "dataclass_type": ("NOT_AN_OBJECT", "This must be an object.", "Put it in braces, with its fields."),
    "too_short": ("EMPTY_LIST", "The list is empty.", "State at least one, or leave the field out."),
    "string_type": ("NOT_A_STRING", "This must be a text.", "Put it in quotation marks."),
    "bool_type": ("NOT_A_BOOLEAN", "This must be true or false.", "Write true or false, without quotation marks."),
    "tuple_type": ("NOT_A_LIST", "This must be a list.", "Put it in square brackets."),
    "list_type": ("NOT_A_LIST", "This must be a list.", "Put it in square brackets."),
    "model_type": ("NOT_AN_OBJECT", "This must be an object.", "Put it in braces, with its fields."),
    "dict_type": ("NOT_AN_OBJECT", "This must be an object.", "Put it in braces, with its fields."),
    "string_unicode": ("NOT_A_STRING", "This text holds half of a character.", "Correct its \\u escapes."),
}
_LONGEST: Final = 200


def shown(value: object) -> str | None:
    """A word or number as it may be told back; None for objects, lists and null."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value if len(value) <= _LONGEST else value[:_LONGEST] + "..."
        case int() | Decimal():
            return str(value)[:_LONGEST]
        case _:
            return None


def told(error: ValidationError, *under: str | int) -> tuple[FieldProblem, ...]:
    """At most 100 problems, their pointers beginning `under` these steps."""
    return tuple(_told(error.errors(include_url=False)[:MOST], under))


def _told(errors: Sequence[ErrorDetails], under: tuple[str | int, ...]) -> Iterator[FieldProblem]:
    for each in errors:
        facts: Mapping[str, Any] = each.get("ctx") or {}
        kind = each["type"]
        fix: str | None
        if kind == "string_pattern_mismatch":
            code, message, fix = _PATTERNS[facts["pattern"]]
        elif kind == "literal_error":
            code, message, fix = "NOT_A_WORD", "This is none of the words allowed here.", f"Use {facts['expected']}."
        elif kind in _KINDS:
            code, message, fix = _KINDS[kind]
        else:
            code, message, fix = kind, each["msg"], facts.get("fix")
        value = None if code in {"MISSING", "WHAT_MISSING"} else shown(each["input"])
        if code == "UNKNOWN_FIELD":
            value = str(each["loc"][-1])[:_LONGEST]
            if value == "action" and message.endswith("field."):
                fix = "A TransformationEvent has no action: leave it out."
        yield FieldProblem(pointer(*under, *each["loc"]), code, message, value, fix)
