"""The tables of recalls as requests read them; only the sequencer writes here."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base


class RecallRow(Base):
    """Who called lots back, why and when; `closed_index` is the leaf that ended it."""

    __tablename__ = "recall"
    fact_index: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int]
    authority: Mapped[bool]
    reason: Mapped[str]
    statement: Mapped[str]
    opened_at: Mapped[datetime]
    closed_index: Mapped[int | None]


class RecalledLotRow(Base):
    """A lot under a recall: `named` by it, or made of such a lot."""

    __tablename__ = "recalled_lot"
    recall: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(primary_key=True)
    named: Mapped[bool]
    open: Mapped[bool]


class RecallAnswerRow(Base):
    """What a holder did with a recalled lot; the newest answer stands."""

    __tablename__ = "recall_answer"
    fact_index: Mapped[int] = mapped_column(primary_key=True)
    recall: Mapped[int]
    lot_id: Mapped[int]
    organisation_id: Mapped[int]
    answer: Mapped[str]
    statement: Mapped[str]
    answered_at: Mapped[datetime]
