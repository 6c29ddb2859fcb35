"""Arriving: stock that was there before the record began, and what was collected since, as new lots."""

from functools import partial
from typing import Any, Final, Literal

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.forms.checking import Act, filled
from app.pages.forms.choices import countries, facilities, forms, materials
from app.pages.forms.custody import models, schemes_offered, stated_model, stated_scheme, told_custody
from app.pages.forms.filling import Filled
from app.pages.forms.kinds import KINDS, kinds_offered, stated_kinds, told_kinds
from app.pages.passports import name_of
from app.pages.recording.acting import at_of, day_at, lateness, new_lot, place_of, recorded, today_of
from app.pages.rendering import AnyRequest, show
from foundation.access import Actor, May
from foundation.registry import Facility
from foundation.registry import facilities as facilities_of
from foundation.settings import Settings, public_base
from standards.catalogue import Catalogue
from standards.custody import LotModel
from standards.trade.massbalance import schemes
from traceability.capture import Door
from traceability.composing import Composed, Making, arrived, opening

Kind = Literal["opening", "collected"]


def _form(
    form: Filled, kind: Kind, actor: Actor, places: list[Facility], catalogue: Catalogue, status: int = 200
) -> Response[str]:
    t, known = form.t, schemes(catalogue)
    choices = {
        "materials": materials(t, catalogue), "forms": forms(t, catalogue), "countries": countries(t, actor.country),
        "places": facilities(places), "consumers": kinds_offered(t), "models": models(t),
        "schemes": schemes_offered(t, known), "kinds": [(each, t.name("origin", each)) for each in KINDS],
    }  # fmt: skip
    kept = {
        "material": "", "form": "", "grams": "", "grams_unit": "kg", "facility": "", "day": "", "consumer": "post",
        "country": actor.country, "backfill": "", "custody": "", "scheme": "", **form.values,
    }  # fmt: skip
    return show(
        form.request, "recycler/arriving.html", status=status, kind=kind, choices=choices, form=kept,
        errors=form.errors,
    )  # fmt: skip


def _act(
    form: Filled, kind: Kind, places: list[Facility], catalogue: Catalogue, door: Door, base: str, actor: Actor
) -> tuple[Act, Composed]:
    """What the form states, with everything that is wrong said on it."""
    t = form.t
    place, known = place_of(form, places), schemes(catalogue)
    at = at_of(form, place, door.clock())
    grams = form.grams("grams", t("common.mass"))
    consumer, split = stated_kinds(form, grams)
    made = Making(
        lot=new_lot(form, "token", base),
        material=form.choice("material", t("common.material"), dict(materials(t, catalogue))),
        form=form.choice("form", t("common.form"), dict(forms(t, catalogue))),
        grams=grams,
        consumer=consumer,
        country=form.choice("country", t("record.country"), dict(countries(t, actor.country))),
        custody=stated_model(form),
        scheme=stated_scheme(form, known),
        split=split,
    )
    if made.scheme and (made.custody is None or not LotModel(made.custody).booked):
        form.say("scheme", t("refusal.scheme_without_model"))
    facts = [
        (t("common.material"), name_of(t, made.material, made.form)), (t("common.mass"), t.mass(made.grams)),
        (t("common.facility"), place.name), (t("common.date"), day_at(form, at)),
        *told_kinds(t, consumer, split),
        (t("record.country"), t.country(made.country or "ZZ")),
        *(told_custody(t, [made], made.scheme, known) or [(t("common.custody"), t("common.not_stated"))]),
    ]  # fmt: skip
    event = opening(at, made) if kind == "opening" else arrived(at, made)
    act = Act(
        root=(t("nav.record"), "/record"), title=t(f"record.{kind}.title"), facts=facts,
        button=t(f"record.{kind}.act", mass=t.mass(made.grams)),
        warnings=lateness(form, door, at, backfill=form.get("backfill") == "yes"),
        carried={"token": made.lot.rpartition("/")[2]},
    )  # fmt: skip
    return act, event


async def _page(
    request: AnyRequest, kind: Kind, session: AsyncSession, actor: Actor, catalogue: Catalogue, door: Door
) -> Response[str]:
    places = await facilities_of(session, actor.organisation_id)
    today = today_of(places, door.clock()).isoformat()
    return _form(Filled(request, speech_of(request), {"day": today}), kind, actor, places, catalogue)


async def _sent(
    request: AnyRequest, kind: Kind, session: AsyncSession, actor: Actor, catalogue: Catalogue, door: Door,
    settings: Settings,
) -> Response[Any]:  # fmt: skip
    form, places = await filled(request), await facilities_of(session, actor.organisation_id)
    act, event = _act(form, kind, places, catalogue, door, public_base(settings), actor)
    again = partial(_form, form, kind, actor, places, catalogue)
    backfill = form.get("backfill") == "yes"
    return await recorded(door, actor, form, act, [event], again, f"/record/{kind}", backfill=backfill)


@get("/record/opening", opt={"access": May("capture")}, include_in_schema=False)
async def opening_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    door: Given[Door],
) -> Response[str]:  # fmt: skip
    """The form for stock that was there before."""
    return await _page(request, "opening", transaction, actor, catalogue, door)


@post("/record/opening", opt={"access": May("capture")}, include_in_schema=False)
async def opening_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    door: Given[Door], settings: Given[Settings],
) -> Response[Any]:  # fmt: skip
    """Check it, then state it."""
    return await _sent(request, "opening", transaction, actor, catalogue, door, settings)


@get("/record/collected", opt={"access": May("capture")}, include_in_schema=False)
async def collected_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    door: Given[Door],
) -> Response[str]:  # fmt: skip
    """The form for what was collected."""
    return await _page(request, "collected", transaction, actor, catalogue, door)


@post("/record/collected", opt={"access": May("capture")}, include_in_schema=False)
async def collected_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    door: Given[Door], settings: Given[Settings],
) -> Response[Any]:  # fmt: skip
    """Check it, then record it."""
    return await _sent(request, "collected", transaction, actor, catalogue, door, settings)


ROUTES: Final = [opening_page, opening_form, collected_page, collected_form]
