"""Reading accounts: each period's statement, from what it began with to what it hands on, and the bookings behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, NamedTuple

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.registry import Facility
from standards.dated import Certainty, NotInForce
from standards.trade.massbalance import Scheme
from traceability.accounting.tables import AccountRow, BookingRow
from traceability.ledger.accounts import NOTHING, Grams
from traceability.tables import EventRow

State = Literal["running", "ended", "closed"]
PAGE: Final = 50


class Place(NamedTuple):
    """Where a statement stands in the list: the newest period first, then facility, material and scheme."""

    first: date
    facility: int
    material: str
    scheme: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose statements: of one facility, material, scheme, or of the period that holds a day; None for all."""

    organisation: int
    facility: int | None = None
    material: str | None = None
    scheme: str | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One period of an account, in grams by kind: opening + credited - claimed = closing.

    `carried` and `lapsed` share the closing once the period has ended (None before); `closed`: the next one has begun.
    `certainty` is how sure the rule for carrying over is (None: none is known, and nothing is carried).
    """

    at: Place
    facility: str
    name: str
    last: date
    state: State
    strict: bool
    opening: Grams
    credited: Grams
    claimed: Grams
    through: int
    carried: Grams | None
    lapsed: Grams | None
    certainty: Certainty | None

    @property
    def closing(self) -> Grams:
        return self.opening.plus(self.credited).less(self.claimed)


@dataclass(frozen=True, slots=True)
class Booked:
    """What one event brought in and claimed."""

    index: int
    on: date
    biz_step: str | None
    credited: Grams
    claimed: Grams


async def statements(
    session: AsyncSession, schemes: Mapping[str, Scheme], wanted: Wanted, today: date, after: Place | None, limit: int
) -> list[Statement]:
    """Statements as wanted, in order, those behind `after`."""
    rows = select(AccountRow, Facility.uri, Facility.name).join(Facility, Facility.id == AccountRow.facility_id)
    rows = rows.where(AccountRow.organisation_id == wanted.organisation)
    for column, value in (
        (AccountRow.facility_id, wanted.facility), (AccountRow.material, wanted.material),
        (AccountRow.scheme, wanted.scheme),
    ):  # fmt: skip
        rows = rows.where(column == value) if value is not None else rows
    if wanted.on is not None:
        rows = rows.where(AccountRow.first_day <= wanted.on, AccountRow.last_day >= wanted.on)
    if after is not None:
        key = tuple_(AccountRow.facility_id, AccountRow.material, AccountRow.scheme)
        behind = (AccountRow.first_day == after.first) & (key > tuple_(after.facility, after.material, after.scheme))
        rows = rows.where((AccountRow.first_day < after.first) | behind)
    order = (AccountRow.first_day.desc(), AccountRow.facility_id, AccountRow.material, AccountRow.scheme)
    found = (await session.execute(rows.order_by(*order).limit(limit))).all()
    following = await _following(session, [row for row, _, _ in found])
    return [_statement(row, uri, name, following, schemes, today) for row, uri, name in found]


async def _following(session: AsyncSession, rows: Sequence[AccountRow]) -> dict[Place, Grams]:
    """What the next period of each account began with, by the period before it."""
    keys = {(row.facility_id, row.material, row.scheme) for row in rows}
    if not keys:
        return {}
    account = tuple_(AccountRow.facility_id, AccountRow.material, AccountRow.scheme)
    every = await session.scalars(select(AccountRow).where(account.in_(keys)).order_by(AccountRow.first_day))
    last, following = dict[tuple[int, str, str], Place](), dict[Place, Grams]()
    for row in every:
        key = (row.facility_id, row.material, row.scheme)
        if key in last:
            following[last[key]] = Grams(row.opening_pre, row.opening_post)
        last[key] = Place(row.first_day, *key)
    return following


def _statement(
    row: AccountRow, uri: str, name: str, following: Mapping[Place, Grams], schemes: Mapping[str, Scheme], today: date
) -> Statement:
    at = Place(row.first_day, row.facility_id, row.material, row.scheme)
    opening, credited = Grams(row.opening_pre, row.opening_post), Grams(row.credited_pre, row.credited_post)
    claimed = Grams(row.claimed_pre, row.claimed_post)
    closing = opening.plus(credited).less(claimed)
    state: State = "closed" if at in following else "ended" if row.last_day < today else "running"
    due, certainty = _handed_on(schemes.get(row.scheme), closing, row.last_day)
    carried = None if state == "running" else following.get(at, due)
    lapsed = None if carried is None else Grams(*(max(0, grams) for grams in closing.less(carried)))
    return Statement(
        at, uri, name, row.last_day, state, row.strict, opening, credited, claimed, row.through, carried, lapsed,
        certainty,
    )  # fmt: skip


def _handed_on(scheme: Scheme | None, closing: Grams, day: date) -> tuple[Grams, Certainty | None]:
    """What a period that ends on this day will hand on, and how sure that rule is; nothing where none is known."""
    if scheme is None or scheme.carry_over is None:
        return NOTHING, None
    try:
        rule = scheme.carry_over.on(day)
    except NotInForce:
        return NOTHING, None
    return Grams(*(scheme.carried(grams, day) for grams in closing)), rule.certainty


async def bookings(session: AsyncSession, organisation: int, at: Place, after: int, limit: int) -> list[Booked]:
    """The bookings of one period in the order of recording, those behind the leaf `after`."""
    rows = await session.execute(
        select(BookingRow, EventRow.event_day, EventRow.biz_step)
        .join(EventRow, EventRow.index == BookingRow.event_index)
        .where(
            BookingRow.organisation_id == organisation, BookingRow.facility_id == at.facility,
            BookingRow.material == at.material, BookingRow.scheme == at.scheme, BookingRow.first_day == at.first,
            BookingRow.event_index > after,
        )
        .order_by(BookingRow.event_index)
        .limit(limit)
    )  # fmt: skip
    return [
        Booked(
            row.event_index, day, step, Grams(row.credited_pre, row.credited_post),
            Grams(row.claimed_pre, row.claimed_post),
        )
        for row, day, step in rows
    ]  # fmt: skip
