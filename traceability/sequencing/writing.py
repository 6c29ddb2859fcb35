"""Writing: a decided batch goes to the database in a fixed number of set-based statements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from foundation.database import RawJson
from traceability.checking.work import totals
from traceability.identifiers import token_of
from traceability.ledger.movements import Transformation
from traceability.sequencing.batch import Plan
from traceability.sequencing.loaded import Row
from traceability.sequencing.loading import Connection
from traceability.tree.tiles import Edge, append

EVENT: Final = (
    "index", "record_time", "kind", "organisation_id", "actor", "facility_id", "event_id", "event_hash", "root",
    "event_time", "event_day", "event_type", "action", "biz_step", "disposition", "transformation_id", "outcome",
    "reasons", "flags", "backfill", "rules",
)  # fmt: skip
PAYLOAD: Final = ("index", "record_time", "organisation_id", "body", "document", "context", "fields", "salt")
KEY: Final = ("index", "organisation_id", "event_id", "event_hash", "declares_error", "releases")
LOT: Final = (
    "id", "uri", "token", "organisation_id", "facility_id", "material", "form", "custody", "source",
    "scheme", "origins", "created_index", "created_day",
)  # fmt: skip
CORRECTIVE: Final = ("organisation_id", "corrective_id", "declared_id", "declaration_index")
ENTRY: Final = ("event_index", "lot_id", "holder", "account", "grams", "transforms")
BALANCE: Final = (
    "lot_id", "holder", "account", "free", "reserved", "claimed_epr", "claimed_content", "claimed_credit",
)  # fmt: skip
UPDATE_BALANCES: Final = """
UPDATE balance b SET free = b.free + n.free, reserved = b.reserved + n.reserved, claimed_epr = b.claimed_epr + n.epr,
    claimed_content = b.claimed_content + n.content, claimed_credit = b.claimed_credit + n.credit
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
    $8::bigint[]) AS n (lot_id, holder, account, free, reserved, epr, content, credit)
WHERE b.lot_id = n.lot_id AND b.holder = n.holder AND b.account = n.account
"""
UPSERT_TILES: Final = """
INSERT INTO tile (level, number, hashes) SELECT * FROM unnest($1::int[], $2::bigint[], $3::bytea[])
ON CONFLICT (level, number) DO UPDATE SET hashes = EXCLUDED.hashes
"""
MORE_PROCESSED: Final = """
INSERT INTO processed AS p (facility_id, organisation_id, day, process, material, drawn, made)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::date[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
    AS n (facility_id, organisation_id, day, process, material, drawn, made)
ON CONFLICT (facility_id, day, process, material)
    DO UPDATE SET drawn = p.drawn + EXCLUDED.drawn, made = p.made + EXCLUDED.made
"""
LESS_PROCESSED: Final = """
UPDATE processed p SET drawn = p.drawn + n.drawn, made = p.made + n.made
FROM unnest($1::bigint[], $2::bigint[], $3::date[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
    AS n (facility_id, organisation_id, day, process, material, drawn, made)
WHERE (p.facility_id, p.day, p.process, p.material) = (n.facility_id, n.day, n.process, n.material)
"""
NEW_RESERVATIONS: Final = """
INSERT INTO reservation (reference, lot_id, holder, counterparty, grams, remaining, created_at)
SELECT r.reference, r.lot_id, r.holder, r.counterparty, r.grams, r.remaining, $1
FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
    AS r (reference, lot_id, holder, counterparty, grams, remaining)
"""
UPDATE_RESERVATIONS: Final = """
UPDATE reservation r SET remaining = n.remaining FROM unnest($1::text[], $2::bigint[]) AS n (reference, remaining)
WHERE r.reference = n.reference
"""
MOVE_HEAD: Final = """
UPDATE log_head SET size = $2, record_time = $3, next_lot_id = $4 WHERE size = $1
"""


class LostUpdate(AssertionError):
    """A set-based statement hit another number of rows than it must: nothing of the batch is kept."""


def count_of(status: str, expected: int) -> None:
    """The row count of a statement's status must be the expected one. Raises LostUpdate."""
    if int(status.rsplit(" ", 1)[-1]) != expected:
        raise LostUpdate(f"{status}, expected {expected} rows")


async def write(connection: Connection, plan: Plan, ids: dict[str, int], next_lot_id: int, edge: Edge) -> None:
    """All rows of a batch. `ids` gains the ids of the lots that were made."""
    loaded, rows = plan.loaded, plan.rows
    time = loaded.record_time
    first = next_lot_id
    for uri in loaded.book.made:
        ids[uri] = next_lot_id
        next_lot_id += 1
    await copy(connection, "lot", LOT, _lots(plan, ids))
    if rows:
        await copy(connection, "event", EVENT, [_event(row, time) for row in rows])
        await copy(connection, "event_payload", PAYLOAD, [_payload(row, time) for row in rows])
        await copy(connection, "event_key", KEY, [_key(row) for row in rows])
        references = {
            (reference, row.index, row.fact.speaker.organisation) for row in rows for reference in row.fact.references
        }
        await copy(connection, "event_reference", ("reference", "event_index", "organisation_id"), sorted(references))
        await copy(connection, "held_corrective", CORRECTIVE, loaded.corrections.added)
        await copy(connection, "entry", ENTRY, _entries(rows, ids))
        await copy(connection, "claim", _CLAIM, _claims(rows, ids, time))
    await _balances(connection, plan, ids)
    await _processed(connection, plan)
    await _reservations(connection, plan, ids)
    if rows:
        changed, _ = append(loaded.size, edge, [row.leaf for row in rows])
        levels, numbers = zip(*changed, strict=True)
        await connection.execute(UPSERT_TILES, levels, numbers, list(changed.values()))
    if rows or next_lot_id != first:
        status = await connection.execute(MOVE_HEAD, loaded.size, loaded.size + len(rows), time, next_lot_id)
        count_of(status, 1)


async def copy(connection: Connection, table: str, columns: Sequence[str], records: Sequence[Any]) -> None:
    """These rows into a table; nothing is sent for none."""
    if records:
        await connection.copy_records_to_table(table, columns=columns, records=records)


def _event(row: Row, time: datetime) -> tuple[Any, ...]:
    fact, entered = row.fact, row.entered
    return (
        row.index, time, fact.kind, fact.speaker.organisation, fact.actor, fact.speaker.facility, fact.event_id,
        fact.event_hash, row.root, fact.event_time, fact.event_day, fact.event_type, fact.action, fact.biz_step,
        fact.disposition, fact.transformation_id, entered.outcome, entered.reasons, entered.flags, fact.backfill,
        fact.rules,
    )  # fmt: skip


def _key(row: Row) -> tuple[Any, ...]:
    fact = row.fact
    return (
        row.index, fact.speaker.organisation, fact.event_id, fact.event_hash, fact.declares_error, fact.releases
    )  # fmt: skip


def _payload(row: Row, time: datetime) -> tuple[Any, ...]:
    fact = row.fact
    document = RawJson(fact.body)
    return (row.index, time, fact.speaker.organisation, fact.body, document, fact.context, row.fields, fact.salt)


_CLAIM: Final = (
    "fact_index", "lot_id", "holder", "purpose", "jurisdiction", "grams", "statement", "custody", "claimed_at",
)  # fmt: skip


def _claims(rows: Sequence[Row], ids: dict[str, int], time: datetime) -> list[tuple[Any, ...]]:
    return [
        (row.index, ids[each.lot], row.fact.speaker.organisation, each.purpose, each.jurisdiction, each.grams,
         each.statement, each.custody, time)
        for row in rows if (each := row.fact.claiming) is not None
    ]  # fmt: skip


def _lots(plan: Plan, ids: dict[str, int]) -> list[tuple[Any, ...]]:
    maker: dict[str | None, Row] = {}
    for row in plan.rows:
        for entry in row.entered.entries:
            if entry.lot in plan.loaded.book.made:
                maker.setdefault(entry.lot, row)
    return [
        (ids[uri], uri, token_of(uri), lot.maker, lot.facility, lot.material, lot.form, lot.custody,
         lot.source, lot.scheme, lot.origins.to_json(), maker[uri].index, maker[uri].fact.event_day)
        for uri, lot in plan.loaded.book.made.items()
    ]  # fmt: skip


def _entries(rows: Sequence[Row], ids: dict[str, int]) -> list[tuple[Any, ...]]:
    return [
        (row.index, None if entry.lot is None else ids[entry.lot], entry.holder, entry.account, entry.grams,
         entry.lot is not None and isinstance(row.fact.movement, Transformation))
        for row in rows
        for entry in row.entered.entries
    ]  # fmt: skip


async def _balances(connection: Connection, plan: Plan, ids: dict[str, int]) -> None:
    deltas = sorted((ids[key.lot], key.holder, key.account, new, by) for key, new, by in plan.deltas())
    await copy(connection, "balance", BALANCE, [(lot, who, at, *by) for lot, who, at, new, by in deltas if new])
    known = [(lot, who, at, *by) for lot, who, at, new, by in deltas if not new]
    if known:
        status = await connection.execute(UPDATE_BALANCES, *(list(column) for column in zip(*known, strict=True)))
        count_of(status, len(known))


async def _processed(connection: Connection, plan: Plan) -> None:
    """What went through each facility on each day: more of it, or less of what is there already."""
    more, less = totals(plan.loaded.known.added)
    if more:
        columns = [list(column) for column in zip(*more, strict=True)]
        count_of(await connection.execute(MORE_PROCESSED, *columns), len(more))
    if less:
        columns = [list(column) for column in zip(*less, strict=True)]
        count_of(await connection.execute(LESS_PROCESSED, *columns), len(less))


async def _reservations(connection: Connection, plan: Plan, ids: dict[str, int]) -> None:
    reservations = plan.loaded.reservations.values()
    made = [
        (each.reference, ids[each.lot], each.holder, each.counterparty, each.grams, each.remaining)
        for each in reservations if each.new
    ]  # fmt: skip
    if made:
        columns = [list(column) for column in zip(*made, strict=True)]
        await connection.execute(NEW_RESERVATIONS, plan.loaded.record_time, *columns)
    changed = [
        (each.reference, each.remaining) for each in reservations if not each.new and each.reference in plan.touched
    ]
    if changed:
        status = await connection.execute(UPDATE_RESERVATIONS, *(list(column) for column in zip(*changed, strict=True)))
        count_of(status, len(changed))
