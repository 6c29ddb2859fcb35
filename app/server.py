"""The server: one application made from an open process; nothing is read at import."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import structlog
from litestar import Litestar, Request, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import NamedDependency as Given
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler, Message, Scope
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app import accounts, health, problems
from app.guard import guard
from app.pages.rendering import Renderer, refused_page
from app.process import Process
from app.routes import ROUTES
from foundation import database
from foundation.access import PUBLIC, Actor
from foundation.errors import Refusal
from foundation.settings import Settings, public_base
from standards.catalogue import Catalogue
from traceability.capture import Door
from traceability.events import EventInvalid
from traceability.log import publish
from traceability.sequencing.sequencer import Sequencer
from traceability.tree.checkpoint import Verifier

LOG: Final = structlog.get_logger("server")
STATIC: Final = Path(__file__).parent / "static"
LARGEST_BODY: Final = 1_000_000
CHECKPOINT_EVERY: Final = 2.0  # seconds, while anything is new
POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'"
)

AnyRequest = Request[Any, Any, Any]


def _process(state: State) -> Process:
    process: Process = state.process
    return process


def _door(state: State) -> Door:
    door: Door = state.door
    return door


async def _actor(request: AnyRequest) -> Actor | None:
    actor: Actor | None = request.state.actor
    return actor


async def _transaction(request: AnyRequest, process: Given[Process]) -> AsyncIterator[AsyncSession]:
    """One request, one transaction, as the actor's organisation; committed before the answer leaves."""
    actor: Actor | None = request.state.actor
    async with process.database.begin(actor.organisation_id if actor else None) as session:
        yield session


async def _record(request: AnyRequest, process: Given[Process]) -> AsyncIterator[AsyncSession]:
    """The same with the record scope: for passports, proofs and regulators, who are told field by field."""
    actor: Actor | None = request.state.actor
    number = actor.organisation_id if actor else None
    async with process.database.begin(number, database.Scope.RECORD) as session:
        yield session


def _of_process(name: str) -> Provide:
    def value(process: Given[Process]) -> Any:
        return getattr(process, name)

    return Provide(value, sync_to_thread=False)


def _dependencies() -> dict[str, Provide]:
    return {
        "process": Provide(_process, sync_to_thread=False),
        "actor": Provide(_actor),
        "transaction": Provide(_transaction),
        "record": Provide(_record),
        "settings": _of_process("settings"),
        "sequencer": _of_process("sequencer"),
        "catalogue": _of_process("catalogue"),
        "clock": _of_process("clock"),
        "verifiers": _of_process("verifiers"),
        "door": Provide(_door, sync_to_thread=False),
    }


def _wants_page(request: AnyRequest) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.headers.get("authorization")


def _refused(request: AnyRequest, refusal: Refusal) -> Any:
    LOG.info("refused", code=refusal.code, path=request.url.path, status=refusal.status)
    return refused_page(request, refusal) if _wants_page(request) else problems.of_refusal(request, refusal)


def _http(request: AnyRequest, fault: HTTPException) -> Any:
    if not _wants_page(request):
        return problems.of_http(request, fault)
    refusal = Refusal(fault.detail)
    refusal.status, refusal.code = fault.status_code, "NOT_FOUND" if fault.status_code == 404 else "REFUSED"  # type: ignore[misc]
    return refused_page(request, refusal)


async def _publishing(process: Process) -> None:
    """Sign a checkpoint whenever the log has grown."""
    while True:
        try:
            await publish(process.database.writer, process.keys.active, process.origin, process.clock)
        except Exception:
            LOG.exception("no checkpoint")
        await asyncio.sleep(CHECKPOINT_EVERY)


def _lifespan(process: Process) -> Callable[[Litestar], Any]:
    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        task = asyncio.create_task(_publishing(process))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    return lifespan


def _before_send(https: bool, answered: Counter[int]) -> Callable[[Message, Scope], Any]:
    """Security headers on every answer, whoever made it."""
    fixed = {
        b"content-security-policy": POLICY.encode(), b"x-content-type-options": b"nosniff",
        b"referrer-policy": b"strict-origin-when-cross-origin", b"cross-origin-opener-policy": b"same-origin",
        **({b"strict-transport-security": b"max-age=31536000; includeSubDomains"} if https else {}),
    }  # fmt: skip

    async def add(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        present = {name for name, _ in message["headers"]}
        headers = [*message["headers"], *((name, value) for name, value in fixed.items() if name not in present)]
        message["headers"] = headers
        answered[message["status"]] += 1

    return add


def create_app(process: Process, routes: Sequence[ControllerRouterHandler] = ROUTES) -> Litestar:
    """The application over an open process."""
    public = public_base(process.settings)
    https, answered = public.startswith("https://"), Counter[int]()
    state = State(
        {
            "process": process, "process_public": public, "https": https, "answered": answered,
            "renderer": Renderer.of(process.settings),
            "door": Door(process.database, process.sequencer, process.clock),
        }
    )  # fmt: skip
    static = create_static_files_router(
        "/static", [STATIC], opt={"access": PUBLIC}, cache_control=None, include_in_schema=False
    )
    return Litestar(
        route_handlers=[*routes, *accounts.ROUTES, *health.ROUTES, static],
        guards=[guard],
        dependencies=_dependencies(),
        state=state,
        lifespan=[_lifespan(process)],
        exception_handlers={
            Refusal: _refused, EventInvalid: problems.of_event, ValidationError: problems.of_validation,
            HTTPException: _http, Exception: problems.of_fault,
        },
        before_send=[_before_send(https, answered)],
        compression_config=CompressionConfig(backend="gzip", gzip_compress_level=6, minimum_size=600),
        request_max_body_size=LARGEST_BODY,
        signature_types=[Actor, AsyncSession, Catalogue, Door, Process, Sequencer, Settings, Verifier, datetime],
        openapi_config=OpenAPIConfig(
            title="Junkan", version=version("junkan"), path="/schema",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            openapi_router=Router("/schema", route_handlers=[], opt={"access": PUBLIC}),
        ),
        debug=False,
    )  # fmt: skip
