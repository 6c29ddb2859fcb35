"""Standing: what still stands of an event after the declarations of error that took it back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from traceability.ledger.accounts import AccountKey, Booking
from traceability.ledger.book import Entry
from traceability.ledger.drawing import Draw
from traceability.ledger.outcomes import UNTOUCHED, Contents, Entered

EventKey: TypeAlias = tuple[int, str]  # the organisation, and the event's id


@dataclass(frozen=True, slots=True)
class Standing:
    """The entries of an event and what it did to content; none where it is not (yet) known."""

    entries: tuple[Entry, ...] = ()
    contents: Contents = UNTOUCHED

    def after(self, entered: Entered) -> "Standing":
        """The same once this was entered under the event's id, too."""
        draws = net_draws((*self.contents.draws, *entered.contents.draws))
        bookings = net_bookings((*self.contents.bookings, *entered.contents.bookings))
        moment = self.contents.moment or entered.contents.moment
        return Standing(net((*self.entries, *entered.entries)), Contents(draws, bookings, moment))


def net(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """What still stands of an event after its reversals: one entry per account, none that is zero."""
    sums: dict[tuple[str | None, int, str], int] = {}
    for lot, holder, account, grams in entries:
        sums[lot, holder, account] = sums.get((lot, holder, account), 0) + grams
    return tuple(Entry(lot, holder, account, grams) for (lot, holder, account), grams in sums.items() if grams)


def net_draws(draws: Iterable[Draw]) -> tuple[Draw, ...]:
    """One draw per lot, none that is nothing."""
    sums: dict[str, tuple[int, ...]] = {}
    for lot, grams in draws:
        had = sums.get(lot, (0,) * len(grams))
        sums[lot] = tuple(one + other for one, other in zip(had, grams, strict=True))
    return tuple(Draw(lot, grams) for lot, grams in sums.items() if any(grams))


def net_bookings(bookings: Iterable[Booking]) -> tuple[Booking, ...]:
    """One booking per account and period, none that is nothing."""
    sums: dict[tuple[AccountKey, object], Booking] = {}
    for each in bookings:
        known = sums.get((each.key, each.first))
        sums[each.key, each.first] = each if known is None else known.plus(each)
    return tuple(each for each in sums.values() if any((*each.credited, *each.claimed, each.through)))
