"""Given: the value of one query parameter, read from an address (all text) or from JSON (typed), the same way."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from traceability.querying.canonical import NUMBER, moment_of
from traceability.querying.refusals import QueryParameter

MANY: Final = 1000
"""Values of one parameter."""

# Behind a comma only where a new address or word begins: identifiers hold commas of their own.
_ADDRESSES: Final = re.compile(r"\||,(?=[A-Za-z][A-Za-z0-9+.-]*:)")
_WORDS: Final = re.compile(r"[|,]")


@dataclass(frozen=True, slots=True)
class Given:
    """One parameter: `items` as they were given; `typed` where JSON told numbers from texts."""

    name: str
    items: tuple[Any, ...]
    typed: bool

    def wrong(self, sentence: str, fix: str, value: object = None) -> QueryParameter:
        """The refusal that names this parameter."""
        shown = value if value is not None else "|".join(map(str, self.items))[:200]
        return QueryParameter(sentence, field=self.name, value=shown, fix=fix)

    def texts(self, *, words: bool = False) -> tuple[str, ...]:
        """One or more texts. In an address they stand behind `|`; words and addresses also behind a comma."""
        found: list[str] = []
        for item in self.items:
            if not isinstance(item, str):
                raise self.wrong("This parameter takes texts.", 'Write a list such as ["shipping"].', item)
            found += [item] if self.typed else (_WORDS if words else _ADDRESSES).split(item)
        found = [each for each in found if each.strip()]
        if not found or len(found) > MANY:
            raise self.wrong("This parameter takes at least one value.", f"State one, at most {MANY}.")
        return tuple(found)

    def numbers(self) -> tuple[Decimal, ...]:
        """One or more exact numbers."""
        items: Iterable[Any] = self.items if self.typed else self.texts(words=True)
        found = tuple(self._number(item) for item in items)
        if not found:
            raise self.wrong("This parameter takes a number.", "Write a number such as 12.5.")
        return found

    def _number(self, item: Any) -> Decimal:
        if self.typed and isinstance(item, int | Decimal) and not isinstance(item, bool):
            return Decimal(item)
        if not self.typed and isinstance(item, str) and NUMBER.fullmatch(item.strip()):
            return Decimal(item.strip())
        raise self.wrong("This is no number.", "Write a number such as 12.5.", item)

    def number(self) -> Decimal:
        """Exactly one number."""
        found = self.numbers()
        if len(found) != 1:
            raise self.wrong("This parameter takes one number.", "State one.")
        return found[0]

    def count(self) -> int:
        """A whole number from 1."""
        number = self.number()
        if number != number.to_integral_value() or not 1 <= number <= 10**9:
            raise self.wrong("This is no count.", "Write a whole number from 1 on.")
        return int(number)

    def text(self) -> str:
        """Exactly one text, whatever it holds."""
        if len(self.items) != 1 or not isinstance(self.items[0], str) or not self.items[0]:
            raise self.wrong("This parameter takes one text.", "State it once.")
        return self.items[0]

    def moment(self) -> datetime:
        """Exactly one moment with its offset."""
        text = self.text()
        # In an address a plus sign that nobody encoded arrives as a space.
        moment = moment_of(text if self.typed else text.replace(" ", "+"))
        if moment is None:
            raise self.wrong("This is no date and time.", "Write it with an offset: 2026-11-23T09:30:00+07:00.", text)
        return moment

    def flag(self) -> bool:
        """True or false; a parameter that only has to be there may hold nothing."""
        item = self.items[0] if len(self.items) == 1 else self.items
        if item in (None, "", ()) or item is True or item == 1:
            return True
        if item is False or item == 0:
            return False
        known = {"true": True, "1": True, "null": True, "false": False, "0": False}
        if isinstance(item, str) and item.lower() in known and not self.typed:
            return known[item.lower()]
        raise self.wrong("This is neither true nor false.", "Write true or false.")


def from_address(pairs: Iterable[tuple[str, str]]) -> dict[str, Given]:
    """Parameters of an address, already decoded once; one that stands twice has the values of both."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: Given(name, tuple(values), typed=False) for name, values in found.items()}


def from_json(query: Mapping[str, Any]) -> dict[str, Given]:
    """Parameters of a query in JSON: a list of values, or one value."""
    found = {}
    for name, value in query.items():
        listed = isinstance(value, Sequence) and not isinstance(value, str)
        found[name] = Given(name, tuple(value) if listed else (value,), typed=True)
    return found
