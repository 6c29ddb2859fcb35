"""Embedded: a PostgreSQL of our own for whoever has none, and the one door through which URLs are had."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from foundation.database import APP, WRITER, Urls, urls_for_roles
from foundation.embedded.databases import create_database, drop_database, url_of
from foundation.embedded.server import Server, erase, keep, start, stop, stop_in
from foundation.settings import Settings, data_home, role_password, secret

__all__ = [
    "Server",
    "create_database",
    "drop_database",
    "erase",
    "keep",
    "postgres",
    "start",
    "stop",
    "stop_in",
    "url_of",
    "urls_of",
]


def urls_of(settings: Settings, owner_url: str) -> Urls:
    """One URL per role; the runtime roles' passwords follow from the installation's secret."""
    key = secret(settings)
    return urls_for_roles(owner_url, role_password(key, APP), role_password(key, WRITER))


@asynccontextmanager
async def postgres(settings: Settings) -> AsyncIterator[Urls]:
    """The URLs of the database: JUNKAN_DATABASE_URL's, or those of our own server, ended after the block if we keep it.

    SIGTERM inside the block cancels the task, so that the end is tidy. Raises Unavailable.
    """
    if settings.database_url:
        yield urls_of(settings, settings.database_url.get_secret_value())
        return
    with _sigterm_cancels():
        server = await start(data_home(settings))
        keeping = asyncio.create_task(keep(server))
        try:
            yield urls_of(settings, server.owner_url)
        finally:
            keeping.cancel()
            await asyncio.shield(asyncio.to_thread(stop, server))


@contextmanager
def _sigterm_cancels() -> Iterator[None]:
    task, untouched = asyncio.current_task(), signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if task is None or not untouched or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
