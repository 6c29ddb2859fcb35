"""Canonical: one spelling for every name and value that a query compares, however an event or a query writes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from traceability.eventhash.normal import prefixes
from traceability.events.vocabulary import CBV, GS1
from traceability.identifiers.canonical import HOST, canonical_link

BOUND: Final[Mapping[str, str]] = {"cbvmda": "urn:epcglobal:cbv:mda:", "gs1": GS1, "cbv": CBV}
"""Prefixes that the standard's own context binds."""

NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_URN_WORD: Final = re.compile(r"urn:epcglobal:cbv:(bizstep|disp|btt|sdt|er):(.+)")
_WORD: Final = {"bizstep": "BizStep-", "disp": "Disp-", "btt": "BTT-", "sdt": "SDT-", "er": "ER-"}
_KEY: Final = re.compile(rf"{re.escape(HOST)}/([0-9]{{2,4}})/([^/]+)(/.*)?")
_KEY_DIGITS: Final = {"253": 13, "255": 13, "8003": 14}
# Where the company prefix begins and its reference ends; what is not listed begins with it.
_COMPANY: Final = {"00": (1, 17), "01": (1, 13), "8006": (1, 13), "8003": (1, 13)}
# Keys whose first digit (indicator, extension) belongs to the reference behind the company prefix.
_LED: Final = frozenset({"00", "01", "8006"})
_URN: Final = re.compile(r"urn:epc:(?:id|class|idpat):([a-z]+):(.+)")
REMEMBERED: Final = 65536


@dataclass(frozen=True, slots=True)
class Names:
    """Prefixes: those that are bound here, and those that a reader's events bound (for a query that binds none)."""

    bound: Mapping[str, str]
    seen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def expand(self, text: str) -> tuple[str, ...]:
        """The addresses that `prefix:name` may stand for; any other text is itself."""
        prefix, colon, local = text.partition(":")
        if not colon:
            return (text,)
        if prefix in self.bound:
            return (self.bound[prefix] + local,)
        return (text, *(namespace + local for namespace in self.seen.get(prefix, ())))

    def one(self, text: str) -> str:
        """The address of a name in an event, whose own context binds every prefix that it uses."""
        return self.expand(text)[0]


def names_of(*contexts: Any) -> Names:
    """The prefixes that these JSON-LD contexts bind, the last one winning; none is ever fetched."""
    bound = dict(BOUND)
    for context in contexts:
        bound |= prefixes(context)
    return Names(bound)


def canonical(text: str) -> str:
    """A text as it is compared: numbers and moments in one spelling, words and GS1 keys as addresses."""
    return _remembered(text) if len(text) <= 256 else _canonical(text)


def _canonical(text: str) -> str:
    text = text.strip()
    if NUMBER.fullmatch(text):
        return plain_number(Decimal(text))
    moment = moment_of(text)
    if moment is not None:
        return sortable_moment(moment)
    word = _URN_WORD.fullmatch(text)
    if word is not None:
        return f"{CBV}{_WORD[word[1]]}{word[2]}"
    return canonical_link(text) or text


_remembered: Final = lru_cache(maxsize=REMEMBERED)(_canonical)


def plain_number(number: Decimal) -> str:
    """Exact, without exponent, needless zeros and the sign of zero."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", "0", ""} else text


def moment_of(text: str) -> datetime | None:
    """The moment that a text states with its offset, in UTC; None for any other text."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def sortable_moment(moment: datetime) -> str:
    """A moment so written that texts sort (byte by byte) as moments do."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def sortable_number(number: Decimal) -> str:
    """A number so written that texts sort (byte by byte) as numbers do, and equal ones are one text; exact.

    Sign, then the exponent, then the digits; of negative numbers the complement of both. Up to 10^±400.
    """
    if not number:
        return "1"
    digits = "".join(map(str, number.as_tuple().digits)).lstrip("0").rstrip("0")
    exponent = number.adjusted() + 5000
    if number > 0:
        return f"2{exponent:04d}{digits}"
    complement = "".join(str(9 - int(digit)) for digit in digits)
    return f"0{9999 - exponent:04d}{complement}~"


def general(uri: str) -> str | None:
    """The key that a canonical GS1 Digital Link with lot, serial or extension qualifies; None where it has none."""
    found = _KEY.fullmatch(uri)
    if found is None:
        return None
    length = _KEY_DIGITS.get(found[1])
    key = f"{HOST}/{found[1]}/{found[2][:length]}"
    return key if key != uri else None


def company_order(uri: str) -> tuple[str, str] | None:
    """The kind of a key, and its characters with the company prefix first: a prefix of these is a company's keys."""
    found = _KEY.fullmatch(canonical_link(uri) or "")
    if found is not None:
        first, last = _COMPANY.get(found[1], (0, None))
        lead = found[2][0] if found[1] in _LED else ""
        return found[1], found[2][first:last] + lead
    urn = _URN.fullmatch(uri)
    return (urn[1], urn[2]) if urn is not None else None
