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
from traceability.history.reading import findings_of
from traceability.ledger.origins import Origins
from traceability.proofs import Proved, prove
from traceability.tables import EntryRow, EventRow, LotRow, PayloadRow
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
    """One fact by its leaf index. `record` reads with the record scope. Raises NotFound."""
    row = await record.scalar(select(EventRow).where(EventRow.index == index))
    if row is None:
        raise NotFound("The log has no such leaf.", field="index", value=index)
    lines = await _lines(record, index)
    place = await record.get(Facility, row.facility_id) if row.facility_id is not None else None
    firm = await record.get_one(Organisation, row.organisation_id)
    proof = await prove(record, index, verifiers)
    countries = {place.country if place else firm.country} | await _concerned(record, row, lines)
    if not may_read(row, lines, countries, actor):
        return Fact(row, False, "", "", "UTC", "", (), (), proof)
    names = await _names(record, {line.holder for line in lines})
    entries = tuple(EntryTold(line.lot, names.get(line.holder, ""), line.account, line.grams) for line in lines)
    return Fact(
        row, True, firm.name, place.name if place else "", place.time_zone if place else "UTC",
        await _body(record, row), entries, await _findings(record, row), proof,
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


async def _concerned(record: AsyncSession, row: EventRow, lines: Sequence[Line]) -> set[str]:
    """The countries in whose figures a fact may stand: where its material was collected, for which it was declared."""
    known = [line.origins for line in lines if line.origins]
    if row.kind == "declaration":
        stated = await record.get(DeclarationRow, row.index)
        return {stated.country} if stated else set()
    if not lines:  # what is held or only recorded moved nothing, and says which lots it spoke of
        payload = await record.get(PayloadRow, (row.index, row.record_time))
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


async def _findings(record: AsyncSession, row: EventRow) -> tuple[Finding, ...]:
    """What the controls found, as it is kept beside the event."""
    payload = await record.get(PayloadRow, (row.index, row.record_time))
    return findings_of(payload.fields) if payload else ()


async def _body(record: AsyncSession, row: EventRow) -> str:
    """The text as it was received, laid out for reading; as it stands where it is no JSON."""
    body = await record.scalar(
        select(PayloadRow.body).where(PayloadRow.index == row.index, PayloadRow.record_time == row.record_time)
    )
    try:
        return json.dumps(json.loads(body or ""), ensure_ascii=False, indent=2)
    except ValueError:
        return body or ""
