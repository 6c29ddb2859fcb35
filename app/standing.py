"""Standing work: what a process does beside its requests: sign the log, have it cosigned, index, deliver."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from app.process import Process
from foundation.outgoing import AddressRefused, Answer, NotSent, Outgoing
from foundation.settings import secret
from foundation.webhooks import sealing_key
from traceability.http.epcis.answers import document
from traceability.log import publish
from traceability.querying.indexing import bring_up
from traceability.subscriptions.delivering import Courier, deliver_all
from traceability.witness.collecting import NoCosignature, collect

LOG: Final = structlog.get_logger("standing")
INDEX_EVERY: Final = 2.0  # seconds; a query brings the index up itself, so this bounds what it has to do
DELIVER_EVERY: Final = 1.0
CHECKPOINT_EVERY: Final = 2.0  # while anything is new
COSIGN_EVERY: Final = 30.0
TEXT: Final = {"Content-Type": "text/plain; charset=utf-8"}


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


async def cosign(process: Process) -> None:
    """Ask every witness for its word on the newest checkpoint; one that is silent holds up no other."""
    outgoing = Outgoing(process.settings.outgoing_loopback)

    async def post(address: str, text: str) -> Answer:
        return await outgoing.post(address, text.encode(), TEXT)

    for asked in process.witnesses:
        try:
            await collect(process.database.writer, asked, post, process.clock)
        except (NoCosignature, NotSent, AddressRefused) as reason:
            LOG.warning("not cosigned", witness=asked.witness.name, reason=str(reason))


async def standing(process: Process) -> None:
    """All of it, until the process ends; what fails once is tried again."""
    courier, writer = courier_of(process), process.database.writer

    def sign() -> Awaitable[object]:
        return publish(writer, process.keys.active, process.origin, process.clock)

    async with asyncio.TaskGroup() as group:
        for work, pause, failing in (
            (sign, CHECKPOINT_EVERY, "no checkpoint"),
            (lambda: cosign(process), COSIGN_EVERY, "not cosigned"),
            (lambda: bring_up(writer), INDEX_EVERY, "the query index fell behind"),
            (lambda: deliver_all(courier), DELIVER_EVERY, "nothing was delivered"),
        ):
            group.create_task(_again_and_again(work, pause, failing))
