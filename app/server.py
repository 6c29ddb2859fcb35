"""The server: one application made from an open process; nothing is read at import."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

import structlog
from litestar import Litestar, Request, Response, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import HTTPRoute
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app import accounts, health, idempotence, logs, openapi, problems
from app.dependencies import SEATS, dependencies
from app.guard import guard
from app.headers import STATIC, adding, request_id, static_digest
from app.pages.rendering import Renderer, refused_page, show
from app.process import Process
from app.routes import ROUTES
from app.standing import standing
from foundation.access import PUBLIC, UNASKED, Access, Actor
from foundation.database import Database
from foundation.errors import Refusal, Unauthenticated
from foundation.settings import Settings, public_base
from standards.catalogue import Catalogue
from traceability.capture import Door
from traceability.events import EventInvalid
from traceability.sequencing.sequencer import Sequencer
from traceability.tree.checkpoint import Verifier
from traceability.witness.serving import Watch

LOG: Final = structlog.get_logger("server")
LARGEST_BODY: Final = 1_000_000
DOORKEEPERS: Final = 4  # passwords looked at at the same time: each costs memory and a thread
AnyRequest = Request[Any, Any, Any]


def _wants_page(request: AnyRequest) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.headers.get("authorization")


def _refused(request: AnyRequest, refusal: Refusal) -> Response[Any]:
    """A page for a reader, a problem for a machine; who is not signed in gets the form to do so."""
    log = LOG.warning if refusal.status in {401, 403} else LOG.info
    log("refused", request=request_id(request.scope), code=refusal.code, path=request.url.path, status=refusal.status)
    request.app.state.refused[refusal.code] += 1
    if not _wants_page(request):
        return problems.of_refusal(request, refusal)
    if isinstance(refusal, Unauthenticated) and request.method == "GET":
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return show(request, "sign_in.html", status=refusal.status, email="", onward=here)
    return refused_page(request, refusal)


def _http(request: AnyRequest, fault: HTTPException) -> Response[Any]:
    if fault.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _fault(request, fault)
    if not _wants_page(request):
        request.app.state.refused[problems.code_of(fault.status_code)] += 1
        return problems.of_http(request, fault)
    refusal = Refusal(HTTPStatus(fault.status_code).phrase)
    refusal.status, refusal.code = fault.status_code, problems.code_of(fault.status_code)  # type: ignore[misc]
    return _refused(request, refusal)


def _fault(request: AnyRequest, fault: Exception) -> Response[Any]:
    while isinstance(fault, ExceptionGroup):  # a commit that failed, among the other ends of the request
        fault = fault.exceptions[0]
    if isinstance(fault, Refusal):
        return _refused(request, fault)
    return _refused(request, problems.refusal_of_fault(request, fault))


def _lifespan(process: Process) -> Callable[[Litestar], Any]:
    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        task = asyncio.create_task(standing(process))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    return lifespan


def _state(process: Process, renderer: Renderer, public: str) -> State:
    """What handlers and hooks find in `app.state`."""
    return State(
        {
            "process": process, "process_public": public, "https": public.startswith("https://"),
            "renderer": renderer, "door": Door(process.database, process.sequencer, process.clock),
            "seats": asyncio.Semaphore(SEATS), "doorkeepers": asyncio.Semaphore(DOORKEEPERS),
            "answered": Counter(), "refused": Counter(), "draining": False,
        }
    )  # fmt: skip


def _check_rules(app: Litestar) -> Litestar:
    """Deny by default: an application with a route that carries no rule does not start."""
    bare = [
        route.path
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if not isinstance(handler.opt.get("access"), Access) and handler.http_methods != {"OPTIONS"}
    ]
    if bare:
        raise RuntimeError(f"routes without an access rule: {', '.join(bare)}")
    return app


def create_app(process: Process, routes: Sequence[ControllerRouterHandler] = ROUTES) -> Litestar:
    """The application over an open process; sets the logs up. RuntimeError where a route carries no access rule."""
    logs.set_up(process.settings.log_level)
    public, digest, renderer = public_base(process.settings), static_digest(), Renderer.of(process.settings)
    state = _state(process, replace(renderer, site={**renderer.site, "version": digest}), public)
    static = create_static_files_router(
        "/static", [STATIC], opt={"access": UNASKED}, cache_control=None, include_in_schema=False
    )
    app = Litestar(
        route_handlers=[*routes, *accounts.ROUTES, *health.ROUTES, *openapi.ROUTES, static],
        guards=[guard],
        dependencies=dependencies(),
        state=state,
        lifespan=[_lifespan(process)],
        exception_handlers={
            Refusal: _refused, EventInvalid: problems.of_event, ValidationError: problems.of_validation,
            idempotence.Replayed: idempotence.again, HTTPException: _http, Exception: _fault,
        },
        before_request=idempotence.before,
        after_request=idempotence.after,
        before_send=[adding(https=state.https, digest=digest, answered=state.answered)],
        compression_config=CompressionConfig(backend="gzip", gzip_compress_level=6, minimum_size=600),
        request_max_body_size=LARGEST_BODY,
        signature_types=[
            Actor, AsyncSession, Catalogue, Database, Door, Process, Sequencer, Settings, Verifier, Watch,
            datetime,
        ],
        openapi_config=OpenAPIConfig(
            title="Junkan", version=version("junkan"), path="/schema",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            openapi_router=Router("/schema", route_handlers=[], opt={"access": PUBLIC}),
        ),
        debug=False,
    )  # fmt: skip
    return _check_rules(app)
