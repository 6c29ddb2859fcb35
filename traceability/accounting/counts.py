"""Counts: stock-takes that lie further from the books than a scheme allows, by the period that they fall into."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from standards.dated import Certainty, NotInForce
from standards.trade.massbalance import Scheme
from traceability.accounting.reading import Place, Statement
from traceability.history.reading import TAKEN_BACK, findings_of
from traceability.ledger.counting import OFF, subject_of
from traceability.tables import EventRow, KeyRow, PayloadRow

MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Count:
    """A stock-take beyond the tolerance: its leaf and day, grams by the books and as counted."""

    index: int
    on: date
    book: int
    counted: int


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How many per cent of what is counted the books may lie away from it, and how sure that is."""

    percent: Decimal
    certainty: Certainty


def tolerance_of(scheme: Scheme | None, day: date) -> Tolerance | None:
    """The tolerance of a scheme on a day; None where none is known, and then nothing is decided."""
    if scheme is None or scheme.stock_tolerance_pct is None:
        return None
    try:
        known = scheme.stock_tolerance_pct.on(day)
    except NotInForce:
        return None
    return Tolerance(known.value, known.certainty)


async def counts_of(
    session: AsyncSession, organisation: int, found: Sequence[Statement]
) -> dict[Place, tuple[Count, ...]]:
    """The counts beyond the tolerance of these periods, the newest first; those declared erroneous are none."""
    if not found:
        return {}
    rows = await session.execute(
        select(EventRow.index, EventRow.event_day, EventRow.facility_id, PayloadRow.fields)
        .join(PayloadRow, PayloadRow.index == EventRow.index).join(KeyRow, KeyRow.index == EventRow.index)
        .where(
            EventRow.organisation_id == organisation, EventRow.flags.contains([OFF]), ~TAKEN_BACK,
            EventRow.facility_id.in_({each.at.facility for each in found}),
            EventRow.event_day >= min(each.at.first for each in found),
            EventRow.event_day <= max(each.last for each in found),
        )
        .order_by(EventRow.index.desc())
        .limit(MOST)
    )  # fmt: skip
    told: dict[Place, tuple[Count, ...]] = {}
    for index, day, facility, fields in rows:
        named = {each.subject: each for each in findings_of(fields) if each.code == OFF}
        for each in found:
            finding = named.get(subject_of(each.at.material, each.at.scheme))
            if finding is not None and each.at.facility == facility and each.at.first <= day <= each.last:
                one = Count(index, day, finding.limit or 0, finding.measured or 0)
                told[each.at] = (*told.get(each.at, ()), one)
    return told
