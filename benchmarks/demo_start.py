"""How long a newcomer waits: first and second start of the demo until the server answers."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: str, port: int) -> tuple[float, subprocess.Popen[bytes]]:
    """Seconds until /readyz answers, and the process."""
    environment = {**os.environ, "JUNKAN_DATA_DIR": f"{folder}/data", "JUNKAN_PORT": str(port)}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "demo"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and time.perf_counter() - began < 300:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return time.perf_counter() - began, process
    raise RuntimeError("the demo did not start")


async def run() -> list[str]:
    """The goal: the second start answers within 5 s."""
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for name in ("first start (makes the world)", "second start"):
            seconds, process = await asyncio.to_thread(start, folder, free_port())
            lines.append(f"{name}: {seconds:.1f} s")
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    return lines
