"""Booking: the draws, bookings and accounts of a decided batch go to the database; nothing for one that has none."""

from collections.abc import Sequence
from typing import Any, Final

from traceability.ledger.accounts import Booking
from traceability.sequencing.batch import Plan
from traceability.sequencing.loading import Connection
from traceability.sequencing.standing import net_bookings
from traceability.sequencing.writing import copy, count_of

NEW_PERIODS: Final = """
INSERT INTO mass_account (facility_id, material, scheme, first_day, last_day, organisation_id, strict, opening_pre,
    opening_post)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::date[], $5::date[], $6::bigint[], $7::boolean[],
    $8::bigint[], $9::bigint[])
"""
# What lowers a balance leaves it at zero or above, save in a running period of a scheme that asks only at its end.
BOOK: Final = """
UPDATE mass_account a SET credited_pre = a.credited_pre + n.credited_pre,
    credited_post = a.credited_post + n.credited_post, claimed_pre = a.claimed_pre + n.claimed_pre,
    claimed_post = a.claimed_post + n.claimed_post, through = a.through + n.through, credited_until = n.credited_until,
    claimed_until = n.claimed_until, lowest_pre = n.lowest_pre, lowest_post = n.lowest_post
FROM unnest($2::bigint[], $3::text[], $4::text[], $5::date[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
    $10::bigint[], $11::timestamptz[], $12::timestamptz[], $13::bigint[], $14::bigint[]) AS n (facility_id, material,
    scheme, first_day, credited_pre, credited_post, claimed_pre, claimed_post, through, credited_until, claimed_until,
    lowest_pre, lowest_post)
WHERE (a.facility_id, a.material, a.scheme, a.first_day) = (n.facility_id, n.material, n.scheme, n.first_day)
    AND ((NOT a.strict AND a.last_day >= $1) OR (
        (n.claimed_pre <= n.credited_pre
            OR a.opening_pre + a.credited_pre + n.credited_pre >= a.claimed_pre + n.claimed_pre)
        AND (n.claimed_post <= n.credited_post
            OR a.opening_post + a.credited_post + n.credited_post >= a.claimed_post + n.claimed_post)))
"""
BOOKING: Final = (
    "event_index", "facility_id", "material", "scheme", "first_day", "organisation_id", "credited_pre",
    "credited_post", "claimed_pre", "claimed_post", "through",
)  # fmt: skip


async def write_contents(connection: Connection, plan: Plan, ids: dict[str, int]) -> None:
    """The draws, bookings and accounts of a batch; a balance that the rules do not allow stops all of it."""
    rows = [row for row in plan.rows if row.entered.contents.draws or row.entered.contents.bookings]
    draws = [(row.index, ids[draw.lot], list(draw.grams)) for row in rows for draw in row.entered.contents.draws]
    await copy(connection, "origin_draw", ("event_index", "lot_id", "grams"), draws)
    bookings = [(row.index, each) for row in rows for each in row.entered.contents.bookings]
    if not bookings:
        return
    await _begin(connection, plan)
    periods = plan.loaded.book.accounts.periods
    told = [
        (index, *each.key, each.first, periods[each.key][each.first].organisation, *each.credited, *each.claimed,
         each.through)
        for index, each in bookings
    ]  # fmt: skip
    await copy(connection, "mass_booking", BOOKING, told)
    await _book(connection, plan, net_bookings(each for _, each in bookings))


async def _begin(connection: Connection, plan: Plan) -> None:
    accounts = plan.loaded.book.accounts
    made = [(*key, first, accounts.periods[key][first]) for key, first in sorted(accounts.made)]
    if made:
        new = [(*account, each.last, each.organisation, each.strict, *each.opening) for *account, each in made]
        count_of(await connection.execute(NEW_PERIODS, *_columns(new)), len(new))


async def _book(connection: Connection, plan: Plan, bookings: Sequence[Booking]) -> None:
    accounts = plan.loaded.book.accounts
    changed = [
        (*each.key, each.first, *each.credited, *each.claimed, each.through, now.credited_until,
         now.claimed_until, *(now.lowest or (None, None)))
        for each in bookings for now in [accounts.periods[each.key][each.first]]
    ]  # fmt: skip
    if changed:
        status = await connection.execute(BOOK, plan.loaded.record_time.date(), *_columns(changed))
        count_of(status, len(changed))


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
