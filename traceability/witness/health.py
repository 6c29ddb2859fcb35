"""Health: how far the log is signed and vouched for, how old that is, and whether that is a problem."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from standards.plausibility import Thresholds
from traceability.log import Published, log_size, newest
from traceability.tables import CheckpointRow, EventRow
from traceability.tree.checkpoint import Verifier, split_note
from traceability.tree.cosignature import Witness
from traceability.witness.tables import CosignatureRow

CONTROL: Final = "C37"
State = Literal["fresh", "quiet", "behind", "unsigned"]
"""fresh: young enough; quiet: old, and nothing was recorded since; behind: facts wait too long; unsigned: none yet."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a witness of ours last vouched for: the size of that checkpoint and when; None: never."""

    witness: Witness
    size: int | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Health:
    """The log's state at a moment; `age` is the newest checkpoint's, `waits` the oldest fact's beyond it."""

    state: State
    size: int
    covered: int
    checkpoint: Published | None
    age: timedelta | None
    waits: timedelta | None
    limit: timedelta
    witnesses: tuple[Vouched, ...]

    @property
    def waiting(self) -> int:
        """Facts that no checkpoint covers yet."""
        return self.size - self.covered


async def health(
    record: AsyncSession, limits: Thresholds, witnesses: Sequence[Witness], moment: datetime
) -> Health:  # fmt: skip
    """How the log stands. `record` reads with the record scope; `witnesses` are those whom we ask for their word."""
    size, checkpoint = await log_size(record), await newest(record)
    covered = checkpoint.size if checkpoint else 0
    limit = timedelta(minutes=limits.at(CONTROL, "stale_after", moment.date()))
    age = moment - checkpoint.signed_at if checkpoint else None
    first = (
        await record.scalar(select(EventRow.record_time).where(EventRow.index == covered)) if size > covered else None
    )
    waits = moment - first if first else None
    return Health(
        _state(age, waits, limit), size, covered, checkpoint, age, waits, limit, await _vouched(record, witnesses)
    )  # fmt: skip


def _state(age: timedelta | None, waits: timedelta | None, limit: timedelta) -> State:
    if waits is not None and waits > limit:
        return "behind" if age is not None else "unsigned"
    return "quiet" if waits is None and age is not None and age > limit else "fresh"


async def _vouched(record: AsyncSession, witnesses: Sequence[Witness]) -> tuple[Vouched, ...]:
    """The newest cosignature of each, in one statement."""
    rows = await record.execute(
        select(CosignatureRow.witness, func.max(CosignatureRow.size), func.max(CosignatureRow.cosigned_at))
        .where(CosignatureRow.witness.in_([each.vkey for each in witnesses]))
        .group_by(CosignatureRow.witness)
    )
    found = {vkey: (size, at) for vkey, size, at in rows}
    return tuple(Vouched(each, *found.get(each.vkey, (None, None))) for each in witnesses)


async def signed_since(record: AsyncSession, verifier: Verifier, size: int) -> datetime | None:
    """When the key that signs now signed its first checkpoint; None where it signed none up to `size`.

    Keys follow one another, so the first one is searched for by halves.
    """
    low, high, found = 0, size, None
    while low <= high:
        middle = (low + high) // 2
        row = await record.scalar(
            select(CheckpointRow).where(CheckpointRow.size >= middle).order_by(CheckpointRow.size).limit(1)
        )
        if row is not None and any(line.key_id == verifier.key_id for line in split_note(row.note)[1]):
            found, high = row.signed_at, middle - 1
        else:
            low = row.size + 1 if row is not None else high + 1
    return found
