"""Home: what Junkan is for a visitor; what there is and what is to do for somebody who is signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.passports import standard_name
from app.pages.recording.history import entered, zone_of
from app.pages.rendering import AnyRequest, show
from app.pages.stock.held import sums
from app.words import Speech
from foundation.access import PUBLIC, Actor
from foundation.database import Clock
from marketplace.negotiation import offers
from marketplace.trades import trades
from standards.catalogue import Catalogue
from traceability.cases.reports import labels_waiting
from traceability.history.holds import MOST, holds
from traceability.history.reading import lines, own_events
from traceability.holdings import holdings
from traceability.log import log_size
from traceability.movements.reading import requests, waiting
from traceability.recalls.reading import waiting_for
from traceability.tables import CertificateRow

RECENT: Final = 5
SOON: Final = timedelta(days=60)
HANDLERS: Final = frozenset({"collector", "sorter", "recycler", "compounder", "manufacturer", "trader"})


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do: how many of it, and where."""

    title: str
    note: str
    href: str


@get("/", opt={"access": PUBLIC}, include_in_schema=False)
async def home_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor | None], catalogue: Given[Catalogue],
    clock: Given[Clock], answering: Given[AsyncSession],
) -> Response[str]:  # fmt: skip
    """The first page."""
    t = speech_of(request)
    if actor is None or actor.person_id is None:
        return show(request, "home.html", size=t.number(await log_size(transaction)))
    handler = bool(actor.organisation_roles & HANDLERS)
    held = await holdings(transaction, actor.organisation_id)
    recent = await own_events(transaction, actor.organisation_id, limit=RECENT)
    moved, zone = await lines(transaction, [each.index for each in recent]), await zone_of(transaction, actor)
    tasks = await _tasks(t, transaction, actor) if handler else []
    tasks += await _to_clear(t, answering, actor)
    tasks += await _shared(t, answering, actor, clock())
    tasks += await _ending(t, transaction, actor, catalogue, clock().date())
    return show(
        request, "recycler/home.html", tasks=tasks, handler=handler, sums=sums(t, held)[:4], lots=len(held),
        free=t.mass(sum(each.free for each in held)), total=t.mass(sum(each.free + each.reserved for each in held)),
        events=[entered(t, each, moved, zone) for each in recent],
        certified=[standard_name(t, each.standard, catalogue) for each in await _certificates(transaction, actor)],
    )  # fmt: skip


async def _tasks(t: Speech, session: AsyncSession, actor: Actor) -> list[Task]:
    """What waits for this person of the organisation: answers, shipments, receipts."""
    number = actor.organisation_id
    asked = [each for each in await offers(session, actor) if each.seller == number and each.state == "open"]
    dealt = await trades(session, actor)
    leave = [each for each in dealt if each.row.seller == number and each.goods.state == "reserved"]
    coming = await holdings(session, number, account="transit")
    found = [
        ("trade", "tasks.offers", len(asked), sum(each.grams for each in asked), "/offers"),
        ("capture", "tasks.ship", len(leave), sum(each.row.grams for each in leave), "/trades"),
        ("capture", "tasks.receive", len(coming), sum(each.free for each in coming), "/record/arrival"),
    ]
    called = await waiting_for(session, number)
    called_back = [Task(t("tasks.recalls", count=t.number(called)), t("recall.lead"), "/recalls")]
    labels = await labels_waiting(session, number)
    reported = [Task(t("tasks.label_reports", count=t.number(labels)), t("case.lead"), "/label-reports")]
    waits = [
        Task(t(key, count=t.number(count)), t.mass(grams), href)
        for right, key, count, grams, href in found
        if count and right in actor.roles
    ]
    return (called_back if called else []) + waits + (reported if labels else [])


async def _to_clear(t: Speech, session: AsyncSession, actor: Actor) -> list[Task]:
    """What is on hold and waits for this person."""
    held = await holds(session, actor) if "clear" in actor.roles else []
    more = "+" if len(held) == MOST else ""
    grams = sum(part for each in held for _, part in each.stated)
    return [Task(t("tasks.holds", count=f"{len(held)}{more}"), t.mass(grams), "/holds")] if held else []


async def _shared(t: Speech, session: AsyncSession, actor: Actor, moment: datetime) -> list[Task]:
    """What the other side of a movement, or a firm of an authority's country, waits for."""
    found = [
        ("tasks.movements", "movement.lead", len(await waiting(session, actor, moment))),
        ("tasks.reopenings", "movement.lead_authority", len(await requests(session, actor))),
    ]
    return [Task(t(key, count=t.number(count)), t(note), "/movements") for key, note, count in found if count]


async def _certificates(session: AsyncSession, actor: Actor) -> Sequence[CertificateRow]:
    """The organisation's own certificates, the one that ends last first."""
    wanted = select(CertificateRow).where(CertificateRow.organisation_id == actor.organisation_id)
    return (await session.scalars(wanted.order_by(CertificateRow.valid_to.desc()).limit(20))).all()


async def _ending(
    t: Speech, session: AsyncSession, actor: Actor, catalogue: Catalogue, today: date
) -> list[Task]:  # fmt: skip
    """Scope certificates that end soon and that no later one of the same standard follows."""
    if "capture" not in actor.roles:
        return []
    found: dict[str, CertificateRow] = {}
    for each in await _certificates(session, actor):
        if each.lot_id is None:
            found.setdefault(each.standard, each)
    return [
        Task(
            t("tasks.certificate", name=standard_name(t, each.standard, catalogue)),
            t("common.days_left", days=t.number((each.valid_to - today).days)), "/evidence/certificate",
        )
        for each in found.values()
        if today <= each.valid_to <= today + SOON
    ]  # fmt: skip


ROUTES: Final = [home_page]
