"""The process: everything that a server or a command holds while it runs, opened in order and closed in order."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.migrate import migrate
from foundation.database import Clock, Database, Urls, check_promises, connect, now
from foundation.embedded import postgres
from foundation.errors import Invalid
from foundation.keys import KeyRing, derived, load_keys
from foundation.settings import Settings, archive_home, data_home
from standards.catalogue import Catalogue, load
from traceability.controls import controls_of
from traceability.sequencing.sequencer import Sequencer
from traceability.tree.checkpoint import BadNote, Verifier, parse_vkey
from traceability.witness.collecting import Asked, parse_asked
from traceability.witness.serving import Watch, watch_of

SELDOM: Final = (20_000, 20, 50)  # objects made before the young, then generations before the older are looked through


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
    watch: Watch
    witnesses: tuple[Asked, ...] = ()

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


def watch(settings: Settings, keys: KeyRing) -> Watch:
    """Us as a witness of the logs in JUNKAN_WITNESSED_LOGS (verifier keys behind commas). Raises Invalid."""
    key = derived(keys.active, "witness")
    try:
        logs = tuple(parse_vkey(each) for each in settings.witnessed_logs.split(",") if each.strip())
    except BadNote as bad:
        raise Invalid(f"JUNKAN_WITNESSED_LOGS: {bad}", field="JUNKAN_WITNESSED_LOGS") from bad
    return watch_of(f"junkan.witness/{key.id}", key, logs)


def witnesses(settings: Settings) -> tuple[Asked, ...]:
    """Who cosigns our log: JUNKAN_WITNESSES, each a verifier key, a space and an address. Raises Invalid."""
    try:
        return parse_asked(settings.witnesses)
    except BadNote as bad:
        raise Invalid(f"JUNKAN_WITNESSES: {bad}", field="JUNKAN_WITNESSES") from bad


@asynccontextmanager
async def opened(settings: Settings, urls: Urls, clock: Clock = now) -> AsyncIterator[Process]:
    """Open a migrated database for one process. Raises UnsafeDatabase where it would not keep our promises."""
    catalogue = load()
    keys = keys_of(settings)
    async with connect(urls, archive=archive_home(settings)) as database:
        await check_promises(database)
        async with Sequencer(database.writer, controls_of(catalogue), clock).running() as sequencer:
            _keep_what_stays()
            yield Process(
                settings, urls, database, sequencer, catalogue, keys, origin_of(keys), clock,
                watch(settings, keys), witnesses(settings),
            )  # fmt: skip


def _keep_what_stays() -> None:
    """What is loaded by now stays for the process's life: looking through it for circles would cost a sixth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)


@asynccontextmanager
async def running(settings: Settings, clock: Clock = now, since: date | None = None) -> AsyncIterator[Process]:
    """Start or join PostgreSQL, migrate, open: what every command that needs the record stands on."""
    async with postgres(settings) as urls:
        await migrate(urls, now().date(), since)
        async with opened(settings, urls, clock) as process:
            yield process
