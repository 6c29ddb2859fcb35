"""A process that is told to end: its balancer hears so first, who was asked is answered, then the database ends."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import pytest

from foundation.access import issue_key
from foundation.database import Scope, connect, now
from foundation.embedded import start, urls_of
from foundation.registry import register_organisation
from foundation.settings import Settings, read_settings
from tests.conftest import BASE, PET
from tests.test_embedded import erase
from traceability import composing
from traceability.identifiers import lot_uri, new_token

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 3.0


@pytest.fixture
async def settings(tmp_path: Path) -> AsyncIterator[Settings]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    yield read_settings(
        {"JUNKAN_DATA_DIR": str(tmp_path / "data"), "JUNKAN_PORT": str(port), "JUNKAN_DRAIN_SECONDS": str(PATIENCE)}
    )
    erase(tmp_path / "data")


def served(settings: Settings) -> "subprocess.Popen[str]":
    """`junkan serve` as a process of its own, listening."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("JUNKAN_")},
        "JUNKAN_DATA_DIR": str(settings.data_dir), "JUNKAN_PORT": str(settings.port),
        "JUNKAN_DRAIN_SECONDS": str(settings.drain_seconds),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve"], env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert "Junkan at" in process.stdout.readline()
    return process


async def answers(client: httpx.AsyncClient, path: str, status: int, within: float = 20) -> None:
    """The path answers with this status before the time is over."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            if (await client.get(path)).status_code == status:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.05)
    pytest.fail(f"{path} never answered {status}")


async def test_the_balancer_hears_first_then_who_was_asked_is_answered_then_the_database_ends(
    settings: Settings,
) -> None:
    process = await asyncio.to_thread(served, settings)
    try:
        urls = urls_of(settings, (await start(settings.data_dir)).owner_url)
        async with connect(urls) as database, database.begin(None, Scope.AUTHENTICATION) as session:
            firm = await register_organisation(
                session, uri=lot_uri(BASE, new_token()), name="Drained", country="JP", roles=["recycler"], moment=now()
            )
            key = await issue_key(session, organisation_id=firm.id, name="x", roles=["capture"], moment=now())
        headers = {"Authorization": f"Bearer {key}"}
        event = composing.opening(
            composing.At(now(), "https://example.org/id/place", ZoneInfo("Asia/Tokyo")),
            composing.Making(lot_uri(BASE, new_token()), 1_000, PET, "bale"),
        )
        document = composing.document([event], now())
        owner = await asyncpg.connect(urls.owner)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.port}", timeout=30) as client:
            await answers(client, "/readyz", 200)
            lock = owner.transaction()
            await lock.start()
            await owner.execute("LOCK TABLE log_head IN ACCESS EXCLUSIVE MODE")
            asked = asyncio.create_task(client.post("/epcis/capture", content=document, headers=headers))
            await asyncio.sleep(0.5)  # the capture waits for the head of the log
            process.send_signal(signal.SIGTERM)
            await answers(client, "/readyz", 503, within=PATIENCE - 1)
            assert (await client.get("/livez")).status_code == 200, "the listener is open while the balancer looks"
            await asyncio.sleep(PATIENCE)
            assert not asked.done()
            assert process.poll() is None, "it waits for who was asked"
            with pytest.raises(httpx.TransportError):
                await client.get("/livez", headers={"Connection": "close"})
            await lock.rollback()
            answer = await asked
            assert (answer.status_code, answer.json()["success"]) == (202, True)
        await owner.close()
        assert await asyncio.to_thread(process.wait, 30) == 0
        assert not (settings.data_dir / "postgres" / "cluster" / "postmaster.pid").exists(), "the database ended"
    finally:
        process.kill()
        process.wait(10)


async def test_ctrl_c_and_a_second_signal_do_not_wait_for_any_balancer(settings: Settings) -> None:
    for signals in ([signal.SIGINT], [signal.SIGTERM, signal.SIGTERM]):
        process = await asyncio.to_thread(served, settings.model_copy(update={"drain_seconds": 60.0}))
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.port}") as client:
                await answers(client, "/readyz", 200)
                for name in signals:
                    process.send_signal(name)
                    await asyncio.sleep(0.3)
            assert await asyncio.to_thread(process.wait, 20) == 0
        finally:
            process.kill()
            process.wait(10)
