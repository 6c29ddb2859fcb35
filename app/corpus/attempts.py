"""Attempts: one fraudulent act, what is to stop it and what did, and the events that the cases are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from app.corpus.honest import PET
from app.corpus.stage import Firm, Heard, Stage, codes
from traceability.composing import Composed, Making, received, shipped, transformed
from traceability.ledger.interpretation import REPROCESSING

EASY: Final = Decimal("35.5"), Decimal("139.5")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One fraudulent act: of which case, which codes are to stop it, and which one did ('' none)."""

    case: str
    expected: tuple[str, ...]
    found: str

    @property
    def stopped(self) -> bool:
        return self.found in self.expected


def attempts(case: str, expected: Sequence[str], answers: Sequence[Heard]) -> list[Attempt]:
    return [Attempt(case, tuple(expected), found) for found in codes(answers)]


async def joined(stage: Stage, role: str, country: str = "JP", *, north: int = 0) -> Firm:
    zone = {"JP": "Asia/Tokyo", "GB": "Europe/London", "IN": "Asia/Kolkata"}[country]
    latitude, longitude = EASY
    return await stage.firm(role, country, zone, latitude - north, longitude)


def washing(stage: Stage, firm: Firm, lot: str, drawn: int, made: int) -> Composed:
    making = Making(stage.new(), made, PET, "flake")
    return transformed(firm.at(stage.hands() - timedelta(seconds=2)), REPROCESSING, {lot: drawn}, [making], {})


def sending(stage: Stage, one: Firm, other: Firm, lot: str, grams: int, **own: object) -> Composed:
    event = shipped(one.at(stage.hands() - timedelta(seconds=2)), one.uri, other.uri, {lot: grams})
    return event | {f"junkan:{name}": value for name, value in own.items()}


def taking(stage: Stage, one: Firm, other: Firm, lot: str, sent: int, got: int) -> Composed:
    return received(other.at(stage.hands() - timedelta(seconds=2)), one.uri, other.uri, {lot: (sent, got)})
