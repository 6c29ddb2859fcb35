"""Mass-balance accounts: recycled grams that a facility took over from its lots, and those that it claimed of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import NamedTuple

from standards.trade.massbalance import Scheme
from traceability.refusals import AboveAverage, AccountClosed, AccountOverdrawn

Undo = Callable[[], object]


class Grams(NamedTuple):
    """Pre- and post-consumer grams: neither is ever paid with the other."""

    pre: int = 0
    post: int = 0

    def plus(self, other: "Grams") -> "Grams":
        return Grams(self.pre + other.pre, self.post + other.post)

    def less(self, other: "Grams") -> "Grams":
        return Grams(self.pre - other.pre, self.post - other.post)

    def least(self, other: "Grams | None") -> "Grams":
        return self if other is None else Grams(min(self.pre, other.pre), min(self.post, other.post))

    def spent(self, grams: int) -> tuple["Grams", int]:
        """What is left of these after so many grams, and how many of those found nothing here."""
        post = min(grams, self.post)
        pre = min(grams - post, self.pre)
        return Grams(self.pre - pre, self.post - post), grams - post - pre

    @property
    def short(self) -> bool:
        """Whether one of them is below zero."""
        return min(self) < 0


NOTHING = Grams()


class AccountKey(NamedTuple):
    """A facility's account of one material under one scheme."""

    facility: int
    material: str
    scheme: str


class Booking(NamedTuple):
    """What one event brings into the account of a period and claims of it; `through`: the mass of its outputs."""

    key: AccountKey
    first: date
    credited: Grams = NOTHING
    claimed: Grams = NOTHING
    through: int = 0

    def plus(self, other: "Booking") -> "Booking":
        """Both in one."""
        credited, claimed = self.credited.plus(other.credited), self.claimed.plus(other.claimed)
        return self._replace(credited=credited, claimed=claimed, through=self.through + other.through)

    def reversed(self) -> "Booking":
        """The booking that takes this one back."""
        less = NOTHING.less
        return self._replace(credited=less(self.credited), claimed=less(self.claimed), through=-self.through)

    def told(self) -> dict[str, object]:
        """As the record keeps it, committed to with the event."""
        return {
            "facility": self.key.facility, "material": self.key.material, "scheme": self.key.scheme,
            "from": self.first.isoformat(), "credited": list(self.credited), "claimed": list(self.claimed),
            "through": self.through,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Period:
    """One period of an account as it stands; `strict`: below zero at no event.

    `credited_until` and `claimed_until` are the moments of the last input and the last claim, `lowest` is the least
    that any claim left (None: nothing claimed).
    """

    first: date
    last: date
    organisation: int
    strict: bool
    opening: Grams = NOTHING
    credited: Grams = NOTHING
    claimed: Grams = NOTHING
    through: int = 0
    credited_until: datetime | None = None
    claimed_until: datetime | None = None
    lowest: Grams | None = None

    @property
    def closing(self) -> Grams:
        """What is left of it."""
        return self.opening.plus(self.credited).less(self.claimed)

    def with_booking(self, booking: Booking) -> "Period":
        """The same after a booking, whatever comes of it."""
        return replace(
            self, credited=self.credited.plus(booking.credited), claimed=self.claimed.plus(booking.claimed),
            through=self.through + booking.through,
        )  # fmt: skip


@dataclass
class Accounts:
    """The periods of the accounts that a batch may touch, by account and first day; what the batch changes in them."""

    periods: dict[AccountKey, dict[date, Period]] = field(default_factory=dict)
    made: set[tuple[AccountKey, date]] = field(default_factory=set)

    def book(self, booking: Booking, period: Period, moment: datetime, today: date, scheme: Scheme) -> Undo:
        """Book what an event says, in the order of recording; `period` is how a period of that day begins.

        Raises AccountClosed where a later period has begun, AccountOverdrawn where more would be claimed than there is.
        """
        mine = self.periods.setdefault(booking.key, {})
        before = mine.get(booking.first)
        if any(first > booking.first for first in mine):
            raise AccountClosed(
                f"The period from {booking.first} is closed: a later one has begun.", field="scheme",
                value=booking.key.scheme, fix="State it without the scheme, or on a day of the running period.",
            )  # fmt: skip
        now = before or replace(period, opening=self._carried(booking.key, period.first, scheme))
        if now.strict and any(booking.claimed) and now.credited_until is not None and moment < now.credited_until:
            raise AccountOverdrawn(
                "A later input is booked already, so what was there at this moment is not known.", field="eventTime",
                value=moment.isoformat(), fix="State claims of this scheme in the order in which they happened.",
            )  # fmt: skip
        after = now.with_booking(booking)
        if any(booking.credited):
            after = replace(after, credited_until=max(now.credited_until or moment, moment))
        if any(booking.claimed):
            if after.closing.short and (after.strict or after.last < today):
                raise overdrawn(booking, now.closing.plus(booking.credited))
            until = max(now.claimed_until or moment, moment)
            after = replace(after, claimed_until=until, lowest=after.closing.least(after.lowest))
        mine[booking.first] = after
        if before is None:
            self.made.add((booking.key, booking.first))
        return partial(self._undo, booking.key, booking.first, before)

    def _carried(self, key: AccountKey, first: date, scheme: Scheme) -> Grams:
        """What the period before hands on. Raises AccountOverdrawn where it ended below zero."""
        earlier = [each for day, each in self.periods.get(key, {}).items() if day < first]
        if not earlier:
            return NOTHING
        last = max(earlier, key=lambda each: each.first)
        if last.closing.short:
            raise AccountOverdrawn(
                f"The period from {last.first} ended below zero, and nothing is booked until it is settled.",
                field="scheme", value=key.scheme, reason="NEGATIVE_BALANCE_AT_PERIOD_END",
                fix="Record the inputs that are missing there, on their own days.",
            )  # fmt: skip
        return Grams(*(scheme.carried(grams, last.last) for grams in last.closing))

    def _undo(self, key: AccountKey, first: date, before: Period | None) -> None:
        if before is None:
            del self.periods[key][first]
            self.made.discard((key, first))
        else:
            self.periods[key][first] = before

    def reverse(self, bookings: Iterable[Booking], moment: datetime, today: date) -> list[Undo] | None:
        """Take the bookings of an event back; None, and nothing done, where their credits are claimed or their period
        is closed. What came in after the last claim bore none.
        """
        done: list[Undo] = []
        for each in bookings:
            mine = self.periods.get(each.key, {})
            now = mine.get(each.first)
            if now is None or max(mine) > each.first:
                break
            lowest = now.lowest
            if lowest is not None and now.claimed_until is not None and moment <= now.claimed_until:
                lowest = lowest.less(each.credited)
            after = replace(now.with_booking(each.reversed()), lowest=lowest)
            held_to = after.strict or after.last < today
            if held_to and any(each.credited) and after.closing.least(lowest if after.strict else None).short:
                break
            mine[each.first] = after
            done.append(partial(self._undo, each.key, each.first, now))
        else:
            return done
        for undo in reversed(done):
            undo()
        return None


def overdrawn(booking: Booking, there: Grams) -> AccountOverdrawn:
    """The refusal of a claim on more than an account holds."""
    kind = next(name for name in ("post", "pre") if getattr(booking.claimed, name) > getattr(there, name))
    wanted, left = getattr(booking.claimed, kind), getattr(there, kind)
    return AccountOverdrawn(
        f"{wanted} g of {kind}-consumer content should be claimed, the account holds {left} g.", field="credited",
        value=wanted, kind=kind, available_grams=left, fix="Claim at most that, or record the inputs first.",
    )  # fmt: skip


def check_average(period: Period, lot: str, grams: int, claimed: Grams) -> None:
    """A rolling average: no lot has a larger share than what came in has of what went through. Raises AboveAverage."""
    for kind, wanted, came in zip(Grams._fields, claimed, period.credited, strict=True):
        if wanted * period.through > came * grams:
            raise AboveAverage(
                f"{wanted} g in {grams} g are more than the average of the period.", field="credited", value=wanted,
                lot=lot, kind=kind, most_grams=came * grams // period.through,
                fix="State at most the average share, or the credit method where your scheme allows it.",
            )  # fmt: skip
