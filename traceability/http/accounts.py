"""Mass-balance accounts over HTTP: the statement of each period, and the events behind it."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor
from foundation.database import Clock
from foundation.errors import Invalid, NotFound
from foundation.registry import facilities
from standards.catalogue import Catalogue
from standards.trade.massbalance import schemes
from traceability.accounting.counts import Count, Tolerance, counts_of, tolerance_of
from traceability.accounting.reading import PAGE, Booked, Place, Statement, Wanted, bookings, statements
from traceability.ledger.accounts import Grams

MOST: Final = 200
_CURSOR: Final = re.compile(r"(\d{4}-\d{2}-\d{2})~(\d{1,18})~([\w.-]{1,100})~([a-z0-9-]{1,100})", re.ASCII)
AnyRequest = Request[Any, Any, Any]


def cursor_of(at: Place) -> str:
    """A place as one word: it leads to the statements behind it, and names its account and period."""
    return f"{at.first.isoformat()}~{at.facility}~{at.material}~{at.scheme}"


def place_of(cursor: str, name: str = "cursor") -> Place:
    """The place that a word of ours names. Raises Invalid."""
    found = _CURSOR.fullmatch(cursor)
    try:
        if found is not None:
            return Place(date.fromisoformat(found[1]), int(found[2]), found[3], found[4])
    except ValueError:
        pass
    raise Invalid("This is no place of ours.", field=name, value=cursor[:60], fix="Use it as it was given.")


def day_of(text: str) -> date | None:
    """A day in ISO form, None for ''. Raises Invalid."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid("This is no day.", field="on", value=text[:40], fix="Write it like 2026-11-23.") from error


async def facility_asked(session: AsyncSession, organisation: int, uri: str) -> int | None:
    """An own facility by its URI, None for ''. Raises NotFound."""
    if not uri:
        return None
    found = next((each.id for each in await facilities(session, organisation) if each.uri == uri), None)
    if found is None:
        raise NotFound("You have no such facility.", field="facility", value=uri[:200], fix="State its URI.")
    return found


def _grams(grams: Grams | None) -> dict[str, int] | None:
    return None if grams is None else {"preConsumerGrams": grams.pre, "postConsumerGrams": grams.post}


def shown(each: Statement, tolerance: Tolerance | None, counts: Sequence[Count]) -> dict[str, Any]:
    """A statement as JSON, with the counts of stock that lie further from the books than the scheme allows."""
    return {
        "account": cursor_of(each.at), "facility": each.facility, "material": each.at.material,
        "scheme": each.at.scheme, "from": each.at.first.isoformat(), "to": each.last.isoformat(),
        "state": each.state, "neverNegative": "at_any_event" if each.strict else "at_period_end",
        "opening": _grams(each.opening), "in": _grams(each.credited), "claimed": _grams(each.claimed),
        "closing": _grams(each.closing), "carriedOver": _grams(each.carried), "lapsed": _grams(each.lapsed),
        "throughGrams": each.through, "carryOverCertainty": each.certainty,
        "stockTolerance": None if tolerance is None else
        {"percentOfCount": str(tolerance.percent), "certainty": tolerance.certainty},
        "countsBeyondTolerance": [
            {"leafIndex": one.index, "day": one.on.isoformat(), "bookGrams": one.book, "countedGrams": one.counted}
            for one in counts
        ],
    }  # fmt: skip


def shown_booking(each: Booked) -> dict[str, Any]:
    """One booking as JSON."""
    return {
        "leafIndex": each.index, "day": each.on.isoformat(), "bizStep": each.biz_step,
        "in": _grams(each.credited), "claimed": _grams(each.claimed),
    }  # fmt: skip


def _following(request: AnyRequest, cursor: str | None) -> dict[str, str]:
    if cursor is None:
        return {}
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return {"Link": f'<{request.url.path}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'}


@get("/api/v1/accounts", opt={"access": SIGNED_IN})
async def get_accounts(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    clock: Given[Clock], facility: FromQuery[str] = "", material: FromQuery[str] = "", scheme: FromQuery[str] = "",
    on: FromQuery[str] = "", cursor: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=MOST)] = PAGE,
) -> Response[dict[str, Any]]:  # fmt: skip
    """The organisation's mass-balance accounts, the newest period first; `on` chooses the periods that hold a day.

    Of each period, by kind: opening + in - claimed = closing; once it has ended, what is carried over and what lapsed.
    """
    organisation = actor.organisation_id
    place = await facility_asked(transaction, organisation, facility)
    wanted = Wanted(organisation, place, material or None, scheme or None, day_of(on))
    after = place_of(cursor) if cursor else None
    known = schemes(catalogue)
    found = await statements(transaction, known, wanted, clock().date(), after, limit + 1)
    page = found[:limit]
    counts = await counts_of(transaction, organisation, page)
    following = cursor_of(page[-1].at) if len(found) > limit else None
    return Response({"accounts": [
        shown(each, tolerance_of(known.get(each.at.scheme), each.last), counts.get(each.at, ())) for each in page
    ]}, headers=_following(request, following))  # fmt: skip


@get("/api/v1/accounts/bookings", opt={"access": SIGNED_IN})
async def get_bookings(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], account: FromQuery[str],
    cursor: Annotated[int, QueryParameter(ge=-1, le=2**53)] = -1,
    limit: Annotated[int, QueryParameter(ge=1, le=MOST)] = PAGE,
) -> Response[dict[str, Any]]:  # fmt: skip
    """The events behind one period of an account (`account` as its statement names it), in the order of recording."""
    found = await bookings(transaction, actor.organisation_id, place_of(account, "account"), cursor, limit + 1)
    page = found[:limit]
    following = str(page[-1].index) if len(found) > limit else None
    return Response({"bookings": [shown_booking(each) for each in page]}, headers=_following(request, following))


ROUTES: Final = [get_accounts, get_bookings]
"""The accounts' routes."""
