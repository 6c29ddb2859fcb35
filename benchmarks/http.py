"""Requests per second of the passport and of capture through the whole server, beside a route that does nothing."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

import httpx
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from app.server import create_app
from benchmarks.world import bench
from foundation.access import issue_key
from foundation.database import Scope, now
from traceability.log import publish

REQUESTS = 600
AT_ONCE = 16


async def rate(one: Callable[[int], Awaitable[int]]) -> float:
    """Answers per second; every one must be a success."""
    numbers = iter(range(REQUESTS))

    async def worker() -> None:
        for number in numbers:
            assert await one(number) < 300

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return REQUESTS / (time.perf_counter() - began)


async def run() -> list[str]:
    """Client, server and database share this machine's cores: only the ratios say something."""
    async with bench() as world:
        process = world.process
        (lot,) = await world.stock(1)
        lots = await world.stock(400)
        await publish(process.database.writer, process.keys.active, process.origin, now)
        async with process.database.begin(None, Scope.AUTHENTICATION) as session:
            key = await issue_key(
                session, organisation_id=world.actor.organisation_id, name="bench", roles=["capture"], moment=now()
            )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = Server(
            create_app(process), address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_level=LogLevels.error
        )
        serving = asyncio.create_task(server.serve())
        await asyncio.sleep(1)
        limits = httpx.Limits(max_connections=AT_ONCE)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=60) as client:
            documents = [world.transformation(lots, number) for number in range(REQUESTS)]
            bearer = {"Authorization": f"Bearer {key}"}

            async def nothing(_: int) -> int:
                return (await client.get("/livez")).status_code

            async def passport(_: int) -> int:
                return (await client.get(f"/id/{lot.rpartition('/')[2]}")).status_code

            async def capture(number: int) -> int:
                return (await client.post("/epcis/capture", content=documents[number], headers=bearer)).status_code

            found = {
                name: await rate(one)
                for name, one in (("nothing", nothing), ("passport", passport), ("capture", capture))
            }
        server.stop()
        await serving
    return [
        f"{AT_ONCE} at once: a route that does nothing {found['nothing']:,.0f}/s, the passport page "
        f"{found['passport']:,.0f}/s, capture (8 in, 2 out) {found['capture']:,.0f}/s",
        f"passport / nothing {found['passport'] / found['nothing']:.2f}, capture / nothing "
        f"{found['capture'] / found['nothing']:.2f} (client, server and database share the cores)",
    ]
