"""Acting: one statement carried out by the very command that the API and the pages call, and what it answered."""

import asyncio
from collections.abc import Awaitable
from datetime import date
from decimal import Decimal
from typing import assert_never

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.corpus.hearing import COUNTED, Heard, heard
from app.corpus.stage import Stage
from app.corpus.stating import (
    AtOnce,
    Certified,
    Claimed,
    Document,
    Marked,
    Overwritten,
    Party,
    Ranked,
    Seen,
    SelfCleared,
    Stated,
    Step,
)
from foundation.access import Actor
from foundation.database import Scope
from foundation.errors import Refusal
from traceability.capture import capture
from traceability.certificates.scopes import Scope as Scoped
from traceability.certificates.scopes import record_scope
from traceability.certificates.transactions import Inputs, Issue, admit_inputs, issue
from traceability.checking.outcomes import outcomes
from traceability.claims import claim
from traceability.history.releasing import Clearing, clear
from traceability.sequencing.commands import Accepted, Claiming
from traceability.sites.registering import Hours, Meter, Permit, Registering

FIRST_TO_VISIT = 10
MARKING_KEY = b"a key of the measured world"
INDEX_OF = text("SELECT index FROM event_key WHERE event_id = :event_id AND NOT declares_error")
OVERWRITE = text("UPDATE event SET outcome = 'counted', reasons = '{}' WHERE index = :index")


async def acted(stage: Stage, step: Step) -> tuple[Heard, ...]:  # noqa: PLR0911 - one for each kind of act
    """Carry out one step: one answer, or one of each document that came at the same instant."""
    act, actor = step.act, stage.players[step.by.uri].clerk
    match act:
        case Document(raw):
            return (await _captured(stage, actor, raw),)
        case AtOnce(raws):
            return tuple(await asyncio.gather(*(_captured(stage, actor, raw) for raw in raws)))
        case Claimed():
            return (await _refusable(_claimed(stage, actor, act)),)
        case Stated(fact):
            return (await _refusable(_stated(stage, actor, fact)),)
        case Seen(facility):
            return (await _refusable(_seen(stage, actor, facility)),)
        case Marked(kind, value):
            return (await _refusable(_marked(stage, actor, kind, value)),)
        case Certified():
            return (await _refusable(_certified(stage, actor, step.by, act)),)
        case SelfCleared(event_id):
            return (await _refusable(_self_cleared(stage, actor, event_id)),)
        case Overwritten(event_id):
            return (await _overwritten(stage, event_id),)
        case Ranked():
            return (await _ranked(stage, act),)
        case _:
            assert_never(act)


async def _refusable(asked: Awaitable[Accepted]) -> Heard:
    try:
        return heard(await asked)
    except Refusal as refusal:
        return heard(refusal)


async def _captured(stage: Stage, actor: Actor, raw: bytes) -> Heard:
    try:
        captured = await capture(stage.door, actor, raw, on_error="proceed")
    except Refusal as refusal:
        return heard(refusal)
    return heard(captured.events[0])


async def _claimed(stage: Stage, actor: Actor, act: Claimed) -> Accepted:
    claiming = Claiming(act.lot, act.purpose, act.grams, act.country, "Evidence")
    async with stage.database.begin(actor.organisation_id) as session:
        return await claim(session, stage.sequencer, actor, claiming, stage.hands())


async def _stated(stage: Stage, actor: Actor, fact: Permit | Hours | Meter) -> Accepted:
    async with stage.database.begin(None, Scope.RECORD) as record:
        registering = Registering(record, stage.sequencer, actor, stage.hands())
        match fact:
            case Permit():
                return await registering.permit(fact)
            case Hours():
                return await registering.hours(fact)
            case Meter():
                return await registering.meter(fact)
            case _:
                assert_never(fact)


async def _seen(stage: Stage, actor: Actor, facility: str) -> Accepted:
    async with stage.database.begin(None, Scope.RECORD) as record:
        registering = Registering(record, stage.sequencer, actor, stage.hands())
        return await registering.visit(facility, stage.hands().date(), "The plant is there and runs.")


async def _marked(stage: Stage, actor: Actor, kind: str, value: str) -> Accepted:
    async with stage.database.begin(None, Scope.RECORD) as record:
        return await Registering(record, stage.sequencer, actor, stage.hands()).mark(kind, value, MARKING_KEY)


async def _certified(stage: Stage, actor: Actor, body: Party, act: Certified) -> Accepted:
    """The scope certificate and its inputs once for each lot, then the transaction certificate."""
    moment, sequencer, catalogue = stage.hands(), stage.sequencer, stage.catalogue
    async with stage.database.begin(None, Scope.RECORD) as record:
        key = (body.uri, act.holder, act.lot)
        if key not in stage.scopes:
            stated = Scoped(
                act.holder, body.uri, "grs", f"SC-{act.lot[-8:]}", (act.site,), ("plastics.pet",), date(2025, 1, 1),
                date(2099, 12, 31), ("mechanical-recycling",),
            )  # fmt: skip
            scope = (await record_scope(record, sequencer, actor, catalogue, stated, moment)).index
            stage.scopes[key] = scope
        scope = stage.scopes[key]
    async with stage.database.begin(None, Scope.RECORD) as record:
        if act.admitted:
            inputs = Inputs(scope, act.lot, Decimal(1), {}, act.admitted)
            await admit_inputs(record, sequencer, actor, inputs, moment)
    async with stage.database.begin(None, Scope.RECORD) as record:
        asked = Issue(scope, act.number, act.lot, act.buyer, act.site, act.grams, moment.date())
        return await issue(record, sequencer, actor, catalogue, asked, moment)


async def _index_of(stage: Stage, event_id: str) -> int:
    async with stage.database.begin(None, Scope.RECORD) as record:
        return int((await record.execute(INDEX_OF, {"event_id": event_id})).scalar_one())


async def _self_cleared(stage: Stage, actor: Actor, event_id: str) -> Accepted:
    index = await _index_of(stage, event_id)
    async with stage.database.begin(actor.organisation_id) as session:
        return await clear(session, stage.door, actor, Clearing(index, "release", "It is in order."))


async def _overwritten(stage: Stage, event_id: str) -> Heard:
    """What the server's own role may do to the record, were it asked to."""
    index = await _index_of(stage, event_id)
    try:
        async with stage.database.begin(None, Scope.RECORD) as record:
            await record.execute(OVERWRITE, {"index": index})
    except DBAPIError:
        return Heard("refused", "CHAIN_BROKEN")
    return COUNTED


async def _ranked(stage: Stage, act: Ranked) -> Heard:
    async with stage.database.begin(None, Scope.RECORD) as record:
        found = await outcomes(record, stage.sequencer.controls.limits, act.country, stage.hands())
    first = {each.uri for each in found.visits[:FIRST_TO_VISIT]}
    return Heard("held", "VISIT_FIRST") if act.organisation in first else COUNTED
