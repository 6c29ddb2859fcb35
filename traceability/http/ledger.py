"""The ledger over HTTP: an organisation's stock line by line, its balances, and what was left out, by reason."""

import re
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
from traceability.history.daybook import EVERYWHERE, NOWHERE, PAGE, Line, Place, Sums, Wanted, lines, sums, today_of
from traceability.history.uncounted import LeftOut, left_out

MOST: Final = 500
NONE: Final = "none"
_CURSOR: Final = re.compile(r"(\d{4}-\d{2}-\d{2})\.(\d{1,18})\.(\d{1,18})", re.ASCII)


def cursor_of(place: Place) -> str:
    """The way to the lines behind this one."""
    return f"{place.day.isoformat()}.{place.index}.{place.lot}"


def place_of(cursor: str) -> Place | None:
    """Where a cursor points, None for ''. Raises Invalid."""
    if not cursor:
        return None
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise Invalid("This is no cursor.", field="cursor", value=cursor[:60], fix="Use the one of the last page.")
    return Place(day_of(found[1], "cursor", date.min), int(found[2]), int(found[3]))


def day_of(text: str, name: str, otherwise: date) -> date:
    """A day of the address in ISO form. Raises Invalid."""
    if not text:
        return otherwise
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("This is no day.", field=name, value=text[:40], fix="Write it like 2026-11-23.") from error


async def facility_asked(session: AsyncSession, holder: int, text: str) -> int:
    """A place by the facility's URI; `none`: at none of the holder's; '' everywhere. Raises NotFound."""
    if text in {"", NONE}:
        return NOWHERE if text else EVERYWHERE
    for each in await facilities(session, holder):
        if each.uri == text:
            return each.id
    raise NotFound("You have no such facility.", field="facility", value=text[:200], fix="State its URI, or none.")


def shown_line(line: Line) -> dict[str, Any]:
    """One line as JSON, in grams."""
    return {
        "day": line.at.day.isoformat(), "leafIndex": line.at.index, "eventID": line.event_id, "kind": line.kind,
        "bizStep": line.biz_step, "declaresError": line.declares_error, "lot": line.lot, "material": line.material,
        "form": line.form, "facility": line.facility or None, "stockGrams": line.stock, "transitGrams": line.transit,
        "balanceGrams": line.balance, "inTransitGrams": line.on_the_way, "recordedBy": line.actor or None,
        "recordedByOther": line.other or None,
    }  # fmt: skip


def shown_sums(found: Sums, left: list[LeftOut]) -> dict[str, Any]:
    """The balances as JSON, in grams: what was recorded = counted + left out."""
    return {
        "opening": {"stockGrams": found.before[0], "inTransitGrams": found.before[1]},
        "closing": {"stockGrams": found.after[0], "inTransitGrams": found.after[1]},
        "counted": {"events": found.events, "inGrams": found.came, "outGrams": found.went},
        "leftOut": [
            {"state": each.state, "reason": each.reason, "events": each.events, "inGrams": each.came,
             "outGrams": each.went}
            for each in left
        ],
        "now": {"freeGrams": found.free, "reservedGrams": found.reserved, "inTransitGrams": found.now[1]},
    }  # fmt: skip


@get("/api/v1/ledger", opt={"access": SIGNED_IN})
async def get_ledger(
    request: Request[Any, Any, Any], record: Given[AsyncSession], actor: Given[Actor], clock: Given[Clock],
    to: FromQuery[str] = "", material: FromQuery[str] = "", facility: FromQuery[str] = "",
    cursor: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=MOST)] = PAGE,
) -> Response[dict[str, Any]]:  # fmt: skip
    """The lines of the organisation's stock `from` one local day `to` another (this year where none is said).

    `facility` is the URI of an own facility, or `none`; `material` a material's code. With each line the balances
    after it; `now` is what the ledger keeps of the material at all facilities together.
    """
    last = day_of(to, "to", await today_of(record, actor.organisation_id, clock()))
    since = day_of(request.query_params.get("from", ""), "from", last.replace(month=1, day=1))
    place = await facility_asked(record, actor.organisation_id, facility)
    wanted = Wanted(actor.organisation_id, since, last, material, place)
    found = await lines(record, wanted, place_of(cursor), limit + 1)
    page = found[:limit]
    answer = {
        "from": since.isoformat(), "to": last.isoformat(), "lines": [shown_line(each) for each in page],
        **shown_sums(await sums(record, wanted), await left_out(record, wanted)),
    }  # fmt: skip
    headers = {}
    if len(found) > limit:
        asked = {"from": since, "to": last, "material": material, "facility": facility, "limit": limit}
        following = urlencode({**asked, "cursor": cursor_of(page[-1].at)})
        headers["Link"] = f'<{request.url.path}?{following}>; rel="next"'
    return Response(answer, headers=headers)


ROUTES: Final = [get_ledger]
