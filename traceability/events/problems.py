"""Problems: what is wrong with a received event, field by field, in words that a person can act on."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MOST: Final = 100
"""So many problems are told at once; a document with more has one cause."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field that breaks a rule: JSON pointer (RFC 6901) into what was received, stable code, sentence, value, fix.

    `value` is what stood there when it is a word or number, shortened; None for whole objects and lists.
    """

    pointer: str
    code: str
    message: str
    value: str | None
    fix: str | None


class EventInvalid(ValueError):
    """What was received cannot be read as EPCIS 2.0 at all: `problems` says where and why, at most 100."""

    def __init__(self, problems: Iterable[FieldProblem]) -> None:
        self.problems: tuple[FieldProblem, ...] = tuple(problems)[:MOST]
        super().__init__("; ".join(f"{each.pointer or '/'}: {each.message}" for each in self.problems[:3]))


def pointer(*steps: str | int) -> str:
    """A JSON pointer (RFC 6901) from keys and positions."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
