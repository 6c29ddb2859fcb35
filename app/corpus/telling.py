"""Telling: how honest people record what happened: soon or late, by minute or day, at times mistyped or twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, TypeAlias

from app.corpus.pen import Pen
from app.corpus.practice import practice
from app.corpus.stating import HONEST, Document, Party, Step, Truth
from traceability.composing import Composed

Event: TypeAlias = Callable[[datetime], Composed]

WRONG_DATE: Final = Truth(mechanism="mistyped date", control="C15")
WRONG_MASS: Final = Truth(mechanism="mistyped mass")
BUDDHIST: Final = 543
BEYOND: Final = 100


class Teller:
    """Records one chain: nobody states what comes of something before that is recorded."""

    def __init__(self, pen: Pen, begins: datetime) -> None:
        self.pen = pen
        self.recorded = begins

    def tell(self, by: Party, happened: datetime, event: Event) -> None:
        """One event of this chain, as its firm happens to record it."""
        random, known = self.pen.random, practice()
        soon = happened + timedelta(minutes=random.randint(1, 25))
        if known.happens(random, "late.share"):
            soon = happened + timedelta(days=known.drawn(random, "late"))
        recorded = max(soon, self.recorded + timedelta(minutes=1))
        stated = happened
        if known.happens(random, "day.only") and recorded.astimezone(by.zone).hour >= 12:
            stated = happened.astimezone(by.zone).replace(hour=12, minute=0, second=0)
        told = event(stated)
        if known.happens(random, "mistyped"):
            self._mistyped(recorded, by, told)
            recorded += timedelta(minutes=random.randint(5, 90))
        self.pen.tells(recorded, by, told)
        if known.happens(random, "twice"):
            self._twice(recorded + timedelta(minutes=random.randint(1, 9)))
        self.recorded = recorded

    def _mistyped(self, recorded: datetime, by: Party, told: Composed) -> None:
        """A slipped decimal point in the mass; where something comes into being, or half of the time, a wrong year."""
        key = "outputQuantityList" if "outputQuantityList" in told else "quantityList"
        if told.get("action") == "ADD" or self.pen.random.random() < 1 / 2:
            year = int(told["eventTime"][:4]) + (BUDDHIST if by.country == "TH" else BEYOND)
            wrong, truth = told | {"eventTime": f"{year}{told['eventTime'][4:]}"}, WRONG_DATE
        else:
            rows = [row | {"quantity": Decimal(row["quantity"]) * 10} for row in told[key]]
            wrong, truth = told | {key: rows}, WRONG_MASS
        self.pen.tells(recorded, by, wrong, truth)

    def _twice(self, moment: datetime) -> None:
        """The very same document again: it is in the record already."""
        last = self.pen.steps[-1]
        if isinstance(last.act, Document):
            self.pen.steps.append(replace(last, moment=moment, truth=HONEST))


def in_order(steps: list[Step]) -> tuple[Step, ...]:
    """By their moments; what was written first is first where two are alike."""
    return tuple(sorted(steps, key=lambda step: step.moment))
