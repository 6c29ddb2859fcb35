"""Gathering: what the controls ask about a batch, read under the log lock in a few statements, none where none asks."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import asyncpg

from standards.plausibility import Hours, Position
from traceability.checking.known import Cited, Known, Origin, Permitted, Premises, Reading, Sent
from traceability.checking.work import Done, Work
from traceability.identifiers import NAMESPACE
from traceability.ledger.movements import Arrival, Receipt, Shipment, Transformation
from traceability.sequencing.commands import Prepared

Connection: TypeAlias = asyncpg.Connection

WINDOW: Final = timedelta(days=130)  # four months before the earliest event: a ramp's three and a meter's last
MOST_CITED: Final = 1_000

PREMISES: Final = """
SELECT f.id, f.organisation_id, f.time_zone, f.latitude, f.longitude,
    ARRAY(SELECT row(p.process, p.material, p.grams_per_day, p.grams_per_year, p.valid_from,
        least(p.valid_to, e.last_day)) FROM permit p LEFT JOIN permit_end e ON e.permit_id = p.id
        WHERE p.facility_id = f.id ORDER BY p.id) AS permits,
    ARRAY(SELECT row(h.valid_from, h.opens, h.closes, h.weekdays) FROM site_hours h WHERE h.facility_id = f.id
        ORDER BY h.valid_from, h.fact_index) AS hours,
    ARRAY(SELECT row(m.first_day, m.last_day, m.watt_hours) FROM meter_reading m
        WHERE m.facility_id = f.id AND m.last_day >= $2 ORDER BY m.last_day) AS meters,
    ARRAY(SELECT v.day FROM site_visit v WHERE v.facility_id = f.id) AS visits
FROM facility f WHERE f.id = ANY($1::bigint[])
"""
WORK: Final = """
SELECT facility_id, process, material, day, drawn, made FROM processed
WHERE facility_id = ANY($1::bigint[]) AND day >= $2
"""
SINCE: Final = """
SELECT f.id, (SELECT min(p.day) FROM processed p WHERE p.facility_id = f.id) FROM unnest($1::bigint[]) AS f (id)
"""
WAYS: Final = """
SELECT DISTINCT ON (l.uri, n.holder) l.uri, n.holder, e.organisation_id, e.facility_id, e.event_time
FROM lot l JOIN entry n ON n.lot_id = l.id AND n.account = 'transit' AND n.grams > 0
    JOIN event e ON e.index = n.event_index
WHERE (l.uri, n.holder) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))
ORDER BY l.uri, n.holder, n.event_index DESC
"""
SENDINGS: Final = """
SELECT DISTINCT l.uri, e.organisation_id, n.holder
FROM unnest($1::text[], $2::bigint[]) AS wanted (uri, sender)
    JOIN lot l ON l.uri = wanted.uri AND l.organisation_id <> wanted.sender
    JOIN entry n ON n.lot_id = l.id AND n.account = 'transit' AND n.grams > 0
    JOIN event e ON e.index = n.event_index
"""
MARKS: Final = """
SELECT a.organisation_id, b.organisation_id, array_agg(DISTINCT a.kind ORDER BY a.kind)
FROM party_mark a JOIN party_mark b ON b.kind = a.kind AND b.mark = a.mark AND b.organisation_id > a.organisation_id
WHERE a.organisation_id = ANY($1::bigint[]) AND b.organisation_id = ANY($1::bigint[]) GROUP BY 1, 2
"""
CITED: Final = """
SELECT r.reference, e.organisation_id, e.facility_id, e.event_time,
    coalesce(e.biz_step IN ('shipping', 'departing'), false),
    ARRAY(SELECT DISTINCT l.uri FROM entry n JOIN lot l ON l.id = n.lot_id WHERE n.event_index = e.index)
FROM unnest($1::text[]) AS wanted (name)
    CROSS JOIN LATERAL (SELECT reference, event_index FROM event_reference WHERE reference = wanted.name
        ORDER BY event_index LIMIT $2) r
    JOIN event e ON e.index = r.event_index
WHERE e.outcome <> 'held'
"""
DONE: Final = """
SELECT k.organisation_id, k.event_id, e.facility_id, e.event_day, e.biz_step, l.material,
    coalesce(sum(CASE WHEN n.transforms THEN -n.grams ELSE n.grams END)
        FILTER (WHERE n.grams < 0 OR NOT n.transforms), 0)::bigint,
    coalesce(sum(n.grams) FILTER (WHERE n.grams > 0 AND n.transforms), 0)::bigint
FROM event_key k JOIN event e ON e.index = k.index JOIN entry n ON n.event_index = k.index
    JOIN lot l ON l.id = n.lot_id
WHERE (k.organisation_id, k.event_id) IN (SELECT * FROM unnest($1::bigint[], $2::text[])) AND NOT k.declares_error
    AND e.facility_id IS NOT NULL AND (n.transforms OR e.biz_step = 'collecting')
GROUP BY 1, 2, 3, 4, 5, 6
"""
ORIGINS: Final = """
SELECT l.uri, l.facility_id, l.created_day, coalesce(e.event_type = 'TransformationEvent', false)
FROM lot l JOIN event e ON e.index = l.created_index WHERE l.uri = ANY($1::text[])
"""


async def gather(connection: Connection, facts: Sequence[Prepared]) -> Known:
    """Everything that the controls may ask about these facts."""
    known = Known()
    claimed = [fact.claiming.lot for fact in facts if fact.claiming is not None]
    if claimed:
        known.claimed = frozenset(claimed)
        rows = await connection.fetch(ORIGINS, claimed)
        known.origins = {uri: Origin(facility, day, made) for uri, facility, day, made in rows}
    await _ways(connection, facts, known)
    await _sendings(connection, facts, known)
    wrong = [(fact.speaker.organisation, fact.event_id) for fact in facts if fact.declares_error]
    if wrong:
        known.wrong = frozenset(wrong)
        for organisation, event_id, facility, day, step, material, drawn, made in await connection.fetch(
            DONE, [each[0] for each in wrong], [each[1] for each in wrong]
        ):
            done = Done(facility, organisation, day, process_of(step) or "", material, drawn, made)
            known.done[organisation, event_id] = (*known.done.get((organisation, event_id), ()), done)
    names = {name for fact in facts for name in (*fact.papers.names, *fact.papers.invoices)}
    if names:
        for name, firm, facility, moment, sends, lots in await connection.fetch(CITED, list(names), MOST_CITED):
            known.cited.setdefault(name, []).append(Cited(firm, facility, moment, sends, frozenset(lots)))
    await _premises(connection, facts, known)
    return known


def process_of(step: str | None) -> str | None:
    """The name of a process: our own steps without their namespace, CBV's as they are."""
    return step.removeprefix(NAMESPACE + "BizStep-") if step else None


async def _ways(connection: Connection, facts: Sequence[Prepared], known: Known) -> None:
    """Where what is received was sent from, and what both sides share."""
    wanted = [
        (part.lot, fact.speaker.organisation)
        for fact in facts if isinstance(fact.movement, Receipt)
        for part in fact.movement.parts
    ]  # fmt: skip
    if not wanted:
        return
    rows = await connection.fetch(WAYS, [each[0] for each in wanted], [each[1] for each in wanted])
    known.ways = {(lot, holder): Sent(*sent) for lot, holder, *sent in rows}
    firms = {each[1] for each in wanted} | {sent.organisation for sent in known.ways.values()}
    firms |= {fact.speaker.organisation for fact in facts}  # a sending of this very batch, too
    for one, other, kinds in await connection.fetch(MARKS, list(firms)):
        known.marks[frozenset((one, other))] = tuple(kinds)


async def _sendings(connection: Connection, facts: Sequence[Prepared], known: Known) -> None:
    """The ways of what is now sent by somebody who did not make it."""
    wanted = {
        (part.lot, fact.speaker.organisation)
        for fact in facts if isinstance(fact.movement, Shipment) and fact.movement.to in fact.parties
        for part in fact.movement.parts
    }  # fmt: skip
    if wanted:
        rows = await connection.fetch(SENDINGS, [each[0] for each in wanted], [each[1] for each in wanted])
        for lot, sender, receiver in rows:
            known.sendings.setdefault(lot, []).append((sender, receiver))


async def _premises(connection: Connection, facts: Sequence[Prepared], known: Known) -> None:
    """The facilities where something happens, was sent from or was made; what went through those with permits."""
    wanted = {fact.speaker.facility for fact in facts if fact.kind in {"epcis", "release"}}
    wanted |= {sent.facility for sent in known.ways.values()} | {each.facility for each in known.origins.values()}
    ids = [each for each in wanted if each is not None]
    if not ids:
        return
    days = [fact.event_day for fact in facts if isinstance(fact.movement, Transformation | Arrival)]
    first = min(min(days) - WINDOW, date(min(days).year, 1, 1)) if days else date.max
    for row in await connection.fetch(PREMISES, ids, first):
        known.premises[row["id"]] = _one(row)
    permitted = [number for number, each in known.premises.items() if each.permits]
    known.work = {number: Work() for number in permitted}
    if permitted and days:
        for facility, process, material, day, drawn, made in await connection.fetch(WORK, permitted, first):
            known.work[facility].add(process, material, day, drawn, made)
        for facility, since in await connection.fetch(SINCE, permitted):
            known.work[facility].since = since


def _one(row: Any) -> Premises:
    position = None if row["latitude"] is None or row["longitude"] is None else (row["latitude"], row["longitude"])
    return Premises(
        row["organisation_id"], ZoneInfo(row["time_zone"]), Position(*position) if position else None,
        tuple(Permitted(*each) for each in row["permits"]),
        tuple((since, Hours(opens, closes, frozenset(days))) for since, opens, closes, days in row["hours"]),
        tuple(Reading(*each) for each in row["meters"]), tuple(row["visits"]),
    )  # fmt: skip
