"""Discovery: what these interfaces speak, told to whoever asks (OPTIONS), and held against what a client accepts."""

import re
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

from litestar import HttpMethod, Request, Response, route
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.status_codes import HTTP_204_NO_CONTENT

from foundation.access import UNASKED
from traceability.http.epcis.limits import LIMITS, LONGEST
from traceability.identifiers import NAMESPACE, PREFIX
from traceability.querying.refusals import NotAcceptable, QueryParameter, UnsupportedMedia, UriTooLong
from traceability.querying.translating import EpcFormat

SPOKEN: Final = "2.0.0"
EXTENSIONS: Final = f"{PREFIX}={NAMESPACE}"
VERSIONS: Final = {"GS1-EPCIS-Version": SPOKEN, "GS1-CBV-Version": SPOKEN, "GS1-Extensions": EXTENSIONS}
_VERSION: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,5}")
_ACCEPTED: Final = frozenset({"*/*", "application/*", "application/json", "application/ld+json"})
_CAPTURED: Final = frozenset({"application/json", "application/ld+json"})
_XML: Final = frozenset({"No_Preference", "Always_Web_URI", "Always_URN", "Never_Translates"})

# Per path: what may be done.
METHODS: Final[Mapping[str, str]] = {
    "/": "OPTIONS, GET",
    "/capture": "OPTIONS, POST, GET",
    "/capture/{job_id:str}": "OPTIONS, GET",
    "/events": "OPTIONS, GET, POST",
    "/events/{event_id:path}": "OPTIONS, GET",
    **{f"/{kind}{below}": "OPTIONS, GET"
       for kind in ("eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions")
       for below in ("", "/{rest:path}")},
    "/queries": "OPTIONS, GET, POST",
    "/queries/{name:str}": "OPTIONS, GET, DELETE",
    "/queries/{name:str}/events": "OPTIONS, GET",
    "/queries/{name:str}/subscriptions": "OPTIONS, GET, POST",
    "/queries/{name:str}/subscriptions/{number:str}": "OPTIONS, GET, DELETE",
    "/nextPageToken/{token:str}": "OPTIONS, DELETE",
}  # fmt: skip

_ALLOWED: Final = {re.sub(r":(?:str|path)}", "}", path): methods for path, methods in METHODS.items()}


@route(list(METHODS), http_method=HttpMethod.OPTIONS, opt={"access": UNASKED}, include_in_schema=False)
async def discover(request: Request[Any, Any, Any]) -> Response[None]:
    """Versions, extensions, formats and methods; for capture also the limits."""
    template = str(request.scope.get("path_template") or "").removeprefix("/epcis") or "/"
    headers = {
        "Allow": _ALLOWED.get(template, "OPTIONS, GET"), **VERSIONS, "GS1-EPCIS-Min": SPOKEN, "GS1-EPCIS-Max": SPOKEN,
        "GS1-CBV-Min": SPOKEN, "GS1-CBV-Max": SPOKEN, "GS1-EPC-Format": EpcFormat.NO_PREFERENCE.value,
        "GS1-CBV-XML-Format": "Never_Translates", "GS1-Vendor-Version": f"junkan-{version('junkan')}",
    }  # fmt: skip
    if template == "/capture":
        headers |= {**LIMITS, "GS1-Capture-Error-Behaviour": "all"}
    return Response(None, status_code=HTTP_204_NO_CONTENT, headers=headers)


async def negotiated(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard: what the client asks, accepts, sends and speaks.

    Raises QueryParameter, UriTooLong, NotAcceptable or UnsupportedMedia.
    """
    raw = (connection.scope.get("raw_path") or b"") + b"?" + (connection.scope.get("query_string") or b"")
    if b"%00" in raw:
        raise QueryParameter("No identifier holds a NUL.", field="address", value="%00", fix="Leave it out.")
    if len(raw) > LONGEST:
        raise UriTooLong(
            "The address is too long.", value=LONGEST, fix="Put the query into a named query (POST /epcis/queries)."
        )
    headers = connection.headers
    _check_versions(headers)
    accepted = [each.partition(";")[0].strip().lower() for each in headers.get("accept", "*/*").split(",")]
    if _ACCEPTED.isdisjoint(accepted):
        raise NotAcceptable(
            "We answer in JSON only.", field="Accept", value=headers.get("accept"), fix="Accept application/json."
        )
    epc_format(headers)
    if headers.get("gs1-cbv-xml-format", "No_Preference") not in _XML:
        raise NotAcceptable(
            "There is no such format.", field="GS1-CBV-XML-Format", value=headers.get("gs1-cbv-xml-format"),
            fix="Leave it out: it concerns XML only, and we answer in JSON.",
        )  # fmt: skip
    sent = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if isinstance(connection, Request) and connection.method == "POST" and sent not in _CAPTURED:
        raise UnsupportedMedia(
            "We read events and queries in JSON only.", field="Content-Type", value=sent, fix="Send application/json."
        )


def _check_versions(headers: Mapping[str, str]) -> None:
    """Between what the client speaks at least and at most stands the version that we speak."""
    for family in ("EPCIS", "CBV"):
        for bound in ("Version", "Min", "Max"):
            name = f"GS1-{family}-{bound}"
            stated = headers.get(name.lower())
            if stated is not None and not _fits(bound, stated.strip()):
                raise NotAcceptable(
                    f"We speak {family} {SPOKEN}.", field=name, value=stated, fix=f"Use {SPOKEN}.", spoken=SPOKEN
                )


def _fits(bound: str, stated: str) -> bool:
    if not _VERSION.fullmatch(stated):
        return False
    parts = [int(part) for part in stated.split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    match bound:
        case "Min":
            return parts <= [2]
        case "Max":
            return parts >= [2]
        case _:  # a maintenance release of 2.0 changes no document
            return [*parts, 0, 0][:2] == [2, 0]


def epc_format(headers: Mapping[str, str]) -> EpcFormat:
    """How the client wants EPCs written; as they were received where it does not say. Raises NotAcceptable."""
    stated = headers.get("gs1-epc-format")
    if stated is None:
        return EpcFormat.AS_RECEIVED
    try:
        return EpcFormat(stated.strip())
    except ValueError as error:
        raise NotAcceptable(
            "There is no such format.", field="GS1-EPC-Format", value=stated,
            fix=f"Use one of {', '.join(EpcFormat)}.",
        ) from error  # fmt: skip


def extensions_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The prefixes that a client binds in GS1-Extensions (`prefix=namespace`, behind commas)."""
    pairs = (each.partition("=") for each in headers.get("gs1-extensions", "").split(","))
    return {prefix.strip(): namespace.strip() for prefix, equals, namespace in pairs if equals and namespace.strip()}
