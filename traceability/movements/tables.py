"""The tables of movements as requests read them; only the sequencer writes here."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base


class ProposalRow(Base):
    """Other figures for a movement, by one of its sides for the other to answer."""

    __tablename__ = "movement_proposal"
    fact_index: Mapped[int] = mapped_column(primary_key=True)
    movement: Mapped[int]
    proposer_id: Mapped[int]
    other_id: Mapped[int]
    reason: Mapped[str]
    proposed_at: Mapped[datetime]
    lapses_at: Mapped[datetime]
    answer: Mapped[str | None]
    answer_index: Mapped[int | None]
    answered_at: Mapped[datetime | None]
    statement: Mapped[str | None]


class FigureRow(Base):
    """What a proposal says of one lot, in grams; `received` None while it is on its way."""

    __tablename__ = "movement_figure"
    proposal: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(primary_key=True)
    sent_was: Mapped[int]
    sent: Mapped[int]
    received_was: Mapped[int | None]
    received: Mapped[int | None]


class AmendedRow(Base):
    """An event whose figures both sides agreed to change."""

    __tablename__ = "amended_event"
    organisation_id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    proposal: Mapped[int] = mapped_column(primary_key=True)


class RequestRow(Base):
    """One side asks the authority of its country to open a final movement again."""

    __tablename__ = "movement_request"
    fact_index: Mapped[int] = mapped_column(primary_key=True)
    movement: Mapped[int]
    organisation_id: Mapped[int]
    other_id: Mapped[int]
    country: Mapped[str]
    reason: Mapped[str]
    asked_at: Mapped[datetime]
    decision: Mapped[str | None]
    decision_index: Mapped[int | None]
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    open_until: Mapped[datetime | None]
    statement: Mapped[str | None]
