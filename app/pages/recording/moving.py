"""Moving, where no trade was made here: lots sent to another organisation, and what arrives from one."""

from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.formats import mass_input
from app.pages.asking import speech_of
from app.pages.forms.checking import Act, filled
from app.pages.forms.choices import facilities
from app.pages.forms.filling import Filled
from app.pages.forms.weighing import facts as stated_of
from app.pages.forms.weighing import fits, net_of, weighing_in
from app.pages.passports import name_of
from app.pages.recording.acting import at_of, day_at, lateness, place_of, recorded, today_of
from app.pages.recording.picking import drawn_of, picks, ticked
from app.pages.rendering import AnyRequest, show
from foundation.access import Actor, May
from foundation.errors import NotFound
from foundation.registry import Facility, Organisation
from foundation.registry import facilities as facilities_of
from traceability.capture import Door
from traceability.composing import Composed, received, rejected, shipped, weighed
from traceability.history.coming import Coming, coming
from traceability.holdings import Holding, holdings

ANSWERS: Final = ("take", "reject")


async def _receiver(session: AsyncSession, form: Filled, actor: Actor) -> Organisation | None:
    """The one organisation of this identity or whole name; None, and said so, where none or several are."""
    typed = form.text("receiver", form.t("record.receiver"))
    if not typed:
        return None
    named = or_(Organisation.uri == typed, func.lower(Organisation.name) == typed.lower())
    found = list(await session.scalars(select(Organisation).where(named, Organisation.id != actor.organisation_id)))
    if len(found) != 1:
        form.say("receiver", form.t("record.no_receiver" if not found else "record.many_receivers", name=typed))
        return None
    return found[0]


async def _public_names(session: AsyncSession, actor: Actor) -> list[str]:
    """Organisations that made their name public, as a help in typing."""
    rows = select(Organisation.name).where(Organisation.name_public, Organisation.id != actor.organisation_id)
    return list(await session.scalars(rows.order_by(Organisation.name).limit(200)))


def _dispatch_page(
    form: Filled, lots: list[Holding], places: list[Facility], names: list[str], status: int = 200
) -> Response[str]:
    kept = {"receiver": "", "facility": "", "day": "", **form.values}
    listed = picks(form, lots)
    return show(
        form.request, "recycler/dispatch.html", status=status, form=kept, lots=listed, places=facilities(places),
        names=names, more=len(lots) - len(listed), errors=form.errors,
    )  # fmt: skip


@get("/record/dispatch", opt={"access": May("capture")}, include_in_schema=False)
async def dispatch_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], door: Given[Door]
) -> Response[str]:
    """The form: to whom, which lots, how much."""
    lots = [each for each in await holdings(transaction, actor.organisation_id) if each.free]
    places = await facilities_of(transaction, actor.organisation_id)
    kept = {"day": today_of(places, door.clock()).isoformat()}
    kept |= ticked(lots, request.query_params.get("lot", ""), speech_of(request).lang)
    names = await _public_names(transaction, actor)
    return _dispatch_page(Filled(request, speech_of(request), kept), lots, places, names)


@post("/record/dispatch", opt={"access": May("capture")}, include_in_schema=False)
async def dispatch_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], door: Given[Door]
) -> Response[Any]:
    """Check it, then send it on its way."""
    form = await filled(request)
    t, lots = form.t, [each for each in await holdings(transaction, actor.organisation_id) if each.free]
    places = await facilities_of(transaction, actor.organisation_id)
    place, receiver = place_of(form, places), await _receiver(transaction, form, actor)
    at, drawn, weighing = at_of(form, place, door.clock()), drawn_of(form, lots), weighing_in(form)
    if not form.errors:
        fits(form, weighing, sum(drawn.values()))
    names = {each.lot: f"{name_of(t, each.material, each.form)} ({each.lot[-6:]})" for each in lots}
    total = t.mass(sum(drawn.values()))
    to = receiver.name if receiver else ""
    act = Act(
        root=(t("nav.record"), "/record"), title=t("record.dispatch.title"),
        button=t("record.dispatch.act", mass=total),
        facts=[(t("record.receiver"), to), (t("common.facility"), place.name),
               (t("common.date"), day_at(form, at)),
               *((names[lot], t.mass(grams)) for lot, grams in drawn.items()), (t("common.total"), total),
               *stated_of(form, weighing)],
        warnings=lateness(form, door, at, backfill=False),
    )  # fmt: skip
    event = weighed(shipped(at, actor.organisation_uri, receiver.uri if receiver else "", drawn), weighing)
    again = partial(_dispatch_page, form, lots, places, await _public_names(transaction, actor))
    return await recorded(door, actor, form, act, [event], again, "/record/dispatch")


@get("/record/arrival", opt={"access": May("capture")}, include_in_schema=False)
async def arrival_page(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor], door: Given[Door]
) -> Response[str]:
    """What is on its way here; with `lot` the form to weigh one of it in."""
    t, found = speech_of(request), await coming(record, actor.organisation_id)
    wanted = request.query_params.get("lot", "")
    if wanted:
        places = await facilities_of(record, actor.organisation_id)
        kept = {"lot": wanted, "day": today_of(places, door.clock()).isoformat()}
        return _arrival_form(Filled(request, t, kept), _one(found, wanted), places)
    rows = [
        {"name": name_of(t, each.held.material, each.held.form), "mass": t.mass(each.held.free), "lot": each.held.lot,
         "sender": each.sender_name, "day": t.day(each.sent_on), "trade": _trade(each)}
        for each in found
    ]  # fmt: skip
    return show(request, "recycler/coming.html", rows=rows)


def _trade(each: Coming) -> str:
    """The page of the trade under which it was sent, or ''."""
    return next((f"/trades/{ref.rpartition('/')[2]}" for ref in each.references if "/trade/" in ref), "")


def _one(found: list[Coming], lot: str) -> Coming:
    """The lot on its way. Raises NotFound."""
    for each in found:
        if each.held.lot == lot:
            return each
    raise NotFound("Nothing of this lot is on its way to you.", field="lot", value=lot)


def _arrival_form(form: Filled, each: Coming, places: list[Facility], status: int = 200) -> Response[str]:
    t = form.t
    kept = {
        "answer": "take", "grams": mass_input(each.held.free, "kg", t.lang), "grams_unit": "kg", "facility": "",
        "day": "", **form.values,
    }  # fmt: skip
    return show(
        form.request, "recycler/arrival.html", status=status, form=kept, errors=form.errors, places=facilities(places),
        name=name_of(t, each.held.material, each.held.form), sent=t.mass(each.held.free), sender=each.sender_name,
        day=t.day(each.sent_on), lot=each.held.lot, answers=[(code, t(f"record.arrival.{code}")) for code in ANSWERS],
    )  # fmt: skip


def _arrival(form: Filled, each: Coming, places: list[Facility], door: Door, actor: Actor) -> tuple[Act, Composed]:
    """Taken by own weight, or sent back whole."""
    t, sent, place = form.t, each.held.free, place_of(form, places)
    at, taken = at_of(form, place, door.clock()), form.choice("answer", t("record.arrival.answer"), ANSWERS) == "take"
    weighing = weighing_in(form) if taken else None
    grams = net_of(form, weighing, form.grams("grams", t("record.arrival.weight"))) if taken else sent
    parties = each.sender_uri, actor.organisation_uri
    event = (
        weighed(received(at, *parties, {each.held.lot: (sent, grams)}, each.references), weighing)
        if taken
        else rejected(at, *parties, {each.held.lot: sent}, each.references)
    )
    found = door.sequencer.controls.receipt(sent, grams, door.clock().date()) if not form.errors else None
    warned = [t("record.arrival.hold" if found.response == "HOLD" else "record.arrival.flag")] if found else []
    facts: list[tuple[str, str]] = [
             (t("common.lot"), name_of(t, each.held.material, each.held.form)), (t("record.sender"), each.sender_name),
             (t("common.sent"), t.mass(sent)), (t("common.facility"), place.name),
             (t("common.date"), day_at(form, at))]  # fmt: skip
    if taken:
        facts += [(t("common.received"), t.mass(grams)), (t("common.difference"), t.mass(grams - sent))]
        facts += stated_of(form, weighing)
    button = "record.arrival.take_act" if taken else "record.arrival.reject_act"
    act = Act(
        root=(t("nav.record"), "/record"), title=t("record.arrival.title"), facts=facts,
        button=t(button, mass=t.mass(grams)),
        warnings=[*lateness(form, door, at, backfill=False), *warned],
    )  # fmt: skip
    return act, event


@post("/record/arrival", opt={"access": May("capture")}, include_in_schema=False)
async def arrival_form(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor], door: Given[Door]
) -> Response[Any]:
    """Check it, then weigh it in or send it back."""
    form, places = await filled(request), await facilities_of(record, actor.organisation_id)
    each = _one(await coming(record, actor.organisation_id), form.get("lot"))
    act, event = _arrival(form, each, places, door, actor)
    again = partial(_arrival_form, form, each, places)
    return await recorded(door, actor, form, act, [event], again, "/record/arrival")


ROUTES: Final = [dispatch_page, dispatch_form, arrival_page, arrival_form]
