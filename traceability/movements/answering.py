"""Answering: the other side accepts or declines; what is accepted enters the ledger in the same transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Conflict, Forbidden, NotFound
from foundation.registry import Organisation
from traceability.checking.papers import CONTAINER, DOCUMENT
from traceability.ledger.movements import Amendment, Change
from traceability.ledger.outcomes import Speaker
from traceability.ledger.refusals import GoodsUsed, MovementChanged
from traceability.log import log_size
from traceability.movements.certifying import certified
from traceability.movements.gathering import changes_of
from traceability.movements.proposing import check_open, text_of
from traceability.movements.reading import movement
from traceability.movements.tables import FigureRow
from traceability.movements.telling import Goods, Movement, Proposal, Said
from traceability.preparing import fact
from traceability.sequencing.commands import Accepted, Command, IndexOf, Prepared, Write
from traceability.sequencing.sequencer import Sequencer

Side = Literal["sender", "receiver"]
Answer = Literal["accept", "decline", "withdraw"]
ANSWERS: Final[dict[str, Answer]] = {"accept": "accept", "decline": "decline", "withdraw": "withdraw"}
KEPT: Final = {"accept": "accepted", "decline": "declined", "withdraw": "withdrawn"}
ANSWERED: Final = """
UPDATE movement_proposal SET answer_index = $1, answer = $2, answered_at = $3, statement = $4
WHERE fact_index = $5 AND answer IS NULL AND lapses_at > $3
"""
AMENDED: Final = """
INSERT INTO amended_event (proposal, organisation_id, event_id)
SELECT $1, n.* FROM unnest($2::bigint[], $3::text[]) AS n
"""


async def answer(
    record: AsyncSession, sequencer: Sequencer, actor: Actor, index: int, number: int, said: Answer, statement: str,
    moment: datetime, stamp: datetime | None = None,
) -> Accepted:  # fmt: skip
    """Accept or decline the other side's proposal, or withdraw one's own. A leaf; accepting amends both sides' facts.

    Whether it comes in time is reckoned by `moment`; `stamp` only names it. Raises NotFound, Forbidden, Conflict where
    it is answered or lapsed, MovementFinal, MovementChanged where the movement is not any more what the proposal
    started from, or GoodsUsed.
    """
    actor.must("capture")
    limits, seen = sequencer.controls.limits, await log_size(record)
    told, named = await movement(record, actor, index, limits, moment), (stamp or moment).isoformat()
    proposal = next((each for each in told.proposals if each.row.fact_index == number), None)
    if proposal is None:
        raise NotFound("There is no such proposal.", field="proposal", value=number)
    if actor.organisation_id != (proposal.row.proposer_id if said == "withdraw" else proposal.row.other_id):
        raise Forbidden("This proposal is the other side's to answer, or to withdraw.", field="proposal", value=number)
    over = Conflict(
        "This proposal is answered already, or has lapsed.", field="proposal", value=number, fix="Propose anew."
    )
    if proposal.standing(moment) != "open":
        raise over
    body = {
        "type": "AmendmentAnswer", "proposal": number, "movement": told.index, "answer": KEPT[said],
        "statement": text_of(statement, "statement", needed=False), "by": actor.organisation_uri,
        "time": named,
    }  # fmt: skip
    fact_id = f"urn:junkan:amendment:{number}:{said}:{actor.organisation_id}:{named}"
    leaf = fact("amendment", body, fact_id, actor, moment, sequencer.controls.version)
    writes = [Write(ANSWERED, (IndexOf(), KEPT[said], moment, body["statement"], number), over)]
    facts: list[Prepared] = []
    if said == "accept":
        check_open(told, limits, moment)
        facts = _amendments(told, proposal, actor, moment, sequencer.controls.version, seen)
        writes += [_kept(told, number, facts, over), *certified(told, proposal)]
    try:
        return (await sequencer.submit(Command((leaf, *facts), tuple(writes)))).accepted[0]
    except GoodsUsed as refusal:
        raise _without_stock(refusal, told, actor) from refusal


def _kept(told: Movement, number: int, facts: Sequence[Prepared], refusal: Conflict) -> Write:
    """The events on which both sides agree from now on: those that state the movement, and those that amend it."""
    keys = {*_rests_on(told), *((each.speaker.organisation, each.event_id) for each in facts)}
    columns = [list(column) for column in zip(*sorted(keys), strict=True)]
    return Write(AMENDED, (number, *columns), refusal, expects=len(keys))


def _without_stock(refusal: GoodsUsed, told: Movement, actor: Actor) -> GoodsUsed:
    """How much is left of the other side's stock is not told."""
    own = told.sender.id if refusal.facts["side"] == "sender" else told.receiver.id
    if own == actor.organisation_id:
        return refusal
    lot, side = refusal.facts["lot"], refusal.facts["side"]
    return GoodsUsed(
        f"Some of lot {lot} is not there any more at the {side}: used, sent on, reserved or claimed.",
        field=refusal.field, value=refusal.value, fix=refusal.fix, lot=lot, side=side,
    )  # fmt: skip


def _rests_on(told: Movement) -> list[tuple[int, str]]:
    """The facts of both sides that count."""
    return [(each.organisation_id, each.event_id) for each in told.said if each.counted is not None]


def _amendments(
    told: Movement, proposal: Proposal, actor: Actor, moment: datetime, rules: str, seen: int
) -> list[Prepared]:
    """One fact for each side that changes, of the day and place of what it amends. Raises MovementChanged.

    What the sender takes back must have left the receiver's stock first, and what it sends beside must be there first:
    hence the receiver's fact comes in two parts.
    """
    goods = {each.lot_id: each for each in told.goods}
    changes = [(each, _change(goods.get(each.lot_id), each)) for each in proposal.figures]
    back = [(row, change) for row, change in changes if row.received is not None and change.sent < 0]
    sent = [(row, change) for row, change in changes if change.sent]
    more = [(row, change) for row, change in changes if row.received is not None and change.sent >= 0]
    received = [each for each in told.said if each.counted is not None and each.organisation_id == told.receiver.id]
    parts: tuple[tuple[Side, list[tuple[FigureRow, Change]], Said | None], ...] = (
        ("receiver", back, received[-1] if received else None), ("sender", sent, told.shipped),
        ("receiver", more, received[-1] if received else None),
    )  # fmt: skip
    facts = [
        _fact(told, proposal, actor, moment, rules, side, rows, said, part)
        for part, (side, rows, said) in enumerate(parts)
        if rows and said is not None
    ]
    return [*_asking(facts[:1], [change.lot for _, change in changes], seen), *facts[1:]]


def _asking(facts: Sequence[Prepared], lots: Sequence[str], seen: int) -> list[Prepared]:
    """The first part asks for all whether the goods moved since: by what it moves itself, a later one would say so."""
    return [
        replace(each, movement=replace(each.movement, unmoved=tuple(lots), seen=seen))
        for each in facts if isinstance(each.movement, Amendment)
    ]  # fmt: skip


def _change(goods: Goods | None, row: FigureRow) -> Change:
    sent, received = changes_of(row)
    was = (goods.sent, goods.received if goods.came else None) if goods else None
    if goods is None or was != (row.sent_was, row.received_was):
        raise MovementChanged(
            "The figures are not any more those that the proposal started from.", field="proposal",
            value=row.proposal, fix="Read the movement again and propose anew.",
        )  # fmt: skip
    return Change(goods.lot, sent, received)


def _fact(
    told: Movement, proposal: Proposal, actor: Actor, moment: datetime, rules: str,
    side: Side, rows: Sequence[tuple[FigureRow, Change]], said: Said, part: int,
) -> Prepared:  # fmt: skip
    firm: Organisation = told.sender if side == "sender" else told.receiver
    number = proposal.row.fact_index
    body = {
        "type": "Amendment", "proposal": number, "movement": told.index, "side": side, "by": firm.uri,
        "amends": said.index, "figures": [_figure(side, row, change) for row, change in rows],
    }  # fmt: skip
    changes = tuple(change for _, change in rows)
    prepared = fact(
        "amended", body, f"urn:junkan:amended:{number}:{part}", actor, moment, rules,
        day=said.day, movement=Amendment(side, told.sender.id, told.receiver.id, changes, tuple(_rests_on(told))),
        speaker=Speaker(firm.id, said.facility_id, firm.country),
        parties={told.sender.uri: told.sender.id, told.receiver.uri: told.receiver.id},
    )  # fmt: skip
    papers = tuple(each for each in said.references if not each.startswith((CONTAINER, DOCUMENT)))
    return replace(prepared, event_time=said.happened, biz_step=said.biz_step, references=papers)


def _figure(side: str, row: FigureRow, change: Change) -> dict[str, object]:
    was, now = (row.sent_was, row.sent) if side == "sender" else (row.received_was, row.received)
    return {"lot": change.lot, "grams": {"was": was, "is": now}}
