"""Months: which there are, how large their payloads are, and where those stand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import asyncpg

from foundation.errors import Conflict, Invalid, NotFound, Refusal
from traceability.archive.files import MANIFEST

Place = Literal["here", "kept", "away"]
"""Of a month's payloads: in the record; beside it, as a table that was detached and kept; not in the database."""

_SPELLED: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")

# What is held and neither cleared nor declared erroneous still waits for somebody who must read its text.
_FACTS: Final = """
SELECT date_trunc('month', e.record_time AT TIME ZONE 'UTC')::date AS month, min(e.index), max(e.index), count(*),
    count(*) FILTER (WHERE e.kind = 'epcis' AND e.outcome = 'held'
        AND NOT EXISTS (SELECT FROM event_key r WHERE r.releases = e.index)
        AND NOT EXISTS (SELECT FROM event_key k JOIN event_key d ON d.event_id = k.event_id
                AND d.organisation_id = k.organisation_id AND d.declares_error
            JOIN event x ON x.index = d.index AND x.outcome <> 'held'
            WHERE k.index = e.index AND NOT k.declares_error)) AS waiting
FROM event e WHERE e.record_time >= $1 AND e.record_time < $2 GROUP BY 1 ORDER BY 1
"""
_TABLES: Final = """
SELECT c.relname, pg_total_relation_size(c.oid) AS bytes, i.inhrelid IS NOT NULL AS inside
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname ~ '^event(_payload)?_[0-9]{4}_[0-9]{2}$'
"""
_ACTS: Final = "SELECT DISTINCT ON (month) * FROM archive_act ORDER BY month, fact_index DESC"


class MonthInUse(Conflict):
    """A month's payloads are still needed where they are."""

    code: ClassVar[str] = "MONTH_IN_USE"


class NotAtHand(Refusal):
    """What was asked for left the database, and its copy is not at hand here."""

    status: ClassVar[int] = 410
    code: ClassVar[str] = "ARCHIVED"


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month of record time, in UTC."""

    first: date

    @property
    def name(self) -> str:
        """As 2024-03: what people write, and what its folder is called."""
        return self.first.strftime("%Y-%m")

    @property
    def table(self) -> str:
        """The table of its payloads."""
        return self.first.strftime("event_payload_%Y_%m")

    @property
    def begins(self) -> datetime:
        return datetime(self.first.year, self.first.month, 1, tzinfo=UTC)

    @property
    def ends(self) -> datetime:
        """The first moment behind it."""
        return datetime.combine((self.first + timedelta(days=31)).replace(day=1), datetime.min.time(), UTC)


@dataclass(frozen=True, slots=True)
class State:
    """A month that has facts: of which indexes, how many wait on hold, where its payloads are (`size`: bytes there).

    `stays`: bytes of its event rows, which never leave. `act`: the log's newest act on it; `copied`: its copy lies in
    the archive's folder; `open`: it can still grow.
    """

    month: Month
    first: int
    last: int
    facts: int
    waiting: int
    place: Place
    size: int
    stays: int
    act: Literal["detached", "attached"] | None
    act_index: int | None
    manifest: bytes | None
    copied: bool
    open: bool


def month_of(text: str) -> Month:
    """The month of `2024-03`. Raises Invalid for any other spelling."""
    found = _SPELLED.fullmatch(text)
    if found is None or int(found[1]) < 1:
        raise Invalid(f"{text} is no month.", field="month", value=text, fix="Write it as 2024-03.")
    return Month(date(int(found[1]), int(found[2]), 1))


async def states(writer: asyncpg.Pool, folder: Path, moment: datetime) -> list[State]:
    """Every month of the record, the oldest first."""
    return await _states(writer, folder, moment, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


async def state(writer: asyncpg.Pool, folder: Path, moment: datetime, month: Month) -> State:
    """One month as it stands. Raises NotFound where nothing was recorded in it."""
    for each in await _states(writer, folder, moment, month.begins, month.ends):
        return each
    raise NotFound(f"Nothing was recorded in {month.name}.", field="month", value=month.name)


async def _states(
    writer: asyncpg.Pool, folder: Path, moment: datetime, begins: datetime, ends: datetime
) -> list[State]:
    async with writer.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        head = await connection.fetchval("SELECT record_time FROM log_head")
        tables = {row["relname"]: row for row in await connection.fetch(_TABLES)}
        acts = {row["month"]: row for row in await connection.fetch(_ACTS)}
        facts = await connection.fetch(_FACTS, begins, ends)
    return [_state(row, tables, acts, folder, min(moment, head)) for row in facts]


def _state(row: Any, tables: Mapping[str, Any], acts: Mapping[date, Any], folder: Path, moment: datetime) -> State:
    month, first, last, facts, waiting = row
    known = Month(month)
    table, act = tables.get(known.table), acts.get(month)
    place: Place = "away" if table is None else "here" if table["inside"] else "kept"
    return State(
        known, first, last, facts, waiting, place, table["bytes"] if table is not None else 0,
        tables[known.table.replace("_payload", "")]["bytes"],
        act["act"] if act is not None else None, act["fact_index"] if act is not None else None,
        act["manifest"] if act is not None else None, (folder / known.name / MANIFEST).is_file(), moment < known.ends,
    )  # fmt: skip


def check_over(found: State) -> None:
    """Raises MonthInUse while facts may still be recorded in the month, or something in it waits to be cleared.

    Record time never goes back, so a month is over when the log's own time is behind it.
    """
    name = found.month.name
    if found.open:
        raise MonthInUse(
            f"{name} is not over: the newest fact of the log was recorded in it or before.", field="month", value=name,
            fix="Take a month that is over.",
        )  # fmt: skip
    if found.waiting:
        raise MonthInUse(
            f"{found.waiting} of the events of {name} are on hold, and whoever clears them must read them.",
            field="month", value=name, fix="Have them released or rejected first.", waiting=found.waiting,
        )  # fmt: skip
