"""Assembling: shipments with both sides' facts, paired, as one value each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.registry import Facility, Organisation
from standards.plausibility import Thresholds
from traceability.ledger.interpretation import own_prefix
from traceability.ledger.weighing import Weighing, weighing_of
from traceability.movements.gathering import (
    Course,
    HeldReceipt,
    Moved,
    agreed,
    event_of,
    held_receipts,
    moved,
    settled,
    step_of,
    texts,
)
from traceability.movements.pairing import Pair, paired
from traceability.movements.tables import FigureRow, ProposalRow, RequestRow
from traceability.movements.telling import Goods, Movement, Proposal, Said, final_from, status_of
from traceability.tables import EntryRow, LotRow


@dataclass(frozen=True)
class _Gathered:
    """What the record holds around some shipments; `held` by the shipment that each held receipt answers."""

    courses: dict[int, list[Course]]
    rows: list[Moved]
    pairs: dict[tuple[int, Course], Pair]
    held: dict[tuple[int, Course], list[HeldReceipt]]
    lots: dict[int, LotRow]
    firms: dict[int, Organisation]
    places: dict[int, str]
    proposals: dict[int, list[Proposal]]
    requests: dict[int, list[RequestRow]]


async def assembled(
    record: AsyncSession, shipments: Sequence[int], limits: Thresholds, moment: datetime, *, weighed: bool = False
) -> list[Movement]:
    """These shipments in their order, as far as they count and stand; `weighed`: with how each side weighed.

    `record` reads with the record scope; who may be told is the caller's to know.
    """
    gathered, found = await _gather(record, shipments), list[Movement]()
    for index in shipments:
        goods, facts = _goods(gathered, index), _facts(gathered, index)
        sent = next((each for each in facts if each.index == index), None)
        if not goods or sent is None:
            continue
        said = await _said(record, gathered, index, facts, weighed=weighed)
        proposals, day = gathered.proposals.get(index, []), max(each.recorded for each in said).date()
        firms = gathered.firms[sent.organisation_id], gathered.firms[sent.holder]
        places = {gathered.places[each.facility_id] for each in facts if each.facility_id in gathered.places}
        found.append(
            Movement(
                index, *firms, frozenset(places | {firm.country for firm in firms}), said, goods,
                status_of(goods, proposals, limits, day, moment), final_from(goods, said, limits, moment.date()),
                tuple(proposals), tuple(gathered.requests.get(index, [])),
            )
        )  # fmt: skip
    return found


async def _gather(record: AsyncSession, shipments: Sequence[int]) -> _Gathered:
    """Everything about these shipments, in a fixed number of statements."""
    entered = await record.execute(
        select(EntryRow.event_index, EntryRow.lot_id, EntryRow.holder)
        .where(EntryRow.event_index.in_(shipments), EntryRow.account == "transit", EntryRow.grams > 0)
        .order_by(EntryRow.lot_id)
    )
    courses: dict[int, list[Course]] = {}
    for index, lot_id, holder in entered:
        courses.setdefault(index, []).append((lot_id or 0, holder))
    wanted = sorted({course for listed in courses.values() for course in listed})
    known, holders = {lot for lot, _ in wanted}, {holder for _, holder in wanted}
    rows, changes = await moved(record, wanted), await agreed(record, known)
    whose = await settled(record, [row.index for row in rows])
    pairs: dict[tuple[int, Course], Pair] = {}
    for course in wanted:
        steps = [step_of(row, whose.get(row.index)) for row in rows if (row.lot_id, row.holder) == course]
        for shipment, pair in paired([*steps, *changes.get(course[0], [])]).items():
            pairs[shipment, course] = pair
    lots = {row.id: row for row in await record.scalars(select(LotRow).where(LotRow.id.in_(known)))}
    held = await held_receipts(record, holders, [row.uri for row in lots.values()])
    parties = {row.organisation_id for row in rows} | holders
    firms = await record.scalars(select(Organisation).where(Organisation.id.in_(parties)))
    places = {row.facility_id for row in rows if row.facility_id is not None}
    found = await record.execute(select(Facility.id, Facility.country).where(Facility.id.in_(places)))
    return _Gathered(
        courses, rows, pairs, _answering(held, pairs, lots), lots, {each.id: each for each in firms},
        dict(found.all()), await _proposals(record, shipments), await _requests(record, shipments),
    )  # fmt: skip


def _answering(
    held: Sequence[HeldReceipt], pairs: dict[tuple[int, Course], Pair], lots: dict[int, LotRow]
) -> dict[tuple[int, Course], list[HeldReceipt]]:
    """The held receipts by what they answer: what is on its way with just that mass, else the oldest on its way."""
    found: dict[tuple[int, Course], list[HeldReceipt]] = {}
    for receipt in held:
        for lot_id, lot in lots.items():
            course = (lot_id, receipt.holder)
            underway = [key for key, pair in pairs.items() if key[1] == course and pair.underway]
            if lot.uri in receipt.lots and underway:
                dispatched = receipt.lots[lot.uri][1]
                fits = {key: (pairs[key].underway != dispatched, key[0]) for key in underway}
                found.setdefault(min(underway, key=fits.__getitem__), []).append(receipt)
    return found


def _goods(gathered: _Gathered, index: int) -> tuple[Goods, ...]:
    """The lots of a shipment that stands, with both sides' figures."""
    found = []
    for course in gathered.courses.get(index, []):
        pair, lot = gathered.pairs.get((index, course)), gathered.lots[course[0]]
        if pair is None:
            continue
        held = [each.lots[lot.uri][0] for each in gathered.held.get((index, course), ())]
        found.append(
            Goods(
                lot.id, lot.uri, lot.material, lot.form, pair.stated, pair.sent, pair.came, pair.received,
                pair.returned, sum(held) if held else None,
            )
        )  # fmt: skip
    return tuple(found)


def _facts(gathered: _Gathered, index: int) -> list[Moved]:
    """The shipment and what answers it, each fact once."""
    answers = {
        number for course in gathered.courses.get(index, []) if (pair := gathered.pairs.get((index, course)))
        for number in pair.answers
    }  # fmt: skip
    return list({row.index: row for row in gathered.rows if row.index == index or row.index in answers}.values())


async def _said(
    record: AsyncSession, gathered: _Gathered, index: int, facts: Sequence[Moved], *, weighed: bool
) -> tuple[Said, ...]:
    held = {
        each.index: each for course in gathered.courses[index] for each in gathered.held.get((index, course), ())
    }  # fmt: skip
    scales = await _weighings(record, [row.stated_index for row in facts] + list(held)) if weighed else {}
    found = [
        Said(
            row.stated_index, row.index, row.event_id, row.organisation_id, row.facility_id, row.biz_step or "",
            row.event_day, row.event_time, row.record_time, tuple(sorted(row.papers)),
            sum(each.stated for each in gathered.rows if each.index == row.index), scales.get(row.stated_index),
        )
        for row in facts
    ]  # fmt: skip
    found += [
        Said(
            each.index, None, "", each.holder, None, "receiving", each.day, each.recorded, each.recorded, (),
            sum(own for own, _ in each.lots.values()), scales.get(each.index),
        )
        for each in held.values()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda each: each.index))


async def _weighings(record: AsyncSession, indexes: Collection[int]) -> dict[int, Weighing | None]:
    found: dict[int, Weighing | None] = {}
    for index, row in (await texts(record, indexes)).items():
        event = event_of(row)
        found[index] = weighing_of(event, own_prefix(row.context)) if event is not None else None
    return found


async def _proposals(record: AsyncSession, shipments: Collection[int]) -> dict[int, list[Proposal]]:
    rows = select(ProposalRow).where(ProposalRow.movement.in_(shipments)).order_by(ProposalRow.fact_index.desc())
    listed = list(await record.scalars(rows))
    figures: dict[int, list[FigureRow]] = {}
    wanted = select(FigureRow).where(FigureRow.proposal.in_([row.fact_index for row in listed]))
    for each in await record.scalars(wanted.order_by(FigureRow.lot_id)):
        figures.setdefault(each.proposal, []).append(each)
    found: dict[int, list[Proposal]] = {}
    for row in listed:
        found.setdefault(row.movement, []).append(Proposal(row, tuple(figures.get(row.fact_index, ()))))
    return found


async def _requests(record: AsyncSession, shipments: Collection[int]) -> dict[int, list[RequestRow]]:
    rows = select(RequestRow).where(RequestRow.movement.in_(shipments)).order_by(RequestRow.fact_index.desc())
    found: dict[int, list[RequestRow]] = {}
    for row in await record.scalars(rows):
        found.setdefault(row.movement, []).append(row)
    return found
