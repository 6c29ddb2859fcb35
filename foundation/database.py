"""The database: table base, roles, and the rule that one request is one transaction."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
from sqlalchemy import BigInteger, DateTime, MetaData, Numeric, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import AdaptedConnection, make_url
from sqlalchemy.event import listen
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

OWNER, APP, WRITER = "junkan_owner", "junkan_app", "junkan_writer"
DOORS: Final = 4  # connections that only ever look a key or a session up: one round trip each time

# Constraint names that a person can read in an error, and that a migration can name.
NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s_index",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


Clock = Callable[[], datetime]
"""The time as a value, passed down: a demo or a test passes another one."""


class Base(DeclarativeBase):
    """Every table. Times are aware UTC, mass is bigint grams, money exact numeric."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        int: BigInteger,
        str: Text,
        datetime: DateTime(timezone=True),
        Decimal: Numeric(),
        list[str]: ARRAY(Text),
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


class Scope(StrEnum):
    """What the second wall (row-level security) lets a transaction read.

    `organisation`: the rows of one organisation (and what is public). `authentication`: people, sessions
    and keys, before anyone is known. `record`: the whole record, for readers whose rights the room above
    applies field by field (passports, a regulator's reports). `delivery`: what is due to be sent, of everybody.
    """

    ORGANISATION = "organisation"
    AUTHENTICATION = "authentication"
    RECORD = "record"
    DELIVERY = "delivery"


@dataclass(frozen=True)
class Urls:
    """One address per role; the owner migrates, requests are `app`, the sequencer is `writer`."""

    owner: str
    app: str
    writer: str


@dataclass(frozen=True)
class Database:
    """Open connections: `engine` for requests (row-level security applies), `writer` for the sequencer.

    `doors` sees what authentication does and nothing else, for as long as it is open. `archive` is the folder of what
    left the database; each session carries it as `info["archive"]`.
    """

    engine: AsyncEngine
    doors: AsyncEngine
    writer: asyncpg.Pool
    archive: Path | None = None

    @asynccontextmanager
    async def begin(
        self, organisation_id: int | None = None, scope: Scope = Scope.ORGANISATION
    ) -> AsyncIterator[AsyncSession]:
        """One transaction for one reader: commits at the end, rolls back when anything is raised."""
        info = {"archive": self.archive}
        async with AsyncSession(self.engine, expire_on_commit=False, info=info) as session, session.begin():
            await set_reader(session, organisation_id, scope)
            yield session

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[AsyncSession]:
        """For who asks: one look at a key or a session, each statement on its own, in a single round trip."""
        async with AsyncSession(self.doors, expire_on_commit=False) as session:
            yield session


async def set_reader(session: AsyncSession, organisation_id: int | None, scope: Scope) -> None:
    """Tell row-level security who reads, until this transaction ends (never for the pooled connection)."""
    await session.execute(
        text("SELECT set_config('junkan.organisation', :organisation, true), set_config('junkan.scope', :scope, true)"),
        {"organisation": "" if organisation_id is None else str(organisation_id), "scope": scope.value},
    )


class RawJson(str):
    """JSON text that goes into a jsonb column as it is, without being decoded and encoded again."""

    __slots__ = ()


def _to_jsonb(value: object) -> bytes:
    return b"\x01" + (value.encode() if isinstance(value, RawJson) else msgspec.json.encode(value))


async def _prepare_writer(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",  # COPY takes no text codec; the first byte is the version of jsonb's wire form
        encoder=_to_jsonb,
        decoder=lambda data: msgspec.json.decode(data[1:]),
    )


def _engine(url: str, size: int, always: Scope | None = None) -> AsyncEngine:
    """Connections of a request's role; with `always` they read in that scope for life, each statement on its own."""
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=size,
        max_overflow=0,  # a connection beyond the pool would be opened and closed again for each request
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
        connect_args={"server_settings": {"junkan.scope": always.value}} if always else {},
        isolation_level="AUTOCOMMIT" if always else None,
    )
    listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(connection: AdaptedConnection, *_: object) -> None:
    """A connection that the server closed while it lay in the pool is replaced: known without asking the server."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


@asynccontextmanager
async def connect(urls: Urls, pool_size: int = 20, archive: Path | None = None) -> AsyncIterator[Database]:
    """Open both roles' connections for the life of one process."""
    engine, doors = _engine(urls.app, pool_size), _engine(urls.app, DOORS, Scope.AUTHENTICATION)
    try:
        async with asyncpg.create_pool(urls.writer, min_size=1, max_size=3, init=_prepare_writer) as writer:
            yield Database(engine, doors, writer, archive)
    finally:
        await doors.dispose()
        await engine.dispose()


def urls_for_roles(owner_url: str, app_password: str, writer_password: str) -> Urls:
    """The same server and database under each of the three roles."""
    owner = make_url(owner_url).set(drivername="postgresql")

    def under(role: str, password: str) -> str:
        return owner.set(username=role, password=password).render_as_string(hide_password=False)

    return Urls(
        owner=owner.render_as_string(hide_password=False),
        app=under(APP, app_password),
        writer=under(WRITER, writer_password),
    )


class UnsafeDatabase(Exception):
    """The server would not keep a promise that we make; refuse to start."""


async def check_promises(database: Database) -> None:
    """At start: commits are durable, and a request's role can bypass nothing.

    Raises UnsafeDatabase naming each setting or role that breaks a promise.
    """
    async with database.engine.connect() as connection:
        settings = (
            await connection.execute(
                text(
                    "SELECT name, setting FROM pg_settings WHERE name IN"
                    " ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'"
                )
            )
        ).all()
        powers = (
            await connection.execute(text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"))
        ).scalar_one()
        unforced = (
            await connection.execute(
                text(
                    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                    " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
                    " AND c.relrowsecurity AND NOT c.relforcerowsecurity"
                )
            )
        ).scalars()
        faults = [f"{name} is {value}" for name, value in settings]
        faults += ["the runtime role can bypass row-level security"] if powers else []
        faults += [f"row-level security is not forced on {name}" for name in unforced]
    if faults:
        raise UnsafeDatabase("; ".join(faults))


def now() -> datetime:
    """The system clock, aware UTC. It is passed down as a value, so that a demo or a test can pass another."""
    return datetime.now(UTC)


_FIRST: Final = timezone(timedelta(hours=14))


def latest_day(moment: datetime) -> date:
    """The day that it is where days begin first (UTC+14): what is said of a later day has not happened anywhere."""
    return moment.astimezone(_FIRST).date()
