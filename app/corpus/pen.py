"""The pen: writes a world's parties and steps; everything random comes of one seed."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from app.corpus.stating import HONEST, Act, Document, Party, Seen, Stated, Step, Truth
from traceability.composing import Composed, document
from traceability.identifiers import lot_uri
from traceability.identifiers.own import ALPHABET, LENGTH
from traceability.sites.registering import Hours, Permit

BASE: Final = "http://127.0.0.1:8000"
FIRST: Final = datetime(2025, 3, 3, tzinfo=ZoneInfo("UTC"))
"""A Monday; worlds begin here whatever the day, so that a seed is a world."""

# Where firms are: a time zone and a box of whole degrees (south, north, west, east) that lies on land mostly.
PLACES: Final = {
    "JP": ("Asia/Tokyo", 34, 37, 135, 140), "TH": ("Asia/Bangkok", 13, 18, 99, 103),
    "VN": ("Asia/Ho_Chi_Minh", 10, 13, 106, 108), "ID": ("Asia/Jakarta", -8, -6, 106, 113),
    "MY": ("Asia/Kuala_Lumpur", 2, 6, 100, 103), "PH": ("Asia/Manila", 14, 17, 120, 122),
    "IN": ("Asia/Kolkata", 13, 23, 72, 79), "GB": ("Europe/London", 51, 54, -3, 0),
}  # fmt: skip
NORTH: Final = 20


class Pen:
    """Writes parties and steps; `lots` counts the honest lots."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - a world, not a secret
        self.parties: list[Party] = []
        self.steps: list[Step] = []
        self.lots = 0

    def identity(self) -> str:
        """An identity that nothing has yet."""
        return lot_uri(BASE, "".join(self.random.choice(ALPHABET) for _ in range(LENGTH)))

    def lot(self) -> str:
        """A new honest lot's identity."""
        self.lots += 1
        return self.identity()

    def event_id(self) -> str:
        high, low = self.random.getrandbits(32), self.random.getrandbits(48)
        return f"urn:uuid:{high:08x}-0000-4000-8000-{low:012x}"

    def party(self, role: str, country: str) -> Party:
        """Somebody new, somewhere in the country."""
        zone, south, north, west, east = PLACES[country]
        latitude = Decimal(self.random.randint(south * 100, north * 100)).scaleb(-2)
        longitude = Decimal(self.random.randint(west * 100, east * 100)).scaleb(-2)
        return self.placed(role, country, zone, latitude, longitude)

    def placed(self, role: str, country: str, zone: str, latitude: Decimal, longitude: Decimal) -> Party:
        made = Party(self.identity(), role, country, self.identity(), ZoneInfo(zone), latitude, longitude)
        self.parties.append(made)
        return made

    def does(self, moment: datetime, by: Party, act: Act, truth: Truth = HONEST, *touched: str) -> None:
        """One statement; it touches its party and whatever else is named."""
        self.steps.append(Step(moment, by, act, truth, frozenset((by.uri, *touched))))

    def tells(self, moment: datetime, by: Party, event: Composed, truth: Truth = HONEST) -> None:
        """One event, as a document of its own."""
        self.does(moment, by, Document(document([event], moment)), truth, *touched(event))

    def permits(
        self, moment: datetime, party: Party, processes: tuple[str, ...], grams: int | None, truth: Truth = HONEST
    ) -> None:
        """A permit for plastics for each of these processes, of so many grams a day, that began long ago."""
        for process in processes:
            number = self.identity()[-8:]
            since = date(2020, 1, 1)
            permit = Permit(party.facility, number, "Prefecture", process, "plastics", grams, None, since, None)
            self.does(moment, party, Stated(permit), truth)

    def opens(self, moment: datetime, party: Party) -> None:
        """From seven to twenty, Monday to Saturday."""
        hours = Hours(party.facility, date(2020, 1, 1), 7 * 60, 20 * 60, (0, 1, 2, 3, 4, 5))
        self.does(moment, party, Stated(hours))

    def seen(self, moment: datetime, party: Party, authority: Party) -> None:
        """The authority was there."""
        self.does(moment, authority, Seen(party.facility), HONEST, party.uri)


def touched(event: Composed) -> set[str]:
    """The lots and the papers that an event names: what may not be told at the same time as another's."""
    rows = [row for key, value in event.items() if key.endswith("uantityList") for row in value]
    papers = [row["bizTransaction"] for row in event.get("bizTransactionList", ())]
    own = [event[key] for key in ("junkan:container", "eventID") if key in event]
    return {row["epcClass"] for row in rows} | set(papers) | set(own) | set(event.get("junkan:documents", ()))


def open_day(day: date) -> date:
    """That day, or the Monday after a Sunday."""
    return day + timedelta(days=1) if day.weekday() == 6 else day


def local(day: date, zone: ZoneInfo, hour: int, minute: int, second: int = 7) -> datetime:
    """That time of the day there."""
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone).astimezone(FIRST.tzinfo)
