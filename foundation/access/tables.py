"""People, sessions and API keys as rows; no row holds a password, a token or a key in clear."""

from datetime import datetime

from sqlalchemy import Identity
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base


class PersonRow(Base):
    """Somebody who signs in, for one organisation."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organisation_id: Mapped[int]
    email: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str]
    roles: Mapped[list[str]]
    language: Mapped[str]
    active: Mapped[bool]
    failed_logins: Mapped[int]
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class SessionRow(Base):
    """A signed-in browser: only the SHA-256 of its token is kept."""

    __tablename__ = "session"
    token_hash: Mapped[bytes] = mapped_column(BYTEA, primary_key=True)
    person_id: Mapped[int]
    organisation_id: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiKeyRow(Base):
    """A machine's key: its visible prefix, and the SHA-256 of the whole."""

    __tablename__ = "api_key"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organisation_id: Mapped[int]
    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[bytes] = mapped_column(BYTEA)
    roles: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    issued_by: Mapped[int | None]
