"""Canonical: the one spelling of a JSON value (JCS, RFC 8785), over which everything is committed to and hashed."""

import math
from collections.abc import Mapping
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, Final

import msgspec
import rfc8785

LARGEST_INTEGER: Final = 2**53 - 1
_WORDS: Final = {True: "true", False: "false", None: "null"}
_SORTED: Final = msgspec.json.Encoder(order="sorted")
# What ECMAScript may write or sort otherwise: whole numbers of sixteen digits, characters beyond U+FFFF.
_MARKED: Final = bytes.maketrans(b"123456789\xf1\xf2\xf3\xf4", b"000000000\xf0\xf0\xf0\xf0")
_SIXTEEN: Final = b"0" * 16


class NotCanonical(ValueError):
    """This value has no JCS form: not a JSON value, or a number beyond the range of an IEEE 754 double."""


def canonical(value: Any) -> bytes:
    """The JCS form (RFC 8785) of a JSON value; Decimals and large integers as the nearest IEEE 754 double.

    Text, small integers and ordinary fractions under ASCII keys are written here, many times faster than rfc8785
    does, to which whatever lies outside of that goes. Raises NotCanonical.
    """
    try:
        return utf8(_written(value))
    except _Odd:
        pass
    try:
        return rfc8785.dumps(_plain(value))
    except ValueError as fault:
        raise NotCanonical(str(fault)) from fault


def canonical_parsed(value: Any) -> bytes:
    """`canonical` of what `fields_of` reads, and of text and whole numbers in lists, tuples and dicts. No other value
    may come here.

    Written in C; what that may write otherwise than JCS (`_MARKED`) goes through `canonical`. Raises NotCanonical.
    """
    if type(value) is str:
        return utf8(encode_basestring(value))
    try:
        written = _SORTED.encode(value)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError):
        return canonical(value)
    marked = written.translate(_MARKED)
    return canonical(value) if _SIXTEEN in marked or b"\xf0" in marked else written


def fields_of(text: bytes) -> Mapping[str, Any] | None:
    """The fields of a JSON object, fractions as the doubles that JCS writes; None where one is beyond the ordinary."""
    try:
        found: Mapping[str, Any] = _DOUBLES.decode(text)
    except (msgspec.MsgspecError, ValueError, OverflowError):
        return None
    return found


def _double(text: str) -> int | float:
    number = _number(float(text))
    if type(number) is float and not 1e-4 <= abs(number) <= LARGEST_INTEGER:
        raise ValueError(text)
    return number


_DOUBLES: Final = msgspec.json.Decoder(dict[str, Any], float_hook=_double)


class _Odd(Exception):
    """A key or number whose JCS form Python would write otherwise."""


def utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as fault:
        raise NotCanonical(f"{text!r} holds half a surrogate pair") from fault


def _written(value: Any) -> str:
    """The value as JCS text. Raises _Odd where its keys sort or its numbers are written otherwise than in Python."""
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is dict:
        if not all(map(str.isascii, map(_key, value))):
            raise _Odd
        return "{" + ",".join([f"{encode_basestring(key)}:{_written(value[key])}" for key in sorted(value)]) + "}"
    if kind is list or kind is tuple:
        return "[" + ",".join([_written(each) for each in value]) + "]"
    if kind is bool or value is None:
        return _WORDS[value]
    if kind is int or kind is float or kind is Decimal:
        number = _number(value)
        # A fraction between these bounds has the same shortest form in ECMAScript and in Python.
        if type(number) is float and not 1e-4 <= abs(number) <= LARGEST_INTEGER:
            raise _Odd
        return repr(number)
    if isinstance(value, Mapping):
        return _written(dict(value))
    raise NotCanonical(f"{value!r} is not a JSON value")


def _key(key: Any) -> str:
    if type(key) is not str:
        raise NotCanonical(f"the key {key!r} is not text")
    return key


def _plain(value: Any) -> Any:
    """The value, which `_written` has walked through in part, with numbers as JCS takes them."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if isinstance(value, Mapping):
        return {_key(key): _plain(each) for key, each in value.items()}
    if kind is list or kind is tuple:
        return [_plain(each) for each in value]
    if kind is int or kind is float or kind is Decimal:
        return _number(value)
    raise NotCanonical(f"{value!r} is not a JSON value")


def _number(value: Any) -> int | float:
    if type(value) is int and abs(value) <= LARGEST_INTEGER:
        return value
    try:
        double = float(value)
    except (OverflowError, ValueError) as fault:
        raise NotCanonical(f"{value} is beyond the range of a JSON number") from fault
    if not math.isfinite(double):
        raise NotCanonical(f"{value} is beyond the range of a JSON number")
    return int(double) if double.is_integer() and abs(double) <= LARGEST_INTEGER else double
