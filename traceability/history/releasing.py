"""Releasing: a held event counts once somebody other than who recorded it says so, or never, where they reject it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor, answers_for
from foundation.errors import Invalid
from foundation.registry import Organisation
from traceability.capture import Door, invalid
from traceability.checking.papers import NOTHING, papers_of
from traceability.events import parse_event
from traceability.history.holds import Hold, held
from traceability.ledger.interpretation import movement_of, own_prefix
from traceability.ledger.movements import Unmoved
from traceability.ledger.outcomes import REJECTED, Speaker
from traceability.preparing import (
    Setting,
    correctives_of,
    country_of,
    fact,
    named_uris,
    parties_of,
    place_of,
    references_of,
)
from traceability.refusals import SecondPersonNeeded
from traceability.sequencing.commands import Accepted, Command, Prepared

Decision = Literal["release", "reject"]
DECISIONS: Final[Mapping[str, Decision]] = {"release": "release", "reject": "reject"}
LONGEST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Clearing:
    """What is decided of a held event (by its index), and why."""

    index: int
    decision: Decision
    reason: str


async def clear(session: AsyncSession, door: Door, actor: Actor, clearing: Clearing) -> Accepted:
    """Release a held event, or reject it for good: a leaf of its own, once, of the organisation that recorded it.

    The actor is of that organisation, or of an authority of the country; then `session` reads with the record scope.

    A release carries the entries that the event would make now, under the ledger's rules of now. Raises NotFound,
    Invalid, SecondPersonNeeded, AlreadyCleared, StillHeld, or what the ledger refuses. The very same decision again
    is answered as it was.
    """
    hold = await held(session, actor, clearing.index)
    await check_hand(session, actor, hold)
    reason = clearing.reason.strip()
    if not reason or len(reason) > LONGEST:
        raise Invalid(
            "Say why.", field="reason", value=len(reason), fix=f"Give the reason in 1 to {LONGEST} characters."
        )
    owner = await _owner(session, actor, hold)
    prepared = await _prepared(door, actor, owner, hold, replace(clearing, reason=reason))
    return (await door.sequencer.submit(Command((prepared,)))).accepted[0]


async def check_hand(session: AsyncSession, actor: Actor, hold: Hold) -> None:
    """Four eyes: who clears is known, may do so, and is not who recorded it. Raises Forbidden or SecondPersonNeeded."""
    actor.must("clear")
    if actor.answers is None or actor.answers == await answers_for(session, hold.row.organisation_id, hold.row.actor):
        raise SecondPersonNeeded(
            "Another person must clear this than the one who recorded it, or whose key did.", field="index",
            value=hold.row.index,
            fix="Ask somebody else of your organisation who has the role clear, or the authority of your country.",
        )  # fmt: skip


async def _owner(session: AsyncSession, actor: Actor, hold: Hold) -> Actor:
    """For whom it is cleared: the actor's own organisation, or the one that an authority clears for."""
    if hold.row.organisation_id == actor.organisation_id:
        return actor
    firm = await session.get_one(Organisation, hold.row.organisation_id)
    return replace(actor, organisation_id=firm.id, organisation_uri=firm.uri, country=firm.country)


def _told(actor: Actor, owner: Actor, hold: Hold, clearing: Clearing) -> dict[str, Any]:
    """What the leaf commits to; when it was is the leaf's own time, so that the same decision is the same fact."""
    return {
        "type": "Release", "decision": clearing.decision, "reason": clearing.reason, "event": hold.row.index,
        "eventID": hold.row.event_id, "eventHash": hold.row.event_hash.hex(), "heldFor": list(hold.row.reasons),
        "clearedFor": owner.organisation_uri,
        **({} if owner is actor else {"clearedBy": actor.organisation_uri}),
    }  # fmt: skip


async def _prepared(door: Door, actor: Actor, owner: Actor, hold: Hold, clearing: Clearing) -> Prepared:
    """The fact that clears a hold: what the held event says about mass, at its place and on its day."""
    row, rejected = hold.row, clearing.decision == "reject"
    received = parse_event(hold.body.encode(), hold.context)
    if (event := received.event) is None:  # it was valid when it was captured
        raise invalid(received.problems)
    moment, controls = door.clock(), door.sequencer.controls
    setting = Setting(owner, await door.directory(named_uris(event)), controls, moment, row.backfill)
    told = _told(actor, owner, hold, clearing)
    prepared = fact(
        "release", told, row.event_id, actor, moment, controls.version, day=row.event_day,
        movement=Unmoved(REJECTED) if rejected else movement_of(event, own_prefix(hold.context)),
        speaker=Speaker(row.organisation_id, row.facility_id, country_of(place_of(event, setting), setting)),
        parties=parties_of(event, setting.directory),
    )  # fmt: skip
    papers = papers_of(event, own_prefix(hold.context))
    return replace(
        prepared, releases=row.index, event_time=row.event_time, event_type=row.event_type, action=row.action,
        biz_step=row.biz_step, disposition=row.disposition, transformation_id=row.transformation_id,
        backfill=row.backfill, declares_error=hold.declares_error and not rejected,
        references=() if rejected else references_of(event, papers), papers=NOTHING if rejected else papers,
        correctives=() if rejected else correctives_of(event),
        flags=() if rejected else tuple(sorted({*row.flags, *row.reasons})),
    )  # fmt: skip
