"""The plan: from a seed, what everybody does on every day of the demo year (same seed, same world)."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Final

KG: Final = 1_000
TONNE: Final = 1_000 * KG
PET: Final = "plastics.pet"
SEGREGATED: Final = "segregated"
MASS_BALANCE: Final = "mass_balance_credit"
SCHEME: Final = "iscc-plus"


@dataclass(frozen=True, slots=True)
class Collect:
    """A collector weighs a load in."""

    who: str
    lot: str
    grams: int


@dataclass(frozen=True, slots=True)
class Move:
    """A sends lots to B; `weighed` is B's own weight on arrival, some days later."""

    sender: str
    receiver: str
    lots: tuple[tuple[str, int], ...]
    weighed: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """A lot that a transformation makes; `booked`: grams of post-consumer content that it claims of an account."""

    lot: str
    grams: int
    material: str
    form: str
    custody: str = SEGREGATED
    booked: int = 0


@dataclass(frozen=True, slots=True)
class Process:
    """Lots become other lots; `step` is our business step (sorting, reprocessing, recycling).

    `scheme` names the mass-balance account that takes part.
    """

    who: str
    step: str
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[Output, ...]
    sinks: tuple[tuple[str, int], ...]
    scheme: str | None = None


@dataclass(frozen=True, slots=True)
class Test:
    """The laboratory measures a lot: (property, value, unit, method)."""

    lot: str
    results: tuple[tuple[str, str, str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Sale:
    """A recycler lists a lot and a manufacturer buys some of it at the listed price."""

    seller: str
    buyer: str
    lot: str
    grams: int
    price: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Take:
    """A manufacturer weighs in what it bought, and may claim the recycled content of some of it (0: none)."""

    who: str
    seller: str
    lot: str
    sent: int
    weighed: int
    claimed: int


@dataclass(frozen=True, slots=True)
class Declare:
    """A producer states what it placed on the market in a year."""

    who: str
    country: str
    year: int
    material: str
    grams: int


Act = Collect | Move | Process | Test | Sale | Take | Declare

BUYERS: Final = {"JP": "jp-manufacturer", "TH": "th-manufacturer", "VN": "jp-manufacturer", "ID": "th-manufacturer"}
MONEY: Final = {"JP": "JPY", "TH": "THB", "VN": "USD", "ID": "USD"}
PRICE: Final = {"JP": (118_000, 142_000), "TH": (29_000, 36_000), "VN": (820, 990), "ID": (790, 960)}


@dataclass
class _Country:
    """One country's chain through the year: what lies where, week by week."""

    code: str
    random: Random
    scale: int
    number: int = 0
    later: dict[date, list[Act]] = field(default_factory=dict)

    def name(self, kind: str) -> str:
        self.number += 1
        return f"{self.code}-{kind}-{self.number:05d}"

    def kilograms(self, low: int, high: int) -> int:
        return self.random.randrange(low, high) * KG * self.scale // 10

    def share(self, grams: int, low: float, high: float) -> int:
        return grams * self.random.randrange(int(low * 1000), int(high * 1000)) // 1_000 // KG * KG

    def on(self, day: date, act: Act) -> None:
        self.later.setdefault(day, []).append(act)

    def weighed(self, lots: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int, int], ...]:
        """The receiver's scale: up to 0.4 % off, to 10 kg, now and then a wet load that lost more."""
        result = []
        for lot, grams in lots:
            off = self.random.randrange(-4, 4) if self.random.random() > 0.01 else -22
            result.append((lot, grams, max(KG, (grams + grams * off // 1_000) // (10 * KG) * (10 * KG))))
        return tuple(result)

    def week(self, monday: date) -> None:
        """Collect twice, sort, reprocess, recycle; every step on its own day."""
        key = self.code.lower()
        loads = tuple((self.name("C"), self.kilograms(3_200, 7_800)) for _ in range(2))
        for at, (lot, grams) in enumerate(loads):
            self.on(monday + timedelta(days=2 * at), Collect(f"{key}-collector", lot, grams))
        arrived = self._move(monday + timedelta(days=3), f"{key}-collector", f"{key}-sorter", loads)
        bales = self._sort(monday + timedelta(days=5), arrived)
        arrived = self._move(monday + timedelta(days=7), f"{key}-sorter", f"{key}-recycler", bales)
        flake = self._reprocess(monday + timedelta(days=10), arrived)
        self._recycle(monday + timedelta(days=12), flake)

    def _move(self, day: date, sender: str, receiver: str, lots: tuple[tuple[str, int], ...]) -> list[tuple[str, int]]:
        weighed = self.weighed(lots)
        self.on(day, Move(sender, receiver, lots))
        self.on(day + timedelta(days=1), Move(sender, receiver, lots, weighed))
        return [(lot, own) for lot, _, own in weighed]

    def _sort(self, day: date, inputs: list[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
        drawn = sum(grams for _, grams in inputs)
        bale = Output(self.name("B"), self.share(drawn, 0.80, 0.87), PET, "bale")
        caps = Output(self.name("H"), self.share(drawn, 0.05, 0.08), "plastics.pe.hd", "bale")
        left = drawn - bale.grams - caps.grams
        loss = min(left, self.share(drawn, 0.006, 0.022))
        sinks = (("residue:sorting", left - loss), ("loss:moisture", loss))
        self.on(day, Process(f"{self.code.lower()}-sorter", "sorting", tuple(inputs), (bale, caps), sinks))
        return ((bale.lot, bale.grams),)

    def _reprocess(self, day: date, inputs: list[tuple[str, int]]) -> tuple[str, int]:
        drawn = sum(grams for _, grams in inputs)
        flake = Output(self.name("F"), self.share(drawn, 0.66, 0.74), PET, "flake")
        residue = self.share(drawn, 0.15, 0.19)
        sinks = (("residue:process", residue), ("loss:process", (drawn - flake.grams - residue) // 2))
        who = f"{self.code.lower()}-recycler"
        self.on(day, Process(who, "reprocessing", tuple(inputs), (flake,), sinks))
        if self.random.random() < 0.5:
            self.on(day + timedelta(days=1), Test(flake.lot, self._results()))
        return flake.lot, flake.grams

    def _results(self) -> tuple[tuple[str, str, str, str | None], ...]:
        r = self.random
        return (
            ("intrinsic_viscosity", f"0.{r.randrange(72, 79)}", "dL/g", None),
            ("moisture", f"0.{r.randrange(3, 9)}", "%", None),
            ("pvc", str(r.randrange(5, 60)), "mg/kg", None),
            ("bulk_density", str(r.randrange(260, 340)), "kg/m3", None),
        )

    def _recycle(self, day: date, flake: tuple[str, int]) -> None:
        lot, grams = flake
        if self.number % 3 == 0:
            self._sell(day, lot, grams, grams, flake=True)  # sold as flake; it is recycled where it is extruded
            return
        pellet, scheme = Output(self.name("P"), self.share(grams, 0.955, 0.985), PET, "pellet"), None
        if self.code == "JP" and self.number % 24 == 12:  # one in four goes through the account of its facility
            booked, scheme = pellet.grams * 7 // 10 // KG * KG, SCHEME
            pellet = replace(pellet, custody=MASS_BALANCE, booked=booked)
        sinks = (("loss:process", (grams - pellet.grams) // 2),)
        self.on(day, Process(f"{self.code.lower()}-recycler", "recycling", ((lot, grams),), (pellet,), sinks, scheme))
        self._sell(day + timedelta(days=2), pellet.lot, pellet.grams, pellet.booked or pellet.grams)

    def _sell(self, day: date, lot: str, grams: int, recycled: int, *, flake: bool = False) -> None:
        if self.random.random() > 0.6:
            return
        buyer, (low, high) = BUYERS[self.code], PRICE[self.code]
        sold = self.share(grams, 0.4, 1.0) or grams
        price = Decimal(self.random.randrange(low, high))
        seller = f"{self.code.lower()}-recycler"
        self.on(day, Sale(seller, buyer, lot, sold, price, MONEY[self.code]))
        ((_, sent, weighed),) = self.weighed(((lot, sold),))
        claimed = min(weighed * 9 // 10, weighed * recycled // grams) // KG * KG if self.random.random() < 0.7 else 0
        self.on(day + timedelta(days=11), Take(buyer, seller, lot, sent, weighed, claimed))
        if flake:
            pellet = Output(self.name("P"), self.share(weighed, 0.955, 0.985), PET, "pellet")
            self.on(day + timedelta(days=14), Process(buyer, "recycling", ((lot, weighed),), (pellet,), ()))


def plan(seed: int, first: date, last: date) -> Iterator[tuple[date, list[Act]]]:
    """What happens, day by day from `first` to `last`, in the order in which it happens."""
    random = Random(seed)  # noqa: S311 - a world, not a secret
    scales = {"JP": 22, "TH": 14, "VN": 12, "ID": 13}
    countries = [_Country(code, Random(random.random()), scale) for code, scale in scales.items()]  # noqa: S311
    day = first
    while day <= last:
        acts: list[Act] = []
        for at, country in enumerate(countries):
            if day.weekday() == 0 and (day.toordinal() // 7 + at) % 2 == 0 and day <= last - timedelta(days=14):
                country.week(day)
            acts += country.later.pop(day, [])
            if (day.month, day.day) == (2, 12) and day.year > first.year:
                acts.append(_declared(country, day.year - 1))
        yield day, acts
        day += timedelta(days=1)


def _declared(country: _Country, year: int) -> Declare:
    """What the country's producer placed on the market last year."""
    grams = country.random.randrange(330, 390) * TONNE * country.scale // 10
    return Declare(f"{country.code.lower()}-producer", country.code, year, PET, grams)
