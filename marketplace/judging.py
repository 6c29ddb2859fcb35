"""Judging: a lot, with what is on record about it, against the standards that its holder chose, for one day."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Invalid
from foundation.registry import Organisation
from marketplace.reading import reading_record
from standards.catalogue import Catalogue
from standards.conformity import (
    Evidence,
    HeldDocument,
    Judgement,
    Lot,
    Measurement,
    Qualifier,
    Standard,
    judge,
    standards,
)
from standards.properties import Property, properties
from traceability.holdings import Holding, holding
from traceability.ledger.origins import Origins
from traceability.tables import CertificateRow, MeasurementRow

# A certificate counts as a third party's where a third party entered it; else it is its holder's word (E1).
THIRD_PARTY: Final = frozenset({"certifier"})
# Textile Exchange's papers have a name of their own in the standards' documents.
PAPERS: Final[Mapping[tuple[str, str], str]] = {
    ("te-grs", "scope"): "te_scope_certificate", ("te-rcs", "scope"): "te_scope_certificate",
    ("te-grs", "transaction"): "te_transaction_certificate", ("te-rcs", "transaction"): "te_transaction_certificate",
}  # fmt: skip
RECYCLED: Final = "recycled_content"


@lru_cache(maxsize=4)
def known_standards(catalogue: Catalogue) -> Mapping[str, Standard]:
    """Every standard by id, read once per catalogue."""
    return standards(catalogue)


@lru_cache(maxsize=4)
def known_properties(catalogue: Catalogue) -> Mapping[str, Property]:
    """Every property by code, read once per catalogue."""
    return properties(catalogue)


async def judged(
    session: AsyncSession, actor: Actor, catalogue: Catalogue, lot: str, standard_ids: Collection[str], as_of: date
) -> list[Judgement]:
    """What the chosen standards say of a lot that the actor holds.

    Raises NotFound for a lot of others, Invalid for a standard that we do not know.
    """
    known = known_standards(catalogue)
    unknown = [each for each in standard_ids if each not in known]
    if unknown:
        raise Invalid(
            f"{unknown[0]} is no standard that we know.", field="standards", value=unknown[0],
            fix=f"Use one of {', '.join(sorted(known))}.",
        )  # fmt: skip
    held = await holding(session, actor.organisation_id, lot)
    if not standard_ids:
        return []
    shown = lot_of(held, await results(session, actor, held.lot_id), await papers(session, actor, held))
    return [judge(known[each], shown, as_of) for each in dict.fromkeys(standard_ids)]


async def results(session: AsyncSession, actor: Actor, lot_id: int) -> list[MeasurementRow]:
    """Every result for a lot that the actor holds, a laboratory's too, in order of recording."""
    rows = select(MeasurementRow).where(MeasurementRow.lot_id == lot_id).order_by(MeasurementRow.id)
    async with reading_record(session, actor):
        return list(await session.scalars(rows))


async def papers(session: AsyncSession, actor: Actor, held: Holding) -> list[tuple[CertificateRow, bool]]:
    """Certificates of the lot, its maker and its facility; each with whether a third party entered it."""
    about = [CertificateRow.lot_id == held.lot_id]
    about.append(CertificateRow.lot_id.is_(None) & (CertificateRow.organisation_id == held.maker))
    if held.facility_id is not None:
        about.append(CertificateRow.lot_id.is_(None) & (CertificateRow.facility_id == held.facility_id))
    rows = (
        select(CertificateRow, Organisation.roles)
        .join(Organisation, Organisation.id == CertificateRow.organisation_id)
        .where(or_(*about))
        .order_by(CertificateRow.id)
    )
    async with reading_record(session, actor):
        found = (await session.execute(rows)).all()
    return [(row, not THIRD_PARTY.isdisjoint(roles)) for row, roles in found]


def lot_of(held: Holding, measured: Sequence[MeasurementRow], certified: Sequence[tuple[CertificateRow, bool]]) -> Lot:
    """The lot as the standards see it: only what is on record, nothing assumed."""
    stated = tuple(_measurement(row) for row in measured)
    if not any(each.property == RECYCLED for each in stated):
        stated += _recycled(held.origins)
    return Lot(
        held.material, held.form, origin_of(held.origins), {"chain_of_custody": held.custody}, stated,
        documents=tuple(_document(row, third) for row, third in certified),
    )  # fmt: skip


def origin_of(origins: Origins) -> str | None:
    """The one class of origin that all grams have (ISO 14021, 7.8), None where they differ or are not known."""
    kinds = {origin.consumer for origin, _ in origins.grams}
    named = {"post": "post_consumer", "pre": "pre_consumer", "virgin": "virgin"}
    return named.get(kinds.pop()) if len(kinds) == 1 else None


def _recycled(origins: Origins) -> tuple[Measurement, ...]:
    """The recycled share that the ledger itself knows, rounded down; nothing where some of it came from who knows."""
    if not origins.total or any(origin.consumer == "unknown" for origin, _ in origins.grams):
        return ()
    pre, post = origins.recycled(origins.total)
    share = Decimal((pre + post) * 10_000 // origins.total).scaleb(-2)
    return (Measurement(RECYCLED, share, "%", evidence=Evidence.E1),)


def _measurement(row: MeasurementRow) -> Measurement:
    return Measurement(
        row.property, row.value, row.unit, Qualifier(row.comparator), row.uncertainty, row.method, row.condition,
        Evidence[row.evidence], row.sampled_on, row.laboratory,
    )  # fmt: skip


def _document(row: CertificateRow, third_party: bool) -> HeldDocument:
    level = Evidence.E4 if third_party else Evidence.E1
    name = PAPERS.get((row.standard, row.kind), row.standard)
    return HeldDocument(name, level, "valid", row.valid_from, row.valid_from, row.valid_to, row.number)
