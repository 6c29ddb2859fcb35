"""Reading: one narrow question to the whole record, and back to what the organisation itself may see."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.database import Scope, set_reader


@asynccontextmanager
async def reading_record(session: AsyncSession, actor: Actor) -> AsyncIterator[None]:
    """The record's scope for the statements inside, whose answer the caller narrows to what the actor may know.

    Where a statement inside fails, the transaction is over and its scope with it.
    """
    await set_reader(session, actor.organisation_id, Scope.RECORD)
    yield
    await set_reader(session, actor.organisation_id, Scope.ORGANISATION)
