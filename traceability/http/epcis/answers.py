"""Answers: events and collections as the standard's documents, with the way to the next page."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote

import msgspec
from litestar import Request, Response

from traceability.composing import CONTEXT
from traceability.events.reading import read
from traceability.http.epcis.discovery import VERSIONS
from traceability.querying.finding import FoundEvent
from traceability.querying.translating import Written, translated

JSON: Final = "application/json"
LINKED: Final = "application/ld+json"
AnyRequest = Request[Any, Any, Any]
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class _Said(msgspec.Struct):
    """Which of the fields that a repository adds an event states itself."""

    event_id: msgspec.Raw | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="eventID")
    record_time: msgspec.Raw | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="recordTime")
    context: msgspec.Raw | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="@context")


_SAID: Final = msgspec.json.Decoder(_Said)


def contexts(given: Iterable[Any]) -> tuple[list[str], dict[str, Any]]:
    """The addresses and the terms that these contexts name together; of two meanings of a term, the first."""
    addresses: dict[str, None] = {}
    terms: dict[str, Any] = {}
    for context in given:
        for part in context if isinstance(context, list) else [context]:
            if isinstance(part, str):
                addresses[part] = None
            elif isinstance(part, Mapping):
                for term, meaning in part.items():
                    terms.setdefault(term, meaning)
    return list(addresses), terms


def told(event: FoundEvent, terms: Mapping[str, Any], write: Written | None) -> msgspec.Raw:
    """An event as it was received, with its id and record time where it does not state them itself.

    Its own context goes with it where the document's means something else by one of its terms.
    """
    said = _SAID.decode(event.body.encode())
    added: dict[str, Any] = {}
    if said.event_id is msgspec.UNSET:
        added["eventID"] = event.event_id
    if said.record_time is msgspec.UNSET:
        added["recordTime"] = event.record_time.isoformat().replace("+00:00", "Z")
    own = contexts([event.context])[1]
    if said.context is msgspec.UNSET and any(terms.get(term) != meaning for term, meaning in own.items()):
        added["@context"] = event.context
    if write is not None:
        return msgspec.Raw(_ENCODER.encode({**translated(read(event.body.encode()), write), **added}))
    body = event.body.strip()
    if not added:
        return msgspec.Raw(body.encode())
    return msgspec.Raw(body[:-1].encode() + b"," + _ENCODER.encode(added)[1:])


def document(
    events: Sequence[FoundEvent], moment: datetime, *, name: str, subscription: str | None = None,
    write: Written | None = None,
) -> bytes:  # fmt: skip
    """An EPCISQueryDocument around these events."""
    addresses, terms = contexts([list(CONTEXT), *(each.context for each in events)])
    results: dict[str, Any] = {"queryName": name, "resultsBody": {"eventList": [told(e, terms, write) for e in events]}}
    return _ENCODER.encode(
        {
            "@context": [*addresses, terms],
            "type": "EPCISQueryDocument",
            "schemaVersion": "2.0",
            "creationDate": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "epcisBody": {"queryResults": {**({"subscriptionID": subscription} if subscription else {}), **results}},
        }
    )


def pairs_of(request: AnyRequest) -> list[tuple[str, str]]:
    """The parameters of the address, each decoded once; a parameter may be there without a value."""
    raw = (request.scope.get("query_string") or b"").decode("latin-1")
    return parse_qsl(raw, keep_blank_values=True)


def next_link(request: AnyRequest, token: str | None) -> dict[str, str]:
    """The Link of the page behind this one: the same address with its token; nothing where this is the last."""
    if token is None:
        return {}
    kept = [(name, value) for name, value in pairs_of(request) if name != "nextPageToken"]
    query = "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in [*kept, ("nextPageToken", token)])
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    return {"Link": f'<{raw.decode("ascii").partition("?")[0]}?{query}>; rel="next"'}


def answer(request: AnyRequest, body: bytes, token: str | None = None) -> Response[bytes]:
    """A body with the standard's headers, as linked data where the client accepts nothing else."""
    accepted = request.headers.get("accept", "")
    media = LINKED if LINKED in accepted and JSON not in accepted and "*/*" not in accepted else JSON
    return Response(body, media_type=media, headers={**VERSIONS, **next_link(request, token)})


def collection(request: AnyRequest, members: Sequence[str], token: str | None = None) -> Response[bytes]:
    """A list of resources."""
    body = {"@context": list(CONTEXT), "type": "Collection", "member": list(members)}
    return answer(request, _ENCODER.encode(body), token)


def raw_tail(request: AnyRequest, prefix: str) -> str:
    """What stands behind a prefix in the raw path, undecoded: identifiers hold `/`, `?` and `%`."""
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    return raw.decode("ascii").partition("?")[0].partition(prefix)[2]


def decoded(tail: str) -> str:
    """Decoded exactly once."""
    return unquote(tail)
