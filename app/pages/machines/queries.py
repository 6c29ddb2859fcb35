"""Queries: a firm's own views on its events by name, and the webhooks that are told what they find."""

import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.recording.history import zone_of
from app.pages.rendering import AnyRequest, show
from app.words import Speech
from foundation.access import SIGNED_IN, Actor
from traceability.querying.finding import Paging
from traceability.querying.named import listed
from traceability.querying.tables import NamedQueryRow, SubscriptionRow
from traceability.subscriptions.subscribing import of_queries

HERE: Final = "/queries"
ON_A_PAGE: Final = 20
DONE: Final = ("made", "removed", "ended")
SCHEDULES: Final[dict[str, dict[str, str] | None]] = {
    "stream": None, "hourly": {"minute": "0"}, "daily": {"hour": "1"}, "weekly": {"dayOfWeek": "1", "hour": "1"},
}  # fmt: skip
"""The moments that the form offers (UTC); through the API there are any."""


def asks(query: dict[str, Any]) -> list[tuple[str, str]]:
    """What a query asks for, parameter by parameter, as it was stated."""
    return [
        (name, ", ".join(map(str, value)) if isinstance(value, list) else json.dumps(value, ensure_ascii=False))
        for name, value in query.items()
    ]  # fmt: skip


def rhythm(t: Speech, row: SubscriptionRow) -> str:
    """When it reports."""
    code = next((code for code, each in SCHEDULES.items() if each == row.schedule), "")
    return t(f"queries.{code}") if code else json.dumps(row.schedule)


def _state(row: SubscriptionRow) -> str:
    return "ended" if row.ended_at is not None else "failing" if row.failures else "active"


def told(t: Speech, row: SubscriptionRow, zone: str) -> dict[str, Any]:
    """A subscription in words: where it sends, whether that works, the last delivery and the last failure."""
    delivered, failed = row.last_notified_at, row.last_failed_at
    ending = urlencode({"name": row.query_name, "number": row.id})
    return {
        "end": f"{HERE}/end?{ending}", "dest": row.dest, "rhythm": rhythm(t, row), "state": _state(row),
        "delivered": t.moment(delivered, zone) if delivered else "",
        "failed": f"{t.moment(failed, zone)}: {row.last_failure}" if failed else "",
        "again": t.moment(row.due_at, zone) if row.failures and row.ended_at is None else "",
        "failures": t.number(row.failures) if row.failures else "",
    }  # fmt: skip


def _card(t: Speech, row: NamedQueryRow, subscribed: Sequence[SubscriptionRow], zone: str) -> dict[str, Any]:
    return {
        "name": row.name, "asks": asks(row.query), "made": t.moment(row.created_at, zone),
        "remove": f"{HERE}/remove?{urlencode({'name': row.name})}",
        "subscribe": f"{HERE}/subscribe?{urlencode({'name': row.name})}",
        "subscriptions": [told(t, each, zone) for each in subscribed if each.query_name == row.name],
    }  # fmt: skip


@get(HERE, opt={"access": SIGNED_IN}, include_in_schema=False)
async def queries_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], after: FromQuery[str] = ""
) -> Response[str]:
    """The firm's queries by name, each with its webhooks: the last delivery, the last failure."""
    t, zone = speech_of(request), await zone_of(transaction, actor)
    found, following = await listed(transaction, actor.organisation_id, Paging(ON_A_PAGE, after or None))
    subscribed = await of_queries(transaction, actor.organisation_id, [each.name for each in found])
    done = request.query_params.get("done", "")
    return show(
        request, "machines/queries.html", queries=[_card(t, each, subscribed, zone) for each in found],
        newer=HERE if after else "", older=f"{HERE}?{urlencode({'after': following})}" if following else "",
        may="read" in actor.roles,
        flashes=[{"tone": "good", "text": t(f"queries.done_{done}")}] if done in DONE else [],
    )  # fmt: skip


ROUTES: Final = [queries_page]
