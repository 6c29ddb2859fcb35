"""Extensions: what an event says beyond the standard's fields, and how any value becomes a fact to be found by."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from traceability.querying.canonical import (
    NUMBER,
    Names,
    canonical,
    moment_of,
    plain_number,
    sortable_moment,
    sortable_number,
)

EXISTS: Final = ""
"""The value of a field that holds none: it is there all the same."""


@lru_cache(maxsize=65536)
def hashed(text: str) -> int:
    """64 bits of the SHA-256 of a field's name or of a value, as a signed integer."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)


@dataclass(slots=True)
class Facts:
    """Of one event: (field, canonical value); (field, sortable number, unit); (kind, value as received) to list."""

    terms: set[tuple[str, str]] = field(default_factory=set)
    numbers: set[tuple[str, str, str | None]] = field(default_factory=set)
    values: set[tuple[str, str]] = field(default_factory=set)


def number_fact(facts: Facts, name: str, value: Any, unit: Any = None) -> None:
    """A number, with its unit where it has one; what is no number is none."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        facts.numbers.add((name, sortable_number(Decimal(value)), unit if isinstance(unit, str) else None))


def moment_fact(facts: Facts, name: str, value: Any) -> None:
    """A moment; what states none is none."""
    moment = moment_of(value) if isinstance(value, str) else None
    if moment is not None:
        facts.numbers.add((name, sortable_moment(moment), None))


def extension_facts(facts: Facts, scope: str, fields: Mapping[str, Any], names: Names) -> None:
    """Fields of others: those that stand here under `scope`, those inside them under `INNER scope`."""
    for key, value in fields.items():
        _extension(facts, scope, key, value, names)


def _extension(facts: Facts, scope: str, key: str, value: Any, names: Names) -> None:
    name = f"{scope} {names.one(key)}"
    inner = scope if scope.startswith("INNER ") else f"INNER {scope}"
    pending, plain = [value], False
    while pending:
        each = pending.pop()
        if isinstance(each, list):
            pending += each
        elif isinstance(each, Mapping):
            extension_facts(facts, inner, each, names)
        elif each is not None:
            plain = True
            _scalar(facts, name, each, names)
    if not plain:
        facts.terms.add((name, EXISTS))


def _scalar(facts: Facts, name: str, value: Any, names: Names) -> None:
    if isinstance(value, bool):
        facts.terms.add((name, str(value).lower()))
    elif isinstance(value, int | Decimal):
        facts.terms.add((name, plain_number(Decimal(value))))
        number_fact(facts, name, value)
    elif isinstance(value, str):
        facts.terms.add((name, canonical(names.one(value))))
        if NUMBER.fullmatch(value.strip()):
            number_fact(facts, name, Decimal(value.strip()))
        moment_fact(facts, f"{name} @", value.strip())
