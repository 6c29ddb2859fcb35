"""Migrations: brings a database to the schema this code was written for, and prepares the months ahead."""

from datetime import date, timedelta
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from foundation.database import APP, WRITER, Urls

MIGRATIONS = Path(__file__).parent / "migrations"
MONTHS_AHEAD = timedelta(days=400)


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def head() -> str | None:
    """The schema revision that this code expects."""
    return ScriptDirectory.from_config(_config()).get_current_head()


async def _make_roles(urls: Urls) -> None:
    """The two runtime roles, with passwords that follow the secret (so a changed secret changes them)."""
    connection = await asyncpg.connect(urls.owner)
    try:
        for role, url, power in ((APP, urls.app, "NOBYPASSRLS"), (WRITER, urls.writer, "BYPASSRLS")):
            password = await connection.fetchval("SELECT quote_literal($1::text)", make_url(url).password)
            known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
            verb = "ALTER" if known else "CREATE"
            await connection.execute(f"{verb} ROLE {role} LOGIN NOSUPERUSER {power} PASSWORD {password}")
    finally:
        await connection.close()


async def migrate(urls: Urls, today: date, since: date | None = None) -> str:
    """Create the roles, run what is missing, make the months from `since` (or today) to a year ahead.

    Returns the revision. Safe to run again and from two processes at once (an advisory lock orders them).
    """
    await _make_roles(urls)
    engine = create_async_engine(make_url(urls.owner).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(hashtext('junkan migrate'))"))
            await connection.commit()
            await connection.run_sync(lambda sync: command.upgrade(_config(sync), "head"))
            await connection.execute(text(f"GRANT SELECT ON alembic_version TO {APP}"))
            await connection.execute(
                text("SELECT junkan_make_months(:first, :last)"),
                {"first": since or today, "last": today + MONTHS_AHEAD},
            )
            await connection.commit()
            revision = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
            await connection.execute(text("SELECT pg_advisory_unlock(hashtext('junkan migrate'))"))
            await connection.commit()
    finally:
        await engine.dispose()
    return revision or ""
