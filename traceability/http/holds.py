"""Holds over HTTP: what waits to be cleared, and clearing it."""

from datetime import date
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor, May
from foundation.errors import Invalid
from standards.plausibility import Finding, Thresholds, backing
from traceability.capture import Door
from traceability.history.holds import MOST, Hold, holds
from traceability.history.releasing import LONGEST, Clearing, clear
from traceability.http.epcis import told
from traceability.http.lots import In


class ClearingIn(In):
    """What is decided of a held event, and why; `reason` becomes part of the record and may hold no personal data."""

    decision: Literal["release", "reject"]
    reason: str = Field(min_length=1, max_length=LONGEST)


def shown_finding(limits: Thresholds, finding: Finding, day: date) -> dict[str, Any]:
    """What a control found, with the values that it stands on as they were in force on the day of recording."""
    rests = [
        {"unit": each.unit,
         "source": each.reference.title, "href": each.reference.href, "certainty": each.certainty}
        for each in backing(limits, finding, day)
    ]  # fmt: skip
    return {**finding.told(), "rests": rests}


def shown_hold(hold: Hold, limits: Thresholds, own: int) -> dict[str, Any]:
    """A held event as JSON: why it is held, and the mass that it states, in grams by lot.

    `recordedBy` is told of the reader's own organisation alone (`own`).
    """
    row = hold.row
    day = row.record_time.date()
    return {
        "leafIndex": row.index, "eventID": row.event_id, "eventType": row.event_type, "bizStep": row.biz_step,
        "eventTime": row.event_time.isoformat(), "recordTime": row.record_time.isoformat(),
        "reasons": list(row.reasons), "flags": list(row.flags), "declaresError": hold.declares_error,
        "recordedBy": row.actor if row.organisation_id == own else None,
        "found": [shown_finding(limits, each, day) for each in hold.findings],
        "stated": [{"lot": lot, "grams": grams} for lot, grams in hold.stated],
    }  # fmt: skip


@get("/api/v1/holds", opt={"access": SIGNED_IN})
async def get_holds(
    request: Request[Any, Any, Any], answering: Given[AsyncSession], actor: Given[Actor],
    door: Given[Door], cursor: FromQuery[str] = "", limit: Annotated[int, QueryParameter(ge=1, le=MOST)] = MOST,
) -> Response[list[dict[str, Any]]]:  # fmt: skip
    """What waits to be cleared, oldest first: of the organisation, to an authority of its whole country."""
    if not (cursor == "" or (cursor.isascii() and cursor.isdigit() and len(cursor) < 19)):
        raise Invalid("This is no cursor.", field="cursor", value=cursor[:40], fix="Use the one of the last page.")
    found = await holds(answering, actor, int(cursor or -1), limit + 1)
    page = found[:limit]
    following = f"{request.url.path}?cursor={page[-1].row.index}&limit={limit}" if len(found) > limit else None
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    limits = door.sequencer.controls.limits
    return Response([shown_hold(each, limits, actor.organisation_id) for each in page], headers=headers)


@post("/api/v1/holds/{index:int}/release", opt={"access": May("clear")})
async def post_release(
    answering: Given[AsyncSession], actor: Given[Actor], door: Given[Door],
    index: FromPath[int], data: JSONBody[ClearingIn],
) -> dict[str, Any]:  # fmt: skip
    """Release a held event, so that it counts from now on, or reject it for good; never by who recorded it."""
    return told(await clear(answering, door, actor, Clearing(index, data.decision, data.reason)))


ROUTES: Final = [get_holds, post_release]
