"""Clearing: what is on hold, looked at by somebody other than who recorded it, and released or rejected for good."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.forms.checking import Act, checked, filled
from app.pages.forms.filling import Filled
from app.pages.passports import name_of
from app.pages.recording.found import found_of
from app.pages.recording.hands import clearers, hands, mine
from app.pages.recording.history import lot_page, title_of, zone_of
from app.pages.rendering import AnyRequest, show
from app.words import Speech
from foundation.access import SIGNED_IN, Actor, May, answers_for
from foundation.registry import Organisation
from traceability.capture import Door
from traceability.history.holds import Hold, held, holds
from traceability.history.reading import events_at
from traceability.history.releasing import DECISIONS, LONGEST, Clearing, check_hand, clear
from traceability.refusals import SecondPersonNeeded
from traceability.tables import LotRow

ON_A_PAGE: Final = 25


@get("/holds", opt={"access": SIGNED_IN}, include_in_schema=False)
async def holds_page(
    request: AnyRequest, answering: Given[AsyncSession], actor: Given[Actor],
    door: Given[Door], after: FromQuery[int] = -1,
) -> Response[str]:  # fmt: skip
    """What waits to be cleared, oldest first, with what was found; to an authority with whose it is."""
    session, limits = answering, door.sequencer.controls.limits
    t, found = speech_of(request), await holds(session, actor, after, ON_A_PAGE + 1)
    page = found[:ON_A_PAGE]
    firms = await _firms(session, page)
    own = {each.row.actor for each in page if each.row.organisation_id == actor.organisation_id}
    names, answered = await hands(t, session, actor.organisation_id, own), await mine(session, actor, own)
    rows = [
        {"index": each.row.index, "title": _title(t, each), "when": t.day(each.row.event_day),
         "whose": "" if each.row.organisation_id == actor.organisation_id else firms[each.row.organisation_id],
         "reasons": [t.name("reason", reason) for reason in each.row.reasons], "mass": _mass(t, each),
         "found": [found_of(t, limits, one, each.row.record_time.date()) for one in each.findings],
         "who": names.get(each.row.actor, ""), "mine": each.row.actor in answered}
        for each in page
    ]  # fmt: skip
    done = request.query_params.get("done", "")
    flashes = [{"tone": "good", "text": t(f"hold.done_{done}")}] if done in DECISIONS else []
    older = f"/holds?after={page[-1].row.index}" if len(found) > ON_A_PAGE else ""
    return show(request, "recycler/holds.html", rows=rows, older=older, flashes=flashes)


def _title(t: Speech, hold: Hold) -> str:
    return str(t("record.taken_back") if hold.declares_error else t.name("biz_step", hold.row.biz_step or "other"))


async def _firms(session: AsyncSession, found: Sequence[Hold]) -> dict[int, str]:
    wanted = {each.row.organisation_id for each in found}
    rows = await session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(wanted)))
    return {row.id: row.name for row in rows}


def _mass(t: Speech, hold: Hold) -> str:
    return t.mass(sum(grams for _, grams in hold.stated)) if hold.stated else t("common.not_stated")


async def _why_not(session: AsyncSession, actor: Actor, hold: Hold) -> str:
    """The key of the sentence that says why this reader does not decide; '' where they do."""
    if "clear" not in actor.roles:
        return "hold.no_role"
    try:
        await check_hand(session, actor, hold)
    except SecondPersonNeeded:
        return "hold.own_hand"
    return ""


async def _context(t: Speech, session: AsyncSession, actor: Actor, door: Door, hold: Hold) -> dict[str, Any]:
    """What the page of one hold shows beside the form's own values."""
    row = hold.row
    (happened,) = await events_at(session, row.organisation_id, [row.index])
    own = row.organisation_id == actor.organisation_id
    rows = await session.scalars(select(LotRow).where(LotRow.uri.in_([lot for lot, _ in hold.stated])))
    known = {each.uri: name_of(t, each.material, each.form) for each in rows}
    firms = await _firms(session, [hold])
    why_not = await _why_not(session, actor, hold)
    names = await hands(t, session, actor.organisation_id, {row.actor} if own else ())
    return {
        "happened": happened, "title": title_of(t, happened), "why_not": why_not,
        "ask": await _whom_to_ask(t, session, actor, hold) if own and why_not else "",
        "found": [
            found_of(t, door.sequencer.controls.limits, each, row.record_time.date()) for each in hold.findings
        ],
        "facts": [
            (t("common.date"), t.day(row.event_day)),
            (t("hold.why"), ", ".join(t.name("reason", each) for each in row.reasons)),
            (t("hold.recorded_by"), names[row.actor] if own else firms[row.organisation_id]),
            (t("hold.recorded"), t.moment(row.record_time, await zone_of(session, actor))),
        ],
        "stated": [
            (known.get(lot, lot), t.mass(grams), lot_page(lot) if own and lot in known else "")
            for lot, grams in hold.stated
        ],
        "decisions": [(code, t(f"hold.{code}")) for code in DECISIONS],
    }  # fmt: skip


async def _whom_to_ask(t: Speech, session: AsyncSession, actor: Actor, hold: Hold) -> str:
    """Who of the firm may decide instead, by name; where there is nobody, that the country's authority may."""
    recorder = await answers_for(session, hold.row.organisation_id, hold.row.actor)
    names = await clearers(session, actor, recorder)
    return t("holding.ask", names=", ".join(names)) if names else t("holding.ask_authority")


def _form(form: Filled, context: dict[str, Any], status: int = 200) -> Response[str]:
    return show(
        form.request, "recycler/clearing.html", status=status, form=form.values, errors=form.errors, **context
    )  # fmt: skip


@get("/holds/{index:int}", opt={"access": SIGNED_IN}, include_in_schema=False)
async def hold_page(
    request: AnyRequest, answering: Given[AsyncSession], actor: Given[Actor],
    door: Given[Door], index: FromPath[int],
) -> Response[str]:  # fmt: skip
    """One held event, and the form for whoever may clear it."""
    t, hold = speech_of(request), await held(answering, actor, index)
    return _form(Filled(request, t, {}), await _context(t, answering, actor, door, hold))


@post("/holds/{index:int}", opt={"access": May("clear")}, include_in_schema=False)
async def hold_form(
    request: AnyRequest, answering: Given[AsyncSession], actor: Given[Actor],
    door: Given[Door], index: FromPath[int],
) -> Response[Any]:  # fmt: skip
    """Check what is decided, then let it be a fact of the record."""
    hold, form = await held(answering, actor, index), await filled(request)
    t, context = form.t, await _context(form.t, answering, actor, door, hold)
    decision = DECISIONS.get(form.choice("decision", t("hold.decision"), DECISIONS), "reject")
    reason = form.text("reason", t("hold.reason"), longest=LONGEST)
    act = Act(
        root=(t("hold.title"), "/holds"), title=t("hold.clear"),
        facts=[
            (t("common.event"), f"{context['title']}, {t.day(hold.row.event_day)}"), (t("hold.states"), _mass(t, hold)),
            (t("hold.decision"), t(f"hold.{decision}")), (t("hold.reason"), reason),
        ],
        button=t(f"hold.act_{decision}"), note=t(f"hold.means_{decision}"),
    )  # fmt: skip

    def again(status: int) -> Response[str]:
        return _form(form, context, status)

    async def do() -> str:
        await clear(answering, door, actor, Clearing(index, decision, reason))
        return f"/holds?done={decision}"

    return await checked(form, act, door.clock(), again, f"/holds/{index}", do)


ROUTES: Final = [holds_page, hold_page, hold_form]
