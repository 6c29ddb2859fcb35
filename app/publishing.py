"""Publishing: the log's head is signed whenever it has grown, and witnesses are asked to vouch for it."""

import asyncio
from typing import Final

import httpx
import structlog

from app.process import Process
from traceability.log import publish
from traceability.tree.submission import LARGEST
from traceability.witness.collecting import NoCosignature, Post, Told, collect

LOG: Final = structlog.get_logger("publishing")
CHECKPOINT_EVERY: Final = 2.0  # seconds, while anything is new
COSIGN_EVERY: Final = 30.0
PATIENCE: Final = 10.0


async def publishing(process: Process) -> None:
    """Runs until it is cancelled; what fails is logged and tried again."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_signing(process))
        if process.witnesses:
            tasks.create_task(_cosigning(process))


async def _signing(process: Process) -> None:
    while True:
        try:
            await publish(process.database.writer, process.keys.active, process.origin, process.clock)
        except Exception:
            LOG.exception("no checkpoint")
        await asyncio.sleep(CHECKPOINT_EVERY)


async def _cosigning(process: Process) -> None:
    # The addresses are the operator's own setting; an answer is still read only as far as one can be long.
    async with httpx.AsyncClient(timeout=PATIENCE, follow_redirects=False, trust_env=False) as client:
        while True:
            for asked in process.witnesses:
                try:
                    await collect(process.database.writer, asked, sending(client), process.clock)
                except (NoCosignature, OSError) as reason:
                    LOG.warning("not cosigned", witness=asked.witness.name, reason=str(reason))
                except Exception:
                    LOG.exception("not cosigned", witness=asked.witness.name)
            await asyncio.sleep(COSIGN_EVERY)


def sending(client: httpx.AsyncClient) -> Post:
    """How a text is sent to a witness. Raises OSError where nobody answers, or too much."""

    async def post(address: str, text: str) -> Told:
        try:
            async with client.stream("POST", address, content=text.encode()) as answer:
                body = b""
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > LARGEST:
                        raise OSError(f"{address} answers more than {LARGEST} bytes")
        except httpx.HTTPError as fault:
            raise OSError(f"{address} does not answer: {fault}") from fault
        return Told(answer.status_code, answer.headers.get("content-type", ""), body.decode("utf-8", "replace"))

    return post
