"""Problems: every refusal and fault as RFC 9457, for machines as JSON and for people as a page in their language."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, ClassVar, Final
from urllib.parse import quote

import asyncpg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as SQLAlchemyTimeout

from app.headers import request_id
from foundation.errors import Refusal, Unavailable
from traceability.events import EventInvalid
from traceability.http.epcis.problems import concerns, exception_of, headers_of

LOG: Final = structlog.get_logger("http")
JSON: Final = "application/problem+json"
OWN: Final = frozenset({"type", "title", "status", "detail", "instance", "code", "errors"})
# What the framework refuses, by status: the same codes as our own refusals where they mean the same.
CODES: Final = {
    400: "MALFORMED", 401: "UNAUTHENTICATED", 403: "FORBIDDEN", 404: "NOT_FOUND", 422: "MALFORMED", 503: "UNAVAILABLE",
}  # fmt: skip

AnyRequest = Request[Any, Any, Any]


class Broken(Refusal):
    """Our own fault. Its request number finds it in our log; tell us that number."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL"


def problem(
    request: AnyRequest, status: int, code: str, title: str, detail: str, errors: list[dict[str, Any]],
    facts: Mapping[str, Any] = MappingProxyType({}),
) -> Response[dict[str, Any]]:  # fmt: skip
    """One problem; `code` is stable, `errors` says which field, which value, what to do."""
    told_by_epcis = concerns(request.url.path)
    body = {
        "type": exception_of(status, code) if told_by_epcis else _address(request, code),
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "code": code,
        "errors": errors,
        **{name: value for name, value in facts.items() if name not in OWN},
    }
    headers = {"Retry-After": "2"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    if told_by_epcis:
        headers |= headers_of(status)
    return Response(body, status_code=status, media_type=JSON, headers=headers)


def _address(request: AnyRequest, code: str) -> str:
    """Where it is told what a code means; EPCIS 2.0 names its own exceptions instead."""
    return f"{request.app.state.process_public}/problems/{quote(code)}"


def of_refusal(request: AnyRequest, refusal: Refusal) -> Response[Any]:
    """A rule said no: its class owns status and code."""
    one = {
        "pointer": refusal.field, "code": refusal.code, "message": refusal.sentence,
        "value": plain(refusal.value), "fix": refusal.fix,
    }  # fmt: skip
    listed = refusal.facts.get("problems")
    errors = [{key: plain(value) for key, value in each.items()} for each in listed] if listed else [one]
    facts = {name: plain(value) for name, value in refusal.facts.items() if name != "problems"}
    title = refusal.code.replace("_", " ").capitalize()
    return problem(request, refusal.status, refusal.code, title, refusal.sentence, errors, facts)


def plain(value: object) -> Any:
    """A fact as JSON can say it."""
    match value:
        case None | bool() | int() | str():
            return value
        case list() | tuple() | set() | frozenset():
            return [plain(each) for each in value]
        case dict():
            return {str(name): plain(each) for name, each in value.items()}
        case _:
            return str(value)


def of_event(request: AnyRequest, invalid: EventInvalid) -> Response[Any]:
    """A document that cannot be read as EPCIS 2.0 at all."""
    errors = [
        {"pointer": each.pointer, "code": each.code, "message": each.message, "value": plain(each.value),
         "fix": each.fix}
        for each in invalid.problems
    ]  # fmt: skip
    return problem(request, 400, "EVENT_INVALID", "Event invalid", errors[0]["message"], errors)


def of_http(request: AnyRequest, fault: HTTPException) -> Response[Any]:
    """What the framework refuses: unknown path, wrong method, a payload of another shape."""
    phrase = HTTPStatus(fault.status_code).phrase
    errors: list[dict[str, Any]] = []
    status = fault.status_code
    if isinstance(fault, ValidationException):
        status = 422
        extra = fault.extra if isinstance(fault.extra, list) else []
        errors = [
            {"pointer": str(each.get("key", "")), "code": "MALFORMED", "message": str(each.get("message", "")),
             "value": None, "fix": "Send the fields that /docs describes."}
            for each in extra if isinstance(each, dict)
        ]  # fmt: skip
    detail = fault.detail if status < HTTPStatus.INTERNAL_SERVER_ERROR else phrase
    return problem(request, status, code_of(status), phrase, detail or phrase, errors)


def code_of(status: int) -> str:
    """The stable code of what the framework refuses: METHOD_NOT_ALLOWED, REQUEST_ENTITY_TOO_LARGE..."""
    return CODES.get(status) or HTTPStatus(status).name


def of_validation(request: AnyRequest, fault: ValidationError) -> Response[Any]:
    """A pydantic model said no outside the framework's own parsing."""
    errors = [
        {"pointer": "/".join(map(str, each["loc"])), "code": "MALFORMED", "message": each["msg"], "value": None,
         "fix": "Send the fields that /docs describes."}
        for each in fault.errors(include_url=False, include_input=False)
    ]  # fmt: skip
    return problem(request, 422, "MALFORMED", "Unprocessable content", "The payload has another shape.", errors)


def broken_off(fault: Exception) -> bool:
    """Whether the connection broke in the middle of a statement; the driver may know so before the pool does."""
    if not isinstance(fault, DBAPIError):
        return False
    cause = fault.orig.__cause__ if fault.orig is not None else None
    # InternalClientError: the server's last words came just before, and the driver has not yet seen the end.
    return fault.connection_invalidated or isinstance(
        cause, asyncpg.PostgresConnectionError | asyncpg.InternalClientError
    )


def refusal_of_fault(request: AnyRequest, fault: Exception) -> Refusal:
    """Our own fault as a refusal: nothing of it is told but a number to find it by in our log."""
    number = request_id(request.scope)
    LOG.error("fault", request=number, path=request.url.path, method=request.method, exc_info=fault)
    if broken_off(fault) or isinstance(fault, OSError | OperationalError | InterfaceError | SQLAlchemyTimeout):
        return Unavailable("A part of the platform is not there now.", fix="Try again soon.", request_id=number)
    fix = "Look whether it was done before you send it again; tell us the number of the request."
    return Broken("Something went wrong on our side.", fix=fix, request_id=number)
