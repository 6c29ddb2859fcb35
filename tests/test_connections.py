"""Connections: what the pool keeps open, and what becomes of those that the server closes."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InternalError

from app.problems import broken_off
from foundation.access import issue_key
from foundation.access.keys import actor_of_key
from foundation.database import DOORS, Scope, connect
from tests.conftest import World


async def test_a_connection_closed_while_nobody_used_it_is_replaced_unseen(
    world: World, owner: asyncpg.Connection
) -> None:
    async with connect(world.process.urls, pool_size=2) as database:
        async with database.begin() as one, database.begin() as other:
            pids = {await session.scalar(text("SELECT pg_backend_pid()")) for session in (one, other)}
        for pid in pids:
            assert await owner.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
        await asyncio.sleep(0.5)  # the ends of both reach us
        for _ in range(4):
            async with database.begin() as session:
                assert await session.scalar(text("SELECT pg_backend_pid()")) not in pids


async def test_no_more_than_the_pool_is_ever_opened(world: World) -> None:
    async with connect(world.process.urls, pool_size=2) as database:
        seen = set()
        for _ in range(3):
            async with database.begin() as one, database.begin() as other:
                seen |= {await session.scalar(text("SELECT pg_backend_pid()")) for session in (one, other)}
        assert len(seen) == 2


async def test_a_door_reads_keys_and_nothing_of_the_record(world: World) -> None:
    firm = await world.firm("recycler")
    await world.stock(firm, 1_000)
    async with world.process.database.begin(None, Scope.AUTHENTICATION) as session:
        key = await issue_key(
            session, organisation_id=firm.actor.organisation_id, name="door", roles=["read"], moment=world.clock()
        )
    for _ in range(2 * DOORS):  # each of its connections, again and again: nothing of one reader stays for the next
        async with world.process.database.asking() as session:
            assert (await actor_of_key(session, key, world.clock())).organisation_uri == firm.actor.organisation_uri
            for table in ("event", "entry", "balance", "event_payload"):
                assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 0


@pytest.mark.parametrize(
    ("cause", "broken"),
    [
        (asyncpg.ConnectionDoesNotExistError("gone"), True),
        (asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress"), True),
        (asyncpg.UniqueViolationError("twice"), False),
    ],
)
def test_what_breaks_a_connection_is_told_from_what_a_statement_did_wrong(cause: Exception, *, broken: bool) -> None:
    told = Exception("told by the dialect")
    told.__cause__ = cause
    assert broken_off(InternalError("SELECT 1", {}, told)) is broken
    assert broken_off(DBAPIError("SELECT 1", {}, told, connection_invalidated=True))
    assert not broken_off(cause)
