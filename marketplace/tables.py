"""The market's tables: what is offered and agreed; no column holds a balance."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Identity
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base


class ListingRow(Base):
    """A lot offered at a price per tonne, with the verdicts of the day on which it was listed."""

    __tablename__ = "listing"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organisation_id: Mapped[int]
    lot_id: Mapped[int]
    lot_uri: Mapped[str]
    material: Mapped[str]
    form: Mapped[str]
    country: Mapped[str]
    price: Mapped[Decimal]
    currency: Mapped[str]
    smallest_grams: Mapped[int]
    incoterm: Mapped[str]
    description: Mapped[str]
    conditions: Mapped[dict[str, Any]]
    verdicts: Mapped[list[dict[str, Any]]]
    judged_on: Mapped[date]
    state: Mapped[str]
    published_at: Mapped[datetime]


class ListingPropertyRow(Base):
    """A measured property of a listed lot, to search by range."""

    __tablename__ = "listing_property"
    listing_id: Mapped[int] = mapped_column(primary_key=True)
    property: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Decimal]
    unit: Mapped[str]


class OfferRow(Base):
    """A buyer's offer for some of a listing."""

    __tablename__ = "offer"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    listing_id: Mapped[int]
    seller: Mapped[int]
    buyer: Mapped[int]
    grams: Mapped[int]
    price: Mapped[Decimal]
    currency: Mapped[str]
    state: Mapped[str]
    message: Mapped[str]
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class TradeRow(Base):
    """A sale; where its goods are is asked of the ledger under `reference`."""

    __tablename__ = "trade"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    reference: Mapped[str]
    offer_id: Mapped[int]
    seller: Mapped[int]
    buyer: Mapped[int]
    lot_id: Mapped[int]
    lot_uri: Mapped[str]
    grams: Mapped[int]
    price: Mapped[Decimal]
    currency: Mapped[str]
    conditions: Mapped[dict[str, Any]]
    state: Mapped[str]
    agreed_at: Mapped[datetime]


class StatementRow(Base):
    """What one side found of a delivery, and the amount that it came to when it was stated; never edited."""

    __tablename__ = "settlement_statement"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    trade_id: Mapped[int]
    organisation_id: Mapped[int]
    moisture_pct: Mapped[Decimal | None]
    contamination_pct: Mapped[Decimal | None]
    excess_accepted: Mapped[bool]
    amount: Mapped[Decimal]
    statement: Mapped[str]
    stated_at: Mapped[datetime]
