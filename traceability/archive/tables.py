"""The table of the archive's acts as requests read it; only the sequencer writes here."""

from datetime import date, datetime

from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base


class ArchiveActRow(Base):
    """A month of payloads left the database (`detached`) or came back (`attached`): the newest act stands."""

    __tablename__ = "archive_act"
    fact_index: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[date]
    act: Mapped[str]
    first_index: Mapped[int]
    last_index: Mapped[int]
    manifest: Mapped[bytes] = mapped_column(BYTEA)
    acted_at: Mapped[datetime]
