"""Extracted: the columns that stand beside a fact so that it can be found and counted say what its own text says."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from traceability.bundle import Finding
from traceability.eventhash import hash_uri
from traceability.events import EventInvalid, parse_event

# What the record itself found out about a fact is among its committed fields; the rest of a fact is its text.
OUTCOMES: Final = """
SELECT e.index FROM event e JOIN event_payload p ON p.index = e.index AND p.record_time = e.record_time
    LEFT JOIN organisation o ON o.id = e.organisation_id
WHERE p.organisation_id <> e.organisation_id
    OR CASE WHEN p.body IS JSON THEN p.document IS DISTINCT FROM p.body::jsonb ELSE true END
    OR p.fields -> 'junkan:outcome' IS DISTINCT FROM jsonb_build_object(
        'outcome', e.outcome, 'reasons', to_jsonb(e.reasons), 'flags', to_jsonb(e.flags), 'organisation', o.uri,
        'day', to_char(e.event_day, 'YYYY-MM-DD'), 'backfill', e.backfill, 'rules', e.rules)
ORDER BY 1 LIMIT 1
"""
TRANSFORMS: Final = """
SELECT e.index FROM entry n JOIN event e ON e.index = n.event_index JOIN event_key k ON k.index = e.index
WHERE n.transforms <> (n.lot_id IS NOT NULL AND coalesce(e.event_type = 'TransformationEvent', false)
    AND NOT k.declares_error)
ORDER BY 1 LIMIT 1
"""
STATED: Final = """
SELECT e.index, p.body, p.context, e.event_hash, e.event_id, e.event_time, e.event_type, e.action, e.biz_step,
    e.disposition, e.transformation_id
FROM event e JOIN event_payload p ON p.index = e.index AND p.record_time = e.record_time
WHERE e.kind = 'epcis' ORDER BY e.index
"""


async def differing(connection: asyncpg.Connection) -> Finding | None:
    """The first fact whose columns say something else than its text and committed fields, which the leaves vouch for.

    Runs in the transaction of its caller. A fact whose text was erased has nothing to be held against.
    """
    found = [await connection.fetchval(asked) for asked in (OUTCOMES, TRANSFORMS)]
    async for index, body, context, digest, *columns in connection.cursor(STATED, prefetch=2_000):
        if _stated(body, context, digest) != columns:
            found.append(index)
            break
    wrong = [index for index in found if index is not None]
    if not wrong:
        return None
    return Finding(
        "COLUMNS", "event", min(wrong) + 1, min(wrong), f"Fact {min(wrong)} stands there as its text is not."
    )


def _stated(body: str, context: Any, digest: bytes) -> Sequence[Any]:
    """What the event's own text says, in the order of the columns; its hash is its id where it states none."""
    try:
        event = parse_event(body.encode(), context).event
    except EventInvalid:  # it was valid when it was captured
        return []
    if event is None:
        return []
    return [
        event.event_id or hash_uri(digest), event.event_time, event.type,
        getattr(event, "action", None), event.biz_step, event.disposition, getattr(event, "transformation_id", None),
    ]  # fmt: skip
