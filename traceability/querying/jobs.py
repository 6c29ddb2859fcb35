"""Jobs: what became of an organisation's captures, newest first."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select, text, tuple_
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
    return [row.answer for row in page], _token(page[-1].created_at, page[-1].id) if len(rows) > paging.size else None


@dataclass(frozen=True, slots=True)
class Overview:
    """A job in figures: how many events it brought by what became of them (`counted`, `held`, `recorded`,
    `duplicate`), and how many were refused.
    """

    id: str
    success: bool
    error_behaviour: str
    created_at: datetime
    finished_at: datetime
    events: Mapping[str, int]
    errors: int


_FIGURES: Final = text("""
SELECT j.id, j.success, j.error_behaviour, j.created_at, j.finished_at,
    jsonb_array_length(j.answer -> 'errors') AS errors,
    (SELECT coalesce(jsonb_object_agg(o.outcome, o.events), '{}') FROM (
        SELECT e.value ->> 'outcome' AS outcome, count(*) AS events
        FROM jsonb_array_elements(j.answer -> 'events') AS e (value) GROUP BY 1) o) AS events
FROM capture_job j
WHERE j.organisation_id = :organisation AND (j.created_at, j.id) < (:moment, :number)
ORDER BY j.created_at DESC, j.id DESC LIMIT :most
""")
_LATEST: Final = (datetime.max.replace(tzinfo=UTC), "")


async def overview(
    session: AsyncSession, organisation_id: int, paging: Paging
) -> tuple[list[Overview], str | None]:  # fmt: skip
    """One page of jobs in figures, newest first, and the token of the next. Raises PageToken."""
    moment, number = _read(paging.token) if paging.token else _LATEST
    facts = {"organisation": organisation_id, "moment": moment, "number": number, "most": paging.size + 1}
    rows = (await session.execute(_FIGURES, facts)).all()
    page = [
        Overview(row.id, row.success, row.error_behaviour, row.created_at, row.finished_at, row.events, row.errors)
        for row in rows[: paging.size]
    ]
    return page, _token(page[-1].created_at, page[-1].id) if len(rows) > paging.size else None


async def job(session: AsyncSession, organisation_id: int, job_id: str) -> dict[str, Any]:
    """One job. Raises NotFound, also for anyone else's."""
    row = await session.get(CaptureJobRow, job_id)
    if row is None or row.organisation_id != organisation_id:
        raise NotFound("There is no such capture job.", field="captureID", value=job_id)
    return row.answer


def _token(created_at: datetime, number: str) -> str:
    return base64.urlsafe_b64encode(f"{created_at.isoformat()} {number}".encode()).rstrip(b"=").decode()


def _read(token: str) -> tuple[datetime, str]:
    try:
        moment, _, job_id = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition(" ")
        return datetime.fromisoformat(moment), job_id
    except (binascii.Error, ValueError) as error:
        raise PageToken(
            "This is no token of a page.", field="nextPageToken", value=token[:100], fix="Use the Link of the answer."
        ) from error
