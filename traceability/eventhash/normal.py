"""Normal: one spelling for every value, so that the same event has the same hash however it was written."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from traceability.events.vocabulary import CBV
from traceability.identifiers.canonical import canonical_link

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_URN_WORDS: Final = {"bizstep": "BizStep-", "disp": "Disp-", "btt": "BTT-", "sdt": "SDT-", "er": "ER-"}
_URN_WORD: Final = re.compile(rf"urn:epcglobal:cbv:({'|'.join(_URN_WORDS)}):")
DOUBLE: Final = 15
"""Decimal digits that every IEEE 754 double keeps."""

SHORT: Final = 256
"""Characters of a text that is worth remembering."""

HUGE: Final = 300
"""Powers of ten that every IEEE 754 double can hold, with room to spare."""

Names = Mapping[str, str]
"""Prefix -> namespace, as the JSON-LD context binds them."""

_HALF: Final = timedelta(microseconds=500)


def normal_text(text: str) -> str:
    """Trimmed; numbers without needless digits; words of the CBV and GS1 keys as their addresses."""
    return _remembered(text) if len(text) <= SHORT else _normalised(text)


def _normalised(text: str) -> str:
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return normal_number(Decimal(text))
    if "urn:epcglobal:cbv:" in text:
        text = _URN_WORD.sub(lambda found: CBV + _URN_WORDS[found[1]], text)
    return canonical_link(text) or text


# Identifiers come again and again: a lot is made, weighed, shipped, received, used up.
_remembered: Final = lru_cache(maxsize=65536)(_normalised)


def normal_number(number: Decimal) -> str:
    """Without exponent, needless zeros and the sign of zero.

    Beyond 15 digits it is read as an IEEE 754 double, as the published prehash strings have it.
    """
    text = f"{number:f}"
    if len(text) > DOUBLE and len(number.as_tuple().digits) > DOUBLE and abs(number.adjusted()) < HUGE:
        double = float(number)
        text = str(int(double)) if double.is_integer() else f"{Decimal(repr(double)):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", "0"} else text


def normal_instant(text: str) -> str:
    """A moment in UTC, rounded half up to the millisecond; any other text stays as it is."""
    try:
        moment = datetime.fromisoformat(text.strip().upper()).astimezone(UTC) + _HALF
    except (ValueError, OverflowError):
        return text
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def normal(value: Any, names: Names) -> str:
    """Any JSON value that is no object and no list; `prefix:name` stands for the address where `names` bind it."""
    if isinstance(value, str):
        prefix, colon, local = value.partition(":")
        if colon and prefix in names:
            value = names[prefix] + local
        return _remembered(value) if len(value) <= SHORT else _normalised(value)
    if isinstance(value, Decimal):
        return normal_number(value)
    # The published hashes of JSON documents were computed with booleans capitalised (the XML form has them small).
    return str(value)


def prefixes(context: Any) -> dict[str, str]:
    """The prefixes that a JSON-LD context binds by itself; contexts named by address are never fetched."""
    bound: dict[str, str] = {}
    for part in context if isinstance(context, list) else [context]:
        if isinstance(part, Mapping):
            for prefix, term in part.items():
                address = term.get("@id") if isinstance(term, Mapping) else term
                if isinstance(address, str):
                    bound[prefix] = address
    return bound
