"""Recording pages: opening stock, what came in, a transformation, a corrected weight; each becomes an EPCIS event."""

import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.formats import Lang, parse_day
from app.pages.asking import grams_of, speech_of
from app.pages.rendering import AnyRequest, errors_of, form_of, language_of, show
from app.pages.stock import row_of
from app.words import Speech
from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.errors import Invalid, NotFound, Refusal
from foundation.registry import Facility, facilities
from foundation.settings import Settings, public_base
from traceability.capture import Door, capture
from traceability.composing import At, Composed, Making, arrived, document, kilograms, opening, transformed, wrong
from traceability.holdings import holdings
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.interpretation import RECYCLING, REPROCESSING, SORTING
from traceability.sequencing.sequencer import Sequencer
from traceability.tables import EventRow, PayloadRow

FORMS: Final = ("loose", "bale", "flake", "regrind", "agglomerate", "pellet", "compound", "cullet", "ingot")
STEPS: Final = {"sorting": SORTING, "reprocessing": REPROCESSING, "recycling": RECYCLING}
EMPTY: Final = {
    "material": "plastics.pet", "form": "", "grams": "", "grams_unit": "t", "facility": "", "day": "",
    "consumer": "post",
    "step": "reprocessing", "residue": "", "residue_unit": "t",
}  # fmt: skip
MOST_INPUTS: Final = 12


def material_options(t: Speech, sequencer: Sequencer) -> list[tuple[str, str]]:
    """The taxonomy's materials that have a name, for a select."""
    named = [(code, str(t.name("material", code))) for code in sorted(sequencer.controls.materials)]
    return [(code, name) for code, name in named if name != code]


async def _frame(
    request: AnyRequest, session: AsyncSession, actor: Actor, sequencer: Sequencer, form: Mapping[str, str]
) -> dict[str, Any]:
    t = speech_of(request)
    own = await facilities(session, actor.organisation_id)
    return {
        "form": {**EMPTY, **form}, "materials": material_options(t, sequencer),
        "forms": [(code, str(t.name("form", code))) for code in FORMS],
        "facilities": [(str(each.id), each.name) for each in own],
    }  # fmt: skip


async def place_of(session: AsyncSession, actor: Actor, form: Mapping[str, str], clock: Clock, lang: Lang) -> At:
    """Where and when: one of the firm's own facilities, today or an earlier day. Raises Invalid."""
    own = {str(each.id): each for each in await facilities(session, actor.organisation_id)}
    place: Facility | None = own.get(form.get("facility", "")) or (next(iter(own.values())) if len(own) == 1 else None)
    if place is None:
        raise Invalid("Choose a facility.", field="facility", value=form.get("facility"), fix="Choose a facility.")
    zone, now = ZoneInfo(place.time_zone), clock()
    today = now.astimezone(zone).date()
    day: date = parse_day(form["day"], lang, field="day") if form.get("day") else today
    moment = now - timedelta(seconds=1) if day == today else datetime.combine(day, time(12), tzinfo=zone)
    return At(moment, place.uri, zone)


async def enter(door: Door, actor: Actor, events: list[Composed]) -> int:
    """Capture the events of one form; answers the last one's index. Raises the first refusal."""
    captured = await capture(door, actor, document(events, door.clock()))
    last = 0
    for each in captured.events:
        if isinstance(each, Refusal):
            raise each
        last = each.index
    return last


@get("/record", opt={"access": SIGNED_IN}, include_in_schema=False)
async def record_page(request: AnyRequest) -> Response[str]:
    """What can be recorded."""
    return show(request, "recycler/record.html")


@get("/record/{kind:str}", opt={"access": May("capture")}, include_in_schema=False)
async def making_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], sequencer: Given[Sequencer],
    kind: FromPath[str],
) -> Response[str]:  # fmt: skip
    """The form for opening stock, for what was collected, or for a transformation."""
    frame = await _frame(request, transaction, actor, sequencer, {})
    if kind == "transformation":
        t = speech_of(request)
        lots = [row_of(t, each) for each in (await holdings(transaction, actor.organisation_id)) if each.free]
        return show(request, "recycler/transformation.html", lots=lots[:MOST_INPUTS], **frame)
    if kind not in {"opening", "collected"}:
        raise NotFound("There is no such page.", field="page", value=kind)
    return show(request, "recycler/making.html", kind=kind, **frame)


@post("/record/{kind:str}", opt={"access": May("capture")}, status_code=200, include_in_schema=False)
async def making_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], sequencer: Given[Sequencer],
    door: Given[Door], settings: Given[Settings], clock: Given[Clock], kind: FromPath[str],
) -> Response[Any]:  # fmt: skip
    """Record it, or show the form again with what was wrong; what was typed is kept."""
    form, lang = await form_of(request), language_of(request)
    lot = lot_uri(public_base(settings), new_token())
    try:
        at = await place_of(transaction, actor, form, clock, lang)
        if kind == "transformation":
            events = [_transformation(at, form, lang, lot)]
        else:
            made = Making(
                lot, grams_of(form, lang), form.get("material", ""), form.get("form", ""),
                form.get("consumer") or None, actor.country,
            )  # fmt: skip
            events = [opening(at, made) if kind == "opening" else arrived(at, made)]
        await enter(door, actor, events)
    except Refusal as refusal:
        frame = await _frame(request, transaction, actor, sequencer, form)
        t, errors = speech_of(request), errors_of(request, refusal)
        lots = [row_of(t, each) for each in (await holdings(transaction, actor.organisation_id)) if each.free]
        template = "recycler/transformation.html" if kind == "transformation" else "recycler/making.html"
        return show(
            request, template, status=refusal.status, errors=errors, kind=kind, lots=lots[:MOST_INPUTS], **frame
        )
    return Redirect(f"/stock/lot?uri={quote(lot, safe='')}", status_code=303)


def _transformation(at: At, form: Mapping[str, str], lang: str, lot: str) -> Composed:
    """The inputs that have a mass, one output lot, and a residue. Raises Invalid."""
    inputs = {
        form[f"lot{number}"]: grams_of(form, lang, f"input{number}")
        for number in range(MOST_INPUTS)
        if form.get(f"lot{number}") and form.get(f"input{number}")
    }
    if not inputs:
        raise Invalid("State what went in.", field="input0", value="", fix="State a mass for at least one lot.")
    step = STEPS.get(form.get("step", ""))
    if step is None:
        raise Invalid("Choose what was done.", field="step", value=form.get("step"), fix="Choose one.")
    sinks = {"residue:process": grams_of(form, lang, "residue")} if form.get("residue") else {}
    made = Making(lot, grams_of(form, lang), form.get("material", ""), form.get("form", ""))
    return transformed(at, step, inputs, [made], sinks)


async def _own_event(session: AsyncSession, actor: Actor, index: int) -> tuple[EventRow, dict[str, Any]]:
    """The firm's own event of one lot that came in. Raises NotFound for any other."""
    row = await session.scalar(select(EventRow).where(EventRow.index == index, EventRow.kind == "epcis"))
    body = await session.scalar(select(PayloadRow.body).where(PayloadRow.index == index))
    if row is None or body is None or row.organisation_id != actor.organisation_id or row.action != "ADD":
        raise NotFound("There is no such event of yours to correct.", field="event", value=index)
    return row, json.loads(body, parse_float=Decimal)


@get("/record/correct/{index:int}", opt={"access": May("capture")}, include_in_schema=False)
async def correct_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], index: FromPath[int]
) -> Response[str]:
    """The form for the right weight of an event."""
    _, body = await _own_event(transaction, actor, index)
    return show(request, "recycler/correct.html", index=index, stated=body["quantityList"][0], form=EMPTY)


@post("/record/correct/{index:int}", opt={"access": May("capture")}, status_code=200, include_in_schema=False)
async def correct_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], door: Given[Door], clock: Given[Clock],
    index: FromPath[int],
) -> Response[Any]:  # fmt: skip
    """Declare the event erroneous and state it anew, in one document: both stay readable."""
    form = await form_of(request)
    row, body = await _own_event(transaction, actor, index)
    element = body["quantityList"][0]
    try:
        grams = grams_of(form, language_of(request))
        right = {**body, "quantityList": [{**element, "quantity": kilograms(grams), "uom": "KGM"}]}
        right.pop("eventID", None)
        await enter(door, actor, [wrong(body, row.event_id, clock()), right])
    except Refusal as refusal:
        errors = errors_of(request, refusal)
        return show(
            request, "recycler/correct.html", status=refusal.status, index=index, stated=element, errors=errors,
            form={**EMPTY, **form},
        )  # fmt: skip
    return Redirect(f"/stock/lot?uri={quote(element['epcClass'], safe='')}", status_code=303)


ROUTES: Final = [record_page, making_page, making_form, correct_page, correct_form]
