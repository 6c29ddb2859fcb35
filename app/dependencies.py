"""Dependencies: what a handler may ask for by name, and that one request is one transaction."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
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
SESSIONS: Final[tuple[str, ...]] = ("transaction", "answering", "record")
CONNECTED: Final = frozenset({*SESSIONS, "door"})

AnyRequest = Request[Any, Any, Any]
Sessions = AsyncIterator[Mapping[str, AsyncSession]]


def _process(state: State) -> Process:
    process: Process = state.process
    return process


async def _actor(request: AnyRequest) -> Actor | None:
    actor: Actor | None = request.state.actor
    return actor


def _scope(name: str, actor: Actor | None) -> Scope:
    """`transaction`: as the actor's organisation. `record`: for passports, proofs and regulators, who are told field by
    field. `answering`: the latter for an authority, which answers for others of its country, else the former.
    """
    authority = actor is not None and AUTHORITY in actor.organisation_roles
    return Scope.RECORD if name == "record" or (name == "answering" and authority) else Scope.ORGANISATION


async def _opened(request: AnyRequest, state: State, process: Given[Process]) -> Sessions:
    """The sessions that a handler asks for, one transaction each, committed before the answer leaves; and its seat.

    All in one, because the framework closes nothing that it had opened when another dependency fails: what cannot be
    opened here closes the rest itself, and what is made of it afterwards cannot fail.
    """
    actor: Actor | None = request.state.actor
    asked_for = request.route_handler.parsed_fn_signature.parameters.keys()
    wanted = [name for name in SESSIONS if name in asked_for]
    owner = actor.organisation_id if actor else None
    async with AsyncExitStack() as opened:
        if len(CONNECTED & asked_for) > 1:
            await opened.enter_async_context(state.seats)
        sessions: dict[str, AsyncSession] = {
            name: await opened.enter_async_context(process.database.begin(owner, _scope(name, actor)))
            for name in wanted
        }  # fmt: skip
        await begin(request, sessions[wanted[0]], process.clock())
        yield sessions


def _session(name: str) -> Provide:
    def session(opened: Given[Mapping[str, AsyncSession]]) -> AsyncSession:
        return opened[name]

    return Provide(session, sync_to_thread=False)


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
        "opened": Provide(_opened),
        **{name: _session(name) for name in SESSIONS},
        "sequencer": Provide(_sequencer, sync_to_thread=False),
        "door": Provide(_door, sync_to_thread=False),
        **{
            name: _of_process(name)
            for name in ("settings", "catalogue", "clock", "verifiers", "watch", "database", "witnesses")
        },
    }
