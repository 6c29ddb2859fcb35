"""The tables of certificates as requests read them; only the sequencer writes here."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base


class ScopeRow(Base):
    """A scope certificate as it was recorded; `body_id` None where its body takes no part in the platform."""

    __tablename__ = "scope_certificate"
    fact_index: Mapped[int] = mapped_column(primary_key=True)
    holder_id: Mapped[int]
    body_id: Mapped[int | None]
    body: Mapped[str]
    recorded_by: Mapped[int]
    scheme: Mapped[str]
    editions: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    number: Mapped[str]
    sites: Mapped[list[str]] = mapped_column(ARRAY(Text))
    materials: Mapped[list[str]] = mapped_column(ARRAY(Text))
    processes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    document_sha256: Mapped[bytes | None] = mapped_column(BYTEA)
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    recorded_at: Mapped[datetime]


class ScopeActRow(Base):
    """What its body did with a scope certificate, and the first day on which that holds."""

    __tablename__ = "scope_act"
    fact_index: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[int]
    act: Mapped[str]
    day: Mapped[date]
    statement: Mapped[str]
    organisation_id: Mapped[int]
    acted_at: Mapped[datetime]


class TransactionRow(Base):
    """A transaction certificate; `used`: grams that its buyer's own outputs drew from it."""

    __tablename__ = "transaction_certificate"
    fact_index: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[int]
    body_id: Mapped[int]
    number: Mapped[str]
    lot_id: Mapped[int]
    seller_id: Mapped[int]
    buyer_id: Mapped[int]
    site: Mapped[str]
    grams: Mapped[int]
    shipped_on: Mapped[date]
    issued_at: Mapped[datetime]
    custody: Mapped[str | None]
    used: Mapped[int]
    cancelled_index: Mapped[int | None]


class CertifiedLotRow(Base):
    """What may be certified of a lot under a scope certificate, and what was."""

    __tablename__ = "certified_lot"
    lot_id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[int] = mapped_column(primary_key=True)
    lot_grams: Mapped[int]
    input_grams: Mapped[int]
    yield_share: Mapped[Decimal]
    certified: Mapped[int]
