"""Stock pages: what a firm holds, and one of its lots with all that is known and could be done with it."""

from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.passports import certificate, measurement, name_of, standard_name
from app.pages.rendering import AnyRequest, show
from app.words import Speech
from foundation.access import SIGNED_IN, Actor
from foundation.database import Clock
from foundation.registry import facilities
from standards.catalogue import Catalogue
from standards.conformity import Judgement
from traceability.evidence import certificates, measurements
from traceability.holdings import Holding, holding, holdings
from traceability.judging import judged
from traceability.tables import EntryRow, EventRow


async def zone_of(session: AsyncSession, actor: Actor) -> str:
    """The zone in which a firm reads times: its first facility's."""
    own = await facilities(session, actor.organisation_id)
    return own[0].time_zone if own else "UTC"


def row_of(t: Speech, held: Holding) -> dict[str, Any]:
    """A holding for a table."""
    return {
        "uri": held.lot, "token": held.token, "name": name_of(t, held.material, held.form), "day": t.day(held.made_on),
        "free": t.mass(held.free), "reserved": t.mass(held.reserved), "claimed": t.mass(held.claimed_content),
    }  # fmt: skip


@get("/stock", opt={"access": SIGNED_IN}, include_in_schema=False)
async def stock_page(request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor]) -> Response[str]:
    """Everything the firm holds, and what is on its way to it."""
    t = speech_of(request)
    held = await holdings(transaction, actor.organisation_id)
    coming = await holdings(transaction, actor.organisation_id, account="transit")
    return show(
        request, "recycler/stock.html", lots=[row_of(t, each) for each in held],
        coming=[row_of(t, each) for each in coming], free=t.mass(sum(each.free for each in held)),
        total=t.mass(sum(each.free + each.reserved for each in held)),
    )  # fmt: skip


async def _history(session: AsyncSession, t: Speech, held: Holding, zone: str) -> list[list[str]]:
    rows = await session.execute(
        select(EntryRow.event_index, EntryRow.grams, EntryRow.account, EventRow.event_time, EventRow.biz_step)
        .join(EventRow, EventRow.index == EntryRow.event_index)
        .where(EntryRow.lot_id == held.lot_id)
        .order_by(EntryRow.event_index)
    )
    balance, told = 0, []
    for index, grams, account, when, step in rows:
        balance += grams if account == "stock" else 0
        sign = "+" if grams > 0 else "\u2212"
        mass, left = f"{sign} {t.mass(abs(grams))}", t.mass(balance)
        told.append([str(index), t.moment(when, zone), t.name("biz_step", step or ""), mass, left])
    return told


def verdict_row(t: Speech, catalogue: Catalogue, each: Judgement) -> dict[str, Any]:
    """One standard's verdict for a table: what is missing, how sure the standard's own data are."""
    return {
        "standard": standard_name(t, each.standard, catalogue), "verdict": str(each.verdict), "grade": each.grade or "",
        "missing": ", ".join(sorted({want.rpartition(":")[2] for miss in each.missing for want in miss.wants})),
        "certainty": t.name("certainty", str(each.certainty)) if each.certainty else "",
        "until": t.day(each.expires_on) if each.expires_on else "",
    }  # fmt: skip


@get("/stock/lot", opt={"access": SIGNED_IN}, include_in_schema=False)
async def lot_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    clock: Given[Clock], uri: FromQuery[str],
) -> Response[str]:  # fmt: skip
    """One lot: balance, ledger, evidence, and the verdict of every standard that speaks of it."""
    t, day = speech_of(request), clock().date()
    held = await holding(transaction, actor.organisation_id, uri)
    verdicts = await judged(
        transaction, catalogue, held.lot_id, held.maker, (held.material, held.form, held.origins), day
    )
    measured = [measurement(t, row, catalogue) for row in await measurements(transaction, held.lot_id)]
    papers = [
        certificate(t, row, catalogue) for row in await certificates(transaction, held.lot_id, held.maker, day)
    ]  # fmt: skip
    return show(
        request, "recycler/lot.html", lot=row_of(t, held), mine=held.maker == actor.organisation_id,
        history=await _history(transaction, t, held, await zone_of(transaction, actor)),
        verdicts=[verdict_row(t, catalogue, each) for each in verdicts], measured=measured, papers=papers,
        countries=", ".join(t.country(origin.country) for origin, _ in held.origins.grams),
    )  # fmt: skip


ROUTES: Final = [stock_page, lot_page]
