"""Server: PostgreSQL that is there when it is needed: started, joined when it already runs, ended by its keeper."""

import asyncio
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg

from foundation.embedded.cluster import DATABASE, Cluster, existing, free_port, prepare, tail
from foundation.embedded.databases import create_database
from foundation.embedded.lock import locked, release, take
from foundation.embedded.postmaster import discard, end, find, forget_dead, launch
from foundation.errors import Unavailable

LOCK_FILE: Final = "postgres.lock"
LOCK_PATIENCE: Final = 60.0  # seconds that a start or stop waits for another one
START_PATIENCE: Final = 15.0  # seconds of new attempts when an old server is not quite gone
READY_PATIENCE: Final = 300.0  # seconds that a living server may take to recover after a crash
STEP: Final = 0.01  # seconds between two looks
# What PostgreSQL says when another attempt a moment later may succeed.
PASSING: Final = ("could not bind", "postmaster.pid", "pre-existing shared memory block")


@dataclass
class Server:
    """A running server. `owner_url` is for migrations and tests; requests connect as the runtime roles."""

    data_dir: Path
    cluster: Cluster
    port: int
    owner_url: str = field(repr=False)
    child: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    keeper: int | None = field(default=None, repr=False)  # the lock of the one process that ends the server

    @property
    def kept_here(self) -> bool:
        """Did this process start the server, or take it over from one that was killed?"""
        return self.keeper is not None


async def start(data_dir: Path) -> Server:
    """The server of an existing data directory, ready for connections: made, started or joined.

    A server whose keeper was killed is taken over. Raises Unavailable with the end of PostgreSQL's log.
    """
    lock = await _lock(data_dir / LOCK_FILE)
    keeper = None
    try:
        cluster = prepare(data_dir)
        keeper = take(cluster.home / "keeper")
        port, child = await _join(cluster) or await _launch(cluster, keeper)
    except BaseException:
        release(keeper)
        raise
    finally:
        release(lock)
    return Server(data_dir, cluster, port, cluster.dsn(port), child, keeper)


def stop(server: Server) -> None:
    """End the server if this process keeps it; a guest only leaves. May be called twice."""
    keeper, server.keeper = server.keeper, None
    if keeper is None:
        return
    try:
        with locked(server.data_dir / LOCK_FILE, LOCK_PATIENCE):
            end(server.cluster, server.child)
    finally:
        release(keeper)


def stop_in(data_dir: Path) -> bool:
    """End whatever server runs in this data directory, whoever keeps it. Returns whether there was one."""
    if not data_dir.is_dir():
        return False
    with locked(data_dir / LOCK_FILE, LOCK_PATIENCE):
        cluster = existing(data_dir)
        return cluster is not None and end(cluster)


async def _lock(path: Path) -> int:
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            descriptor = take(path)
        except OSError as fault:
            raise Unavailable(
                f"the data directory {path.parent} cannot be used: {fault.strerror}",
                field="JUNKAN_DATA_DIR",
                fix="set JUNKAN_DATA_DIR to a folder that you may write to",
            ) from fault
        if descriptor is not None:
            return descriptor
        if time.monotonic() > deadline:
            raise Unavailable(f"another process has been starting or stopping the database in {path.parent} for long")
        await asyncio.sleep(STEP)


async def _join(cluster: Cluster) -> tuple[int, None] | None:
    """The port of a server that already runs; None when none does, or when it has just ended."""
    port = await _ready(cluster, None) if find(cluster) else None
    return None if port is None else (port, None)


async def _launch(cluster: Cluster, keeper: int | None) -> "tuple[int, subprocess.Popen[bytes]]":
    if keeper is None:
        raise Unavailable(
            f"another process keeps the database in {cluster.home}, and its server cannot be seen from here",
            fix="end that process (it may be in another container), then start again",
        )
    deadline = time.monotonic() + START_PATIENCE
    while True:
        forget_dead(cluster)
        before = cluster.log.stat().st_size if cluster.log.exists() else 0
        try:
            child = launch(cluster, free_port(cluster))
        except OSError as fault:
            raise Unavailable(f"PostgreSQL cannot be run as account {cluster.account.uid}: {fault}") from fault
        try:
            port = await _ready(cluster, child)
        except BaseException:
            discard(child)
            raise
        if port is not None:
            return port, child
        with cluster.log.open("rb") as log:
            log.seek(before if before <= cluster.log.stat().st_size else 0)
            said = tail(log.read().decode("utf-8", "replace"))
        if time.monotonic() > deadline or not any(words in said for words in PASSING):
            raise Unavailable(
                f"PostgreSQL does not start in {cluster.home} (it ended with {child.returncode}): {said}",
                fix=f"read {cluster.log}, or set JUNKAN_DATABASE_URL to another server",
            )
        await asyncio.sleep(0.2)


async def _ready(cluster: Cluster, child: "subprocess.Popen[bytes] | None") -> int | None:
    """The server's port as soon as a connection succeeds; None when the server has ended."""
    deadline = time.monotonic() + READY_PATIENCE
    while time.monotonic() < deadline:
        running = find(cluster)
        if child.poll() is not None if child else running is None:
            return None
        # Only the port that the living server itself has written: never a password to a stranger who took the port.
        if running and running.status == "ready" and await _answers(cluster, running.port):
            return running.port
        await asyncio.sleep(STEP)
    raise Unavailable(
        f"PostgreSQL in {cluster.home} was not ready after {READY_PATIENCE:.0f} seconds", fix=f"read {cluster.log}"
    )


async def _answers(cluster: Cluster, port: int) -> bool:
    url = cluster.dsn(port)
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except asyncpg.InvalidCatalogNameError:
        await create_database(url, DATABASE)  # the first start
        return True
    except asyncpg.TooManyConnectionsError:
        return True
    except asyncpg.InvalidAuthorizationSpecificationError as fault:
        raise Unavailable(f"the database refuses the password in {cluster.password_file}: {fault}") from fault
    except (asyncpg.CannotConnectNowError, asyncpg.InterfaceError, OSError, TimeoutError):
        return False
    await connection.close()
    return True
