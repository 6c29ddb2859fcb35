"""The scene: one case in one world: its own clock, its people, what is groundwork and what a control must catch."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.corpus.honest import PET, TONNE
from app.corpus.pen import PLACES, Pen, local, open_day
from app.corpus.practice import PPM
from app.corpus.stating import Act, Claimed, Party, Truth
from traceability.composing import At, Composed, Making, opening, received, shipped, transformed
from traceability.ledger.interpretation import REPROCESSING
from traceability.ledger.lots import Purpose

MINUTE: Final = timedelta(minutes=1)


class Scene:
    """Writes one case; its clock goes forward with every statement."""

    def __init__(self, pen: Pen, case: str, begins: datetime) -> None:
        self.pen, self.random = pen, pen.random
        self.case, self.moment = case, begins
        self.groundwork = Truth(case)

    def forward(self, **by: float) -> None:
        self.moment += timedelta(**by)

    def tomorrow(self, zone: Party, hour: int = 10) -> None:
        """Ten in the morning of the next open day."""
        day = open_day(self.moment.astimezone(zone.zone).date() + timedelta(days=1))
        self.moment = max(self.moment + MINUTE, local(day, zone.zone, hour, self.random.randint(0, 59)))

    def party(self, role: str, country: str) -> Party:
        return self.pen.party(role, country)

    def near(self, party: Party, role: str, *, south: int = 0) -> Party:
        """Somebody of the same town, or of a place so many degrees south of it."""
        zone = PLACES[party.country][0]
        return self.pen.placed(role, party.country, zone, party.latitude - Decimal(south), party.longitude)

    def permits(self, party: Party, grams: int | None, *processes: str) -> None:
        self.pen.permits(self._next(), party, processes, grams, self.groundwork)

    def stock(self, party: Party, grams: int, form: str = "bale", country: str | None = None) -> str:
        """A lot that was there before the record began."""
        lot, made_in = self.pen.identity(), country or party.country
        self.tell(party, opening(self.at(party), Making(lot, grams, PET, form, "post", made_in)))
        return lot

    def tell(self, by: Party, event: Composed, truth: Truth | None = None) -> None:
        """One event, groundwork of the case unless a control must catch it."""
        self.pen.tells(self._next(), by, event, truth or self.groundwork)

    def does(self, by: Party, act: Act, truth: Truth | None = None, *touched: str) -> None:
        self.pen.does(self._next(), by, act, truth or self.groundwork, *touched)

    def caught(self, mechanism: str, control: str, *codes: str) -> Truth:
        """A fraudulent act: what it does, and which control must catch it, with which codes."""
        return Truth(self.case, mechanism, control, codes)

    def claims(
        self, by: Party, lot: str, purpose: Purpose, grams: int, country: str, truth: Truth | None = None
    ) -> None:
        self.does(by, Claimed(lot, purpose, grams, country), truth, lot)

    def washes(
        self, by: Party, lot: str, drawn: int, made: int, truth: Truth | None = None, step: str = REPROCESSING
    ) -> str:
        """A lot drawn on, another made; its identity."""
        making = Making(self.pen.identity(), made, PET, "flake")
        self.tell(by, transformed(self.at(by), step, {lot: drawn}, [making], {}), truth)
        return making.lot

    def sends(
        self,
        by: Party,
        to: Party,
        lot: str,
        grams: int,
        truth: Truth | None = None,
        *,
        invoice: str = "",
        **own: object,
    ) -> None:
        event = shipped(self.at(by), by.uri, to.uri, {lot: grams}) | {
            f"junkan:{key}": each for key, each in own.items()
        }
        if invoice:
            event["bizTransactionList"] = [{"type": "inv", "bizTransaction": invoice}]
        self.tell(by, event, truth)

    def takes(self, by: Party, of: Party, lot: str, masses: tuple[int, int], truth: Truth | None = None) -> None:
        """Received; `masses` is what the receiver says was sent, and what it says to have weighed."""
        self.tell(by, received(self.at(by), of.uri, by.uri, {lot: masses}), truth)

    def at(self, party: Party) -> At:
        """A little before the next statement."""
        return party.at(self.moment + MINUTE - timedelta(seconds=9))

    def share(self, grams: int, low: int, high: int) -> int:
        """Between `low` and `high` ppm of these grams."""
        return grams * self.random.randint(low, high) // PPM

    def tonnes(self, low: int, high: int) -> int:
        return self.random.randint(low, high) * TONNE

    def _next(self) -> datetime:
        self.moment += MINUTE
        return self.moment
