"""Lock: one process at a time, freed by the kernel when its holder dies, however it dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from foundation.errors import Unavailable

STEP: Final = 0.02  # seconds between two attempts


def take(path: Path) -> int | None:
    """Take the lock of this file, made when it is not there; None when another process or task holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def release(descriptor: int | None) -> None:
    """Give the lock back; the file stays, since removing it would let two holders in."""
    if descriptor is not None:
        os.close(descriptor)


@contextmanager
def locked(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock; wait for it at most `patience` seconds, then raise Unavailable."""
    deadline = time.monotonic() + patience
    while (descriptor := take(path)) is None:
        if time.monotonic() > deadline:
            raise Unavailable(f"another process has held {path} for {patience:.0f} seconds", fix="end it and try again")
        time.sleep(STEP)
    try:
        yield
    finally:
        release(descriptor)
