"""Contents: what was drawn of lots with several origins and what accounts hold, read for a batch.

Nothing is asked for a batch that draws on no such lot, states no scheme, counts nothing and takes nothing back.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg

from traceability.ledger.accounts import AccountKey, Booking, Grams, Period
from traceability.ledger.book import Book
from traceability.ledger.drawing import Draw
from traceability.ledger.movements import StockTake, Transformation
from traceability.ledger.outcomes import Contents
from traceability.sequencing.commands import Prepared
from traceability.sequencing.standing import EventKey, Standing, net_bookings, net_draws

DRAWN: Final = """
SELECT lot_id, array_agg(sum ORDER BY place) AS grams FROM (
    SELECT d.lot_id, u.place, sum(u.grams)::bigint AS sum
    FROM origin_draw d, unnest(d.grams) WITH ORDINALITY AS u (grams, place) WHERE d.lot_id = ANY($1::bigint[])
    GROUP BY d.lot_id, u.place) AS sums
GROUP BY lot_id
"""
DRAWS_OF: Final = """
SELECT k.organisation_id, k.event_id, l.uri, d.grams
FROM event_key k JOIN origin_draw d ON d.event_index = k.index JOIN lot l ON l.id = d.lot_id
WHERE (k.organisation_id, k.event_id) IN (SELECT * FROM unnest($1::bigint[], $2::text[]))
"""
BOOKINGS_OF: Final = """
SELECT k.organisation_id, k.event_id, e.event_time, b.facility_id, b.material, b.scheme, b.first_day, b.credited_pre,
    b.credited_post, b.claimed_pre, b.claimed_post, b.through
FROM event_key k JOIN mass_booking b ON b.event_index = k.index JOIN event e ON e.index = k.index
WHERE (k.organisation_id, k.event_id) IN (SELECT * FROM unnest($1::bigint[], $2::text[])) ORDER BY k.index
"""
PERIODS: Final = """
SELECT facility_id, material, scheme, first_day, last_day, organisation_id, strict, opening_pre, opening_post,
    credited_pre, credited_post, claimed_pre, claimed_post, through, credited_until, claimed_until, lowest_pre,
    lowest_post
FROM mass_account WHERE (facility_id, scheme) IN (SELECT * FROM unnest($1::bigint[], $2::text[]))
"""
KEPT: Final = "SELECT DISTINCT facility_id, scheme FROM mass_account WHERE facility_id = ANY($1::bigint[])"


async def load_standing(
    connection: asyncpg.Connection, named: Sequence[EventKey], standing: dict[EventKey, Standing]
) -> dict[EventKey, Standing]:
    """What still stands of the content of events that are declared erroneous, beside their entries."""
    columns = [each[0] for each in named], [each[1] for each in named]
    draws, bookings = dict[EventKey, list[Draw]](), dict[EventKey, list[Booking]]()
    for organisation, event, lot, grams in await connection.fetch(DRAWS_OF, *columns):
        draws.setdefault((organisation, event), []).append(Draw(lot, tuple(grams)))
    moments = dict[EventKey, datetime]()
    for organisation, event, moment, *row in await connection.fetch(BOOKINGS_OF, *columns):
        bookings.setdefault((organisation, event), []).append(_booking(row))
        moments.setdefault((organisation, event), moment)  # the first is the event itself, what follows takes it back
    found = dict(standing)
    for key in {*draws, *bookings}:
        contents = Contents(net_draws(draws.get(key, ())), net_bookings(bookings.get(key, ())), moments.get(key))
        found[key] = Standing(found[key].entries, contents)
    return found


def _booking(row: Sequence[Any]) -> Booking:
    facility, material, scheme, first, credited_pre, credited_post, claimed_pre, claimed_post, through = row
    credited, claimed = Grams(credited_pre, credited_post), Grams(claimed_pre, claimed_post)
    return Booking(AccountKey(facility, material, scheme), first, credited, claimed, through)


async def load_contents(
    connection: asyncpg.Connection, facts: Sequence[Prepared], book: Book, ids: dict[str, int],
    standing: Iterable[Standing],
) -> None:  # fmt: skip
    """Fill the book with what was drawn of the lots of these facts, and with the accounts that they name."""
    lots, accounts = set[str](), set[tuple[int, str]]()
    for fact in facts:
        if isinstance(fact.movement, Transformation):
            lots.update(part.lot for part in fact.movement.inputs)
            if fact.movement.scheme is not None and fact.speaker.facility is not None:
                accounts.add((fact.speaker.facility, fact.movement.scheme))
    counted = {fact.speaker.facility for fact in facts if isinstance(fact.movement, StockTake)} - {None}
    if counted:
        accounts.update((facility, scheme) for facility, scheme in await connection.fetch(KEPT, list(counted)))
    for each in standing:
        lots.update(draw.lot for draw in each.contents.draws)
        accounts.update((booking.key.facility, booking.key.scheme) for booking in each.contents.bookings)
    mixed = {ids[uri]: uri for uri in lots if uri in ids and len(book.lots[uri].origins.grams) > 1}
    if mixed:
        for lot, grams in await connection.fetch(DRAWN, list(mixed)):
            book.drawn.gone[mixed[lot]] = tuple(grams)
    if accounts:
        columns = [list(column) for column in zip(*accounts, strict=True)]
        for row in await connection.fetch(PERIODS, *columns):
            key, period = period_of(row)
            book.accounts.periods.setdefault(key, {})[period.first] = period


def period_of(row: Sequence[Any]) -> tuple[AccountKey, Period]:
    """A period of an account as its row says, and whose it is."""
    facility, material, scheme, first, last, organisation, strict, *rest = row
    *grams, through, credited_until, claimed_until, lowest_pre, lowest_post = rest
    opening, credited, claimed = Grams(*grams[:2]), Grams(*grams[2:4]), Grams(*grams[4:])
    lowest = None if lowest_pre is None else Grams(lowest_pre, lowest_post)
    return AccountKey(facility, material, scheme), Period(
        first, last, organisation, strict, opening, credited, claimed, through, credited_until, claimed_until, lowest
    )
