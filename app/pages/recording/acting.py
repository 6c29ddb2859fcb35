"""Acting: where and when an act happened, what the controls will say of it, and its events through the door."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from litestar import Response

from app.pages.forms.checking import Act, Again, checked
from app.pages.forms.filling import Filled
from foundation.access import Actor
from foundation.errors import Invalid, Refusal
from foundation.registry import Facility
from standards.plausibility import late_finding
from traceability.capture import Captured, Door, capture
from traceability.composing import At, Composed, document
from traceability.identifiers import lot_uri, new_token
from traceability.refusals import NotCaptured


def place_of(form: Filled, places: Sequence[Facility]) -> Facility:
    """The facility that was chosen; else the first, and an error is said. Raises Invalid where there is none."""
    if not places:
        raise Invalid("Register a facility first.", field="facility", fix="Ask your administrator.")
    chosen = {str(each.id): each for each in places}
    wanted = form.get("facility") or (str(places[0].id) if len(places) == 1 else "")
    if wanted not in chosen:
        form.say("facility", form.t("errors.choose", label=form.t("common.facility")))
    return chosen.get(wanted, places[0])


def at_of(form: Filled, place: Facility, now: datetime) -> At:
    """When and where the act happened, by the field `day`."""
    zone = ZoneInfo(place.time_zone)
    return At(form.moment("day", form.t("common.date"), now, zone), place.uri, zone)


def day_at(form: Filled, at: At) -> str:
    """The local day of an act, in words."""
    return form.t.day(at.moment.astimezone(at.zone).date())


def today_of(places: Sequence[Facility], now: datetime) -> date:
    """The day it is at the organisation's first facility."""
    return now.astimezone(ZoneInfo(places[0].time_zone) if places else now.tzinfo).date()


def new_lot(form: Filled, name: str, base: str) -> str:
    """The identity of a lot to come: a new token, kept in the field `name` from the check page on."""
    try:
        return lot_uri(base, form.get(name) or new_token())
    except ValueError:
        return lot_uri(base, new_token())


def lateness(form: Filled, door: Door, at: At, *, backfill: bool) -> list[str]:
    """What the controls will say of the day (C14), told before anything is recorded."""
    now = door.clock()
    late = late_finding(door.sequencer.controls.limits, at.moment, now, now.date())
    if late is None:
        return []
    if backfill:
        return [form.t("record.will_backfill")]
    return [form.t("record.will_hold" if late.response == "HOLD" else "record.will_flag_late")]


async def recorded(
    door: Door, actor: Actor, form: Filled, act: Act, events: Sequence[Composed], again: Again, here: str, *,
    backfill: bool = False,
) -> Response[Any]:  # fmt: skip
    """The form again, the check page, or the events captured as one document, all or nothing, and their receipt."""

    async def do() -> str:
        raw = document(events, form.stamp(door.clock()))
        captured = await capture(door, actor, raw, backfill=backfill)
        refused = refusals(captured)
        for each in refused[1:]:
            form.refuse(each)
        if refused:
            raise refused[0]
        numbers = [("index", each.index) for each in captured.events if not isinstance(each, Refusal)]
        return f"/record/receipt?{urlencode(numbers)}"

    return await checked(form, replace(act, note=form.t("record.stays")), door.clock(), again, here, do)


def refusals(captured: Captured) -> list[Refusal]:
    """What was refused, without those that only fell with the rest."""
    found = [each for each in captured.events if isinstance(each, Refusal)]
    return [each for each in found if not isinstance(each, NotCaptured)] or found
