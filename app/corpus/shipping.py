"""Shipping: how honest goods go from one firm to another, by road or over the sea, and what both sides weigh."""

from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from app.corpus.pen import Pen, local, open_day
from app.corpus.practice import PPM, practice
from app.corpus.stating import HONEST, Claimed, Party
from app.corpus.telling import Teller
from standards.plausibility import Position, container_finding, metres_apart
from traceability.composing import Composed, Making, received, rejected, shipped

DAY: Final = timedelta(days=1)
HEADING: Final = {"plastics.pet": "3907.61", "plastics.pe.ld": "3901.10"}
OWNERS: Final = ("CSQU", "MSKU", "TEMU", "ONEU")


class Route(NamedTuple):
    """From whom to whom."""

    sender: Party
    receiver: Party

    @property
    def parties(self) -> tuple[str, str]:
        return self.sender.uri, self.receiver.uri

    @property
    def kilometres(self) -> int:
        one, other = (Position(each.latitude, each.longitude) for each in self)
        return metres_apart(one, other) // 1_000


def weighed(pen: Pen, grams: int) -> int:
    """The other side's scales, to twenty kilograms, and now and then a wet load that dried on the way."""
    known, random = practice(), pen.random
    own = known.around(random, PPM, "scale")
    if known.happens(random, "wet.share"):
        own -= known.drawn(random, "wet")
    return max(grams * own // PPM, 1_000)


def delivered(teller: Teller, route: Route, lot: str, grams: int, day: date) -> tuple[date, int]:
    """By road within a country; the day on which it came, and what it weighed there."""
    pen = teller.pen
    random, (sender, receiver) = pen.random, route
    left = open_day(day)
    while (sent := local(left, sender.zone, random.randint(9, 17), random.randint(0, 59))) < _ready(teller, day):
        left = open_day(left + DAY)
    ticket = f"{random.getrandbits(256):064x}"
    road = {"junkan:mode": "road"}
    teller.tell(sender, sent, lambda at: shipped(sender.at(at), *route.parties, {lot: grams}) | road)
    came = open_day(left + DAY * random.randint(1, 1 + route.kilometres // 400))
    own = weighed(pen, grams)
    paper: Composed = road | {"junkan:documents": [ticket]}
    teller.tell(receiver, local(came, receiver.zone, random.randint(8, 17), random.randint(0, 59)),
                lambda at: received(receiver.at(at), *route.parties, {lot: (grams, own)}) | paper)  # fmt: skip
    return came, own


def _ready(teller: Teller, day: date) -> datetime:
    """Nothing leaves on the day on which it was made before that was done."""
    last = teller.recorded
    return last if last.date() <= day else datetime(day.year, day.month, day.day, tzinfo=last.tzinfo)


def sold(teller: Teller, route: Route, pellets: Making, day: date) -> None:
    """Sold at home or over the sea; at times refused at the gate or sent back later, else often claimed."""
    pen, known = teller.pen, practice()
    random, (sender, receiver), lot, grams = pen.random, route, pellets.lot, pellets.grams
    left, invoice = open_day(day), pen.identity()
    over_sea = sender.country != receiver.country
    papers: Composed = {"bizTransactionList": [{"type": "inv", "bizTransaction": invoice}]}
    if over_sea:
        papers |= {"junkan:mode": "sea", "junkan:container": container(pen), "junkan:hs": HEADING[pellets.material]}
    sent = local(left, sender.zone, random.randint(9, 17), random.randint(0, 59))
    teller.tell(sender, sent, lambda at: shipped(sender.at(at), *route.parties, {lot: grams}) | papers)
    came = open_day(left + DAY * _underway(pen, route, over_sea=over_sea))
    there = local(came, receiver.zone, random.randint(8, 17), random.randint(0, 59))
    if known.happens(random, "refused"):
        teller.tell(receiver, there, lambda at: rejected(receiver.at(at), *route.parties, {lot: grams}))
        return
    own = weighed(pen, grams)
    paper: Composed = {"junkan:mode": "sea"} if over_sea else {}
    teller.tell(receiver, there, lambda at: received(receiver.at(at), *route.parties, {lot: (grams, own)}) | paper)
    if known.happens(random, "returned"):
        back = open_day(came + DAY * 5)
        teller.tell(receiver, local(back, receiver.zone, 10, 30),
                    lambda at: shipped(receiver.at(at), receiver.uri, sender.uri, {lot: own}))  # fmt: skip
    elif random.randrange(2) == 0:
        pen.does(teller.recorded + timedelta(hours=2), receiver,
                 Claimed(lot, "content", own * 9 // 10, receiver.country), HONEST, lot)  # fmt: skip


def _underway(pen: Pen, route: Route, *, over_sea: bool) -> int:
    if not over_sea:
        return pen.random.randint(1, 1 + route.kilometres // 400)
    known = practice()
    hours = route.kilometres // known.drawn(pen.random, "knots")
    return known.drawn(pen.random, "port") + -(-hours // 24)


def container(pen: Pen) -> str:
    """A box with its check digit (ISO 6346)."""
    stem = pen.random.choice(OWNERS) + f"{pen.random.randrange(10**6):06d}"
    return next(stem + digit for digit in "0123456789" if container_finding(stem + digit) is None)
