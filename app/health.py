"""Health: whether the process lives, whether it can serve, what it is, and what it counted."""

import asyncio
import ipaddress
from collections import Counter
from importlib.metadata import version
from typing import Any, Final

from litestar import Litestar, Request, Response, get
from litestar.di import NamedDependency as Given
from litestar.status_codes import HTTP_503_SERVICE_UNAVAILABLE
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.headers import Answered
from app.migrate import head
from app.process import Process
from foundation.access import PUBLIC, UNASKED
from foundation.errors import NotFound

PATIENCE: Final = 2.0


@get("/livez", media_type="text/plain", opt={"access": UNASKED})
async def livez() -> str:
    """The process answers."""
    return "ok"


def drain(app: Litestar) -> None:
    """From now on /readyz says no, so that a balancer sends nobody here any more; what is under way goes on."""
    app.state.draining = True


@get("/readyz", opt={"access": UNASKED})
async def readyz(request: Request[Any, Any, Any], process: Given[Process]) -> Response[dict[str, Any]]:
    """The database answers with the schema of this code, and the process is not about to end."""
    if request.app.state.draining:
        return Response({"ready": False, "draining": True}, status_code=HTTP_503_SERVICE_UNAVAILABLE)
    try:
        async with asyncio.timeout(PATIENCE), process.database.begin() as session:
            revision = (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    except (SQLAlchemyError, OSError, TimeoutError):
        return Response({"ready": False, "database": "away"}, status_code=HTTP_503_SERVICE_UNAVAILABLE)
    ready = revision == head()
    status = 200 if ready else HTTP_503_SERVICE_UNAVAILABLE
    return Response({"ready": ready, "revision": revision}, status_code=status)


@get("/version", opt={"access": PUBLIC})
async def junkan_version(process: Given[Process]) -> dict[str, str]:
    """What runs here."""
    return {"version": version("junkan"), "log": process.origin, "rules": process.catalogue.digest}


def _near(request: Request[Any, Any, Any]) -> bool:
    """A reader on this machine that no proxy stands before."""
    try:
        loopback = ipaddress.ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False
    return loopback and not {"x-forwarded-for", "forwarded"} & {name.lower() for name in request.headers}


@get("/metrics", media_type="text/plain; version=0.0.4", opt={"access": UNASKED})
async def metrics(request: Request[Any, Any, Any], transaction: Given[AsyncSession]) -> str:
    """Counters in Prometheus' text form, for readers on this machine only."""
    if not _near(request):
        raise NotFound("There is no such page.")
    size = (await transaction.execute(text("SELECT size FROM log_head"))).scalar_one()
    return exposition(request.app.state.answered, request.app.state.refused, size)


def exposition(answered: Answered, refused: Counter[str], size: int) -> str:
    """What was counted, as Prometheus reads it; paths are templates, so that no identity becomes a label."""
    lines = ["# TYPE junkan_answers_total counter"]
    lines += [
        f'junkan_answers_total{{method="{method}",path="{path}",status="{status}"}} {count}'
        for (method, path, status), count in sorted(answered.items())
    ]
    lines += ["# TYPE junkan_refusals_total counter"]
    lines += [f'junkan_refusals_total{{code="{code}"}} {count}' for code, count in sorted(refused.items())]
    return "\n".join([*lines, "# TYPE junkan_log_size gauge", f"junkan_log_size {size}", ""])


ROUTES: Final = [livez, readyz, junkan_version, metrics]
