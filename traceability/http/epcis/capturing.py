"""Capturing over HTTP: documents as jobs that are final when they are answered, and single events."""

import secrets
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from litestar.status_codes import HTTP_201_CREATED, HTTP_202_ACCEPTED
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor, May
from foundation.database import Clock
from foundation.errors import Invalid, Refusal
from traceability.capture import Captured, Door, ErrorBehaviour, capture, capture_event
from traceability.events import parse_document
from traceability.http.epcis.answers import answer, pairs_of
from traceability.http.epcis.discovery import VERSIONS
from traceability.http.epcis.limits import LARGEST, MOST
from traceability.http.epcis.problems import exception_of
from traceability.querying.finding import paging_of
from traceability.querying.jobs import job, jobs
from traceability.querying.refusals import CaptureLimit
from traceability.querying.vocabularies import keep_master_data
from traceability.sequencing.commands import Accepted
from traceability.tables import CaptureJobRow

BEHAVIOUR: Final = "GS1-Capture-Error-Behaviour"


def told(each: Accepted | Refusal) -> dict[str, Any]:
    """What became of one event, for the job."""
    if isinstance(each, Accepted):
        return {
            "eventID": each.event_id, "leafIndex": each.index, "outcome": each.outcome, "reasons": list(each.reasons),
            "flags": list(each.flags), "recordTime": each.record_time.isoformat(), "duplicate": each.duplicate,
        }  # fmt: skip
    return {
        "type": exception_of(each.status, each.code), "title": each.code.replace("_", " ").capitalize(),
        "code": each.code, "status": each.status, "detail": each.sentence, "field": each.field, "value": each.value,
        "fix": each.fix, **each.facts,
    }  # fmt: skip


def _behaviour(request: Request[Any, Any, Any]) -> ErrorBehaviour:
    stated = request.headers.get(BEHAVIOUR, "rollback")
    if stated not in {"rollback", "proceed"}:
        raise Invalid(f"{stated} is no error behaviour.", field=BEHAVIOUR, value=stated, fix="Use rollback or proceed.")
    return cast(ErrorBehaviour, stated)


def _job(
    job_id: str, actor: Actor, behaviour: str, captured: Captured, began: datetime, ended: datetime
) -> CaptureJobRow:
    body = {
        "captureID": job_id, "createdAt": began.isoformat(), "finishedAt": ended.isoformat(), "running": False,
        "success": captured.success, "captureErrorBehaviour": behaviour,
        "errors": [
            {"event": at, **told(each)} for at, each in enumerate(captured.events) if isinstance(each, Refusal)
        ],
        "events": [told(each) for each in captured.events if isinstance(each, Accepted)],
    }  # fmt: skip
    return CaptureJobRow(
        id=job_id, organisation_id=actor.organisation_id, error_behaviour=behaviour, success=captured.success,
        answer=msgspec.json.decode(msgspec.json.encode(body)), created_at=began, finished_at=ended,
    )  # fmt: skip


def _check_count(raw: bytes) -> None:
    """Every event states its time once: only a document that does so too often is looked into."""
    if raw.count(b'"eventTime"') > MOST and (count := len(parse_document(raw).events)) > MOST:
        raise CaptureLimit(
            "The document holds more events than one capture takes.", field="/epcisBody/eventList", value=count,
            fix=f"Send at most {MOST} events at a time.", most=MOST,
        )  # fmt: skip


@post("/capture", status_code=HTTP_202_ACCEPTED, request_max_body_size=LARGEST, opt={"access": May("capture")})
async def capture_document(
    request: Request[Any, Any, Any],
    actor: Given[Actor],
    transaction: Given[AsyncSession],
    door: Given[Door],
    clock: Given[Clock],
) -> Response[dict[str, Any]]:
    """Capture an EPCIS document; the job that it answers with is final, its events are committed.

    With `rollback` (the default) a refusal is answered as such and nothing is written.
    """
    behaviour, began = _behaviour(request), clock()
    raw = await request.body()
    _check_count(raw)
    captured = await capture(door, actor, raw, on_error=behaviour)
    if behaviour == "rollback" and not captured.success:
        raise first_refusal(captured)
    made = _job(secrets.token_urlsafe(16), actor, behaviour, captured, began, clock())
    transaction.add(made)
    await keep_master_data(transaction, actor.organisation_id, raw, began)
    return Response(made.answer, headers={"Location": f"/epcis/capture/{made.id}", **VERSIONS})


def first_refusal(captured: Captured) -> Refusal:
    """The refusal that decided, with those of all events beside it."""
    refused = [(at, each) for at, each in enumerate(captured.events) if isinstance(each, Refusal)]
    decided = next((each for _, each in refused if each.code != "EVENT_NOT_CAPTURED"), refused[0][1])
    decided.facts["events"] = [{"event": at, **told(each)} for at, each in refused if each is not decided]
    return decided


@get("/capture", opt={"access": May("capture")})
async def capture_jobs(
    request: Request[Any, Any, Any], transaction: Given[AsyncSession], actor: Given[Actor]
) -> Response[bytes]:
    """The capture jobs of the key's organisation, newest first, in pages."""
    asked = dict(pairs_of(request))
    paging = paging_of(asked.get("perPage"), asked.get("nextPageToken"))
    found, token = await jobs(transaction, actor.organisation_id, paging)
    return answer(request, msgspec.json.encode(found), token)


@get("/capture/{job_id:str}", opt={"access": May("capture")})
async def capture_job(
    request: Request[Any, Any, Any], transaction: Given[AsyncSession], actor: Given[Actor], job_id: FromPath[str]
) -> Response[bytes]:
    """One capture job."""
    return answer(request, msgspec.json.encode(await job(transaction, actor.organisation_id, job_id)))


@post("/events", status_code=HTTP_201_CREATED, opt={"access": May("capture")})
async def post_event(
    request: Request[Any, Any, Any], actor: Given[Actor], door: Given[Door]
) -> Response[dict[str, Any]]:
    """Capture one event: 201 once it is committed, 409 where its id is known with other content."""
    accepted = await capture_event(door, actor, await request.body())
    location = {"Location": f"/epcis/events/{quote(accepted.event_id, safe='')}", **VERSIONS}
    return Response(told(accepted), headers=location)


ROUTES: Final = [capture_document, capture_jobs, capture_job, post_event]
