"""Standing work: what a process does beside its requests: keep the query index up, deliver to subscriptions."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from app.process import Process
from foundation.outgoing import Outgoing
from foundation.settings import secret
from foundation.webhooks import sealing_key
from traceability.http.epcis.answers import document
from traceability.querying.indexing import bring_up
from traceability.subscriptions.delivering import Courier, deliver_all

LOG: Final = structlog.get_logger("standing")
INDEX_EVERY: Final = 2.0  # seconds; a query brings the index up itself, so this bounds what it has to do
DELIVER_EVERY: Final = 1.0


def courier_of(process: Process) -> Courier:
    """What delivering needs of this process."""
    settings = process.settings
    key = sealing_key(secret(settings))
    return Courier(process.database, Outgoing(settings.outgoing_loopback), key, process.clock, document)


async def _again_and_again(work: Callable[[], Awaitable[object]], pause: float, failing: str) -> None:
    while True:
        try:
            await work()
        except Exception:
            LOG.exception(failing)
        await asyncio.sleep(pause)


async def standing(process: Process) -> None:
    """All of it, until the process ends; what fails once is tried again."""
    courier = courier_of(process)
    async with asyncio.TaskGroup() as group:
        group.create_task(
            _again_and_again(lambda: bring_up(process.database.writer), INDEX_EVERY, "the query index fell behind")
        )
        group.create_task(_again_and_again(lambda: deliver_all(courier), DELIVER_EVERY, "nothing was delivered"))
