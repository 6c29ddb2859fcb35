"""Sharing: what both sides of a movement said before, read under the log lock for those facts alone that ask for it."""

from collections.abc import Sequence
from typing import Final, TypeAlias

import asyncpg

from traceability.ledger.movements import Amendment, Rejection
from traceability.sequencing.commands import Prepared
from traceability.sequencing.shared import Shared

Connection: TypeAlias = asyncpg.Connection

AMENDED: Final = """
SELECT a.organisation_id, a.event_id FROM amended_event a
WHERE (a.organisation_id, a.event_id) IN (SELECT * FROM unnest($1::bigint[], $2::text[]))
"""
ENDED: Final = """
SELECT k.organisation_id, k.event_id, max(e.record_time)
FROM event_key k JOIN entry n ON n.event_index = k.index JOIN event e ON e.index = k.index
WHERE NOT k.declares_error AND n.account = 'transit' AND n.grams < 0
    AND (k.organisation_id, k.event_id) IN (SELECT * FROM unnest($1::bigint[], $2::text[]))
GROUP BY k.organisation_id, k.event_id
"""
COURSES: Final = """
SELECT DISTINCT l.uri, n.holder FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS w (uri, holder, seen)
JOIN lot l ON l.uri = w.uri
JOIN entry n ON n.lot_id = l.id AND n.holder = w.holder AND n.account = 'transit' AND n.event_index >= w.seen
"""
# What a sender's events put on the way to a receiver, less what the receiver's own put back into the sender's stock.
SENT: Final = """
SELECT w.uri, w.sender, w.receiver, coalesce(sum(CASE WHEN e.organisation_id = w.sender THEN n.grams ELSE -n.grams END)
    FILTER (WHERE (n.holder, n.account, e.organisation_id) = (w.receiver, 'transit', w.sender)
        OR (n.holder, n.account, e.organisation_id) = (w.sender, 'stock', w.receiver)), 0)::bigint
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS w (uri, sender, receiver)
LEFT JOIN lot l ON l.uri = w.uri LEFT JOIN entry n ON n.lot_id = l.id LEFT JOIN event e ON e.index = n.event_index
GROUP BY w.uri, w.sender, w.receiver
"""


async def shared_of(connection: Connection, declared: Sequence[tuple[int, str]], facts: Sequence[Prepared]) -> Shared:
    """What both sides of a movement said of the events that are now declared erroneous, and whether what is now
    amended moved since it was read."""
    shared = Shared()
    if declared:
        named = [each[0] for each in declared], [each[1] for each in declared]
        shared.amended = {(organisation, event) for organisation, event in await connection.fetch(AMENDED, *named)}
        ended = await connection.fetch(ENDED, *named)
        shared.ended = {(organisation, event): time for organisation, event, time in ended}
    returned = {
        (part.lot, sender, fact.speaker.organisation)
        for fact in facts if isinstance(each := fact.movement, Rejection)
        for part in each.parts if (sender := fact.parties.get(each.sender or "")) is not None
    }  # fmt: skip
    if returned:
        columns = [list(column) for column in zip(*sorted(returned), strict=True)]
        shared.sent = {(lot, *sides): grams for lot, *sides, grams in await connection.fetch(SENT, *columns)}
    changed = [
        (lot, each.receiver, each.seen)
        for fact in facts if isinstance(each := fact.movement, Amendment)
        for lot in each.unmoved
    ]  # fmt: skip
    if changed:
        shared.watched = frozenset(lot for lot, _, _ in changed)
        columns = [list(column) for column in zip(*changed, strict=True)]
        shared.moved = {(lot, holder) for lot, holder in await connection.fetch(COURSES, *columns)}
    return shared
