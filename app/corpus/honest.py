"""Honest worlds: firms of six countries that collect, sort, trade, recycle and buy as published figures say."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from app.corpus.pen import FIRST, NORTH, Pen, local, open_day
from app.corpus.practice import PPM, practice
from app.corpus.shipping import Route, delivered, sold
from app.corpus.stating import Party, Stated
from app.corpus.telling import Teller
from traceability.composing import Making, arrived, transformed
from traceability.ledger.interpretation import RECYCLING, REPROCESSING, SORTING
from traceability.sites.registering import Meter

KG: Final = 1_000
TONNE: Final = 1_000_000
COUNTRIES: Final = ("JP", "TH", "VN", "ID", "MY", "PH")
PET: Final = "plastics.pet"
FILM: Final = "plastics.pe.ld"
BUSY: Final = 12  # loads that a recycler of the smallest size takes in a week, at most
SPAN: Final = (75, 300)  # days


@dataclass
class Plant:
    """A recycler or compounder: what it may draw a day, its own yields, and what it drew and made on each day."""

    party: Party
    capacity: int
    yields: dict[str, int]
    melt: int
    drawn: dict[tuple[str, date], int] = field(default_factory=dict)
    made: dict[date, int] = field(default_factory=dict)

    def day_for(self, step: str, grams: int, day: date) -> date:
        """The first open day on which this still fits under the permit."""
        day = open_day(day)
        while self.drawn.get((step, day), 0) + grams > self.capacity:
            day = open_day(day + timedelta(days=1))
        return day

    def ran(self, step: str, day: date, drawn: int, made: int) -> None:
        self.drawn[step, day] = self.drawn.get((step, day), 0) + drawn
        self.made[day] = self.made.get(day, 0) + made


@dataclass
class Country:
    """The firms of one country."""

    code: str
    authority: Party
    collectors: list[Party]
    sorters: list[Party]
    traders: list[Party]
    plants: list[Plant]
    compounders: list[Plant]
    makers: list[Party]


def peopled(pen: Pen, code: str, size: int, capacity: int) -> Country:
    """So many firms of a kind, registered with permits, hours and a visit before the world begins."""
    authority = pen.party("regulator", code)
    collectors, sorters = ([pen.party(role, code) for _ in range(size)] for role in ("collector", "sorter"))
    country = Country(code, authority, collectors, sorters, [pen.party("trader", code)], [], [], [])
    country.plants = [_plant(pen, pen.party("recycler", code), capacity) for _ in range(size)]
    country.compounders = [_plant(pen, pen.party("compounder", code), capacity)]
    country.makers = [pen.party("manufacturer", code) for _ in range(size)]
    for party in collectors:
        pen.permits(FIRST, party, ("collecting",), 4 * capacity)
    for party in sorters:
        pen.permits(FIRST, party, ("sorting",), 4 * capacity)
    for plant in (*country.plants, *country.compounders):
        pen.permits(FIRST, plant.party, ("reprocessing", "recycling"), plant.capacity)
        pen.seen(FIRST, plant.party, authority)
    for party in (*sorters, *(each.party for each in (*country.plants, *country.compounders))):
        pen.opens(FIRST, party)
    return country


def _plant(pen: Pen, party: Party, capacity: int) -> Plant:
    known = practice()
    yields = {material: known.drawn(pen.random, f"yield.{material}") for material in (PET, FILM)}
    grams = capacity * pen.random.randint(90, 130) // 100
    return Plant(party, grams, yields, known.drawn(pen.random, "melt"))


def honest(pen: Pen, loads: int) -> date:
    """Write so many loads of all countries together, spread over the seasons; the last day on which one begins."""
    days = min(max(loads // len(COUNTRIES), SPAN[0]), SPAN[1])
    weekly = -(-loads * 7 // (days * len(COUNTRIES)))
    size = -(-weekly // BUSY)
    _, most = practice().values["load"].figures
    capacity = most * KG * max(weekly // size, 7) // 6  # a week's loads in six days, and never less than one a day
    countries = [peopled(pen, code, size, capacity) for code in COUNTRIES]
    for _ in range(loads):
        country = pen.random.choice(countries)
        _load(pen, country, countries, _day(pen, country, days))
    for country in countries:
        for plant in (*country.plants, *country.compounders):
            _meters(pen, plant)
    return FIRST.date() + timedelta(days=days)


def _day(pen: Pen, country: Country, days: int) -> date:
    """A day on which something is collected: more of them in the months of the season."""
    known, random = practice(), pen.random
    north = country.authority.latitude > NORTH
    while True:
        day = open_day(FIRST.date() + timedelta(days=random.randint(1, days)))
        if random.randrange(1_300) < known.season(day.month, north=north):
            return day


def _load(pen: Pen, country: Country, countries: list[Country], day: date) -> None:
    """One lorry of loose goods: collected, sorted to bales of PET and of film, each of them recycled and sold."""
    random, known = pen.random, practice()
    collector, sorter = random.choice(country.collectors), random.choice(country.sorters)
    grams, loose = known.drawn(random, "load") * KG + random.randint(0, 49) * 20 * KG, pen.lot()
    teller = Teller(pen, FIRST + timedelta(hours=1))
    making = Making(loose, grams, PET, "loose", "post", country.code)
    teller.tell(collector, local(day, collector.zone, 8, random.randint(0, 59)),
                lambda at: arrived(collector.at(at), making))  # fmt: skip
    came, own = delivered(teller, Route(collector, sorter), loose, grams, day)
    bales = _sorted(teller, sorter, loose, own, open_day(came + timedelta(days=random.randint(0, 2))))
    begun = teller.recorded
    for material, bale, mass, ready in bales:
        teller.recorded = begun
        plant = random.choice(country.plants)
        where = _traded(teller, country, Route(sorter, plant.party), (bale, mass), ready)
        _recycled(teller, country, countries, (plant, material, bale), where)


def _sorted(teller: Teller, sorter: Party, loose: str, own: int, day: date) -> list[tuple[str, str, int, date]]:
    pen, known = teller.pen, practice()
    random = pen.random
    dried = own * known.drawn(random, "dried") // PPM
    good = own * known.drawn(random, "sorted") // PPM
    film = good * known.drawn(random, "film") // PPM
    makings = [Making(pen.lot(), good - film, PET, "bale"), Making(pen.lot(), film, FILM, "bale")]
    sinks = {"residue:sorting": own - dried - good, "loss:moisture": dried}
    teller.tell(sorter, local(day, sorter.zone, random.randint(8, 18), random.randint(0, 59)),
                lambda at: transformed(sorter.at(at), SORTING, {loose: own}, makings, sinks))  # fmt: skip
    return [(making.material, making.lot, making.grams, day) for making in makings]


def _traded(teller: Teller, country: Country, route: Route, goods: tuple[str, int], day: date) -> tuple[date, int]:
    """From the sorter to the plant, one time in four by way of a trader; the day it came, and what it weighed there."""
    random, (lot, grams) = teller.pen.random, goods
    if random.randrange(4) == 0:
        trader = random.choice(country.traders)
        day, grams = delivered(teller, Route(route.sender, trader), lot, grams, day)
        route = Route(trader, route.receiver)
    return delivered(teller, route, lot, grams, day)


def _recycled(
    teller: Teller, country: Country, countries: list[Country], run: tuple[Plant, str, str], came: tuple[date, int]
) -> None:
    """Washed and ground, then molten to pellets, by a compounder one time in three; sold at home or over the sea."""
    pen, known, (plant, material, bale), (day, own) = teller.pen, practice(), run, came
    random = pen.random
    share = known.around(random, plant.yields[material], "yield.spread")
    flake = Making(pen.lot(), own * share // PPM, material, "flake")
    washed = _ran(teller, plant, REPROCESSING, (bale, own), flake, day + timedelta(days=random.randint(1, 3)))
    mass = flake.grams
    if random.randrange(3) == 0:
        compounder = random.choice(country.compounders)
        washed, mass = delivered(teller, Route(plant.party, compounder.party), flake.lot, mass, washed)
        plant = compounder
    share = min(known.around(random, plant.melt, "melt.spread"), PPM)
    pellet = Making(pen.lot(), mass * share // PPM, material, "pellet")
    molten = _ran(teller, plant, RECYCLING, (flake.lot, mass), pellet, washed + timedelta(days=random.randint(1, 4)))
    far = [each for each in countries if each.code != country.code]
    market = random.choice(far) if known.happens(random, "abroad") else country
    sold(teller, Route(plant.party, random.choice(market.makers)), pellet, molten + timedelta(days=1))


def _ran(teller: Teller, plant: Plant, step: str, goods: tuple[str, int], made: Making, day: date) -> date:
    random, (lot, grams) = teller.pen.random, goods
    day = plant.day_for(step, grams, day)
    plant.ran(step, day, grams, made.grams)
    night = practice().happens(random, "overtime")
    hour = random.randint(22, 23) if night else random.randint(8, 19)
    sinks = {"residue:process": (grams - made.grams) * 3 // 4}
    party = plant.party
    teller.tell(party, local(day, party.zone, hour, random.randint(0, 59)),
                lambda at: transformed(party.at(at), step, {lot: grams}, [made], sinks))  # fmt: skip
    return day


def _meters(pen: Pen, plant: Plant) -> None:
    """What the plant used in each month in which it may have run, read some days later."""
    known, first = practice(), FIRST.date().replace(day=1)
    last_run = max(plant.made, default=first)
    while first <= last_run:
        after = (first + timedelta(days=32)).replace(day=1)
        made = sum(grams for day, grams in plant.made.items() if first <= day < after)
        used = made * known.drawn(pen.random, "energy") // KG
        read = after + timedelta(days=known.drawn(pen.random, "meter.read"))
        moment = datetime(read.year, read.month, read.day, 3, 30, tzinfo=FIRST.tzinfo)
        meter = Meter(plant.party.facility, first, after - timedelta(days=1), used)
        pen.does(moment, plant.party, Stated(meter))
        first = after
