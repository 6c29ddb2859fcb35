"""Calling back: a lot's maker, or an authority over it, opens a recall and ends it; holders answer. Each is a leaf."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Conflict, Invalid, NotFound
from traceability.cases.reports import governed
from traceability.identifiers import canonical_key
from traceability.preparing import fact
from traceability.recalls.tables import RecalledLotRow, RecallRow
from traceability.sequencing.commands import Accepted, Command, IndexOf, Recalling, Write
from traceability.sequencing.sequencer import Sequencer
from traceability.tables import EntryRow, LotRow

Reason = Literal["contaminated", "hazardous", "misdeclared", "certificate", "other"]
REASONS: Final[tuple[Reason, ...]] = ("contaminated", "hazardous", "misdeclared", "certificate", "other")
Done = Literal["quarantined", "returned", "destroyed", "used", "unaffected"]
ANSWERS: Final[tuple[Done, ...]] = ("quarantined", "returned", "destroyed", "used", "unaffected")
LONGEST: Final = 1_000
MOST_LOTS: Final = 50
END: Final = "UPDATE recall SET closed_index = $1 WHERE fact_index = $2 AND closed_index IS NULL"
ANSWER: Final = """
INSERT INTO recall_answer (fact_index, recall, lot_id, organisation_id, answer, statement, answered_at)
SELECT $1, recall, lot_id, $4, $5, $6, $7 FROM recalled_lot WHERE recall = $2 AND lot_id = $3 AND open
"""


@dataclass(frozen=True, slots=True)
class Call:
    """Lots to call back (URIs), for what reason, and what was found."""

    lots: Sequence[str]
    reason: Reason
    statement: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a holder did with a lot under a recall."""

    recall: int
    lot: str
    answer: Done
    statement: str


def _stated(statement: str) -> str:
    text = statement.strip()
    if not 0 < len(text) <= LONGEST or "\x00" in text:
        raise Invalid(
            "Say what was found.", field="statement", value=statement[:80], fix=f"Write 1 to {LONGEST} characters."
        )
    return text


async def open_recall(
    record: AsyncSession, sequencer: Sequencer, actor: Actor, call: Call, moment: datetime
) -> Accepted:
    """Call lots back, with everything made of them. `record` reads with the record scope.

    Raises NotFound for a lot that is neither of the actor's making nor of its country's for a regulator, or Invalid.
    """
    actor.must("capture")
    statement, uris = _stated(call.statement), list(dict.fromkeys(map(canonical_key, call.lots)))
    if not 0 < len(uris) <= MOST_LOTS:
        raise Invalid("Name the lots.", field="lots", value=len(uris), fix=f"Name 1 to {MOST_LOTS} lots.")
    lots = list(await record.scalars(governed(select(LotRow).where(LotRow.uri.in_(uris)), actor)))
    if missing := set(uris) - {each.uri for each in lots}:
        raise NotFound(
            "You can call back only what you made; an authority, what was made in its country.", field="lots",
            value=min(missing), fix="Check the lot's identity, or report its label.",
        )  # fmt: skip
    authority = any(each.organisation_id != actor.organisation_id for each in lots)
    body = {
        "type": "Recall", "lots": uris, "reason": call.reason, "statement": statement, "by": actor.organisation_uri,
        "authority": authority, "time": moment.isoformat(),
    }  # fmt: skip
    fact_id = f"urn:junkan:recall:{actor.organisation_id}:{lots[0].id}:{moment.isoformat()}"
    stated = fact("recall", body, fact_id, actor, moment, sequencer.controls.version)
    recalling = Recalling(tuple(uris), call.reason, statement, authority)
    return (await sequencer.submit(Command((replace(stated, recalling=recalling),)))).accepted[0]


async def end_recall(
    record: AsyncSession, sequencer: Sequencer, actor: Actor, recall: int, statement: str, moment: datetime
) -> Accepted:
    """The recall is over: its lots can be promised and claimed again.

    Raises NotFound for a recall of somebody else (an authority's is an authority's), or Conflict where it is over.
    """
    actor.must("capture")
    said, row = _stated(statement), await record.get(RecallRow, recall)
    if row is None or not await _may_end(record, actor, row):
        raise NotFound("You have no such recall to end.", field="recall", value=recall)
    body = {
        "type": "RecallEnd", "recall": recall, "statement": said, "by": actor.organisation_uri,
        "time": moment.isoformat(),
    }  # fmt: skip
    fact_id = f"urn:junkan:recall:{recall}:end:{actor.organisation_id}:{moment.isoformat()}"
    stated = fact("recall", body, fact_id, actor, moment, sequencer.controls.version)
    over = Conflict("This recall is over already.", field="recall", value=recall)
    return (await sequencer.submit(Command((stated,), (Write(END, (IndexOf(), recall), over),)))).accepted[0]


async def _may_end(record: AsyncSession, actor: Actor, row: RecallRow) -> bool:
    if row.organisation_id == actor.organisation_id:
        return True
    named = select(LotRow).join(RecalledLotRow, RecalledLotRow.lot_id == LotRow.id)
    theirs = named.where(RecalledLotRow.recall == row.fact_index, RecalledLotRow.named)
    regulator = row.authority and "regulator" in actor.organisation_roles
    return regulator and (await record.scalars(governed(theirs, actor).limit(1))).first() is not None


async def answer_recall(
    record: AsyncSession, sequencer: Sequencer, actor: Actor, answer: Answer, moment: datetime
) -> Accepted:
    """Say what was done with a recalled lot that the actor's organisation holds or held.

    Raises NotFound where it never had such a lot, Invalid, or Conflict where the recall is over.
    """
    actor.must("capture")
    said = _stated(answer.statement)
    had = exists().where(EntryRow.lot_id == LotRow.id, EntryRow.holder == actor.organisation_id)
    wanted = select(LotRow.id).join(RecalledLotRow, RecalledLotRow.lot_id == LotRow.id)
    lot = await record.scalar(
        wanted.where(RecalledLotRow.recall == answer.recall, LotRow.uri == canonical_key(answer.lot), had)
    )
    if lot is None:
        raise NotFound("You have no such lot under this recall.", field="lot", value=answer.lot)
    body = {
        "type": "RecallAnswer", "recall": answer.recall, "lot": answer.lot, "answer": answer.answer,
        "statement": said, "by": actor.organisation_uri, "time": moment.isoformat(),
    }  # fmt: skip
    fact_id = f"urn:junkan:recall:{answer.recall}:{lot}:{actor.organisation_id}:{moment.isoformat()}"
    stated = fact("recall", body, fact_id, actor, moment, sequencer.controls.version)
    values = (IndexOf(), answer.recall, lot, actor.organisation_id, answer.answer, said, moment)
    over = Conflict("This recall is over already.", field="recall", value=answer.recall)
    return (await sequencer.submit(Command((stated,), (Write(ANSWER, values, over),)))).accepted[0]
