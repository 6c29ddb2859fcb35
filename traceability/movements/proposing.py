"""Proposing: one side of a movement states what its figures should be; until the other accepts, the old ones stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Conflict, Forbidden, Invalid
from standards.plausibility import Thresholds, load_finding, receipt_finding
from traceability.identifiers import canonical_key
from traceability.ledger.refusals import GapTooLarge, MovementFinal
from traceability.movements.reading import movement
from traceability.movements.telling import Goods, Movement
from traceability.preparing import fact
from traceability.refusals import LoadSize
from traceability.sequencing.commands import Accepted, Command, IndexOf, Write
from traceability.sequencing.sequencer import Sequencer

LONGEST: Final = 1_000
MOST_LOTS: Final = 100
CONTROL: Final = "C36"
PROPOSE: Final = """
INSERT INTO movement_proposal (fact_index, movement, proposer_id, other_id, reason, proposed_at, lapses_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
FIGURES: Final = """
INSERT INTO movement_figure (proposal, lot_id, sent_was, sent, received_was, received)
SELECT $1, n.* FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) AS n
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """What a lot's figures should be, in grams; None: as they are."""

    lot: str
    sent: int | None = None
    received: int | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A lot with its new figures; `received` None while it is on its way."""

    goods: Goods
    sent: int
    received: int | None

    @property
    def told(self) -> dict[str, Any]:
        """As the leaf states it."""
        told: dict[str, Any] = {"lot": self.goods.lot, "sentGrams": {"was": self.goods.sent, "is": self.sent}}
        if self.received is not None:
            told["receivedGrams"] = {"was": self.goods.received, "is": self.received}
        return told


async def propose(
    record: AsyncSession, sequencer: Sequencer, actor: Actor, index: int, figures: Sequence[Figure], reason: str,
    moment: datetime, stamp: datetime | None = None,
) -> Accepted:  # fmt: skip
    """Propose other figures for a movement, for the other side to answer in time. A leaf of its own.

    `record` reads with the record scope. `stamp`, the check page's moment, makes it the same when it is said again;
    what is due is reckoned by `moment` alone. Raises NotFound, Forbidden, Invalid, Conflict (another proposal waits, or
    something is still on its way), MovementFinal, GapTooLarge or LoadSize.
    """
    actor.must("capture")
    limits = sequencer.controls.limits
    told, said = await movement(record, actor, index, limits, moment), text_of(reason, "reason")
    check_side(told, actor)
    check_open(told, limits, moment)
    changed = changes_in(told, figures, limits, moment)
    other, days = told.other(actor.organisation_id), limits.at(CONTROL, "answer_within", moment.date())
    lapses, stamp = moment + timedelta(days=days), stamp or moment
    body = {
        "type": "AmendmentProposal", "movement": told.index, "figures": [each.told for each in changed],
        "reason": said, "by": actor.organisation_uri, "to": other.uri, "answerWithinDays": days,
        "time": stamp.isoformat(),
    }  # fmt: skip
    fact_id = f"urn:junkan:amendment:{told.index}:{actor.organisation_id}:{stamp.isoformat()}"
    stated = fact("amendment", body, fact_id, actor, moment, sequencer.controls.version)
    waits = Conflict(
        "Another proposal for this movement waits for its answer.", field="movement", value=index,
        fix="Answer it, withdraw it, or wait until it lapses.",
    )  # fmt: skip
    columns = list(zip(*(_row(each) for each in changed), strict=True))
    writes = (
        Write(PROPOSE, (IndexOf(), told.index, actor.organisation_id, other.id, said, moment, lapses), waits),
        Write(FIGURES, (IndexOf(), *columns), waits, expects=len(changed)),
    )
    return (await sequencer.submit(Command((stated,), writes))).accepted[0]


def _row(each: Changed) -> tuple[int, int, int, int | None, int | None]:
    was = None if each.received is None else each.goods.received
    return each.goods.lot_id, each.goods.sent, each.sent, was, each.received


def text_of(typed: str, field: str, *, needed: bool = True) -> str:
    """What was said. Raises Invalid."""
    said = typed.strip()
    if len(said) > LONGEST or "\x00" in said or (needed and not said):
        raise Invalid("Say why.", field=field, value=said[:80], fix=f"Write 1 to {LONGEST} characters.")
    return said


def check_side(told: Movement, actor: Actor) -> None:
    """Raises Forbidden for anybody but the two sides."""
    if actor.organisation_id not in (told.sender.id, told.receiver.id):
        raise Forbidden("Only the two sides of a movement do this.", field="movement", value=told.index)


def check_open(told: Movement, limits: Thresholds, moment: datetime) -> None:
    """Raises MovementFinal."""
    if told.final(moment):
        days = limits.at(CONTROL, "final_after", moment.date())
        raise MovementFinal(
            f"This movement became final {days} days after both sides had stated it.", field="movement",
            value=told.index, days=days, fix="Ask the authority of your country to open it again.",
        )  # fmt: skip


def changes_in(told: Movement, figures: Sequence[Figure], limits: Thresholds, moment: datetime) -> list[Changed]:
    """The figures that really change, each sound. Raises Invalid, Conflict, GapTooLarge or LoadSize."""
    known, found = {each.lot: each for each in told.goods}, dict[str, Changed]()
    for figure in figures[: MOST_LOTS + 1]:
        goods = known.get(canonical_key(figure.lot))
        if goods is None or goods.lot in found:
            raise Invalid(
                "This movement has no such lot." if goods is None else "This lot is named twice.", field="lot",
                value=figure.lot, fix="Name each lot of the movement at most once.",
            )  # fmt: skip
        found[goods.lot] = _changed(goods, figure)
    changed = [
        each for each in found.values()
        if each.sent != each.goods.sent or (each.received is not None and each.received != each.goods.received)
    ]  # fmt: skip
    if not changed:
        raise Invalid("Nothing changes.", field="figures", value=len(figures), fix="State at least one other figure.")
    for each in changed:
        _check(each, limits, moment)
    return changed


def _changed(goods: Goods, figure: Figure) -> Changed:
    for name, value in (("sent_grams", figure.sent), ("received_grams", figure.received)):
        if value is not None and not 0 < value < 2**53:
            raise Invalid("This is no mass.", field=name, value=value, fix="State whole grams above 0.")
    if goods.returned or (goods.came and goods.underway):
        raise Conflict(
            "A part of this lot went back, or is still on its way.", field="lot", value=goods.lot,
            fix="Figures are amended where all of a lot is on its way, or all of it was received.",
        )  # fmt: skip
    if not goods.came and figure.received is not None:
        raise Invalid(
            "Nothing of this lot was received yet.", field="received_grams", value=figure.received,
            fix="Leave it out, or receive the goods first.",
        )  # fmt: skip
    sent = goods.sent if figure.sent is None else figure.sent
    received = goods.received if figure.received is None else figure.received
    return Changed(goods, sent, received if goods.came else None)


def _check(each: Changed, limits: Thresholds, moment: datetime) -> None:
    """What no receipt could state without being held, no agreement states either: controls C12 and C24."""
    load = load_finding(limits, max(each.sent, each.received or 0), moment.date())
    if load is not None and load.response != "FLAG":
        raise LoadSize(
            "No vehicle carries this load.", field="sent_grams", value=each.sent, fix="Check the unit: these are grams."
        )
    gap = receipt_finding(limits, each.sent, each.received, moment.date()) if each.received is not None else None
    if gap is not None and gap.response == "HOLD":
        raise GapTooLarge(
            f"{each.received} g received of {each.sent} g sent lie too far apart.", field="received_grams",
            value=each.received, sent_grams=each.sent, received_grams=each.received,
            fix="Agree on what was sent, too, or record why goods are missing.",
        )  # fmt: skip
