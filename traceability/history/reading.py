"""Reading: an organisation's own events, newest first, with their entries, and what became of them since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import case, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from foundation.errors import NotFound
from standards.plausibility import Finding
from traceability.archive.reading import payloads
from traceability.ledger.outcomes import HELD, REJECTED
from traceability.tables import EntryRow, EventRow, KeyRow, LotRow

PAGE: Final = 25
Cleared = Literal["released", "rejected"]


@dataclass(frozen=True, slots=True)
class Happened:
    """One fact of the record. `declares_error`: it takes another one back; `taken_back`: another one did that to it.

    `releases`: the held event that it clears; `cleared`: what was decided of this one, where it was held.
    """

    index: int
    kind: str
    event_id: str
    event_type: str | None
    biz_step: str | None
    event_time: datetime
    event_day: date
    record_time: datetime
    outcome: str
    reasons: tuple[str, ...]
    flags: tuple[str, ...]
    backfill: bool
    declares_error: bool
    taken_back: bool
    releases: int | None = None
    cleared: Cleared | None = None

    @property
    def stated_index(self) -> int:
        """Where the event stands as it was stated: what a release releases, else itself."""
        return self.index if self.releases is None else self.releases


def findings_of(fields: Mapping[str, Any]) -> tuple[Finding, ...]:
    """What the controls found, as the record keeps it beside the event."""
    return tuple(Finding(**each) for each in fields.get("junkan:controls", ()))


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of an event: grams of a lot (or of an outside account, where `lot` is None)."""

    index: int
    lot: str | None
    material: str
    form: str
    account: str
    grams: int


_later, _declaration = aliased(KeyRow), aliased(EventRow)
TAKEN_BACK: Final = exists().where(
    _later.event_id == KeyRow.event_id, _later.organisation_id == KeyRow.organisation_id, _later.declares_error,
    ~KeyRow.declares_error, _declaration.index == _later.index, _declaration.outcome != HELD,
)  # fmt: skip
"""Whether a declaration of error says so of the event beside it; one that is on hold does not (yet)."""

_clearing, _decided = aliased(KeyRow), aliased(EventRow)
CLEARED: Final = (
    select(case((_decided.reasons == [REJECTED], "rejected"), else_="released"))
    .join(_clearing, _clearing.index == _decided.index)
    .where(_clearing.releases == KeyRow.index)
    .scalar_subquery()
)
"""What was decided of the held event beside it; NULL where nothing was, or where it is not held."""

_EVENTS: Final = select(EventRow, KeyRow.declares_error, TAKEN_BACK, KeyRow.releases, CLEARED).join(
    KeyRow, KeyRow.index == EventRow.index
)


def _happened(
    row: EventRow, declares_error: bool, taken_back: bool, releases: int | None, cleared: Cleared | None
) -> Happened:  # fmt: skip
    return Happened(
        row.index, row.kind, row.event_id, row.event_type, row.biz_step, row.event_time, row.event_day,
        row.record_time, row.outcome, tuple(row.reasons), tuple(row.flags), row.backfill, declares_error, taken_back,
        releases, cleared,
    )  # fmt: skip


async def own_events(
    session: AsyncSession, organisation_id: int, before: int | None = None, limit: int = PAGE
) -> list[Happened]:
    """The organisation's facts, newest first, from below an index on."""
    wanted = _EVENTS.where(EventRow.organisation_id == organisation_id)
    if before is not None:
        wanted = wanted.where(EventRow.index < before)
    rows = await session.execute(wanted.order_by(EventRow.index.desc()).limit(limit))
    return [_happened(*row) for row in rows]


async def events_at(session: AsyncSession, organisation_id: int, indexes: Sequence[int]) -> list[Happened]:
    """These facts, as far as they are the organisation's own, in order."""
    wanted = _EVENTS.where(EventRow.organisation_id == organisation_id, EventRow.index.in_(indexes))
    return [_happened(*row) for row in await session.execute(wanted.order_by(EventRow.index))]


async def lines(session: AsyncSession, indexes: Sequence[int]) -> list[Line]:
    """The entries of these events that the reader may see."""
    rows = await session.execute(
        select(EntryRow, LotRow)
        .outerjoin(LotRow, LotRow.id == EntryRow.lot_id)
        .where(EntryRow.event_index.in_(indexes))
        .order_by(EntryRow.event_index, EntryRow.grams)
    )
    return [
        Line(
            entry.event_index, lot.uri if lot else None, lot.material if lot else "", lot.form if lot else "",
            entry.account, entry.grams,
        )
        for entry, lot in rows
    ]  # fmt: skip


async def of_lot(session: AsyncSession, organisation_id: int, lot_id: int) -> list[tuple[Happened, str, int]]:
    """What happened to a lot at this organisation, oldest first: the event, the account and the grams it moved."""
    rows = await session.execute(
        _EVENTS.add_columns(EntryRow.account, EntryRow.grams)
        .join(EntryRow, EntryRow.event_index == EventRow.index)
        .where(EntryRow.lot_id == lot_id, EntryRow.holder == organisation_id)
        .order_by(EventRow.index)
    )
    return [(_happened(*row[:5]), row[5], row[6]) for row in rows]


@dataclass(frozen=True, slots=True)
class Stated:
    """An event as it was received: `body` is its text, `context` its document's."""

    happened: Happened
    body: str
    context: Any


async def stated(session: AsyncSession, organisation_id: int, index: int) -> Stated:
    """One own event with its text. Raises NotFound, also for anyone else's, or NotAtHand in the archive."""
    own = (EventRow.organisation_id == organisation_id, EventRow.index == index, EventRow.kind == "epcis")
    found = (await session.execute(_EVENTS.where(*own))).first()
    happened = None if found is None else _happened(*found)
    told = await payloads(session, [(index, happened.record_time)]) if happened is not None else {}
    if happened is None or index not in told:
        raise NotFound("You have recorded no such event.", field="index", value=index)
    return Stated(happened, told[index].body, told[index].context)
