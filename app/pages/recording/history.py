"""What can be recorded, what was, and the receipt of what just was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol
from urllib.parse import quote
from zoneinfo import ZoneInfo

from litestar import Response, get
from litestar.di import NamedDependency as Given
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.passports import name_of
from app.pages.rendering import AnyRequest, show
from app.words import Speech
from foundation.access import SIGNED_IN, Actor, May
from foundation.errors import Invalid, NotFound
from foundation.registry import facilities
from traceability.history.reading import PAGE, Happened, Line, events_at, lines, own_events
from traceability.holdings import holdings

MOST: Final = 20
CORRECTABLE: Final = frozenset({"ObjectEvent", "TransformationEvent"})


@dataclass(frozen=True, slots=True)
class Entered:
    """An event in words: what it was, what it moved, whether it counts, and why not."""

    happened: Happened
    title: str
    when: str
    recorded: str
    state: str
    reasons: tuple[str, ...]
    flags: tuple[str, ...]
    lines: tuple[tuple[str, str, str, str], ...]  # name, account, mass, address of the lot's page
    correctable: bool
    waits: bool


def state_of(happened: Happened) -> str:
    """One word for a tag: counted, recorded, held (then released or rejected), flagged or corrected."""
    if happened.taken_back:
        return "corrected"
    if happened.cleared is not None:
        return happened.cleared
    return "flagged" if happened.outcome == "counted" and happened.flags else happened.outcome


class Titled(Protocol):
    """What its name is made of."""

    @property
    def kind(self) -> str: ...
    @property
    def biz_step(self) -> str | None: ...
    @property
    def declares_error(self) -> bool: ...


def title_of(t: Speech, happened: Titled) -> str:
    """What kind of event it was."""
    if happened.declares_error:
        return t("record.taken_back")
    if happened.kind != "epcis":
        return t.name("fact", happened.kind)
    return t.name("biz_step", happened.biz_step or "other")


def lot_page(lot: str) -> str:
    """The address of a lot's own page."""
    return f"/stock/lot?uri={quote(lot, safe='')}"


def entered(t: Speech, happened: Happened, found: Sequence[Line], zone: str) -> Entered:
    """One event with its entries."""
    return Entered(
        happened=happened, title=title_of(t, happened), when=t.day(happened.event_day),
        recorded=t.moment(happened.record_time, zone), state=state_of(happened),
        reasons=tuple(t.name("reason", each) for each in happened.reasons if happened.outcome != "counted"),
        flags=tuple(t.name("reason", each) for each in happened.flags),
        lines=tuple(_line(t, each) for each in found if each.index == happened.index),
        correctable=correctable(happened), waits=state_of(happened) == "held",
    )  # fmt: skip


def correctable(happened: Happened) -> bool:
    """Whether its weights can be stated anew."""
    stands = happened.outcome in {"counted", "held"} and happened.cleared != "rejected"
    return stands and not (happened.taken_back or happened.declares_error) and happened.event_type in CORRECTABLE


def _line(t: Speech, line: Line) -> tuple[str, str, str, str]:
    name = name_of(t, line.material, line.form) if line.lot else ""
    sign = "+" if line.grams > 0 else "\N{MINUS SIGN}"
    mass = f"{sign}\N{NO-BREAK SPACE}{t.mass(abs(line.grams))}"
    return name, t.name("account", line.account.replace(":", "_")), mass, lot_page(line.lot) if line.lot else ""


async def today_of(session: AsyncSession, actor: Actor, moment: datetime) -> date:
    """The day that it is where the organisation is."""
    return moment.astimezone(ZoneInfo(await zone_of(session, actor))).date()


async def zone_of(session: AsyncSession, actor: Actor) -> str:
    """The clock that the organisation reads: its first facility's."""
    places = await facilities(session, actor.organisation_id)
    return places[0].time_zone if places else "UTC"


@get("/record", opt={"access": May("capture")}, include_in_schema=False)
async def record_page(request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor]) -> Response[str]:
    """The list of what can be recorded, what is on its way here first."""
    coming = await holdings(transaction, actor.organisation_id, account="transit")
    t = speech_of(request)
    recent = await _told(t, transaction, actor, await own_events(transaction, actor.organisation_id, limit=5))
    return show(request, "recycler/record.html", coming=len(coming), recent=recent)


async def _told(t: Speech, session: AsyncSession, actor: Actor, found: Sequence[Happened]) -> list[Entered]:
    zone = await zone_of(session, actor)
    moved = await lines(session, [each.index for each in found])
    return [entered(t, each, moved, zone) for each in found]


@get("/record/history", opt={"access": SIGNED_IN}, include_in_schema=False)
async def history_page(request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor]) -> Response[str]:
    """Everything the organisation recorded, newest first, with what counts and what does not."""
    typed = request.query_params.get("before", "")
    if typed and not typed.isdigit():
        raise Invalid("This is no index.", field="before", value=typed, fix="Follow the links of the page.")
    found = await own_events(transaction, actor.organisation_id, int(typed) if typed else None)
    told = await _told(speech_of(request), transaction, actor, found)
    older = f"/record/history?before={found[-1].index}" if len(found) == PAGE else ""
    return show(request, "recycler/history.html", told=told, older=older, newer="/record/history" if typed else "")


@get("/record/receipt", opt={"access": SIGNED_IN}, include_in_schema=False)
async def receipt_page(request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor]) -> Response[str]:
    """What was recorded just now: whether it counts, its entries, its leaf, and what to do next."""
    typed: list[Any] = request.query_params.getall("index", [])
    wanted = [int(each) for each in typed[:MOST] if each.isdigit()]
    found = await events_at(transaction, actor.organisation_id, wanted)
    if not found:
        raise NotFound("You have recorded no such event.", field="index", value=",".join(typed)[:80])
    told = await _told(speech_of(request), transaction, actor, found)
    made = {line[3]: line[0] for each in told for line in each.lines if line[3] and each.state != "corrected"}
    return show(request, "recycler/receipt.html", told=told, made=made, counted=all(_counts(each) for each in found))


def _counts(happened: Happened) -> bool:
    return happened.outcome == "counted" or happened.kind != "epcis"


ROUTES: Final = [record_page, history_page, receipt_page]
