"""What witnessing keeps: the newest checkpoint of each log that we watch, forks as evidence, our own cosignatures."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base


class WitnessedRow(Base):
    """The newest checkpoint of another log that we cosigned."""

    __tablename__ = "witnessed"
    origin: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    root: Mapped[bytes] = mapped_column(BYTEA)
    note: Mapped[str]
    seen_at: Mapped[datetime]


class ForkRow(Base):
    """Evidence: a log signed two checkpoints of one size with different roots."""

    __tablename__ = "witnessed_fork"
    origin: Mapped[str] = mapped_column(primary_key=True)
    note: Mapped[str] = mapped_column(primary_key=True)
    kept_note: Mapped[str]
    refused_at: Mapped[datetime]


class CosignatureRow(Base):
    """A witness's signature line under one of our own checkpoints."""

    __tablename__ = "cosignature"
    size: Mapped[int] = mapped_column(ForeignKey("checkpoint.size"), primary_key=True)
    witness: Mapped[str] = mapped_column(primary_key=True)
    line: Mapped[str]
    cosigned_at: Mapped[datetime]
