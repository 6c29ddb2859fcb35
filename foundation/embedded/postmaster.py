"""Postmaster: is a server of this cluster alive, where does it listen, and how is it ended or forgotten."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from foundation.embedded.cluster import Cluster, environment
from foundation.errors import Unavailable

FAST, IMMEDIATE = 30.0, 10.0  # seconds that a server gets to end tidily, then at once
LONGEST_LOG: Final = 10_000_000  # bytes; then it is put aside once
PROCESSES: Final = Path("/proc")


@dataclass(frozen=True)
class Postmaster:
    """A living server, as its lock file tells (PostgreSQL's pidfile.h)."""

    pid: int
    port: int
    status: str  # "starting", "ready", "stopping", "standby", or "" when it has not said yet


def find(cluster: Cluster) -> Postmaster | None:
    """The living server of this cluster. A lock file alone proves nothing: its process may be long gone, or another."""
    try:
        lines = (cluster.path / "postmaster.pid").read_text("utf-8", "replace").splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    if not _serves(pid, cluster.path):
        return None
    port = int(lines[3]) if len(lines) > 3 and lines[3].isdecimal() else 0
    return Postmaster(pid, port, lines[7].strip() if len(lines) > 7 else "")


def _serves(pid: int, path: Path) -> bool:
    """Is this process a postgres of that folder? A zombie has no command line, so it is not."""
    if pid <= 0:
        return False
    if PROCESSES.is_dir():
        try:
            words = (PROCESSES / str(pid) / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return b"-D" in words and os.fsencode(path) in words
    answer = subprocess.run(  # noqa: S603 - Apple's ps; no shell
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return f"-D {path} " in answer.stdout


def _gone(pid: int, path: Path) -> bool:
    """Has this server ended altogether? One that is on its way out has lost its command line, and still runs."""
    if _serves(pid, path):
        return False
    try:
        line = (PROCESSES / str(pid) / "stat").read_text("utf-8", "replace")
        words = (PROCESSES / str(pid) / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return bool(words) or line.rpartition(")")[2].split()[0] in "ZX"  # another process by now, or dead


def crashed(cluster: Cluster) -> bool:
    """Did the server of this cluster die, rather than end? A server that ends removes its lock file."""
    return (cluster.path / "postmaster.pid").exists() and find(cluster) is None


def forget_dead(cluster: Cluster) -> None:
    """Make PostgreSQL see that the process in its lock file is dead. Call only when `find` says None.

    PostgreSQL takes a zombie, or a stranger who got the number after a restart of the container, for its server and
    refuses to start, perhaps for ever. It does ignore its own parent's number, and that is us; the other lines stay,
    so that its second check (does any backend still use the shared memory?) keeps its meaning.
    """
    lock = cluster.path / "postmaster.pid"
    try:
        lines = lock.read_text("utf-8", "surrogateescape").splitlines()
    except FileNotFoundError:
        return
    draft = cluster.path / "postmaster.pid.forgotten"
    draft.touch(0o600)
    draft.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n", "utf-8", "surrogateescape")
    cluster.account.own(draft)
    draft.replace(lock)


def launch(cluster: Cluster, port: int) -> "subprocess.Popen[bytes]":
    """Start the server as a child in a session of its own, so that a Ctrl-C in our terminal does not reach it."""
    if cluster.log.exists() and cluster.log.stat().st_size > LONGEST_LOG:
        cluster.log.replace(cluster.log.with_name("log.before"))
    with os.fdopen(os.open(cluster.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own program, no shell
            cluster.command(port),
            cwd="/",
            env=environment(),
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **cluster.account.for_subprocess(),
        )


def end(cluster: Cluster, child: "subprocess.Popen[bytes] | None" = None) -> bool:
    """End the server of this cluster: open transactions roll back, everything committed is on disk.

    Returns whether there was one. `child` is reaped when it is ours. Raises Unavailable when it does not end.
    """
    server = find(cluster)
    if server is None:
        _reap(child)
        return False
    for how, patience in ((signal.SIGINT, FAST), (signal.SIGQUIT, IMMEDIATE)):
        try:
            os.kill(server.pid, how)
        except ProcessLookupError:
            _reap(child)
            return True
        except PermissionError:
            raise Unavailable(f"the database server {server.pid} belongs to another user", pid=server.pid) from None
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            _reap(child)
            if _gone(server.pid, cluster.path):
                return True
            time.sleep(0.01)
    raise Unavailable(f"the database server {server.pid} does not end", pid=server.pid)


def discard(child: "subprocess.Popen[bytes]") -> None:
    """End a child that never became ready."""
    child.send_signal(signal.SIGINT)
    try:
        child.wait(IMMEDIATE)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGQUIT)
        child.wait(IMMEDIATE)


def _reap(child: "subprocess.Popen[bytes] | None") -> None:
    if child is not None:
        child.poll()
