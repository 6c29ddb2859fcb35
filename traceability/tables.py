"""The record's tables as requests read them; only the sequencer writes here (its SQL is in `sequencing`)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Identity
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base


class EventRow(Base):
    """A fact of the record: `index` is its leaf in the log; `kind` is epcis, certificate, claim..."""

    __tablename__ = "event"
    index: Mapped[int] = mapped_column(primary_key=True)
    record_time: Mapped[datetime] = mapped_column(primary_key=True)
    kind: Mapped[str]
    organisation_id: Mapped[int]
    actor: Mapped[str]
    facility_id: Mapped[int | None]
    event_id: Mapped[str]
    event_hash: Mapped[bytes] = mapped_column(BYTEA)
    root: Mapped[bytes] = mapped_column(BYTEA)
    event_time: Mapped[datetime]
    event_day: Mapped[date]
    event_type: Mapped[str | None]
    action: Mapped[str | None]
    biz_step: Mapped[str | None]
    disposition: Mapped[str | None]
    transformation_id: Mapped[str | None]
    outcome: Mapped[str]
    reasons: Mapped[list[str]]
    flags: Mapped[list[str]]
    backfill: Mapped[bool]
    rules: Mapped[str]


class PayloadRow(Base):
    """What was received, byte for byte, and what the record added (`fields`), with the salt of its commitments."""

    __tablename__ = "event_payload"
    index: Mapped[int] = mapped_column(primary_key=True)
    record_time: Mapped[datetime] = mapped_column(primary_key=True)
    organisation_id: Mapped[int]
    body: Mapped[str]
    document: Mapped[dict[str, Any]]
    context: Mapped[dict[str, Any] | None]
    fields: Mapped[dict[str, Any]]
    salt: Mapped[bytes] = mapped_column(BYTEA)


class KeyRow(Base):
    """Event ids and hashes over all months; `releases` is the held event that this fact releases or rejects."""

    __tablename__ = "event_key"
    index: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int]
    event_id: Mapped[str]
    event_hash: Mapped[bytes] = mapped_column(BYTEA)
    declares_error: Mapped[bool]
    releases: Mapped[int | None]


class ReferenceRow(Base):
    """A business paper that an event names."""

    __tablename__ = "event_reference"
    reference: Mapped[str] = mapped_column(primary_key=True)
    event_index: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int]


class LotRow(Base):
    """A lot as it was made."""

    __tablename__ = "lot"
    id: Mapped[int] = mapped_column(primary_key=True)
    uri: Mapped[str]
    token: Mapped[str | None]
    organisation_id: Mapped[int]
    facility_id: Mapped[int | None]
    material: Mapped[str]
    form: Mapped[str]
    custody: Mapped[str | None]
    source: Mapped[str | None]
    scheme: Mapped[str | None]
    origins: Mapped[list[dict[str, Any]]]
    created_index: Mapped[int]
    created_day: Mapped[date]


class EntryRow(Base):
    """One signed line of the ledger (the table has no primary key: rows are only ever added)."""

    __tablename__ = "entry"
    event_index: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int | None] = mapped_column(primary_key=True)
    holder: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)
    grams: Mapped[int]
    transforms: Mapped[bool]


class BalanceRow(Base):
    """What a holder has of a lot."""

    __tablename__ = "balance"
    lot_id: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)
    free: Mapped[int]
    reserved: Mapped[int]
    claimed_epr: Mapped[int]
    claimed_content: Mapped[int]
    claimed_credit: Mapped[int]


class ReservationRow(Base):
    """Grams set aside under a paper's reference."""

    __tablename__ = "reservation"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    reference: Mapped[str]
    lot_id: Mapped[int]
    holder: Mapped[int]
    counterparty: Mapped[int]
    grams: Mapped[int]
    remaining: Mapped[int]
    created_at: Mapped[datetime]


class ClaimRow(Base):
    """A purpose took grams of a lot, once."""

    __tablename__ = "claim"
    fact_index: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int]
    holder: Mapped[int]
    purpose: Mapped[str]
    jurisdiction: Mapped[str]
    grams: Mapped[int]
    statement: Mapped[str]
    custody: Mapped[str | None]
    claimed_at: Mapped[datetime]


class MeasurementRow(Base):
    """A property of a lot as measured: a number in a unit, or `words` where the property is told."""

    __tablename__ = "measurement"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    fact_index: Mapped[int]
    lot_id: Mapped[int]
    organisation_id: Mapped[int]
    property: Mapped[str]
    value: Mapped[Decimal | None]
    comparator: Mapped[str]
    unit: Mapped[str | None]
    method: Mapped[str | None]
    condition: Mapped[str | None]
    uncertainty: Mapped[Decimal | None]
    laboratory: Mapped[str | None]
    evidence: Mapped[str]
    sampled_on: Mapped[date]
    words: Mapped[str | None]


class CertificateRow(Base):
    """A certificate (third party) of a lot, or of a facility's scope."""

    __tablename__ = "certificate"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    fact_index: Mapped[int]
    organisation_id: Mapped[int]
    lot_id: Mapped[int | None]
    facility_id: Mapped[int | None]
    standard: Mapped[str]
    kind: Mapped[str]
    number: Mapped[str]
    issuer: Mapped[str]
    materials: Mapped[list[str]]
    document_sha256: Mapped[bytes | None] = mapped_column(BYTEA)
    valid_from: Mapped[date]
    valid_to: Mapped[date]


class CheckpointRow(Base):
    """A signed statement of the log's size and root."""

    __tablename__ = "checkpoint"
    size: Mapped[int] = mapped_column(primary_key=True)
    root: Mapped[bytes] = mapped_column(BYTEA)
    note: Mapped[str]
    signed_at: Mapped[datetime]


class TileRow(Base):
    """Up to 256 hashes of the log (C2SP tlog-tiles)."""

    __tablename__ = "tile"
    level: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    hashes: Mapped[bytes] = mapped_column(BYTEA)


class LabelReportRow(Base):
    """What somebody who scanned a label told us."""

    __tablename__ = "label_report"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    lot_id: Mapped[int]
    reason: Mapped[str]
    message: Mapped[str]
    reported_at: Mapped[datetime]
    answer_index: Mapped[int | None]


class LabelFindingRow(Base):
    """What a label's issuer or an authority found of it; a fact of the log."""

    __tablename__ = "label_finding"
    fact_index: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int]
    organisation_id: Mapped[int]
    authority: Mapped[bool]
    finding: Mapped[str]
    reports: Mapped[int]
    statement: Mapped[str]
    found_at: Mapped[datetime]


class CaptureJobRow(Base):
    """What became of a capture request."""

    __tablename__ = "capture_job"
    id: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[int]
    error_behaviour: Mapped[str]
    success: Mapped[bool]
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime]
