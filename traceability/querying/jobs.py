"""Jobs: what became of an organisation's captures, newest first."""

import base64
import binascii
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.errors import NotFound
from traceability.querying.finding import PageToken, Paging
from traceability.tables import CaptureJobRow


async def jobs(session: AsyncSession, organisation_id: int, paging: Paging) -> tuple[list[dict[str, Any]], str | None]:
    """One page of jobs, and the token of the next (None: these are the last). Raises PageToken."""
    wanted = select(CaptureJobRow).where(CaptureJobRow.organisation_id == organisation_id)
    if paging.token is not None:
        wanted = wanted.where(tuple_(CaptureJobRow.created_at, CaptureJobRow.id) < tuple_(*_read(paging.token)))
    newest = wanted.order_by(CaptureJobRow.created_at.desc(), CaptureJobRow.id.desc())
    rows = list(await session.scalars(newest.limit(paging.size + 1)))
    page = rows[: paging.size]
    return [row.answer for row in page], _write(page[-1]) if len(rows) > paging.size else None


async def job(session: AsyncSession, organisation_id: int, job_id: str) -> dict[str, Any]:
    """One job. Raises NotFound, also for anyone else's."""
    row = await session.get(CaptureJobRow, job_id)
    if row is None or row.organisation_id != organisation_id:
        raise NotFound("There is no such capture job.", field="captureID", value=job_id)
    return row.answer


def _write(row: CaptureJobRow) -> str:
    return base64.urlsafe_b64encode(f"{row.created_at.isoformat()} {row.id}".encode()).rstrip(b"=").decode()


def _read(token: str) -> tuple[datetime, str]:
    try:
        moment, _, job_id = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition(" ")
        return datetime.fromisoformat(moment), job_id
    except (binascii.Error, ValueError) as error:
        raise PageToken(
            "This is no token of a page.", field="nextPageToken", value=token[:100], fix="Use the Link of the answer."
        ) from error
