"""EPCIS over HTTP: capture, capture jobs and events (EPCIS 2.0 REST bindings)."""

import secrets
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import quote, unquote

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from litestar.status_codes import HTTP_201_CREATED, HTTP_202_ACCEPTED
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.errors import Invalid, NotFound, Refusal
from traceability import queries
from traceability.capture import Captured, Door, ErrorBehaviour, capture, capture_event
from traceability.composing import CONTEXT
from traceability.sequencing.commands import Accepted
from traceability.tables import CaptureJobRow

BEHAVIOUR: Final = "GS1-Capture-Error-Behaviour"
VERSIONS: Final = {"GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0.0"}
LARGEST: Final = 8_000_000


def told(each: Accepted | Refusal) -> dict[str, Any]:
    """What became of one event, for the job."""
    if isinstance(each, Accepted):
        return {
            "eventID": each.event_id, "leafIndex": each.index, "outcome": each.outcome, "reasons": list(each.reasons),
            "flags": list(each.flags), "recordTime": each.record_time.isoformat(), "duplicate": each.duplicate,
        }  # fmt: skip
    return {
        "type": "epcisException:ValidationException", "code": each.code, "status": each.status,
        "detail": each.sentence, "field": each.field, "value": each.value, "fix": each.fix, **each.facts,
    }  # fmt: skip


def _behaviour(request: Request[Any, Any, Any]) -> ErrorBehaviour:
    stated = request.headers.get(BEHAVIOUR, "rollback")
    if stated not in {"rollback", "proceed"}:
        raise Invalid(f"{stated} is no error behaviour.", field=BEHAVIOUR, value=stated, fix="Use rollback or proceed.")
    return cast(ErrorBehaviour, stated)


def _job(
    job_id: str, actor: Actor, behaviour: str, captured: Captured, began: datetime, ended: datetime
) -> CaptureJobRow:
    answer = {
        "captureID": job_id, "createdAt": began.isoformat(), "finishedAt": ended.isoformat(), "running": False,
        "success": captured.success, "captureErrorBehaviour": behaviour,
        "errors": [told(each) for each in captured.events if isinstance(each, Refusal)],
        "events": [told(each) for each in captured.events if isinstance(each, Accepted)],
    }  # fmt: skip
    return CaptureJobRow(
        id=job_id, organisation_id=actor.organisation_id, error_behaviour=behaviour, success=captured.success,
        answer=msgspec.json.decode(msgspec.json.encode(answer)), created_at=began, finished_at=ended,
    )  # fmt: skip


@post("/epcis/capture", status_code=HTTP_202_ACCEPTED, request_max_body_size=LARGEST, opt={"access": May("capture")})
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
    captured = await capture(door, actor, await request.body(), on_error=behaviour)
    if behaviour == "rollback" and not captured.success:
        raise first_refusal(captured)
    job = _job(secrets.token_urlsafe(16), actor, behaviour, captured, began, clock())
    transaction.add(job)
    return Response(job.answer, headers={"Location": f"/epcis/capture/{job.id}", **VERSIONS})


def first_refusal(captured: Captured) -> Refusal:
    """The refusal that decided, with those of all events beside it."""
    refused = [(at, each) for at, each in enumerate(captured.events) if isinstance(each, Refusal)]
    decided = next((each for _, each in refused if each.code != "EVENT_NOT_CAPTURED"), refused[0][1])
    decided.facts["events"] = [{"event": at, **told(each)} for at, each in refused if each is not decided]
    return decided


@get("/epcis/capture", opt={"access": May("capture")})
async def capture_jobs(transaction: Given[AsyncSession], actor: Given[Actor]) -> list[dict[str, Any]]:
    """The newest capture jobs of the key's organisation."""
    rows = await transaction.scalars(
        select(CaptureJobRow)
        .where(CaptureJobRow.organisation_id == actor.organisation_id)
        .order_by(CaptureJobRow.created_at.desc())
        .limit(queries.DEFAULT)
    )
    return [row.answer for row in rows]


@get("/epcis/capture/{job_id:str}", opt={"access": May("capture")})
async def capture_job(transaction: Given[AsyncSession], actor: Given[Actor], job_id: FromPath[str]) -> dict[str, Any]:
    """One capture job."""
    row = await transaction.get(CaptureJobRow, job_id)
    if row is None or row.organisation_id != actor.organisation_id:
        raise NotFound("There is no such capture job.", field="captureID", value=job_id)
    return row.answer


@post("/epcis/events", status_code=HTTP_201_CREATED, opt={"access": May("capture")})
async def post_event(
    request: Request[Any, Any, Any], actor: Given[Actor], door: Given[Door]
) -> Response[dict[str, Any]]:
    """Capture one event: 201 once it is committed, 409 where its id is known with other content."""
    accepted = await capture_event(door, actor, await request.body())
    location = {"Location": f"/epcis/events/{quote(accepted.event_id, safe='')}", **VERSIONS}
    return Response(told(accepted), headers=location)


def _document(found: queries.Found) -> bytes:
    """An EPCISQueryDocument around the events as they were received."""
    extra = [each for context in found.contexts for each in (context if isinstance(context, list) else [context])]
    unique = list({msgspec.json.encode(each): each for each in (*CONTEXT, *extra) if each is not None}.values())
    return msgspec.json.encode(
        {
            "@context": unique,
            "type": "EPCISQueryDocument",
            "schemaVersion": "2.0",
            "epcisBody": {
                "queryResults": {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": list(found.events)}}
            },
        }
    )


def _answer(found: queries.Found, path: str, parameters: dict[str, str]) -> Response[bytes]:
    headers = dict(VERSIONS)
    if found.next_page is not None:
        query = "&".join(f"{name}={value}" for name, value in {**parameters, "nextPageToken": found.next_page}.items())
        headers["Link"] = f'<{path}?{query}>; rel="next"'
    return Response(_document(found), media_type="application/json", headers=headers)


@get("/epcis/events", opt={"access": SIGNED_IN})
async def get_events(request: Request[Any, Any, Any], transaction: Given[AsyncSession]) -> Response[bytes]:
    """The events that the reader may see, as an EPCISQueryDocument; unknown parameters are refused."""
    parameters = {str(name): str(value) for name, value in request.query_params.items()}
    return _answer(await queries.find(transaction, parameters), "/epcis/events", parameters)


@get("/epcis/events/{event_id:path}", opt={"access": SIGNED_IN})
async def get_event(
    request: Request[Any, Any, Any], transaction: Given[AsyncSession], event_id: FromPath[str]
) -> Response[bytes]:
    """Every event of this id; the id is split from the raw path, because it holds `/`, `?` and `%`."""
    return _answer(await queries.one(transaction, raw_tail(request, "/epcis/events/")), "/epcis/events", {})


def raw_tail(request: Request[Any, Any, Any], prefix: str) -> str:
    """What stands behind a prefix in the raw path, decoded exactly once."""
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    return unquote(raw.decode("ascii").partition("?")[0].partition(prefix)[2])


ROUTES: Final = [capture_document, capture_jobs, capture_job, post_event, get_events, get_event]
