"""Hearing: what the platform answered to one statement, in one word: counted, held, refused or left out."""

from dataclasses import dataclass
from typing import Literal

from foundation.errors import Refusal
from traceability.sequencing.commands import Accepted

Outcome = Literal["counted", "held", "refused", "left_out"]


@dataclass(frozen=True, slots=True)
class Heard:
    """The outcome, the code behind it ('' where it counts), the flags, and the leaf of what is held."""

    outcome: Outcome
    code: str = ""
    flags: tuple[str, ...] = ()
    index: int | None = None


COUNTED = Heard("counted")


def heard(answer: Accepted | Refusal) -> Heard:
    """What an answer says; what was in the record already is nothing new."""
    match answer:
        case Refusal():
            return Heard("refused", answer.code)
        case Accepted(duplicate=True):
            return COUNTED
        case Accepted(outcome="held"):
            return Heard("held", answer.reasons[0], answer.flags, answer.index)
        case Accepted(outcome="recorded", reasons=(reason, *_)):
            return Heard("left_out", reason, answer.flags)
        case _:
            return Heard("counted", "", answer.flags)
