"""Reports: what somebody who scanned a label says is wrong with it; counted and passed on, never believed by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Invalid, NotFound, Refusal
from foundation.registry import Facility, Organisation
from traceability.tables import LabelFindingRow, LabelReportRow, LotRow

S = TypeVar("S", bound=Select[*tuple[Any, ...]])

REASONS: Final = ("cloned", "mismatch", "other")
LONGEST_MESSAGE: Final = 1_000
MOST_REPORTS: Final = 10
REPORTS_WITHIN: Final = timedelta(hours=1)
SHOWN: Final = 500


class TooManyReports(Refusal):
    """This label was reported so often that one more says nothing new."""

    status = 429
    code = "TOO_MANY_REPORTS"


@dataclass(frozen=True, slots=True)
class Case:
    """A lot whose label was reported: the reports that wait, newest first, how many were answered, what stands."""

    lot: LotRow
    mine: bool
    waiting: tuple[LabelReportRow, ...]
    answered: int
    finding: LabelFindingRow | None


async def report_label(record: AsyncSession, lot: LotRow, reason: str, message: str, moment: datetime) -> None:
    """Keep what somebody says of a label. Raises Invalid or TooManyReports."""
    if reason not in REASONS:
        raise Invalid("Say what is wrong.", field="reason", value=reason, fix=f"Use one of {', '.join(REASONS)}.")
    if len(message) > LONGEST_MESSAGE:
        raise Invalid("The message is too long.", field="message", fix=f"Use at most {LONGEST_MESSAGE} characters.")
    # One at a time for a label, so that a hundred at once are counted as a hundred.
    await record.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"label report {lot.id}", 0))))
    recent = select(func.count()).where(
        LabelReportRow.lot_id == lot.id, LabelReportRow.reported_at > moment - REPORTS_WITHIN
    )
    if (await record.execute(recent)).scalar_one() >= MOST_REPORTS:
        raise TooManyReports("This label was reported many times within the hour; we are looking at it.")
    record.add(LabelReportRow(lot_id=lot.id, reason=reason, message=message, reported_at=moment))
    await record.flush()


def _theirs(actor: Actor) -> ColumnElement[bool]:
    """Lots of the organisation's own making; for a regulator those made in its country too."""
    own = LotRow.organisation_id == actor.organisation_id
    if "regulator" not in actor.organisation_roles:
        return own
    return or_(own, func.coalesce(Facility.country, Organisation.country) == actor.country)


def governed(statement: S, actor: Actor) -> S:
    """Of lots, those that this organisation answers for: of its own making, or as a regulator of its country's."""
    return (
        statement.join(Organisation, Organisation.id == LotRow.organisation_id)
        .outerjoin(Facility, Facility.id == LotRow.facility_id)
        .where(_theirs(actor))
    )


async def lot_to_answer(record: AsyncSession, actor: Actor, uri: str) -> LotRow:
    """The lot, where its label's reports are this organisation's to answer. Raises NotFound."""
    lot = (await record.scalars(governed(select(LotRow).where(LotRow.uri == uri), actor))).one_or_none()
    if lot is None:
        raise NotFound("You have no such label.", field="lot", value=uri, fix="Check the lot's identity.")
    return lot


async def cases(record: AsyncSession, actor: Actor, lot: LotRow | None = None) -> list[Case]:
    """Every label of theirs that was reported (or this one), those that wait for an answer first."""
    reports = select(LabelReportRow, LotRow).join(LotRow, LotRow.id == LabelReportRow.lot_id)
    if lot is not None:
        reports = reports.where(LotRow.id == lot.id)
    found = (await record.execute(governed(reports, actor).order_by(LabelReportRow.id.desc()).limit(SHOWN))).all()
    lots = {each.id: each for _, each in found}
    standing = await _standing(record, lots)
    grouped: dict[int, list[LabelReportRow]] = {}
    for report, each in found:
        grouped.setdefault(each.id, []).append(report)
    made = [_case(lots[number], rows, standing.get(number), actor) for number, rows in grouped.items()]
    return sorted(made, key=lambda case: not case.waiting)


def _case(lot: LotRow, rows: Sequence[LabelReportRow], standing: LabelFindingRow | None, actor: Actor) -> Case:
    waiting = tuple(row for row in rows if row.answer_index is None)
    mine = lot.organisation_id == actor.organisation_id
    return Case(lot, mine, waiting, len(rows) - len(waiting), standing)


async def _standing(record: AsyncSession, lots: dict[int, LotRow]) -> dict[int, LabelFindingRow]:
    """The newest finding of each lot's label."""
    rows = select(LabelFindingRow).where(LabelFindingRow.lot_id.in_(lots)).order_by(LabelFindingRow.fact_index)
    return {row.lot_id: row for row in await record.scalars(rows)}


async def standing(record: AsyncSession, lot_id: int) -> LabelFindingRow | None:
    """What was last found of this lot's label."""
    rows = select(LabelFindingRow).where(LabelFindingRow.lot_id == lot_id).order_by(LabelFindingRow.fact_index.desc())
    return (await record.scalars(rows.limit(1))).first()


async def waiting(session: AsyncSession, lot_id: int, seen: int | None = None) -> int:
    """How many reports of this lot's label wait for an answer, of those up to the id `seen`."""
    counted = select(func.count()).where(LabelReportRow.lot_id == lot_id, LabelReportRow.answer_index.is_(None))
    if seen is not None:
        counted = counted.where(LabelReportRow.id <= seen)
    return (await session.execute(counted)).scalar_one()


async def labels_waiting(session: AsyncSession, organisation_id: int) -> int:
    """How many labels of this organisation's lots have reports that wait for an answer."""
    counted = (
        select(func.count(LabelReportRow.lot_id.distinct()))
        .join(LotRow, LotRow.id == LabelReportRow.lot_id)
        .where(LotRow.organisation_id == organisation_id, LabelReportRow.answer_index.is_(None))
    )
    return (await session.execute(counted)).scalar_one()
