"""The guard: who asks, whether the route's rule lets them, and whether a form came from our own page."""

from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from app.process import Process
from foundation.access import Access, Actor, Unasked, actor_of_key, actor_of_session, allowed
from foundation.access.sessions import csrf_fits
from foundation.errors import Forbidden, Unauthenticated

COOKIE: Final = "junkan"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD: Final = "_csrf_token"


def cookie_name(*, https: bool) -> str:
    """A `__Host-` cookie needs TLS; plain http is for a loopback demo only."""
    return f"__Host-{COOKIE}" if https else COOKIE


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Every route carries its rule in `opt["access"]`; one that carries none is refused (deny by default)."""
    rule = handler.opt.get("access")
    if not isinstance(rule, Access):
        raise Forbidden("This route has no access rule.")
    connection.state.actor = connection.state.session_token = None
    if isinstance(rule, Unasked):
        return
    process: Process = connection.app.state.process
    actor, token = await _actor(connection, process)
    connection.state.actor, connection.state.session_token = actor, token
    if isinstance(connection, Request) and connection.method not in SAFE:
        await _same_site(connection, token)
    allowed(rule, actor)


async def _actor(connection: ASGIConnection[Any, Any, Any, Any], process: Process) -> tuple[Actor | None, str | None]:
    """The actor of a bearer key or of a session's cookie, and the session's token."""
    bearer = connection.headers.get("authorization", "")
    if bearer:
        scheme, _, key = bearer.partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Unauthenticated("Send the key as a bearer token.", fix="Authorization: Bearer <API key>")
        async with process.database.asking() as session:
            return await actor_of_key(session, key.strip(), process.clock()), None
    token = connection.cookies.get(cookie_name(https=connection.app.state.https))
    if not token:
        return None, None
    try:
        async with process.database.asking() as session:
            return await actor_of_session(session, token, process.clock()), token
    except Unauthenticated:
        return None, None


async def _same_site(request: Request[Any, Any, Any], token: str | None) -> None:
    """A browser's form comes from our own page: by what the browser says, and by the session's own token."""
    if request.headers.get("authorization"):
        return  # a key is not sent by a browser on its own
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in {None, "same-origin", "none"} or not _our_own(request, origin):
        raise Forbidden("This form came from another site.", field="origin", value=origin)
    if token is None:
        return
    given = request.headers.get("x-csrf-token")
    if given is None and "form" in request.headers.get("content-type", ""):
        given = str((await request.form()).get(FIELD, ""))
    if not given or not csrf_fits(token, given):
        raise Forbidden("This form is not of your session.", field=FIELD, fix="Open the page again and repeat.")


def _our_own(request: Request[Any, Any, Any], origin: str | None) -> bool:
    """Is this our address? A browser that hides it ("null": a sandboxed frame) is not believed."""
    public: str = request.app.state.process_public
    return origin is None or urlsplit(origin).netloc in {request.headers.get("host"), urlsplit(public).netloc}
