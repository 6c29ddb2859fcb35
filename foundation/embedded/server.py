"""Server: PostgreSQL that is there when it is needed: started, joined when it already runs, ended by its keeper."""

import asyncio
import logging
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Never

import asyncpg

from foundation.embedded.account import find_home
from foundation.embedded.cluster import DATABASE, NEEDS, Cluster, existing, free_port, prepare, tail
from foundation.embedded.lock import locked, release, take
from foundation.embedded.postmaster import crashed, discard, end, find, forget_dead, launch
from foundation.errors import Unavailable

LOCK_FILE: Final = "postgres.lock"
LOCK_PATIENCE: Final = 60.0  # seconds that a start or stop waits for another one
START_PATIENCE: Final = 15.0  # seconds of new attempts when an old server is not quite gone
READY_PATIENCE: Final = 300.0  # seconds that a living server may take to recover after a crash
STEP: Final = 0.01  # seconds between two looks at a server that starts
LOOK: Final = 0.2  # seconds between two looks at a server that runs
# What PostgreSQL says when another attempt a moment later may succeed.
PASSING: Final = ("could not bind", "postmaster.pid", "pre-existing shared memory block")

log = logging.getLogger(__name__)


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
    deadline = time.monotonic() + START_PATIENCE
    while True:
        async with _lock(data_dir):
            cluster = prepare(data_dir)
            keeper = take(cluster.home / "keeper")
            try:
                if found := await _join(cluster) or (await _launch(cluster) if keeper is not None else None):
                    return Server(data_dir, cluster, found[0], cluster.dsn(found[0]), found[1], keeper)
            except BaseException:
                release(keeper)
                raise
        if time.monotonic() > deadline:
            raise Unavailable(
                f"another process keeps the database in {cluster.home}, but no server can be seen from here",
                fix="end that process (it may be in another container), then start again",
            )
        await asyncio.sleep(LOOK)  # its keeper may be about to start it again


async def keep(server: Server) -> Never:
    """Start the server again whenever it dies (killed, out of memory); runs until it is cancelled.

    The URLs stay true: the port is the one before, unless a stranger took it in the meantime.
    """
    while True:
        await asyncio.sleep(LOOK)
        if server.keeper is None or not crashed(server.cluster):
            continue
        log.warning("the database server died; it is started again")
        try:
            async with _lock(server.data_dir):
                if server.child:
                    server.child.poll()
                server.port, server.child = await _join(server.cluster) or await _launch(server.cluster)
        except Unavailable as refusal:
            log.error("the database server cannot be started again: %s", refusal.sentence)  # noqa: TRY400 - told
            await asyncio.sleep(START_PATIENCE)


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
    if existing(data_dir) is None:
        return False
    with locked(data_dir / LOCK_FILE, LOCK_PATIENCE):
        cluster = existing(data_dir)
        return cluster is not None and end(cluster)


def erase(data_dir: Path) -> None:
    """End the server and remove its files for ever, also those that are kept under /var/lib. For tests and demos."""
    stop_in(data_dir)
    link, home = data_dir / "postgres", find_home(data_dir)
    if home is not None:
        shutil.rmtree(home)
    link.unlink(missing_ok=True)


@asynccontextmanager
async def _lock(data_dir: Path) -> AsyncIterator[None]:
    """One start or stop at a time; what the system refuses inside becomes a refusal that names the directory."""
    deadline = time.monotonic() + LOCK_PATIENCE
    try:
        while (descriptor := take(data_dir / LOCK_FILE)) is None:
            if time.monotonic() > deadline:
                raise Unavailable(f"another process has been starting or ending the database in {data_dir} for long")
            await asyncio.sleep(STEP)
        try:
            yield
        finally:
            release(descriptor)
    except OSError as fault:
        raise Unavailable(
            f"the database in {data_dir} cannot be used: {fault}",
            field="JUNKAN_DATA_DIR",
            fix=NEEDS,
        ) from fault


async def _join(cluster: Cluster) -> tuple[int, None] | None:
    """The port of a server that already runs; None when none does, or when it has just ended."""
    port = await _ready(cluster, None) if find(cluster) else None
    return None if port is None else (port, None)


async def _launch(cluster: Cluster) -> "tuple[int, subprocess.Popen[bytes]]":
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
    # Without TLS, asyncpg does not look for certificates in a home that we may not be allowed to read.
    try:
        connection = await asyncpg.connect(cluster.dsn(port), timeout=5, ssl=False)
    except asyncpg.InvalidCatalogNameError:
        await _first_database(cluster, port)
    except asyncpg.TooManyConnectionsError:
        pass  # it serves others
    except asyncpg.InvalidAuthorizationSpecificationError as fault:
        raise Unavailable(f"the database refuses the password in {cluster.password_file}: {fault}") from fault
    except (asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError, ConnectionError, TimeoutError):
        return False
    else:
        await connection.close()
    return True


async def _first_database(cluster: Cluster, port: int) -> None:
    connection = await asyncpg.connect(cluster.dsn(port, "postgres"), timeout=5, ssl=False)
    try:
        await connection.execute(f"CREATE DATABASE {DATABASE}")
    except asyncpg.PostgresError as fault:
        raise Unavailable(f"the database {DATABASE} cannot be made: {fault}", field="JUNKAN_DATA_DIR") from fault
    finally:
        await connection.close()
