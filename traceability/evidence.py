"""Evidence: measurements and certificates of lots, each a fact of the log, and the verdict they support on a day."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.database import Scope, latest_day, set_reader
from foundation.errors import Invalid, NotFound
from standards.catalogue import Catalogue
from standards.properties import Property, properties
from standards.quantities import QuantityError, base_of
from traceability.identifiers import canonical_key
from traceability.preparing import fact, id_of
from traceability.refusals import DuplicateEvent
from traceability.sequencing.commands import Accepted, Command, IndexOf, Write
from traceability.sequencing.sequencer import Sequencer
from traceability.tables import BalanceRow, CertificateRow, LotRow, MeasurementRow

# What is stated by whom (code list of evidence levels): a first party may not call its own word a laboratory's.
LONGEST: Final = 200  # characters of a property that is told in words
LABORATORY_LEVELS: Final = frozenset({"E3", "E4", "E5"})


@dataclass(frozen=True, slots=True)
class Measurement:
    """One result: `value` exact in `unit`; `comparator` < or > for results beyond the method's range.

    A property that is told in words has `words`, and neither value nor unit.
    """

    lot: str
    property: str
    value: Decimal | None
    unit: str | None
    sampled_on: date
    evidence: str = "E1"
    comparator: str = "="
    method: str | None = None
    condition: str | None = None
    uncertainty: Decimal | None = None
    laboratory: str | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a third party certifies of a lot, or of a facility's scope."""

    standard: str
    kind: str
    number: str
    issuer: str
    materials: tuple[str, ...]
    valid_from: date
    valid_to: date
    lot: str | None = None
    facility_id: int | None = None
    document_sha256: bytes | None = None


INSERT_MEASUREMENT: Final = """
INSERT INTO measurement (fact_index, lot_id, organisation_id, property, value, comparator, unit, method, condition,
    uncertainty, laboratory, evidence, sampled_on, words)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
INSERT_CERTIFICATE: Final = """
INSERT INTO certificate (fact_index, organisation_id, lot_id, facility_id, standard, kind, number, issuer, materials,
    document_sha256, valid_from, valid_to)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING
"""


async def lot_id_for(session: AsyncSession, actor: Actor, lot: str) -> int:
    """The lot, where the actor made it, holds it, or is a laboratory or certifier. Raises NotFound."""
    wanted = select(LotRow.id).where(LotRow.uri == canonical_key(lot))
    if actor.organisation_roles & {"laboratory", "certifier"}:
        # They are handed samples of lots that they neither made nor hold; they learn only that it exists.
        await set_reader(session, actor.organisation_id, Scope.RECORD)
        found = (await session.execute(wanted)).scalar_one_or_none()
        await set_reader(session, actor.organisation_id, Scope.ORGANISATION)
    else:
        held = select(BalanceRow.lot_id).where(BalanceRow.holder == actor.organisation_id)
        wanted = wanted.where((LotRow.organisation_id == actor.organisation_id) | LotRow.id.in_(held))
        found = (await session.execute(wanted)).scalar_one_or_none()
    if found is None:
        raise NotFound("You have no such lot.", field="lot", value=lot, fix="Check the lot's identity.")
    return found


def _plain(value: object) -> Any:
    """A fact's value as its canonical JSON states it: decimals and days as text."""
    match value:
        case Decimal() | date():
            return str(value)
        case bytes():
            return value.hex()
        case tuple():
            return [_plain(each) for each in value]
        case _:
            return value


def _measurable(measured: Measurement, catalogue: Catalogue) -> None:
    """The catalogue knows the property, the unit measures it, and the value can exist. Raises Invalid."""
    known = _known(catalogue)
    found = known.get(measured.property)
    if found is None:
        inside = [code for code in known if code in measured.property.split("_")]
        near = inside or get_close_matches(measured.property, known, 3, 0.4)
        raise Invalid(
            "The catalogue knows no such property.", field="property", value=measured.property,
            fix=f"Did you mean {' or '.join(near)}?" if near else "Take a code from the catalogue's property lists.",
        )  # fmt: skip
    if found.kind is None:
        _told(measured)
    else:
        _number(measured, found, found.kind)


def _told(measured: Measurement) -> None:
    """A property without a unit is told in words. Raises Invalid."""
    if not measured.words or not measured.words.strip() or len(measured.words) > LONGEST:
        raise Invalid(
            f"{measured.property} is told in words.", field="words", value=measured.words or "",
            fix=f"Write what was seen, in at most {LONGEST} characters.",
        )  # fmt: skip
    for name, given in (("value", measured.value), ("unit", measured.unit), ("uncertainty", measured.uncertainty)):
        if given is not None:
            raise Invalid(
                f"{measured.property} has no number.", field=name, value=str(given), fix="State `words` only."
            )
    if measured.comparator != "=":
        raise Invalid(
            f"{measured.property} has no number.", field="comparator", value=measured.comparator, fix="Use =."
        )


def _number(measured: Measurement, found: Property, kind: str) -> None:
    """A property with a unit has a number in a unit of its kind, and it can exist. Raises Invalid."""
    if measured.words is not None or measured.value is None or measured.unit is None:
        wrong = "words" if measured.words is not None else "value" if measured.value is None else "unit"
        raise Invalid(
            f"{found.code} is a number in a unit.", field=wrong, value=measured.words or "",
            fix=f"State value and unit, such as {found.unit}.",
        )  # fmt: skip
    try:
        value = base_of(measured.value, measured.unit, kind)
    except QuantityError as wrong_unit:
        raise Invalid(
            f"{found.code} is not measured in this unit.", field="unit", value=measured.unit,
            fix=f"State it in {found.unit}.",
        ) from wrong_unit  # fmt: skip
    if found.physical is not None and not found.possible(value):
        raise Invalid(
            f"{found.code} cannot have this value.", field="value", value=str(measured.value),
            fix=f"It lies between {found.physical.low} and {found.physical.high} {found.unit}.",
        )  # fmt: skip


@lru_cache(maxsize=4)
def _known(catalogue: Catalogue) -> Mapping[str, Property]:
    return properties(catalogue)


async def measure(
    session: AsyncSession, sequencer: Sequencer, actor: Actor, catalogue: Catalogue, measured: Measurement,
    moment: datetime,
) -> Accepted:  # fmt: skip
    """Record a measurement. Raises NotFound, Invalid, or DuplicateEvent for the same statement again."""
    actor.must("capture")
    _measurable(measured, catalogue)
    if measured.sampled_on > latest_day(moment):
        raise Invalid(
            "The sample was taken after today.", field="sampled_on", value=str(measured.sampled_on),
            fix="State the day on which the sample was taken.",
        )  # fmt: skip
    if measured.evidence in LABORATORY_LEVELS and "laboratory" not in actor.organisation_roles:
        raise Invalid(
            "Only a laboratory states this level of evidence.", field="evidence", value=measured.evidence,
            fix="Use E1 (own declaration) or E2 (own test), or ask the laboratory to enter its result.",
        )  # fmt: skip
    measured = replace(measured, lot=canonical_key(measured.lot))
    lot_id = await lot_id_for(session, actor, measured.lot)
    body = {"type": "Measurement", **{key: _plain(value) for key, value in asdict(measured).items()}}
    stated = fact("measurement", body, id_of("measurement", body), actor, moment, sequencer.controls.version)
    row = Write(
        INSERT_MEASUREMENT,
        (IndexOf(), lot_id, actor.organisation_id, measured.property, measured.value, measured.comparator,
         measured.unit, measured.method, measured.condition, measured.uncertainty, measured.laboratory,
         measured.evidence, measured.sampled_on, measured.words),
        DuplicateEvent("This measurement is recorded already."),
    )  # fmt: skip
    return (await sequencer.submit(Command((stated,), (row,)))).accepted[0]


async def certify(
    session: AsyncSession, sequencer: Sequencer, actor: Actor, certificate: Certificate, moment: datetime
) -> Accepted:
    """Record a certificate. Raises NotFound, Invalid, or DuplicateEvent where the issuer's number is known."""
    actor.must("capture")
    if certificate.valid_to < certificate.valid_from:
        raise Invalid(
            "The certificate ends before it begins.", field="valid_to", value=str(certificate.valid_to),
            fix="State the last day on which it is valid.",
        )  # fmt: skip
    if certificate.lot:
        certificate = replace(certificate, lot=canonical_key(certificate.lot))
    lot_id = await lot_id_for(session, actor, certificate.lot) if certificate.lot else None
    body = {"type": "Certificate", **{key: _plain(value) for key, value in asdict(certificate).items()}}
    stated = fact("certificate", body, id_of("certificate", body), actor, moment, sequencer.controls.version)
    row = Write(
        INSERT_CERTIFICATE,
        (IndexOf(), actor.organisation_id, lot_id, certificate.facility_id, certificate.standard, certificate.kind,
         certificate.number, certificate.issuer, list(certificate.materials), certificate.document_sha256,
         certificate.valid_from, certificate.valid_to),
        DuplicateEvent(
            "A certificate of this issuer with this number is recorded.", field="number", value=certificate.number
        ),
    )  # fmt: skip
    return (await sequencer.submit(Command((stated,), (row,)))).accepted[0]


async def measurements(session: AsyncSession, lot_id: int) -> list[MeasurementRow]:
    """Every result for a lot, as far as the reader may see it, in order of recording."""
    rows = select(MeasurementRow).where(MeasurementRow.lot_id == lot_id).order_by(MeasurementRow.id)
    return list(await session.scalars(rows))


async def certificates(session: AsyncSession, lot_id: int, maker: int, on: date) -> list[CertificateRow]:
    """Certificates of the lot itself, and the maker's scope certificates valid on that day."""
    scope = (
        (CertificateRow.lot_id.is_(None))
        & (CertificateRow.organisation_id == maker)
        & (CertificateRow.valid_from <= on)
        & (CertificateRow.valid_to >= on)
    )
    rows = select(CertificateRow).where((CertificateRow.lot_id == lot_id) | scope).order_by(CertificateRow.id)
    return list(await session.scalars(rows))
