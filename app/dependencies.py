"""Dependencies: what a handler may ask for by name, and that one request is one transaction."""

from asyncio import Semaphore
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency as Given
from litestar.di import Provide
from sqlalchemy.ext.asyncio import AsyncSession

from app.idempotence import begin, keyed, sequencer_of
from app.process import Process
from foundation.access import Actor
from foundation.database import Scope
from traceability.capture import Door
from traceability.history.holds import AUTHORITY
from traceability.sequencing.sequencer import Sequencer

# A request that holds one connection while it waits for another needs a seat. The pool has 20 connections and such
# a request up to 3, so that with 8 seats at most 16 are held by those who wait, and somebody can always go on.
SEATS: Final = 8
CONNECTED: Final = frozenset({"transaction", "record", "answering", "door"})

AnyRequest = Request[Any, Any, Any]
Session = AsyncIterator[AsyncSession]


def _process(state: State) -> Process:
    process: Process = state.process
    return process


async def _actor(request: AnyRequest) -> Actor | None:
    actor: Actor | None = request.state.actor
    return actor


async def _seat(request: AnyRequest, state: State) -> AsyncIterator[object]:
    """A seat for a request that uses several connections at once; nothing for the others."""
    seats: Semaphore = state.seats
    asked_for = request.route_handler.parsed_fn_signature.parameters.keys()
    if len(CONNECTED & asked_for) < 2:
        yield None
        return
    async with seats:
        yield None


@asynccontextmanager
async def _session(request: AnyRequest, process: Process, scope: Scope) -> Session:
    actor: Actor | None = request.state.actor
    async with process.database.begin(actor.organisation_id if actor else None, scope) as session:
        await begin(request, session, process.clock())
        yield session


async def _transaction(request: AnyRequest, process: Given[Process], seat: Given[object]) -> Session:
    """One request, one transaction, as the actor's organisation; committed before the answer leaves."""
    async with _session(request, process, Scope.ORGANISATION) as session:
        yield session


async def _record(request: AnyRequest, process: Given[Process], seat: Given[object]) -> Session:
    """The same with the record scope: for passports, proofs and regulators, who are told field by field."""
    async with _session(request, process, Scope.RECORD) as session:
        yield session


async def _answering(request: AnyRequest, process: Given[Process], seat: Given[object]) -> Session:
    """As the actor's organisation; with the record scope for an authority, which answers for others of its country."""
    actor: Actor | None = request.state.actor
    authority = actor is not None and AUTHORITY in actor.organisation_roles
    async with _session(request, process, Scope.RECORD if authority else Scope.ORGANISATION) as session:
        yield session


def _sequencer(request: AnyRequest, process: Given[Process]) -> Sequencer:
    return sequencer_of(process.sequencer, request) if keyed(request) else process.sequencer


def _door(state: State, sequencer: Given[Sequencer]) -> Door:
    door: Door = state.door
    return door if sequencer is door.sequencer else replace(door, sequencer=sequencer)


def _of_process(name: str) -> Provide:
    def value(process: Given[Process]) -> Any:
        return getattr(process, name)

    return Provide(value, sync_to_thread=False)


def dependencies() -> dict[str, Provide]:
    """Every name a handler may ask for: process, actor, its sessions, sequencer, door and plain values."""
    return {
        "process": Provide(_process, sync_to_thread=False),
        "actor": Provide(_actor),
        "seat": Provide(_seat),
        "transaction": Provide(_transaction),
        "record": Provide(_record),
        "answering": Provide(_answering),
        "sequencer": Provide(_sequencer, sync_to_thread=False),
        "door": Provide(_door, sync_to_thread=False),
        **{
            name: _of_process(name)
            for name in ("settings", "catalogue", "clock", "verifiers", "watch", "database", "witnesses")
        },
    }
