"""The sequencer: one writer per process drains what has arrived, and answers each caller after its commit."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import asyncpg
import structlog

from foundation.errors import Refusal, Unavailable
from traceability.controls import Controls
from traceability.log import tiles_at
from traceability.sequencing.batch import Plan
from traceability.sequencing.booking import write_contents
from traceability.sequencing.commands import BATCH, Accepted, Command, IndexOf, Receipt
from traceability.sequencing.loading import Connection, load
from traceability.sequencing.recalling import write_recalls
from traceability.sequencing.writing import write
from traceability.tree.tiles import Edge, edge_numbers

LOG: Final = structlog.get_logger("sequencer")
HEAD: Final = "SELECT size, record_time, next_lot_id FROM log_head FOR UPDATE"
SIZE: Final = "SELECT size FROM log_head"
QUEUE: Final = 8192
AT_ONCE: Final = 64

_Waiting = tuple[Command, "asyncio.Future[Receipt]"]


class _Undone(Exception):
    """A write of this command refused it: roll its savepoint back."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


@dataclass
class Sequencer:
    """Orders and commits. `submit` from anywhere in the event loop while `running` is entered."""

    pool: asyncpg.Pool
    controls: Controls
    clock: Callable[[], datetime]
    batch: int = BATCH
    _queue: "asyncio.Queue[_Waiting]" = field(default_factory=lambda: asyncio.Queue(QUEUE))
    _uris: dict[int, str] = field(default_factory=dict)

    async def submit(self, command: Command) -> Receipt:
        """Commit this command. Raises its Refusal, or Unavailable where the database is not there now."""
        return await (await self.enqueue(command))

    async def enqueue(self, command: Command) -> "asyncio.Future[Receipt]":
        """Put a command in line; the future answers after its commit. Waits while the queue is full."""
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        await self._queue.put((command, answer))
        return answer

    async def rehearse(self, commands: Sequence[Command]) -> list[Accepted | Refusal]:
        """What the one fact of each command would be answered now, in this order; nothing is locked or written."""
        async with self.pool.acquire() as connection, connection.transaction(readonly=True):
            size = await connection.fetchval(SIZE)
            loaded, _ = await load(connection, commands, size, self.clock(), self._uris, lock=False)
        plan, answers = Plan(loaded, self.controls), list[Accepted | Refusal]()
        for number, command in enumerate(commands):
            try:
                answers += plan.decide(command)
            except Refusal as refusal:
                answers.append(refusal)
            if number % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
        return answers

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Sequencer"]:
        """The writer's life: what is queued at the end is still committed."""
        task = asyncio.create_task(self._drain())
        try:
            yield self
        finally:
            await self._queue.join()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _drain(self) -> None:
        while True:
            waiting = [await self._queue.get()]
            facts = len(waiting[0][0].items)
            while facts < self.batch and not self._queue.empty():
                waiting.append(self._queue.get_nowait())
                facts += len(waiting[-1][0].items)
            try:
                await self._commit(waiting)
            finally:
                for _ in waiting:
                    self._queue.task_done()

    async def _commit(self, waiting: Sequence[_Waiting]) -> None:
        """One transaction for the batch; a fault in it is tried again command by command, so that one bad command
        fails alone."""
        try:
            answers = await self._transact([command for command, _ in waiting])
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError, TimeoutError) as fault:
            LOG.warning("database away", fault=repr(fault))
            refusal = Unavailable("The record cannot be written now.", fix="Send the same request again in a moment.")
            answers = [refusal] * len(waiting)
        except Exception as fault:
            if len(waiting) > 1:
                LOG.exception("batch refused by the database; one by one", commands=len(waiting))
                for one in waiting:
                    await self._commit([one])
                return
            answers = [fault]
        for (_, answer), result in zip(waiting, answers, strict=True):
            if answer.cancelled():
                continue  # the caller went away; what it asked for is committed all the same
            if isinstance(result, Receipt):
                answer.set_result(result)
            else:
                answer.set_exception(result)

    async def _transact(self, commands: Sequence[Command]) -> list[Receipt | Exception]:
        async with self.pool.acquire() as connection, connection.transaction():
            size, then, next_lot_id = await connection.fetchrow(HEAD)
            time = max(self.clock(), then) if isinstance(then, datetime) and size else self.clock()
            edge = await _edge(connection, size)
            loaded, ids = await load(connection, commands, size, time, self._uris)
            plan = Plan(loaded, self.controls)
            answers = [await _decide(connection, plan, command) for command in commands]
            await write(connection, plan, ids, next_lot_id, edge)
            await write_recalls(connection, plan, ids)
            await write_contents(connection, plan, ids)
        return answers


async def _edge(connection: Connection, size: int) -> Edge:
    """The partial tiles at the right edge of the log, by level."""
    wanted = edge_numbers(size)
    return {level: hashes for (level, _), hashes in (await tiles_at(connection, wanted)).items()}


async def _decide(connection: Connection, plan: Plan, command: Command) -> Receipt | Exception:
    mark = plan.mark() if command.writes else None
    try:
        accepted = plan.decide(command)
        if mark is not None and not (accepted and all(each.duplicate for each in accepted)):
            await _run_writes(connection, command, accepted)
    except _Undone as undone:
        if mark is not None:
            plan.take_back(mark)
        return undone.refusal
    except Refusal as refusal:
        return refusal
    return Receipt(accepted)


async def _run_writes(connection: Connection, command: Command, accepted: tuple[Accepted, ...]) -> None:
    """The rows that must commit with the command, under a savepoint of their own."""
    async with connection.transaction():
        for each in command.writes:
            args = [accepted[arg.item].index if isinstance(arg, IndexOf) else arg for arg in each.args]
            status = await connection.execute(each.sql, *args)
            if int(status.rsplit(" ", 1)[-1]) != each.expects:
                raise _Undone(each.refusal)
