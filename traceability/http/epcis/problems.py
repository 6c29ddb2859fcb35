"""Problems: which of the standard's exceptions a refusal is, and what its answer says beside that."""

from collections.abc import Mapping
from typing import Final

from traceability.http.epcis.limits import LIMITS

UNDER: Final = "/epcis"
_BY_CODE: Final[Mapping[str, str]] = {
    "QUERY_PARAMETER": "QueryParameterException", "PAGE_TOKEN": "QueryParameterException",
    "QUERY_INVALID": "QueryValidationException", "QUERY_TOO_LARGE": "QueryTooLargeException",
    "QUERY_TOO_COMPLEX": "QueryTooComplexException", "NO_SUCH_QUERY": "NoSuchNameException",
    "QUERY_EXISTS": "ResourceAlreadyExistsException", "DUPLICATE_EVENT": "ResourceAlreadyExistsException",
    "SUBSCRIPTION_INVALID": "SubscriptionControlsException",
}  # fmt: skip
_BY_STATUS: Final[Mapping[int, str]] = {
    401: "SecurityException", 403: "SecurityException", 404: "NoSuchResourceException",
    406: "NotAcceptableException", 413: "CaptureLimitExceededException", 414: "URITooLongException",
    415: "UnsupportedMediaTypeException", 500: "ImplementationException", 501: "ImplementationException",
    503: "ImplementationException",
}  # fmt: skip


def exception_of(status: int, code: str) -> str:
    """The problem type that EPCIS 2.0 gives it."""
    return f"epcisException:{_BY_CODE.get(code) or _BY_STATUS.get(status, 'ValidationException')}"


def concerns(path: str) -> bool:
    """Whether a path is of these interfaces."""
    return path == UNDER or path.startswith(f"{UNDER}/")


def headers_of(status: int) -> Mapping[str, str]:
    """What goes with such an answer: the limits, where one was exceeded."""
    return LIMITS if status == 413 else {}
