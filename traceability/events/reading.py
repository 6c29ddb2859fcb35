"""Reading: strict JSON, numbers exact, and for what is no JSON the line and column where it goes wrong."""

import json
import re
from decimal import Decimal, DecimalException
from typing import Any, Final, NoReturn

import msgspec

from traceability.events.problems import EventInvalid, FieldProblem

DEEPEST: Final = 64
"""Levels of nesting that we follow; EPCIS itself needs eight."""

LARGEST: Final = 400
"""Powers of ten of a number, up or down, that we follow."""

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
# A pair of surrogates, any other escape by number, any other escape: taken in this order, none is read askew.
_ESCAPE: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u(?P<code>[0-9a-fA-F]{4})|\\."
)


class _Faulty(ValueError):
    """Something that a lenient reader would let pass."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Faulty
    return found


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except DecimalException:
        raise _Faulty from None
    if not number.is_finite() or abs(number.adjusted()) > LARGEST:
        raise _Faulty
    return number


def _constant(_: str) -> NoReturn:
    raise _Faulty


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_constant)


_FAST: Final = msgspec.json.Decoder(float_hook=_number)
_AGAIN: Final = msgspec.json.Encoder(decimal_format="number")
_SPACED: Final = re.compile(rb'"[ \t\r\n]+:')


def read(raw: bytes) -> Any:
    """The value of a JSON text (RFC 8259, UTF-8): numbers as int or Decimal. Raises EventInvalid.

    Refused beyond the grammar: a key twice in one object, NaN and infinities, half characters, a NUL and
    numbers beyond 10^400.
    """
    value = _read_plain(raw)
    return _read_strictly(raw) if value is msgspec.UNSET else value


def too_deep(raw: bytes, value: Any) -> bool:
    """Whether the value, written in these bytes, has more than 64 levels."""
    return raw.count(b"{") + raw.count(b"[") > DEEPEST and _depth(value) > DEEPEST


def _read_plain(raw: bytes) -> Any:
    """The value at twice the speed where the text is plain enough to prove that no key stands twice; else UNSET.

    Written again, the value has one `":` for each key that was kept, and for each text that holds those two
    characters. The same number in the raw text, which has no escapes by number and no space before a colon, means
    that no key was dropped.
    """
    if b"\\u" in raw or _SPACED.search(raw):
        return msgspec.UNSET
    try:
        value = _FAST.decode(raw)
        kept = _AGAIN.encode(value).count(b'":')
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        return msgspec.UNSET
    return value if kept == raw.count(b'":') else msgspec.UNSET


def _read_strictly(raw: bytes) -> Any:
    """The value, or the place where the text goes wrong."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        _refuse(raw[: error.start].decode(), "NOT_UTF8", "This is no UTF-8 text.", "Save it as UTF-8.")
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        _refuse(text[: error.pos], "NOT_JSON", f"{error.msg}.", "Correct the JSON there.")
    except RecursionError:
        _refuse("", "TOO_DEEP", "It is nested too deep to read.", "Flatten it.")
    except ValueError:
        at, code, message, fix = _fault(text)
        _refuse(text[:at], code, message, fix)
    if b"\\u" in raw:
        _check_escapes(text)
    return value


def _refuse(before: str, code: str, message: str, fix: str) -> NoReturn:
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    raise EventInvalid([FieldProblem("", code, f"Line {line}, column {column}: {message}", None, fix)])


def _depth(value: Any) -> int:
    """Levels of nesting, counted level by level."""
    level, depth = [value], 0
    while level:
        depth += 1
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, dict | list)
        ]
    return depth


def _check_escapes(text: str) -> None:
    """PostgreSQL keeps no NUL and no half of a character, and UTF-8 has none."""
    for escape in _ESCAPE.finditer(text):
        code = int(escape["code"], 16) if escape["code"] else None
        if code is not None and (code == 0 or 0xD800 <= code < 0xE000):
            message = "A text cannot hold this character." if code else "A text cannot hold a NUL."
            _refuse(text[: escape.start()], "NOT_A_STRING", message, "Correct the \\u escapes.")


def _fault(text: str) -> tuple[int, str, str, str]:
    """Where a text that is JSON by its grammar breaks our stricter rules: position, code, sentence, fix."""
    open_keys: list[set[str] | None] = []
    before = ("", 0)
    for token in _TOKEN.finditer(text):
        word, at = token[0], token.start()
        match word[0]:
            case "{" | "[":
                open_keys.append(set() if word == "{" else None)
            case "}" | "]":
                open_keys.pop()
            case ":":
                key, keys = json.loads(before[0]), open_keys[-1]
                if keys is not None and key in keys:
                    return before[1], "DUPLICATE_KEY", f"{before[0][:80]} stands twice in one object.", "Keep one."
                if keys is not None:
                    keys.add(key)
            case "N" | "I":
                return at, "NOT_JSON", f"{word[:20]} is no JSON number.", "Leave the field out."
            case "-" | "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9":
                try:
                    _number(word)
                    int(word) if word.lstrip("-").isdigit() else None
                except ValueError:
                    return at, "NUMBER_RANGE", "This number is out of every range.", "Correct the number."
        before = (word, at)
    return 0, "NOT_JSON", "This is no JSON.", "Correct the JSON."
