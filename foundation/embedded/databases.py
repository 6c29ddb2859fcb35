"""Databases: made from a template and dropped again, as tests and first starts need."""

import asyncpg
from sqlalchemy.engine import make_url


def url_of(owner_url: str, database: str) -> str:
    """The same server and user, another database."""
    return make_url(owner_url).set(database=database).render_as_string(hide_password=False)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


async def _execute(owner_url: str, statement: str) -> None:
    # From the database `postgres`: nobody may be connected to a template, or to what is dropped.
    connection = await asyncpg.connect(url_of(owner_url, "postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def create_database(owner_url: str, name: str, template: str | None = None) -> str:
    """Make a database, as a copy of `template` (to which nobody may be connected). Returns its URL for the owner.

    Raises asyncpg.DuplicateDatabaseError when the name is taken.
    """
    copy = f" TEMPLATE {_quoted(template)}" if template else ""
    await _execute(owner_url, f"CREATE DATABASE {_quoted(name)}{copy}")
    return url_of(owner_url, name)


async def drop_database(owner_url: str, name: str) -> None:
    """Drop a database, also when it is not there or somebody is still connected."""
    await _execute(owner_url, f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")
