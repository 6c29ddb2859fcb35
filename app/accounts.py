"""Accounts: signing in and out by page, and an organisation's API keys."""

from datetime import timedelta
from typing import Any, Final

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, JSONBody
from litestar.response import Redirect
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.guard import cookie_name
from app.pages.rendering import show
from app.process import Process
from foundation.access import PUBLIC, SIGNED_IN, Actor, May, issue_key, keys_of, revoke_key, sign_in, sign_out
from foundation.access.keys import check_roles
from foundation.access.sessions import LASTS
from foundation.database import Clock, Scope


@get("/sign-in", opt={"access": PUBLIC})
async def sign_in_page(request: Request[Any, Any, Any]) -> Response[str]:
    """The form."""
    return show(request, "sign_in.html", email="", onward=_onward(request.query_params.get("next", "")))


def _onward(wanted: str) -> str:
    """Where to go after signing in: a path of our own, never another site."""
    own = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if own and wanted.isprintable() else "/"


@post("/sign-in", opt={"access": PUBLIC}, status_code=200)
async def sign_in_form(request: Request[Any, Any, Any], process: Given[Process]) -> Response[Any]:
    """Check address and password; the same answer for every reason to refuse."""
    form = await request.form()
    email, password = str(form.get("email", "")), str(form.get("password", ""))
    onward = _onward(str(form.get("next", "")))
    state = request.app.state
    async with state.doorkeepers, process.database.begin(None, Scope.AUTHENTICATION) as session:
        token = await sign_in(session, email, password, process.clock())
        if token is not None and request.state.session_token:
            await sign_out(session, request.state.session_token)  # a session does not outlive a new one
    if token is None:
        return show(request, "sign_in.html", status=401, email=email, onward=onward, failed=True)
    answer: Response[Any] = Redirect(onward, status_code=303)
    answer.set_cookie(
        key=cookie_name(https=state.https), value=token, max_age=int(LASTS.total_seconds()), path="/",
        secure=state.https,
        httponly=True, samesite="lax",
    )  # fmt: skip
    return answer


@post("/sign-out", opt={"access": SIGNED_IN}, status_code=303)
async def sign_out_form(request: Request[Any, Any, Any], process: Given[Process]) -> Redirect:
    """The session is over, here and on the server."""
    if request.state.session_token:
        async with process.database.begin(None, Scope.AUTHENTICATION) as session:
            await sign_out(session, request.state.session_token)
    answer = Redirect("/", status_code=303)
    https = request.app.state.https
    # Set to nothing rather than deleted: a browser heeds a __Host- cookie's end only where it says Secure again.
    answer.set_cookie(
        key=cookie_name(https=https), value="", max_age=0, path="/", secure=https, httponly=True, samesite="lax"
    )
    return answer


class KeyIn(BaseModel):
    """A key to make: what it may do, and for how many days."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(min_length=1, max_length=100)
    roles: tuple[str, ...] = Field(min_length=1)
    days: int = Field(default=365, ge=1, le=365)


@post("/api/v1/keys", opt={"access": May("admin")})
async def post_key(
    transaction: Given[AsyncSession],
    actor: Given[Actor],
    clock: Given[Clock],
    data: JSONBody[KeyIn],
) -> dict[str, str]:
    """Make a key; it is shown this once, and may do no more than who makes it."""
    actor.must(*check_roles(data.roles))
    key = await issue_key(
        transaction, organisation_id=actor.organisation_id, name=data.name, roles=data.roles, moment=clock(),
        lasts=timedelta(days=data.days), issued_by=actor.answers,
    )  # fmt: skip
    return {"key": key, "note": "Keep it now: it is not shown again."}


@get("/api/v1/keys", opt={"access": May("admin")})
async def get_keys(transaction: Given[AsyncSession], actor: Given[Actor]) -> list[dict[str, Any]]:
    """The organisation's keys, without anything that could be used as one."""
    return [
        {"id": row.id, "name": row.name, "prefix": row.prefix, "roles": row.roles,
         "expiresAt": row.expires_at.isoformat(), "revokedAt": row.revoked_at and row.revoked_at.isoformat(),
         "lastUsedAt": row.last_used_at and row.last_used_at.isoformat()}
        for row in await keys_of(transaction, actor.organisation_id)
    ]  # fmt: skip


@delete("/api/v1/keys/{number:int}", opt={"access": May("admin")})
async def delete_key(
    transaction: Given[AsyncSession],
    actor: Given[Actor],
    clock: Given[Clock],
    number: FromPath[int],
) -> None:
    """Revoke a key."""
    await revoke_key(transaction, organisation_id=actor.organisation_id, number=number, moment=clock())


ROUTES: Final = [sign_in_page, sign_in_form, sign_out_form, post_key, get_keys, delete_key]
