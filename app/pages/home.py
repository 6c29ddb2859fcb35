"""Home: what Junkan is for a visitor; what is there and what is to do for somebody who is signed in."""

from typing import Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.rendering import AnyRequest, show
from app.pages.stock import zone_of
from foundation.access import PUBLIC, Actor
from marketplace.tables import OfferRow
from traceability.holdings import holdings
from traceability.log import log_size
from traceability.tables import EventRow


@get("/", opt={"access": PUBLIC}, include_in_schema=False)
async def home_page(request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor | None]) -> Response[str]:
    """The first page."""
    t = speech_of(request)
    if actor is None or actor.person_id is None:
        return show(request, "home.html", size=t.number(await log_size(transaction)))
    held = await holdings(transaction, actor.organisation_id)
    coming = await holdings(transaction, actor.organisation_id, account="transit")
    asked = select(func.count()).where(OfferRow.seller == actor.organisation_id, OfferRow.state == "open")
    rows = await transaction.scalars(
        select(EventRow)
        .where(EventRow.organisation_id == actor.organisation_id, EventRow.kind == "epcis")
        .order_by(EventRow.index.desc())
        .limit(8)
    )
    zone = await zone_of(transaction, actor)
    events = [
        {"index": row.index, "step": t.name("biz_step", row.biz_step or ""), "when": t.moment(row.event_time, zone),
         "outcome": row.outcome}
        for row in rows
    ]  # fmt: skip
    return show(
        request, "signed_in.html", free=t.mass(sum(each.free for each in held)), events=events, coming=len(coming),
        reserved=t.mass(sum(each.reserved for each in held)), lots=len(held), offers=await transaction.scalar(asked),
    )  # fmt: skip


ROUTES: Final = [home_page]
