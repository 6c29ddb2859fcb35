"""Reading: the payloads of facts wherever they are now, for readers who may see the facts themselves."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.errors import Unavailable
from traceability.archive.checking import check_row, log_row, payload_of
from traceability.archive.files import MANIFEST, BadCopy, read_manifest, read_part, read_rows
from traceability.archive.months import Month, NotAtHand
from traceability.bundle.rows import Payload
from traceability.eventhash import event_hash
from traceability.tables import EventRow, PayloadRow

AWAY: Final = """
SELECT month, first_index, last_index FROM (
    SELECT DISTINCT ON (month) month, act, first_index, last_index FROM archive_act ORDER BY month, fact_index DESC
) newest WHERE act = 'detached' ORDER BY first_index
"""

STAY: Final = "LOCK TABLE event_payload IN ACCESS SHARE MODE"
"""Detaching waits for whoever holds this; before anything is read, also in a transaction that reads of one moment."""


@dataclass(frozen=True, slots=True)
class Away:
    """A month whose payloads, of the facts `first`..`last`, are in the archive."""

    month: Month
    first: int
    last: int

    def holds(self, index: int) -> bool:
        """Whether this fact is of the month."""
        return self.first <= index <= self.last


def away_of(rows: Iterable[Sequence[object]]) -> list[Away]:
    """The rows of `AWAY`."""
    return [Away(Month(month), first, last) for month, first, last in rows]  # type: ignore[arg-type]


async def away(session: AsyncSession) -> list[Away]:
    """The months whose payloads are in the archive now."""
    return away_of(tuple(row) for row in await session.execute(text(AWAY)))


async def payloads(session: AsyncSession, facts: Iterable[tuple[int, datetime]]) -> dict[int, Payload]:
    """The payloads of these facts (index, record time), as far as the reader may see them; what was erased is absent.

    What is in the archive is checked against its fact before it is told. Raises NotAtHand, never answers with less.
    """
    wanted = dict(facts)
    found = await _here(session, wanted)
    if missing := wanted.keys() - found.keys():
        found |= await _archived(session, missing)
    # A month that came back after the first look, and was away no more at the second, is here.
    return found | await _here(session, {index: wanted[index] for index in wanted.keys() - found.keys()})


async def stay(session: AsyncSession) -> None:
    """No month leaves until this transaction ends: what is asked for in several statements is asked of the same."""
    await session.execute(text(STAY))


async def _here(session: AsyncSession, wanted: Mapping[int, datetime]) -> dict[int, Payload]:
    if not wanted:
        return {}
    columns = (PayloadRow.index, PayloadRow.body, PayloadRow.context, PayloadRow.salt, PayloadRow.fields)
    here = PayloadRow.index.in_(wanted), PayloadRow.record_time.in_(set(wanted.values()))
    rows = await session.execute(select(*columns).where(*here))
    return {index: Payload(body, context, salt, fields) for index, body, context, salt, fields in rows}


async def check_here(session: AsyncSession, conditions: Iterable[ColumnElement[bool]]) -> None:
    """Raises NotAtHand where the payload of one of these facts is in the archive: the database cannot sort by it."""
    wanted = list(conditions)
    await stay(session)
    for each in await away(session):
        inside = select(EventRow.index).where(*wanted, EventRow.index.between(each.first, each.last)).limit(1)
        if (await session.execute(inside)).first() is not None:
            raise NotAtHand(
                f"Events are ordered by what they say, and those of {each.month.name} are in the archive.",
                field="orderBy", value=each.month.name,
                fix="Order by eventTime or recordTime, ask for GE_recordTime behind that month, or attach it again.",
            )  # fmt: skip


async def _archived(session: AsyncSession, indexes: Collection[int]) -> dict[int, Payload]:
    found: dict[int, Payload] = {}
    folder: Path | None = session.info.get("archive")
    for each in await away(session):
        inside = sorted(index for index in indexes if each.holds(index))
        if not inside:
            continue
        # Whose text it is, row-level security says of the fact's own row.
        events = await session.scalars(select(EventRow).where(EventRow.index.in_(inside)))
        rows = {row.index: _facts(row) for row in events}
        found |= await asyncio.to_thread(read_archived, folder, each.month, rows)
    return found


def _facts(row: EventRow) -> dict[str, object]:
    return {
        "index": row.index, "kind": row.kind, "event_hash": row.event_hash, "root": row.root,
        "record_time": row.record_time,
    }  # fmt: skip


def read_archived(folder: Path | None, month: Month, events: Mapping[int, Mapping[str, object]]) -> dict[int, Payload]:
    """The payloads of these facts of one month out of its copy, each checked against its fact.

    Raises NotAtHand where there is no copy, Unavailable where it is damaged.
    """
    place, found = check_copied(folder, month), dict[int, Payload]()
    try:
        manifest, _ = read_manifest(place)
        for part in manifest.parts:
            inside = [index for index in events if part.first <= index <= part.last]
            if part.table != "event_payload" or not inside:
                continue
            for row in read_rows(place, part, inside).iter_rows(named=True):
                found[row["index"]] = payload_of(row)
                check_row(log_row(events[row["index"]], found[row["index"]]), event_hash)
    except BadCopy as fault:
        raise Unavailable(
            f"The archive of {month.name} cannot be read: {fault}", field="month", value=month.name,
            fix="Put a whole copy in its place; junkan archive check names what is wrong with this one.",
        ) from fault  # fmt: skip
    return found


def payloads_of(folder: Path | None, month: Month) -> dict[int, Payload]:
    """Every payload of a month out of its copy, unchecked. Raises NotAtHand, BadCopy."""
    place, found = check_copied(folder, month), dict[int, Payload]()
    manifest, _ = read_manifest(place)
    for part in manifest.parts:
        if part.table == "event_payload":
            found |= {row["index"]: payload_of(row) for row in read_part(place, part).iter_rows(named=True)}
    return found


def check_copied(folder: Path | None, month: Month) -> Path:
    """Where the copy of a month lies. Raises NotAtHand."""
    if folder is None or not (folder / month.name / MANIFEST).is_file():
        raise _not_at_hand(month)
    return folder / month.name


def _not_at_hand(month: Month) -> NotAtHand:
    return NotAtHand(
        f"What was received in {month.name} is in the archive, which is not at hand here.", field="month",
        value=month.name, fix="Put the folder of that month under JUNKAN_ARCHIVE, or attach the month again.",
        month=month.name,
    )  # fmt: skip
