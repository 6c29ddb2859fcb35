"""Refusals of the EPCIS interfaces, each with its status and stable code; `http` names the standard's exceptions."""

from typing import ClassVar

from foundation.errors import Invalid, NotFound, Refusal


class QueryParameter(Invalid):
    """A query parameter that EPCIS 2.0 does not define, or a value that it does not allow there."""

    code: ClassVar[str] = "QUERY_PARAMETER"


class QueryInvalid(Invalid):
    """What was sent is no EPCIS query at all."""

    code: ClassVar[str] = "QUERY_INVALID"


class QueryTooLarge(Refusal):
    """More events match than the query allows (maxEventCount)."""

    status: ClassVar[int] = 413
    code: ClassVar[str] = "QUERY_TOO_LARGE"


class QueryTooComplex(Refusal):
    """The query would take longer than any single question may."""

    status: ClassVar[int] = 413
    code: ClassVar[str] = "QUERY_TOO_COMPLEX"


class UriTooLong(Refusal):
    """The address of the request is longer than we read; a named query takes a query of any length."""

    status: ClassVar[int] = 414
    code: ClassVar[str] = "URI_TOO_LONG"


class NoSuchQuery(NotFound):
    """There is no query or subscription of this name (or it is not this reader's to know of)."""

    code: ClassVar[str] = "NO_SUCH_QUERY"


class QueryExists(Refusal):
    """A query of this name is there already."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "QUERY_EXISTS"


class SubscriptionInvalid(Invalid):
    """A subscription that states no time to report at, two of them, or an address that nothing may be sent to."""

    code: ClassVar[str] = "SUBSCRIPTION_INVALID"


class NotAcceptable(Refusal):
    """The client accepts no form or version that we can answer in."""

    status: ClassVar[int] = 406
    code: ClassVar[str] = "NOT_ACCEPTABLE"


class UnsupportedMedia(Refusal):
    """What was sent is in a form that we do not read (events come as JSON)."""

    status: ClassVar[int] = 415
    code: ClassVar[str] = "UNSUPPORTED_MEDIA_TYPE"


class CaptureLimit(Refusal):
    """A document with more events or bytes than one capture takes."""

    status: ClassVar[int] = 413
    code: ClassVar[str] = "CAPTURE_LIMIT_EXCEEDED"


class NotOffered(Refusal):
    """A part of the standard that this repository does not offer."""

    status: ClassVar[int] = 501
    code: ClassVar[str] = "NOT_IMPLEMENTED"
