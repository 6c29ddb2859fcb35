"""Loading: what the record holds around a batch, read under the log lock in a handful of statements."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import asyncpg

from standards.custody import LotModel
from traceability.checking.gathering import gather
from traceability.identifiers import token_of
from traceability.ledger.book import Book, Entry, Key, Position
from traceability.ledger.lots import Lot
from traceability.ledger.movements import Amendment
from traceability.ledger.origins import Origins
from traceability.sequencing.commands import Command, GiveBack, Prepared, Reserve, lots_of
from traceability.sequencing.contents import load_contents, load_standing
from traceability.sequencing.corrections import Corrections
from traceability.sequencing.keys import Keys, Known
from traceability.sequencing.loaded import Loaded, Reserved
from traceability.sequencing.recalled import Recalled
from traceability.sequencing.sharing import shared_of
from traceability.sequencing.standing import EventKey, Standing, net

Connection: TypeAlias = asyncpg.Connection

KEYS = """
SELECT k.organisation_id, k.event_id, k.event_hash, k.index, k.declares_error, k.releases FROM event_key k
WHERE (k.organisation_id, k.event_id) IN (SELECT * FROM unnest($1::bigint[], $2::text[]))
UNION
SELECT k.organisation_id, k.event_id, k.event_hash, k.index, k.declares_error, k.releases FROM event_key k
WHERE NOT k.declares_error AND (k.organisation_id, k.event_hash) IN (SELECT * FROM unnest($1::bigint[], $3::bytea[]))
"""
CORRECTIVES = """
SELECT c.organisation_id, c.corrective_id, c.declared_id FROM held_corrective c
WHERE (c.organisation_id, c.corrective_id) IN (SELECT * FROM unnest($1::bigint[], $2::text[]))
"""
DECLARED = """
SELECT k.organisation_id, k.event_id FROM event_key k JOIN event e ON e.index = k.index
WHERE k.declares_error AND e.outcome <> 'held'
    AND (k.organisation_id, k.event_id) IN (SELECT * FROM unnest($1::bigint[], $2::text[]))
"""
LOTS = """
SELECT id, uri, organisation_id, facility_id, material, form, custody, source, scheme, origins FROM lot
WHERE uri = ANY($1::text[]) OR token = ANY($2::text[])
"""
BALANCES = """
SELECT lot_id, holder, account, free, reserved, claimed_epr, claimed_content, claimed_credit
FROM balance WHERE lot_id = ANY($1::bigint[]) ORDER BY lot_id, holder, account
"""
RESERVATIONS = """
SELECT r.reference, l.uri, r.holder, r.counterparty, r.remaining
FROM reservation r JOIN lot l ON l.id = r.lot_id WHERE r.reference = ANY($1::text[])
"""
REVERSALS = """
SELECT k.organisation_id, k.event_id, l.uri, e.holder, e.account, e.grams
FROM event_key k JOIN entry e ON e.event_index = k.index LEFT JOIN lot l ON l.id = e.lot_id
WHERE (k.organisation_id, k.event_id) IN (SELECT * FROM unnest($1::bigint[], $2::text[]))
"""

RECALLED = "SELECT lot_id, recall FROM recalled_lot WHERE open AND lot_id = ANY($1::bigint[])"


def facts_of(commands: Iterable[Command]) -> list[Prepared]:
    return [item for command in commands for item in command.items if isinstance(item, Prepared)]


async def load(
    connection: Connection, commands: Sequence[Command], size: int, record_time: Any, uris: dict[int, str], *,
    lock: bool = True,
) -> tuple[Loaded, dict[str, int]]:  # fmt: skip
    """Everything that deciding these commands may need, and the ids of the known lots by URI.

    `lock` keeps the balances for whoever writes them next; a rehearsal only reads.
    """
    facts = facts_of(commands)
    keys, corrections = await _keys(connection, facts)
    standing = await _standing(connection, facts)
    reservations = await _reservations(connection, commands)
    lots = {uri for command in commands for uri in lots_of(command)}
    lots |= {entry.lot for each in standing.values() for entry in each.entries if entry.lot}
    lots |= {reserved.lot for reserved in reservations.values()}
    book, ids, before = await _book(connection, lots, lock=lock)
    await load_contents(connection, facts, book, ids, standing.values())
    holders = {fact.speaker.organisation for fact in facts} | {key.holder for key in before}
    holders |= {party for fact in facts for party in fact.parties.values()}
    recalled, known = await _recalled(connection, ids), await gather(connection, facts)
    missing = [holder for holder in holders if holder not in uris]
    if missing:
        for row in await connection.fetch("SELECT id, uri FROM organisation WHERE id = ANY($1)", missing):
            uris[row["id"]] = row["uri"]
    return (
        Loaded(
            size, record_time, book, before, keys, reservations, standing, corrections, recalled, known,
            await shared_of(connection, list(standing), facts), uris,
        ),
        ids,
    )  # fmt: skip


async def _recalled(connection: Connection, ids: dict[str, int]) -> Recalled:
    found: dict[str, set[int]] = {}
    by_id = {lot_id: uri for uri, lot_id in ids.items()}
    for lot_id, recall in await connection.fetch(RECALLED, list(by_id)) if by_id else ():
        found.setdefault(by_id[lot_id], set()).add(recall)
    return Recalled(found)


async def _keys(connection: Connection, facts: Sequence[Prepared]) -> tuple[Keys, Corrections]:
    """What the record holds under these ids and hashes, and what declarations of error say of them."""
    stated = [fact for fact in facts if fact.releases is not None or not fact.declares_error]
    keys = Keys()
    named = {(fact.speaker.organisation, fact.event_id) for fact in facts if fact.correctives}
    named |= {each for fact in facts if isinstance(fact.movement, Amendment) for each in fact.movement.rests}
    organisations = [fact.speaker.organisation for fact in stated]
    ids, hashes = [fact.event_id for fact in stated], [fact.event_hash for fact in stated]
    rows = await connection.fetch(KEYS, organisations, ids, hashes) if stated else []
    for organisation, event_id, event_hash, index, declares, releases in rows:
        known = Known(index, event_id, event_hash)
        if releases is not None:
            keys.released[releases] = known
        elif not declares:
            keys.by_id[organisation, event_id] = keys.by_hash[organisation, event_hash] = known
        if declares:
            named.add((organisation, event_id))
    return keys, await _corrections(connection, facts, named)


async def _corrections(connection: Connection, facts: Sequence[Prepared], named: set[tuple[int, str]]) -> Corrections:
    """What is known of these facts as correctives; `named` are events of theirs that have a declaration of error."""
    corrections = Corrections()
    asked = [fact for fact in facts if fact.correctives or not fact.declares_error]
    organisations = [fact.speaker.organisation for fact in asked]
    waiting = await connection.fetch(CORRECTIVES, organisations, [fact.event_id for fact in asked]) if asked else []
    for organisation, corrective, declared in waiting:
        corrections.wait(organisation, corrective, declared)
        named.add((organisation, declared))
    if named:
        rows = await connection.fetch(DECLARED, [each[0] for each in named], [each[1] for each in named])
        corrections.declared.update((row["organisation_id"], row["event_id"]) for row in rows)
    return corrections


async def _standing(connection: Connection, facts: Sequence[Prepared]) -> dict[EventKey, Standing]:
    """What still stands of each event that is declared erroneous; nothing of one not (yet) known."""
    named = list({(fact.speaker.organisation, fact.event_id) for fact in facts if fact.declares_error})
    if not named:
        return {}
    rows = await connection.fetch(REVERSALS, [each[0] for each in named], [each[1] for each in named])
    found: dict[EventKey, list[Entry]] = {}
    for organisation, event_id, lot, holder, account, grams in rows:
        found.setdefault((organisation, event_id), []).append(Entry(lot, holder, account, grams))
    standing = {key: Standing(net(found.get(key, ()))) for key in named}
    return await load_standing(connection, named, standing)


async def _reservations(connection: Connection, commands: Sequence[Command]) -> dict[str, Reserved]:
    references = {reference for fact in facts_of(commands) for reference in fact.references}
    for command in commands:
        references |= {item.reference for item in command.items if isinstance(item, Reserve | GiveBack)}
    if not references:
        return {}
    rows = await connection.fetch(RESERVATIONS, list(references))
    return {
        reference: Reserved(lot, holder, remaining, reference, counterparty)
        for reference, lot, holder, counterparty, remaining in rows
    }


async def _book(
    connection: Connection, uris: set[str], *, lock: bool
) -> tuple[Book, dict[str, int], dict[Key, tuple[int, int, tuple[int, int, int]]]]:
    book = Book()
    ids: dict[str, int] = {}
    before: dict[Key, tuple[int, int, tuple[int, int, int]]] = {}
    if not uris:
        return book, ids, before
    tokens = [token for uri in uris if (token := token_of(uri)) is not None]
    for row in await connection.fetch(LOTS, list(uris), tokens):
        ids[row["uri"]] = row["id"]
        origins = Origins.from_json(row["origins"])
        book.lots[row["uri"]] = Lot(
            row["uri"], row["organisation_id"], row["material"], row["form"],
            LotModel(row["custody"]) if row["custody"] else None, origins, row["facility_id"], row["source"],
            row["scheme"],
        )  # fmt: skip
        book.name(row["uri"])
    by_id = {lot_id: uri for uri, lot_id in ids.items()}
    balances = await connection.fetch(BALANCES + (" FOR UPDATE" if lock else ""), list(by_id))
    for lot_id, holder, account, free, reserved, *claimed in balances:
        key = Key(by_id[lot_id], holder, account)
        claims = (claimed[0], claimed[1], claimed[2])
        book.positions[key] = Position(free, reserved, claims)
        before[key] = (free, reserved, claims)
    return book, ids, before
