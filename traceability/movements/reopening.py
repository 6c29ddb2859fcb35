"""Reopening: a final movement changes only where the authority of the country grants what one side asks for."""

from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Conflict, NotFound
from foundation.registry import Facility
from traceability.movements.proposing import CONTROL, check_side, text_of
from traceability.movements.reading import REGULATOR, movement
from traceability.movements.telling import Movement
from traceability.preparing import fact
from traceability.sequencing.commands import Accepted, Command, IndexOf, Write
from traceability.sequencing.sequencer import Sequencer

Decision = Literal["grant", "decline"]
KEPT: Final[dict[str, str]] = {"grant": "granted", "decline": "declined"}
ASK: Final = """
INSERT INTO movement_request (fact_index, movement, organisation_id, other_id, country, reason, asked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (movement, organisation_id) WHERE decision IS NULL DO NOTHING
"""
DECIDE: Final = """
UPDATE movement_request SET decision_index = $1, decision = $2, decided_by = $3, decided_at = $4, open_until = $5,
    statement = $6
WHERE fact_index = $7 AND decision IS NULL
"""


async def ask(
    record: AsyncSession, sequencer: Sequencer, actor: Actor, index: int, reason: str, moment: datetime,
    stamp: datetime | None = None,
) -> Accepted:  # fmt: skip
    """Ask the authority of one's own country to open a final movement again. A leaf of its own.

    Raises NotFound, Forbidden, Invalid, or Conflict where it is not final or one's own request waits already.
    """
    actor.must("capture")
    told = await movement(record, actor, index, sequencer.controls.limits, moment)
    check_side(told, actor)
    said, country = text_of(reason, "reason"), await _country(record, told, actor)
    if not told.final(moment):
        raise Conflict(
            "This movement is not final.", field="movement", value=index, fix="Propose other figures to the other side."
        )
    body = {
        "type": "ReopeningRequest", "movement": told.index, "reason": said, "by": actor.organisation_uri,
        "country": country, "time": (stamp or moment).isoformat(),
    }  # fmt: skip
    fact_id = f"urn:junkan:amendment:{told.index}:ask:{actor.organisation_id}:{(stamp or moment).isoformat()}"
    stated = fact("amendment", body, fact_id, actor, moment, sequencer.controls.version)
    waits = Conflict("Your request waits for its answer.", field="movement", value=index, fix="Wait for the authority.")
    other = told.other(actor.organisation_id)
    values = (IndexOf(), told.index, actor.organisation_id, other.id, country, said, moment)
    return (await sequencer.submit(Command((stated,), (Write(ASK, values, waits),)))).accepted[0]


async def _country(record: AsyncSession, told: Movement, actor: Actor) -> str:
    """Where this side handled the goods, else where it is at home."""
    own = [each.facility_id for each in told.said if each.organisation_id == actor.organisation_id]
    place = await record.get(Facility, own[0]) if own and own[0] is not None else None
    return place.country if place is not None else actor.country


async def decide(
    record: AsyncSession, sequencer: Sequencer, actor: Actor, index: int, number: int, decision: Decision,
    statement: str, moment: datetime, stamp: datetime | None = None,
) -> Accepted:  # fmt: skip
    """The authority grants a request, for a time, or declines it with its reason. A leaf of its own.

    Raises NotFound (also where another country's authority answers), Invalid, or Conflict where it is decided.
    """
    actor.must("capture")
    limits = sequencer.controls.limits
    told = await movement(record, actor, index, limits, moment)
    row = next((each for each in told.requests if each.fact_index == number), None)
    sides = actor.organisation_id in (told.sender.id, told.receiver.id)
    if row is None or sides or REGULATOR not in actor.organisation_roles or actor.country != row.country:
        raise NotFound("You have no such request to decide.", field="request", value=number)
    said, days = text_of(statement, "statement"), limits.at(CONTROL, "reopened_for", moment.date())
    until = moment + timedelta(days=days) if decision == "grant" else None
    body = {
        "type": "ReopeningDecision", "request": number, "movement": told.index, "decision": KEPT[decision],
        "statement": said, "days": days if until else None, "by": actor.organisation_uri,
        "time": (stamp or moment).isoformat(),
    }  # fmt: skip
    fact_id = f"urn:junkan:amendment:{number}:decide:{actor.organisation_id}:{(stamp or moment).isoformat()}"
    stated = fact("amendment", body, fact_id, actor, moment, sequencer.controls.version)
    over = Conflict("This request is decided already.", field="request", value=number)
    values = (IndexOf(), KEPT[decision], actor.organisation_id, moment, until, said, number)
    return (await sequencer.submit(Command((stated,), (Write(DECIDE, values, over),)))).accepted[0]
