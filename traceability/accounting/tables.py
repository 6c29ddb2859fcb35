"""The tables of mass-balance accounts as requests read them; only the sequencer writes here."""

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base


class AccountRow(Base):
    """One period of a facility's account of one material under one scheme."""

    __tablename__ = "mass_account"
    facility_id: Mapped[int] = mapped_column(primary_key=True)
    material: Mapped[str] = mapped_column(primary_key=True)
    scheme: Mapped[str] = mapped_column(primary_key=True)
    first_day: Mapped[date] = mapped_column(primary_key=True)
    last_day: Mapped[date]
    organisation_id: Mapped[int]
    strict: Mapped[bool]
    opening_pre: Mapped[int]
    opening_post: Mapped[int]
    credited_pre: Mapped[int]
    credited_post: Mapped[int]
    claimed_pre: Mapped[int]
    claimed_post: Mapped[int]
    through: Mapped[int]
    credited_until: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    lowest_pre: Mapped[int | None]
    lowest_post: Mapped[int | None]


class BookingRow(Base):
    """What one event brought into an account and claimed of it."""

    __tablename__ = "mass_booking"
    event_index: Mapped[int] = mapped_column(primary_key=True)
    facility_id: Mapped[int] = mapped_column(primary_key=True)
    material: Mapped[str] = mapped_column(primary_key=True)
    scheme: Mapped[str] = mapped_column(primary_key=True)
    first_day: Mapped[date] = mapped_column(primary_key=True)
    organisation_id: Mapped[int]
    credited_pre: Mapped[int]
    credited_post: Mapped[int]
    claimed_pre: Mapped[int]
    claimed_post: Mapped[int]
    through: Mapped[int]
