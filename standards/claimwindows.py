"""Claim windows: until which day a claim about a delivery, or the answer to one, is in time by the trade's custom."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from standards.catalogue import Catalogue
from standards.dated import Certainty

SATURDAY = 5


@dataclass(frozen=True)
class Window:
    """So many days after something happened; `counted` calendar or business, `since` None where it is not known.

    The day of the event is not counted, the last day is inside.
    """

    family: str
    claim: str
    by: str
    after: str
    days: int
    counted: str
    since: date | None
    certainty: Certainty
    source: str


@dataclass(frozen=True)
class ClaimTime:
    """Whether something was in time, and the last day on which it was; `window` says by which custom."""

    in_time: bool
    deadline: date
    window: Window


def claim_windows(catalogue: Catalogue) -> tuple[Window, ...]:
    """Every window of every trade practice."""
    return tuple(
        Window(
            item["family"],
            item["claim"],
            item["by"],
            item["after"],
            item["days"],
            item["counted"],
            item["from"],
            item["certainty"],
            document.data["sources"][item["source"]]["title"],
        )
        for document in catalogue.documents("trade-practice")
        for item in document.data["windows"]
    )


def claim_time(
    windows: Collection[Window], family: str, claim: str, events: Mapping[str, date], done_on: date,
    holidays: Collection[date] = (),
) -> ClaimTime:  # fmt: skip
    """Whether a claim of this kind, made or answered on `done_on`, was in time.

    `events` are days by what happened: receipt, unloading, notice. LookupError where no custom is known for the family
    and claim, or the day it counts from is not given: there is no deadline to guess.
    """
    window = next((each for each in windows if (each.family, each.claim) == (family, claim)), None)
    if window is None:
        known = ", ".join(f"{each.family} {each.claim}" for each in windows) or "none"
        raise LookupError(f"no custom is known for {family} {claim}; known: {known}")
    if (began := events.get(window.after)) is None:
        raise LookupError(f"{family} {claim} counts from {window.after}: give its day")
    if window.since is not None and began < window.since:
        raise LookupError(f"{family} {claim} is known from {window.since} on, not for {began}")
    last = deadline(began, window.days, window.counted, holidays)
    return ClaimTime(done_on <= last, last, window)


def deadline(began: date, days: int, counted: str, holidays: Collection[date] = ()) -> date:
    """The last day; business days leave out Saturdays, Sundays and holidays. ValueError for any other way to count."""
    if counted == "calendar":
        return began + timedelta(days=days)
    if counted != "business":
        raise ValueError(f"days are counted calendar or business, not {counted!r}")
    closed, last = frozenset(holidays), began
    while days:
        last += timedelta(days=1)
        days -= last.weekday() < SATURDAY and last not in closed
    return last
