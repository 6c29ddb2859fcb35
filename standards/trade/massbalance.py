"""Mass balance: the account of one facility and material over one period, and whether its scheme's rules were kept."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final, Literal

from standards.catalogue import Catalogue, Document
from standards.dated import Dated, NotInForce, dated
from standards.quantities import exact

Dip = Literal["any_event", "period_end"]
DIPS: Final[tuple[Dip, ...]] = ("any_event", "period_end")
CarryOver = Literal["positive", "none"]
CARRIED: Final[tuple[CarryOver, ...]] = ("positive", "none")


@dataclass(frozen=True)
class Scheme:
    """What a scheme asks of an account, by day; `stock_tolerance_pct` None where the scheme knows none.

    `carry_over` says what of a period's end goes into the next one; None where it is not known, and nothing goes.
    """

    id: str
    names: Mapping[str, str]
    most_months: Dated[int]
    dip: Dated[Dip]
    stock_tolerance_pct: Dated[Decimal] | None
    carry_over: Dated[CarryOver] | None = None

    def period(self, day: date) -> tuple[date, date]:
        """The first and last day of the period that holds a day: as long as the scheme allows, within one year.

        NotInForce where the scheme has no rule on that day.
        """
        months = self.most_months.on(day).value
        first = date(day.year, (day.month - 1) // months * months + 1, 1)
        return first, min(_last_day(first, months), date(day.year, 12, 31))

    def carried(self, grams: int, day: date) -> int:
        """What of these grams, left at the end of a period on `day`, goes into the next one."""
        rule = self.carry_over.on(day).value if self.carry_over is not None else "none"
        return max(0, grams) if rule == "positive" else 0

    def strict(self, day: date) -> bool:
        """Whether the balance may be below zero at no event, not only at the end of its period."""
        return self.dip.on(day).value == "any_event"

    def beyond(self, book: int | Fraction, counted: int, day: date) -> bool | None:
        """Whether books differ from what was counted by more than a share of it; None where no share is known."""
        if self.stock_tolerance_pct is None:
            return None
        try:
            allowed = exact(self.stock_tolerance_pct.on(day).value)
        except NotInForce:
            return None
        return abs(Fraction(book) - counted) * 100 > allowed * counted


@dataclass(frozen=True)
class Booking:
    """One entry in grams: an input makes credits by its conversion, under a declaration; an output takes them."""

    kind: Literal["input", "output"]
    grams: int
    conversion: Decimal = Decimal(1)
    declaration: str | None = None

    def __post_init__(self) -> None:
        if self.grams < 0 or not 0 < exact(self.conversion) <= 1:
            raise ValueError("grams are not below zero, a conversion lies above 0 and not above 1")


@dataclass(frozen=True)
class Account:
    """A facility's account of one material over a period (both days inclusive), with the stock counted at its end.

    Bookings stand in the order in which they happened. `used_before`: declarations already booked in earlier periods.
    """

    first: date
    last: date
    bookings: Sequence[Booking]
    carried_in_grams: int = 0
    physical_grams: int | None = None
    used_before: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a period that begins on {self.first} does not end on {self.last}")
        if self.carried_in_grams < 0 or (self.physical_grams is not None and self.physical_grams < 0):
            raise ValueError("neither is a debt carried in, nor is a stock below zero")


@dataclass(frozen=True)
class Balance:
    """Credits left (exact grams), the balance after each booking, whether the rules were kept, and what broke them.

    `dips` are the places of the bookings after which the balance was below zero, `booked_again` of those that made
    nothing because their declaration was used; `unchecked` names what the scheme gave no rule for.
    """

    grams: Fraction
    after: tuple[Fraction, ...]
    flags: tuple[str, ...]
    dips: tuple[int, ...] = ()
    booked_again: tuple[int, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        return not self.flags


def balance(account: Account, scheme: Scheme) -> Balance:
    """Book one after another, carried-in credits first. A declaration counts once: its second booking makes nothing.

    The rules are those in force on the period's last day; NotInForce where the scheme has none then. Where the balance
    may never dip, the dip is told once, at its event; elsewhere only what is left at the end counts.
    """
    on, again, credits_, after = account.last, _booked_again(account), Fraction(account.carried_in_grams), []
    nothing = frozenset(again)
    for place, each in enumerate(account.bookings):
        if each.kind == "output":
            credits_ -= each.grams
        elif place not in nothing:
            credits_ += each.grams * exact(each.conversion)
        after.append(credits_)
    dips = tuple(place for place, left in enumerate(after) if left < 0)
    strict = scheme.strict(on)
    off, unchecked = _deviation(account, scheme, credits_)
    broken = {
        "PERIOD_TOO_LONG": account.last > _last_day(account.first, scheme.most_months.on(on).value),
        "DECLARATION_USED_TWICE": bool(again),
        "NEGATIVE_BALANCE": strict and bool(dips),
        "NEGATIVE_BALANCE_AT_PERIOD_END": not strict and credits_ < 0,
        "BOOK_STOCK_DEVIATION": off,
    }
    flags = tuple(flag for flag, holds in broken.items() if holds)
    return Balance(credits_, tuple(after), flags, dips, again, unchecked)


def _booked_again(account: Account) -> tuple[int, ...]:
    """The places of inputs whose declaration was used before, in this period or an earlier one."""
    used, again = set(account.used_before), list[int]()
    for place, each in enumerate(account.bookings):
        if each.kind == "input" and each.declaration is not None:
            if each.declaration in used:
                again.append(place)
            used.add(each.declaration)
    return tuple(again)


def _deviation(account: Account, scheme: Scheme, book: Fraction) -> tuple[bool, tuple[str, ...]]:
    """Whether the books differ from the physical stock by more than the scheme's share of the physical stock."""
    if account.physical_grams is None:
        return False, ()
    off = scheme.beyond(book, account.physical_grams, account.last)
    return (False, ("physical_stock",)) if off is None else (off, ())


def _last_day(first: date, months: int) -> date:
    """The last day of a period of so many calendar months: the eve of the day that bears the first day's number.

    From 15 January three months last until 14 April. Where the last month has no such day, they last until its end
    (30 November to 28 February), as civil codes count: Japan's, Article 143(2); Germany's, section 188.
    """
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    length = monthrange(year, month + 1)[1]
    if first.day > length:
        return date(year, month + 1, length)
    return date(year, month + 1, first.day) - timedelta(days=1)


def schemes(catalogue: Catalogue) -> Mapping[str, Scheme]:
    """Every scheme of the catalogue by id; NotDated where a document contradicts itself."""
    return MappingProxyType({each.id: _scheme(each) for each in catalogue.documents("mass-balance-scheme")})


def _scheme(document: Document) -> Scheme:
    data = document.data
    tolerance, carried = data["stock_tolerance_pct"], data["carry_over"]

    def rows(name: str, read: Any) -> Dated[Any]:
        return dated(f"{document.id}: {name}", data[name], data["sources"], read)

    return Scheme(
        document.id, data["title"], rows("most_months", _months), rows("dip", _dip),
        rows("stock_tolerance_pct", Decimal) if tolerance else None, rows("carry_over", _carried) if carried else None,
    )  # fmt: skip


def _months(value: object) -> int:
    if not isinstance(value, int) or not 1 <= value <= 12:
        raise ValueError(f"{value!r} are no months of a period: 1 to 12")
    return value


def _carried(value: object) -> CarryOver:
    found = next((each for each in CARRIED if each == value), None)
    if found is None:
        raise ValueError(f"{value!r} is no carry-over; known: {', '.join(CARRIED)}")
    return found


def _dip(value: object) -> Dip:
    found = next((each for each in DIPS if each == value), None)
    if found is None:
        raise ValueError(f"{value!r} is no dip rule; known: {', '.join(DIPS)}")
    return found


__all__ = ["Account", "Balance", "Booking", "NotInForce", "Scheme", "balance", "schemes"]
