"""Numbers of a column: which mark begins the decimals is told by the column as a whole, and never guessed."""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Literal

Mark = Literal[".", ","]
_SPACES: Final = re.compile(r"[\s'\u00a0\u202f]+")
_NUMBER: Final = re.compile(r"\d{1,15}(?:[.,]\d{1,9})?|\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,9})?", re.ASCII)


class Ambiguous(ValueError):
    """Two people would read two numbers: `first` and `second`."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} or {second}")
        self.first, self.second = first, second


def _plain(text: str) -> str:
    """Without spaces, and with the digits of any script as 0-9."""
    return "".join(str(unicodedata.decimal(char, char)) for char in _SPACES.sub("", text))


def _marks(text: str) -> set[Mark]:
    """The marks that could begin the decimals of this number; both where it does not tell, none where it is none."""
    plain = _plain(text)
    if not _NUMBER.fullmatch(plain):
        return set()
    found = [char for char in plain if char in ".,"]
    if not found:
        return {".", ","}
    last: Mark = "." if found[-1] == "." else ","
    other: Mark = "," if last == "." else "."
    if len(set(found)) == 2:
        return {last} if found.count(last) == 1 else set()
    if len(found) > 1:
        return {other}
    grouped = re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", plain)
    return {".", ","} if grouped else {last}


def mark_of(column: Iterable[str]) -> Mark | None:
    """The decimal mark that every readable number of a column agrees on; None where none tells or two disagree."""
    told = [marks for text in column if len(marks := _marks(text)) == 1]
    agreed = set.union(*told) if told else set()
    return agreed.pop() if len(agreed) == 1 else None


def number_of(text: str, mark: Mark | None) -> Decimal:
    """A number of a column with this decimal mark. Raises ValueError for what is none, Ambiguous without a mark."""
    marks, plain = _marks(text), _plain(text)
    if not marks or (mark is not None and mark not in marks):
        raise ValueError(text)
    if len(marks) == 2 and any(char in ".," for char in plain) and mark is None:
        raise Ambiguous(re.sub(r"[.,]", "", plain), plain.replace(",", "."))
    decimal = mark if mark is not None else min(marks)
    group = "," if decimal == "." else "."
    return Decimal(plain.replace(group, "").replace(decimal, "."))
