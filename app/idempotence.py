"""Idempotence: the machine POSTs of /api/v1 take an Idempotency-Key, whatever the handler behind them does."""

from asyncio import Future, Queue
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from litestar import Request, Response
from litestar.serialization import default_serializer, encode_json
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.idempotency import Asked, KeyMissing, Saved, asked, keep, replay, still_running, take
from traceability.sequencing.commands import Command, Prepared, Receipt, Reserve, Write
from traceability.sequencing.sequencer import Sequencer

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
UNDER: Final = "/api/v1/"

AnyRequest = Request[Any, Any, Any]


class Replayed(Exception):
    """Not done again: the answer of the first time is given."""

    def __init__(self, saved: Saved) -> None:
        super().__init__("answered before")
        self.saved = saved


class Once:
    """What one keyed request does: its transaction, and whether its effect is under way elsewhere."""

    def __init__(self, request: Asked, session: AsyncSession, moment: datetime) -> None:
        self.asked, self.session, self.moment, self.sent = request, session, moment, False


# The framework's hook after a handler is given the answer only; this says whose it is.
_CURRENT: ContextVar[AnyRequest | None] = ContextVar("request", default=None)


def keyed(request: AnyRequest) -> bool:
    """Is this a machine's POST? Events are idempotent by their own ids, forms by their check pages."""
    actor: Actor | None = request.state.actor
    posted = request.method == "POST" and request.url.path.startswith(UNDER)
    return posted and actor is not None and actor.key_id is not None


async def before(request: AnyRequest) -> None:
    """Hook: remember whose answer comes next. Raises KeyMissing before anything is read or done."""
    _CURRENT.set(request)
    if keyed(request) and HEADER not in request.headers:
        raise KeyMissing(
            "This request needs an Idempotency-Key.", field=HEADER,
            fix="Send the header Idempotency-Key with a new random text, such as a UUID; when you send the very same "
            "request again, send the same text with it.",
        )  # fmt: skip


async def begin(request: AnyRequest, session: AsyncSession, moment: datetime) -> None:
    """At the start of the request's transaction. Raises Replayed, StillRunning, KeyReused or Invalid."""
    actor: Actor | None = request.state.actor
    if actor is None or not keyed(request):
        return
    path = f"{request.url.path}?{request.url.query}"
    wanted = asked(actor.organisation_id, request.headers[HEADER], request.method, path, await request.body())
    saved = await replay(session, wanted)
    if saved is not None:
        raise Replayed(saved)
    request.state.once = Once(wanted, session, moment)


async def after(response: Any) -> Any:
    """Hook: save the answer in the transaction that the handler used, which commits after this and before it leaves."""
    request = _CURRENT.get()
    once: Once | None = getattr(request.state, "once", None) if request else None
    if once is not None and isinstance(response, Response):
        answer = {"body": response.content, "location": response.headers.get("Location")}
        encoded = encode_json(answer, serializer=default_serializer).decode()
        await keep(once.session, once.asked, response.status_code or 200, encoded, once.moment)
    return response


def again(_: AnyRequest, replayed: Replayed) -> Response[Any]:
    """The answer of the first time."""
    saved = replayed.saved
    headers = {REPLAYED: "true"}
    if saved.answer.get("location"):
        headers["Location"] = saved.answer["location"]
    return Response(saved.answer.get("body"), status_code=saved.status, headers=headers)


Line = Queue[tuple[Command, "Future[Receipt]"]]


class _OnceLine(Line):
    """The sequencer's line for one keyed request: its first command carries the row that says it was done."""

    def __init__(self, line: Line, request: AnyRequest) -> None:
        super().__init__()
        self.line, self.request = line, request

    async def put(self, item: tuple[Command, "Future[Receipt]"]) -> None:
        """Put a command in line; it is refused there where another request with this key was first."""
        once: Once | None = getattr(self.request.state, "once", None)
        if once is not None and not once.sent:
            once.sent, (command, answer) = True, item
            sql, args = take(once.asked, {"body": _done(command)}, once.moment)
            row = Write(sql, args, still_running(once.asked))
            item = replace(command, writes=(*command.writes, row)), answer
        await self.line.put(item)


def sequencer_of(inner: Sequencer, request: AnyRequest) -> Sequencer:
    """The process's sequencer, as this keyed request sees it (never `running`: the process's own drains the line)."""
    line = _OnceLine(inner._queue, request)
    return Sequencer(inner.pool, inner.controls, inner.clock, inner.batch, line, inner._uris)


def _done(command: Command) -> dict[str, list[str]]:
    """What a command does, by names that its caller can look up: all that is known where the answer was lost."""
    return {
        "references": [each.reference for each in command.items if isinstance(each, Reserve)],
        "eventIDs": [each.event_id for each in command.items if isinstance(each, Prepared)],
    }
