"""serve, demo, migrate, stop, doctor: the platform's life on one machine."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path

import click
import uvloop
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from litestar import Litestar

from app.commands.output import UNAVAILABLE, json_option, progress, say
from app.demo.world import FIRST_DAY, World, seed_world
from app.health import drain
from app.migrate import head, migrate
from app.process import Process, keys_of, opened, origin_of
from app.server import create_app
from foundation.database import now
from foundation.embedded import postgres, stop_in
from foundation.errors import Unavailable
from foundation.settings import Settings, data_home, public_base, read_settings

CREDENTIALS = "credentials.json"


async def _until_told(server: Server, app: Litestar, patience: float) -> None:
    """Serve until SIGTERM or Ctrl-C; requests under way are answered before the listener's process ends.

    After SIGTERM new requests are answered for `patience` seconds more while /readyz says no, so that a balancer has
    sent its readers elsewhere when the listener closes; a second signal ends the wait.
    """
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[signal.Signals] = asyncio.Queue()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, told.put_nowait, name)
    serving = asyncio.create_task(server.serve())
    waiting = asyncio.create_task(told.get())
    try:
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not serving.done():
            drain(app)
            if waiting.result() is signal.SIGTERM:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(told.get(), patience)
            server.stop()  # type: ignore[no-untyped-call]  # granian has no types here
        await serving
    finally:
        waiting.cancel()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)


def _server(app: Litestar, settings: Settings) -> Server:
    return Server(
        app, address=settings.host, port=settings.port, interface=Interfaces.ASGI, websockets=False,
        log_level=LogLevels.error, backlog=1024,
    )  # fmt: skip


async def _serve(settings: Settings, prepare: Callable[[Process], Awaitable[None]], since: date | None = None) -> None:
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(postgres(settings))
        await migrate(urls, now().date(), since)
        process = await stack.enter_async_context(opened(settings, urls))
        await prepare(process)
        app = create_app(process)
        await _until_told(_server(app, settings), app, settings.drain_seconds)


def _run(task: Awaitable[None]) -> None:
    async def main() -> None:
        await task

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main())
    except Unavailable as refusal:
        click.echo(f"{refusal.sentence} {refusal.fix or ''}", err=True)
        raise SystemExit(UNAVAILABLE) from refusal


@click.command()
def serve() -> None:
    """Serve pages and API; PostgreSQL is JUNKAN_DATABASE_URL's, or our own one under the data directory."""
    settings = read_settings()

    async def ready(process: Process) -> None:
        click.echo(f"Junkan at {public_base(settings)} (log {process.origin})")

    _run(_serve(settings, ready))


@click.command()
def demo() -> None:
    """A whole world to try: our own PostgreSQL, about two years of invented trade, logins and API keys."""
    settings = read_settings().model_copy(update={"demo": True})

    async def ready(process: Process) -> None:
        file = data_home(settings) / CREDENTIALS
        world = await _world(process, file)
        click.echo(world.told(public_base(settings), file))

    _run(_serve(settings, ready, FIRST_DAY))


async def _world(process: Process, file: Path) -> World:
    """The seeded world; on the second start it is there already, and its credentials are read again."""
    kept = _kept(file)
    if kept is not None:
        return kept
    with progress("demo world: acts played", None, quiet=not sys.stderr.isatty()) as bar:
        world = await seed_world(process, bar.advance)
    _keep(file, world)
    return world


def _kept(file: Path) -> World | None:
    return World.from_json(json.loads(file.read_text("utf-8"))) if file.exists() else None


def _keep(file: Path, world: World) -> None:
    """For its owner's eyes: it holds keys."""
    draft = file.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(world.to_json(), out, indent=2, ensure_ascii=False)
    draft.replace(file)


@click.command("migrate")
@json_option
def migrate_command(as_json: bool) -> None:
    """Bring the database to the schema of this version."""
    settings = read_settings()

    async def run() -> str:
        async with postgres(settings) as urls:
            return await migrate(urls, now().date())

    revision = asyncio.run(run())
    say(f"The database is at {revision}.", {"revision": revision}, as_json=as_json)


@click.command("stop")
@json_option
def stop_command(as_json: bool) -> None:
    """End our own PostgreSQL where a killed process left it running."""
    ended = stop_in(data_home(read_settings()))
    say("PostgreSQL is stopped." if ended else "No PostgreSQL of ours is running.", {"ended": ended}, as_json=as_json)


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Say what this installation stands on, and what is wrong with it."""
    settings = read_settings()

    async def run() -> dict[str, object]:
        async with postgres(settings) as urls:
            revision = await migrate(urls, now().date())
            async with opened(settings, urls) as process:
                size = await process.database.writer.fetchval("SELECT size FROM log_head")
                version = await process.database.writer.fetchval("SHOW server_version")
        return {"postgresql": version, "revision": revision, "head": head(), "log_size": size}

    facts: dict[str, object] = {
        "data_dir": str(data_home(settings)),
        "public_url": public_base(settings),
        "database": "JUNKAN_DATABASE_URL" if settings.database_url else "embedded",
        "log": origin_of(keys_of(settings)),
        **asyncio.run(run()),
    }
    say("\n".join(f"{name}: {value}" for name, value in facts.items()), facts, as_json=as_json)
