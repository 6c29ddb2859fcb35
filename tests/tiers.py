"""Tiers: how often the fault programmes repeat and from which seed; `make nightly` asks for the large numbers."""

import os
import secrets

NIGHTLY = os.environ.get("JUNKAN_TIER") == "N"
# What lands is judged by the same draws each time, so that red means changed; a night draws afresh.
# Set once by whoever starts pytest; its workers and the processes that tests start inherit it.
SEED = int(os.environ.setdefault("JUNKAN_SEED", str(secrets.randbelow(2**32)) if NIGHTLY else "20260401"))
SCALE = float(os.environ.get("JUNKAN_SCALE", "1"))


def times(of_a_change: int, of_a_night: int) -> int:
    """How often to try: before every change lands, or in a night (`JUNKAN_SCALE` takes a part of the night's)."""
    return max(of_a_change, round(of_a_night * SCALE)) if NIGHTLY else of_a_change


def told(*words: object) -> None:
    """Say what was tried: seen with `pytest -s`, or where the test fails."""
    print(*words)  # noqa: T201
