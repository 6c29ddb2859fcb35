"""Reading recalls: who is told what of them; a maker sees its own customers, only a regulator the whole chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from foundation.access import Actor
from foundation.errors import NotFound
from foundation.registry import Organisation
from traceability.cases.reports import governed
from traceability.recalls.tables import RecallAnswerRow, RecalledLotRow, RecallRow
from traceability.tables import BalanceRow, EntryRow, LotRow

SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds how much of a recalled lot and what was answered for it; name and lot None where not to be told."""

    organisation: str | None
    mine: bool
    lot: LotRow | None
    grams: int
    answer: RecallAnswerRow | None


@dataclass(frozen=True, slots=True)
class Recall:
    """A recall as one reader may know it. `lots`: how many are under it; holders who may not be named come last."""

    row: RecallRow
    opened_by: str | None
    may_end: bool
    named: tuple[LotRow, ...]
    lots: int
    grams: int
    holders: tuple[Holder, ...]

    @property
    def answered(self) -> int:
        """For how many of the holdings something was answered."""
        return sum(1 for each in self.holders if each.answer is not None)


@dataclass(frozen=True, slots=True)
class Notice:
    """A recalled lot that an organisation holds now, with its own newest answer."""

    row: RecallRow
    lot: LotRow
    grams: int
    answer: RecallAnswerRow | None


def _held(actor: Actor) -> ColumnElement[bool]:
    """This organisation has or had the lot of a RecalledLotRow."""
    entered = exists().where(EntryRow.lot_id == RecalledLotRow.lot_id, EntryRow.holder == actor.organisation_id)
    return and_(RecalledLotRow.recall == RecallRow.fact_index, entered)


def _in_country(actor: Actor) -> ColumnElement[bool]:
    """A lot under the recall was made in the regulator's country."""
    made = select(RecalledLotRow.recall).join(LotRow, LotRow.id == RecalledLotRow.lot_id)
    return governed(made.where(RecalledLotRow.recall == RecallRow.fact_index), actor).exists()


def _touching(actor: Actor) -> ColumnElement[bool]:
    wide = _in_country(actor) if "regulator" in actor.organisation_roles else exists().where(_held(actor))
    return or_(RecallRow.organisation_id == actor.organisation_id, wide)


async def recalls(record: AsyncSession, actor: Actor) -> list[RecallRow]:
    """Recalls that this organisation opened, that touch what it held, or (a regulator) its country; newest first."""
    rows = select(RecallRow).where(_touching(actor)).order_by(RecallRow.fact_index.desc()).limit(SHOWN)
    return list(await record.scalars(rows))


async def recall(record: AsyncSession, actor: Actor, index: int) -> Recall:
    """One recall, as far as this reader may know it. Raises NotFound for one that does not touch it."""
    row = await record.scalar(select(RecallRow).where(RecallRow.fact_index == index, _touching(actor)))
    if row is None:
        raise NotFound("No recall of this number concerns you.", field="recall", value=index)
    named = select(LotRow).join(RecalledLotRow, RecalledLotRow.lot_id == LotRow.id)
    named = named.where(RecalledLotRow.recall == index, RecalledLotRow.named)
    lots = list(await record.scalars(named.order_by(LotRow.id)))
    regulator = "regulator" in actor.organisation_roles
    own = row.organisation_id == actor.organisation_id
    holders = await _holders(record, actor, row, everything=regulator)
    maker = await record.get(Organisation, row.organisation_id)
    assert maker is not None, "a recall is opened by an organisation"
    theirs = regulator and row.authority and (await record.scalars(governed(named, actor).limit(1))).first() is not None
    count = select(func.count()).where(RecalledLotRow.recall == index)
    return Recall(
        row=row, opened_by=maker.name if own or regulator or maker.name_public or row.authority else None,
        may_end=row.closed_index is None and (own or theirs), named=tuple(lots) if own or regulator else (),
        lots=(await record.execute(count)).scalar_one(), grams=sum(each.grams for each in holders),
        holders=tuple(holders if own or regulator else (each for each in holders if each.mine)),
    )  # fmt: skip


async def _holders(record: AsyncSession, actor: Actor, row: RecallRow, *, everything: bool) -> list[Holder]:
    """Every holding of a recalled lot, with the newest answer for it; who may not be named as one, by answer."""
    held = (
        select(LotRow, BalanceRow.holder, Organisation.name, func.sum(BalanceRow.free + BalanceRow.reserved))
        .join(RecalledLotRow, RecalledLotRow.lot_id == LotRow.id)
        .join(BalanceRow, BalanceRow.lot_id == LotRow.id)
        .join(Organisation, Organisation.id == BalanceRow.holder)
        .where(RecalledLotRow.recall == row.fact_index, BalanceRow.free + BalanceRow.reserved > 0)
        .group_by(LotRow.id, BalanceRow.holder, Organisation.name)
        .order_by(LotRow.id, BalanceRow.holder)
    )
    found = (await record.execute(held)).all()
    answers = await _answers(record, row.fact_index)
    customers = await _customers(record, actor, [lot.id for lot, *_ in found])
    told, others = list[Holder](), dict[bool, tuple[int, RecallAnswerRow | None]]()
    for lot, holder, name, grams in found:
        mine, answer = holder == actor.organisation_id, answers.get((lot.id, holder))
        if everything or mine or (lot.id, holder) in customers:
            told.append(Holder(name, mine, lot, int(grams), answer))
        else:
            others[answer is not None] = (others.get(answer is not None, (0, None))[0] + int(grams), answer)
    hidden = [Holder(None, False, None, grams, answer) for grams, answer in others.values()]
    return sorted(told, key=lambda each: not each.mine) + hidden


async def _answers(record: AsyncSession, index: int) -> dict[tuple[int, int], RecallAnswerRow]:
    rows = select(RecallAnswerRow).where(RecallAnswerRow.recall == index).order_by(RecallAnswerRow.fact_index)
    return {(row.lot_id, row.organisation_id): row for row in await record.scalars(rows)}


async def _customers(record: AsyncSession, actor: Actor, lots: Sequence[int]) -> set[tuple[int, int]]:
    """(lot, holder) that this organisation itself handed over: one step down, and no further."""
    gave, got = aliased(EntryRow), aliased(EntryRow)
    rows = await record.execute(
        select(got.lot_id, got.holder)
        .join(gave, and_(gave.event_index == got.event_index, gave.lot_id == got.lot_id))
        .where(gave.holder == actor.organisation_id, gave.grams < 0, got.grams > 0, got.holder != gave.holder)
        .where(got.lot_id.in_(lots))
        .distinct()
    )
    return {(lot, holder) for lot, holder in rows if lot is not None}


async def notices(record: AsyncSession, actor: Actor) -> list[Notice]:
    """Every lot under an open recall that this organisation holds a gram of; those not yet answered first."""
    held = (
        select(RecallRow, LotRow, func.sum(BalanceRow.free + BalanceRow.reserved))
        .join(RecalledLotRow, RecalledLotRow.recall == RecallRow.fact_index)
        .join(LotRow, LotRow.id == RecalledLotRow.lot_id)
        .join(BalanceRow, BalanceRow.lot_id == LotRow.id)
        .where(RecallRow.closed_index.is_(None), BalanceRow.holder == actor.organisation_id)
        .where(BalanceRow.free + BalanceRow.reserved > 0)
        .group_by(RecallRow.fact_index, LotRow.id)
        .order_by(RecallRow.fact_index.desc(), LotRow.id)
        .limit(SHOWN)
    )
    found = (await record.execute(held)).all()
    numbers = {row.fact_index for row, *_ in found}
    own = select(RecallAnswerRow).where(RecallAnswerRow.organisation_id == actor.organisation_id)
    rows = await record.scalars(own.where(RecallAnswerRow.recall.in_(numbers)).order_by(RecallAnswerRow.fact_index))
    answered = {(row.recall, row.lot_id): row for row in rows}
    told = [Notice(row, lot, int(grams), answered.get((row.fact_index, lot.id))) for row, lot, grams in found]
    return sorted(told, key=lambda each: each.answer is not None)


async def waiting_for(session: AsyncSession, organisation_id: int) -> int:
    """For how many recalled lots that it holds this organisation has not answered yet."""
    said = exists().where(
        RecallAnswerRow.recall == RecalledLotRow.recall, RecallAnswerRow.lot_id == RecalledLotRow.lot_id,
        RecallAnswerRow.organisation_id == organisation_id,
    )  # fmt: skip
    counted = (
        select(func.count(RecalledLotRow.lot_id.distinct()))
        .join(BalanceRow, BalanceRow.lot_id == RecalledLotRow.lot_id)
        .where(RecalledLotRow.open, BalanceRow.holder == organisation_id, BalanceRow.free + BalanceRow.reserved > 0)
    )
    return (await session.execute(counted.where(~said))).scalar_one()


async def recalled(session: AsyncSession, lots: Sequence[int]) -> set[int]:
    """Those of these lots (by id) that are under a recall now; for everybody to know."""
    rows = select(RecalledLotRow.lot_id).where(RecalledLotRow.lot_id.in_(lots), RecalledLotRow.open)
    return set(await session.scalars(rows))
