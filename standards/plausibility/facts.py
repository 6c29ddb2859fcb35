"""Facts: what the record can know around one event, told apart by what a control asks of it."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Load:
    """Grams that a facility put through one process under its permits, this event's own among them.

    `days`: of the last 30, those on which it is open. `months`: each of the three calendar months before, oldest
    first. `since`: the first day on which it did anything. None: the permits do not say.
    """

    per_day: int | None
    per_year: int | None
    today: int
    thirty: int
    year: int
    month: int
    months: tuple[int, int, int]
    days: int
    since: date
    visited: bool


@dataclass(frozen=True, slots=True)
class Meter:
    """What a facility's electricity meter said last: until which day, how much, and what was made meanwhile."""

    until: date
    watt_hours: int
    made: int


@dataclass(frozen=True, slots=True)
class Hours:
    """When a facility is open: local minutes of the day, and days of the week (Monday is 0)."""

    opens: int
    closes: int
    weekdays: frozenset[int]


@dataclass(frozen=True, slots=True)
class Site:
    """What is registered of the facility where something is processed.

    `process` and `day` are the event's. `permitted`: whether a permit covers it (None: the facility has none
    registered at all). `loads`: one per set of permits that its inputs fall under. `begun`: its first day of work.
    """

    process: str
    permitted: bool | None = None
    loads: tuple[Load, ...] = ()
    meter: Meter | None = None
    begun: date | None = None
    hours: Hours | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """A way from one facility to another: how far at least, and in how many seconds at most."""

    metres: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Goods:
    """What is declared of a lot at a border: its material and form, and the tariff heading."""

    material: str
    form: str
    heading: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known around one event; where nothing is, the control that asks for it has nothing to say.

    `happened` is local time, `exact` whether the hour was stated. `legs`: the ways that a receipt ends. `foreign`:
    papers of this event that speak of other people's goods. `related`: marks that both sides share. `held_before`:
    lots shipped to somebody who had them already.
    """

    happened: datetime
    exact: bool
    recorded: date
    site: Site | None = None
    mode: str | None = None
    legs: tuple[Leg, ...] = ()
    container_elsewhere: bool = False
    goods: tuple[Goods, ...] = ()
    invoices_foreign: int = 0
    documents_foreign: int = 0
    related: tuple[str, ...] = ()
    held_before: int = 0

    @property
    def day(self) -> date:
        """The local day on which it happened."""
        return self.happened.date()


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim on grams of a lot: what it is for and where, what the lot is made of, and by whom.

    `claimed` are the grams with what was claimed for this purpose before; `domestic` and `virgin` the lot's own.
    `made`: whether a transformation made it. `permitted`: whether its maker's facility held a permit that day.
    """

    purpose: str
    jurisdiction: str
    claimed: int
    lot: int
    domestic: int
    virgin: int
    made: bool
    permitted: bool
    recorded: date
