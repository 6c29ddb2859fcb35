"""Findings: what a label's issuer, or an authority over it, finds of the reports about it; a fact of the log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Invalid, Refusal
from traceability.cases.reports import lot_to_answer, standing, waiting
from traceability.preparing import fact
from traceability.sequencing.commands import Accepted, Command, IndexOf, Write
from traceability.sequencing.sequencer import Sequencer

Outcome = Literal["cloned", "sound"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("cloned", "sound")
LONGEST_STATEMENT: Final = 1_000
ANSWER: Final = "UPDATE label_report SET answer_index = $1 WHERE lot_id = $2 AND id <= $3 AND answer_index IS NULL"
# An issuer does not lift what an authority found.
INSERT: Final = """
INSERT INTO label_finding (fact_index, lot_id, organisation_id, authority, finding, reports, statement, found_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8
WHERE $4 OR $5 = 'cloned' OR 'cloned' IS DISTINCT FROM (
    SELECT finding FROM label_finding WHERE lot_id = $2 AND authority ORDER BY fact_index DESC LIMIT 1)
"""


class NothingToAnswer(Refusal):
    """No report of this label waits for an answer, and what stands says the same."""

    code = "NOTHING_TO_ANSWER"


class FoundByAuthority(Refusal):
    """An authority found this label to be copied: only an authority finds otherwise."""

    code = "FOUND_BY_AUTHORITY"


@dataclass(frozen=True, slots=True)
class Found:
    """A finding: the label is `cloned` (copies of it exist) or `sound`; it answers the reports up to the id `seen`."""

    lot: str
    finding: Outcome
    statement: str
    seen: int


async def state_finding(
    record: AsyncSession, sequencer: Sequencer, actor: Actor, found: Found, moment: datetime
) -> Accepted:
    """Answer the reports of a label. `record` reads with the record scope.

    Raises NotFound for a label that is not theirs to answer, Invalid, NothingToAnswer (also where somebody else
    answered meanwhile), or FoundByAuthority.
    """
    actor.must("capture")
    lot = await lot_to_answer(record, actor, found.lot)
    if not 0 < len(found.statement.strip()) <= LONGEST_STATEMENT:
        raise Invalid(
            "Say what was found.", field="statement", value=found.statement[:80],
            fix=f"Write 1 to {LONGEST_STATEMENT} characters.",
        )  # fmt: skip
    authority = lot.organisation_id != actor.organisation_id
    # In this order: where somebody answered between the two, what stands says so.
    reports = await waiting(record, lot.id, found.seen)
    stands = await standing(record, lot.id)
    answered = NothingToAnswer("No report of this label waits for this answer.", field="lot", value=found.lot)
    if not reports and found.finding == (stands.finding if stands else "sound"):
        raise answered
    body = {
        "type": "LabelFinding", "lot": found.lot, "finding": found.finding, "reports": reports,
        "statement": found.statement, "by": actor.organisation_uri, "authority": authority,
        "time": moment.isoformat(),
    }  # fmt: skip
    fact_id = f"urn:junkan:label:{actor.organisation_id}:{lot.id}:{moment.isoformat()}"
    stated = fact("label", body, fact_id, actor, moment, sequencer.controls.version)
    held = FoundByAuthority("An authority found that copies of this label exist.", field="finding", value=found.finding)
    values = (authority, found.finding, reports, found.statement, moment)
    writes = (
        Write(ANSWER, (IndexOf(), lot.id, found.seen), answered, expects=reports),
        Write(INSERT, (IndexOf(), lot.id, actor.organisation_id, *values), held),
    )
    return (await sequencer.submit(Command((stated,), writes))).accepted[0]
