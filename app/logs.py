"""Logs: one line an event on standard error, in UTC; a fault shows lines of code and never what values they held."""

import logging
import sys
from typing import Any

import structlog


def set_up(level: str) -> None:
    """Text for a terminal, JSON for whatever collects lines. Values of variables (passwords, keys) stay out."""
    # The client would write every address that we send to, and an address of a webhook may hold its secret.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    terminal = sys.stderr.isatty()
    shown: list[Any] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if terminal
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
