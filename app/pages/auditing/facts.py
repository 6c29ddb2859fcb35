"""Facts: one leaf of the log as its reader may see it: always its proof, its content where it is theirs to read."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import NotFound
from foundation.registry import Facility, Organisation
from reports.tables import DeclarationRow
from standards.plausibility import Finding
from traceability.archive.reading import payloads
from traceability.bundle import Payload
from traceability.history.reading import findings_of
from traceability.ledger.origins import Origins
from traceability.proofs import Proved, prove
from traceability.tables import EntryRow, EventRow, LotRow
from traceability.tree.checkpoint import Verifier


@dataclass(frozen=True, slots=True)
class EntryTold:
    """One line of the ledger: the lot's URI (None: an outside account), whose it is, and the grams."""

    lot: str | None
    holder: str
    account: str
    grams: int


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of the log. `body`, `entries` and names are empty where its content is not this reader's to see."""

    row: EventRow
    open: bool
    organisation: str
    facility: str
    zone: str
    body: str
    entries: tuple[EntryTold, ...]
    findings: tuple[Finding, ...]
    proof: Proved | None


async def fact(record: AsyncSession, index: int, actor: Actor | None, verifiers: Sequence[Verifier]) -> Fact:
    """One fact by its leaf index. `record` reads with the record scope. Raises NotFound, NotAtHand in the archive."""
    row = await record.scalar(select(EventRow).where(EventRow.index == index))
    if row is None:
        raise NotFound("The log has no such leaf.", field="index", value=index)
    proof = await prove(record, index, verifiers)
    if actor is None:
        return Fact(row, False, "", "", "UTC", "", (), (), proof)
    lines = await _lines(record, index)
    place = await record.get(Facility, row.facility_id) if row.facility_id is not None else None
    firm = await record.get_one(Organisation, row.organisation_id)
    payload = (await payloads(record, [(row.index, row.record_time)])).get(row.index)
    countries = {place.country if place else firm.country} | await _concerned(record, row, lines, payload)
    if not may_read(row, lines, countries, actor):
        return Fact(row, False, "", "", "UTC", "", (), (), proof)
    names = await _names(record, {line.holder for line in lines})
    entries = tuple(EntryTold(line.lot, names.get(line.holder, ""), line.account, line.grams) for line in lines)
    return Fact(
        row, True, firm.name, place.name if place else "", place.time_zone if place else "UTC",
        _body(payload), entries, findings_of(payload.fields) if payload else (), proof,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with its lot's URI and origins (none: an outside account)."""

    holder: int
    account: str
    grams: int
    lot: str | None
    origins: Origins | None


async def _lines(record: AsyncSession, index: int) -> list[Line]:
    found = await record.execute(
        select(EntryRow.holder, EntryRow.account, EntryRow.grams, LotRow.uri, LotRow.origins)
        .outerjoin(LotRow, LotRow.id == EntryRow.lot_id)
        .where(EntryRow.event_index == index)
        .order_by(EntryRow.grams, EntryRow.account)
    )
    return [
        Line(holder, account, grams, uri, Origins.from_json(origins) if origins is not None else None)
        for holder, account, grams, uri, origins in found
    ]


async def _concerned(record: AsyncSession, row: EventRow, lines: Sequence[Line], payload: Payload | None) -> set[str]:
    """The countries in whose figures a fact may stand: where its material was collected, for which it was declared."""
    known = [line.origins for line in lines if line.origins]
    if row.kind == "declaration":
        stated = await record.get(DeclarationRow, row.index)
        return {stated.country} if stated else set()
    if not lines:  # what is held or only recorded moved nothing, and says which lots it spoke of
        stated_lots = [lot for lot, _ in (payload.fields.get("junkan:stated") or [])] if payload else []
        found = await record.scalars(select(LotRow.origins).where(LotRow.uri.in_(stated_lots)))
        known = [Origins.from_json(each) for each in found]
    return {origin.country for each in known for origin, _ in each.grams}


def may_read(row: EventRow, lines: Sequence[Line], countries: Collection[str], actor: Actor | None) -> bool:
    """Its organisation, whoever holds what it moved, and the regulators of the countries that it concerns."""
    if actor is None:
        return False
    mine = actor.organisation_id
    if row.organisation_id == mine or any(line.holder == mine for line in lines):
        return True
    return "regulator" in actor.organisation_roles and actor.country in countries


async def _names(record: AsyncSession, holders: set[int]) -> dict[int, str]:
    rows = await record.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(holders)))
    return {each.id: each.name for each in rows}


def _body(payload: Payload | None) -> str:
    """The text as it was received, laid out for reading; as it stands where it is no JSON."""
    body = payload.body if payload else ""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return body
