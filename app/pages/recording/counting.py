"""Counting: what a stock-take found of the lots that the books show; it moves nothing, a difference is flagged."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.forms.checking import Act, filled
from app.pages.forms.choices import facilities
from app.pages.forms.filling import Filled
from app.pages.passports import name_of
from app.pages.recording.acting import at_of, day_at, lateness, place_of, recorded, today_of
from app.pages.recording.picking import MOST_LOTS
from app.pages.rendering import AnyRequest, show
from foundation.access import Actor, May
from foundation.registry import Facility
from foundation.registry import facilities as facilities_of
from traceability.capture import Door
from traceability.composing import counted
from traceability.holdings import Holding, holdings

FIRST: Final = 8  # lots that stand open; the others are folded


def _page(form: Filled, lots: Sequence[Holding], places: list[Facility], status: int = 200) -> Response[str]:
    t = form.t
    first = sorted(lots, key=lambda each: not form.get(_field(each)) and each.lot != form.get("lot"))
    listed = [
        {"field": _field(each), "name": name_of(t, each.material, each.form), "code": each.lot[-6:],
         "book": t.mass(_book(each)), "day": t.day(each.made_on)}
        for each in first[:MOST_LOTS]
    ]  # fmt: skip
    return show(
        form.request, "recycler/counting.html", status=status, form={"facility": "", "day": "", **form.values},
        lots=listed, shown=max(sum(bool(form.get(each["field"])) for each in listed), FIRST),
        more=len(lots) - len(listed), places=facilities(places), errors=form.errors,
    )  # fmt: skip


def _field(lot: Holding) -> str:
    return f"counted_{lot.lot_id}"


def _book(lot: Holding) -> int:
    return lot.free + lot.reserved


def _counted(form: Filled, lots: Sequence[Holding]) -> dict[str, int]:
    """Grams by lot, nothing among them: what was not counted is left out."""
    found = {
        each.lot: form.grams(_field(each), name_of(form.t, each.material, each.form), least=0)
        for each in lots if form.get(_field(each))
    }  # fmt: skip
    if not found:
        form.say("lots", form.t("count.none"))
    return found


@get("/record/count", opt={"access": May("capture")}, include_in_schema=False)
async def count_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], door: Given[Door]
) -> Response[str]:
    """The form: the lots that the books show, the one of `lot` first."""
    lots = await holdings(transaction, actor.organisation_id)
    places = await facilities_of(transaction, actor.organisation_id)
    kept = {"day": today_of(places, door.clock()).isoformat(), "lot": request.query_params.get("lot", "")}
    return _page(Filled(request, speech_of(request), kept), lots, places)


@post("/record/count", opt={"access": May("capture")}, include_in_schema=False)
async def count_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], door: Given[Door]
) -> Response[Any]:
    """Check it, then record what was counted."""
    form = await filled(request)
    t, lots = form.t, await holdings(transaction, actor.organisation_id)
    places = await facilities_of(transaction, actor.organisation_id)
    place = place_of(form, places)
    at, found = at_of(form, place, door.clock()), _counted(form, lots)
    held = {each.lot: each for each in lots}
    rows = [
        (f"{name_of(t, held[lot].material, held[lot].form)} ({lot[-6:]})",
         t("count.beside", counted=t.mass(grams), book=t.mass(_book(held[lot]))))
        for lot, grams in found.items()
    ]  # fmt: skip
    act = Act(
        root=(t("nav.record"), "/record"), title=t("count.title"), button=t("count.act"),
        facts=[(t("common.facility"), place.name), (t("common.date"), day_at(form, at)), *rows],
        warnings=lateness(form, door, at, backfill=False),
    )  # fmt: skip
    again = partial(_page, form, lots, places)
    return await recorded(door, actor, form, act, [counted(at, found)], again, "/record/count")


ROUTES: Final = [count_page, count_form]
