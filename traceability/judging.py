"""Judging: what is known of a lot in the record, held against the standards of a day."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from standards.catalogue import Catalogue
from standards.conformity import Judgement, Lot, Standard, judge, lot_from, standards
from traceability.evidence import certificates, measurements
from traceability.ledger.origins import Origins
from traceability.tables import CertificateRow, MeasurementRow

KINDS: Mapping[str, str] = {"scope": "scope_certificate", "transaction": "transaction_certificate"}


def known_lot(
    material: str, form: str, origins: Origins, measured: Iterable[MeasurementRow], certified: Iterable[CertificateRow]
) -> Lot:
    """A lot as the standards see it; its origin is stated where all of it has one."""
    consumers = {origin.consumer for origin, _ in origins.grams}
    origin = {"post": "post_consumer", "pre": "pre_consumer", "virgin": "virgin"}.get(
        consumers.pop() if len(consumers) == 1 else "", "unknown"
    )
    results: list[dict[str, Any]] = [
        {"property": row.property, "value": row.value, "unit": row.unit, "qualifier": row.comparator,
         "uncertainty": row.uncertainty, "method": row.method, "condition": row.condition, "evidence": row.evidence,
         "sampled_on": row.sampled_on}
        for row in measured
    ]  # fmt: skip
    papers = [
        {"type": KINDS.get(row.kind, row.kind), "evidence": "E4" if row.kind in KINDS else "E1",
         "valid_from": row.valid_from, "valid_to": row.valid_to, "reference": row.number}
        for row in certified
    ]  # fmt: skip
    return lot_from(
        {"material": material, "form": form, "origin": origin, "measurements": results, "documents": papers}
    )


def applicable(catalogue: Catalogue, lot: Lot) -> dict[str, Standard]:
    """The standards whose scope names this material and form, by id."""
    return {
        code: standard
        for code, standard in standards(catalogue).items()
        if (standard.materials is None or lot.material in standard.materials)
        and (standard.forms is None or lot.form in standard.forms)
    }


async def judged(
    session: AsyncSession, catalogue: Catalogue, lot_id: int, maker: int, lot: tuple[str, str, Origins], day: date
) -> list[Judgement]:
    """The verdict of every applicable standard on this day, from what the reader may see of the lot's evidence."""
    material, form, origins = lot
    certified = await certificates(session, lot_id, maker, day)
    known = known_lot(material, form, origins, await measurements(session, lot_id), certified)
    return [judge(standard, known, day) for standard in applicable(catalogue, known).values()]
