"""Tables of the query index, of master data, and of named queries and their subscriptions."""

from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base


class TermRow(Base):
    """A value that an event holds in a field, both hashed."""

    __tablename__ = "event_term"
    organisation_id: Mapped[int] = mapped_column(primary_key=True)
    field: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(primary_key=True)
    event_index: Mapped[int] = mapped_column(primary_key=True)


class NumberRow(Base):
    """A number, moment or key of an event, as a text that sorts (the table has no primary key)."""

    __tablename__ = "event_number"
    organisation_id: Mapped[int] = mapped_column(primary_key=True)
    field: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str | None]
    event_index: Mapped[int] = mapped_column(primary_key=True)


class ValueRow(Base):
    """A value that a top-level resource lists."""

    __tablename__ = "event_value"
    organisation_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)


class PrefixRow(Base):
    """A prefix that an event's context bound."""

    __tablename__ = "event_prefix"
    organisation_id: Mapped[int] = mapped_column(primary_key=True)
    prefix: Mapped[str] = mapped_column(primary_key=True)
    namespace: Mapped[str] = mapped_column(primary_key=True)


class VocabularyRow(Base):
    """A master data element: what lies in it, and its attributes by address."""

    __tablename__ = "vocabulary_element"
    organisation_id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    attributes: Mapped[dict[str, Any]]
    children: Mapped[list[str]]
    captured_at: Mapped[datetime]


class NamedQueryRow(Base):
    """A query that its organisation gave a name."""

    __tablename__ = "named_query"
    organisation_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    query: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class SubscriptionRow(Base):
    """Where the answers of a named query go, when, and how far they are told."""

    __tablename__ = "subscription"
    id: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[int]
    query_name: Mapped[str]
    dest: Mapped[str]
    secret: Mapped[bytes] = mapped_column(BYTEA)
    schedule: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    report_if_empty: Mapped[bool]
    epc_format: Mapped[str]
    initial_record_time: Mapped[datetime]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    position: Mapped[int]
    reported_until: Mapped[datetime]
    due_at: Mapped[datetime]
    failures: Mapped[int]
    last_notified_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    last_failed_at: Mapped[datetime | None]
    last_failure: Mapped[str | None]
    ended_at: Mapped[datetime | None]
