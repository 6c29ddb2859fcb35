"""Correcting: a wrong weight of an own event, taken back and stated anew in one document; both stay in the record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.formats import mass_input
from app.pages.asking import speech_of
from app.pages.forms.checking import Act, filled
from app.pages.forms.filling import Filled
from app.pages.passports import name_of
from app.pages.recording.acting import lateness, new_lot, recorded
from app.pages.recording.history import title_of
from app.pages.rendering import AnyRequest, show
from app.words import Speech
from foundation.access import Actor, May
from foundation.errors import Conflict
from foundation.settings import Settings, public_base
from traceability.capture import Door
from traceability.composing import At, Composed
from traceability.history.correcting import (
    Role,
    Weight,
    check_untouched,
    corrected,
    renames,
    speaks_our_words,
    weights,
)
from traceability.history.reading import Stated, stated
from traceability.identifiers import canonical_key, new_token
from traceability.tables import LotRow


@dataclass(frozen=True)
class Wrong:
    """An event to correct: its weights, each with a label, and where its form goes."""

    stated: Stated
    weights: list[tuple[str, Weight, str]]  # field, weight, label
    here: str


async def _wrong(
    request: AnyRequest, session: AsyncSession, record: AsyncSession, actor: Actor, index: int
) -> Wrong:  # fmt: skip
    """One own event that can still be corrected. Raises NotFound, Conflict or UsedAlready."""
    t, found = speech_of(request), await stated(session, actor.organisation_id, index)
    listed = weights(found)
    if not listed or not speaks_our_words(found.context):
        raise Conflict(
            "This event states no weight that can be corrected here.", field="index", value=index,
            fix="Declare it erroneous over the interface that sent it.",
        )  # fmt: skip
    await check_untouched(record, found)
    rows = await session.scalars(select(LotRow).where(LotRow.uri.in_([canonical_key(each.name) for each in listed])))
    lots = {row.uri: f"{name_of(t, row.material, row.form)} ({row.uri[-6:]})" for row in rows}
    names = {each.name: lots.get(canonical_key(each.name), each.name) for each in listed}
    labelled = [
        (f"{each.role}{each.place}", each, f"{t(f'record.role.{each.role}')}: {_named(t, each, names)}")
        for each in listed
    ]
    return Wrong(found, labelled, f"/record/correct/{index}")


def _named(t: Speech, each: Weight, lots: Mapping[str, str]) -> str:
    match each.role:
        case "sink":
            return t.name("account", each.name.replace(":", "_"))
        case "kind":
            return t.name("origin", each.name)
        case _:
            return lots[each.name]


def _form(form: Filled, wrong: Wrong, status: int = 200) -> Response[str]:
    t = form.t
    fields = [
        {"name": name, "label": label, "was": t.mass(weight.grams), "unit": form.get(f"{name}_unit", "kg"),
         "value": form.get(name) if name in form.values else mass_input(weight.grams, "kg", t.lang)}
        for name, weight, label in wrong.weights
    ]  # fmt: skip
    happened = wrong.stated.happened
    return show(
        form.request, "recycler/correcting.html", status=status, fields=fields, errors=form.errors, here=wrong.here,
        event={"title": title_of(t, happened), "day": t.day(happened.event_day), "index": happened.index},
    )  # fmt: skip


def _act(form: Filled, wrong: Wrong, door: Door, base: str) -> tuple[Act, tuple[Composed, Composed]]:
    """The declaration of error and the right event, with what changes told before it is recorded."""
    t = form.t
    right: dict[tuple[Role, int], int] = {}
    facts: list[tuple[str, str]] = []
    for name, weight, label in wrong.weights:
        least = 0 if weight.role in {"sink", "kind"} else 1
        grams = form.grams(name, label, least=least)
        right[weight.role, weight.place] = grams
        if grams != weight.grams:
            facts.append((label, t("record.was_now", was=t.mass(weight.grams), now=t.mass(grams))))
    if not facts and not form.errors:
        form.say(wrong.weights[0][0], t("record.nothing_changed"))
    token = form.get("token") or new_token()
    lot = new_lot(form, "lot_token", base)
    events = corrected(wrong.stated, right, form.stamp(door.clock()), f"urn:junkan:event:{token}", lot)
    happened = wrong.stated.happened
    then = At(happened.event_time, "", ZoneInfo("UTC"))
    act = Act(
        root=(t("nav.record"), "/record"), title=t("record.correct.title"), facts=facts,
        button=t("record.correct.act"), carried={"token": token, "lot_token": lot.rpartition("/")[2]},
        warnings=[
            *lateness(form, door, then, backfill=happened.backfill),
            *([t("kinds.renamed")] if renames(wrong.stated, right) else []),
        ],
    )  # fmt: skip
    return act, events


@get("/record/correct/{index:int}", opt={"access": May("capture")}, include_in_schema=False)
async def correct_page(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    index: FromPath[int],
) -> Response[str]:  # fmt: skip
    """The form with the weights as they were stated."""
    wrong = await _wrong(request, transaction, record, actor, index)
    return _form(Filled(request, speech_of(request), {}), wrong)


@post("/record/correct/{index:int}", opt={"access": May("capture")}, include_in_schema=False)
async def correct_form(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    door: Given[Door], settings: Given[Settings], index: FromPath[int],
) -> Response[Any]:  # fmt: skip
    """Check what changes, then declare the error and state it right."""
    wrong, form = await _wrong(request, transaction, record, actor, index), await filled(request)

    def again(status: int) -> Response[str]:
        return _form(form, wrong, status)

    act, events = _act(form, wrong, door, public_base(settings))
    backfill = wrong.stated.happened.backfill
    return await recorded(door, actor, form, act, events, again, wrong.here, backfill=backfill)


ROUTES: Final = [correct_page, correct_form]
