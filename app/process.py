"""The process: everything that a server or a command holds while it runs, opened in order and closed in order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date

from app.migrate import migrate
from foundation.database import Clock, Database, Urls, check_promises, connect, now
from foundation.embedded import postgres
from foundation.keys import KeyRing, load_keys
from foundation.settings import Settings, data_home
from standards.catalogue import Catalogue, load
from traceability.controls import controls_of
from traceability.sequencing.sequencer import Sequencer
from traceability.tree.checkpoint import Verifier


@dataclass(frozen=True)
class Process:
    """What is open: one value, made from settings, passed down."""

    settings: Settings
    urls: Urls
    database: Database
    sequencer: Sequencer
    catalogue: Catalogue
    keys: KeyRing
    origin: str
    clock: Clock

    @property
    def verifiers(self) -> tuple[Verifier, ...]:
        """Every key that may have signed a checkpoint of this log."""
        return tuple(Verifier(self.origin, key) for key in self.keys.public)


def keys_of(settings: Settings) -> KeyRing:
    """The log's keys: JUNKAN_SIGNING_KEY, else a file of our own in the data directory."""
    given = settings.signing_key.get_secret_value() if settings.signing_key else None
    return load_keys(given, data_home(settings))


def origin_of(keys: KeyRing) -> str:
    """The log's name: its first key's, so that it stays when the address or the key changes."""
    return f"junkan.log/{keys.public[-1].id}"


@asynccontextmanager
async def opened(settings: Settings, urls: Urls, clock: Clock = now) -> AsyncIterator[Process]:
    """Open a migrated database for one process. Raises UnsafeDatabase where it would not keep our promises."""
    catalogue = load()
    keys = keys_of(settings)
    async with connect(urls) as database:
        await check_promises(database)
        async with Sequencer(database.writer, controls_of(catalogue), clock).running() as sequencer:
            yield Process(settings, urls, database, sequencer, catalogue, keys, origin_of(keys), clock)


@asynccontextmanager
async def running(settings: Settings, clock: Clock = now, since: date | None = None) -> AsyncIterator[Process]:
    """Start or join PostgreSQL, migrate, open: what every command that needs the record stands on."""
    async with postgres(settings) as urls:
        await migrate(urls, now().date(), since)
        async with opened(settings, urls, clock) as process:
            yield process
