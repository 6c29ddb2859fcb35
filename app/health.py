"""Health: whether the process lives, whether it can serve, what it is, and what it counted."""

import asyncio
import ipaddress
from collections import Counter
from importlib.metadata import version
from typing import Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency as Given
from litestar.status_codes import HTTP_503_SERVICE_UNAVAILABLE
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.migrate import head
from app.process import Process
from foundation.access import PUBLIC
from foundation.errors import NotFound

PATIENCE: Final = 2.0


@get("/livez", media_type="text/plain", opt={"access": PUBLIC})
async def livez() -> str:
    """The process answers."""
    return "ok"


@get("/readyz", opt={"access": PUBLIC})
async def readyz(process: Given[Process]) -> Response[dict[str, Any]]:
    """The database answers with the schema of this code."""
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


@get("/metrics", media_type="text/plain", opt={"access": PUBLIC})
async def metrics(request: Request[Any, Any, Any], transaction: Given[AsyncSession]) -> str:
    """Counters in Prometheus' text form, for readers on this machine only."""
    client = request.client.host if request.client else ""
    try:
        near = ipaddress.ip_address(client).is_loopback
    except ValueError:
        near = False
    if not near or request.headers.get("x-forwarded-for"):
        raise NotFound("There is no such page.")
    size = (await transaction.execute(text("SELECT size FROM log_head"))).scalar_one()
    answered: Counter[int] = request.app.state.answered
    lines = [f'junkan_answers_total{{status="{status}"}} {count}' for status, count in sorted(answered.items())]
    return "\n".join([*lines, f"junkan_log_size {size}", ""])


@get("/openapi.json", opt={"access": PUBLIC}, include_in_schema=False, sync_to_thread=False)
def openapi(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The description of this interface (OpenAPI 3.1)."""
    return request.app.openapi_schema.to_schema()


ROUTES: Final = [openapi, livez, readyz, junkan_version, metrics]
