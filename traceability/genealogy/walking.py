"""Walking: back and forward over the entries of transformations; nothing stores input x output pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from traceability.genealogy.attributing import Moved

Direction = Literal["back", "forward"]
DEEPEST: Final = 60
MOST: Final = 5_000

# An event that was declared erroneous and taken back carries no descent any more; a declaration that is held, and so
# made no entries, takes nothing back. Each event is asked once a step, however many lots lead to it and out of it:
# without the fence (OFFSET 0) the planner asks again for every lot that comes of it.
_WALK: Final = """
WITH RECURSIVE walk (lot_id, depth) AS (
    SELECT CAST(:lot AS bigint), 0
    UNION
    SELECT other.lot_id, step.depth + 1
    FROM (
        SELECT event.event_index, event.depth FROM (
            SELECT DISTINCT mine.event_index, walk.depth FROM walk
            JOIN entry mine ON mine.lot_id = walk.lot_id AND mine.transforms AND mine.grams {mine} 0
            WHERE walk.depth < :deepest
        ) event
        JOIN event_key made ON made.index = event.event_index
        WHERE NOT {taken_back} OFFSET 0
    ) step
    JOIN entry other ON other.event_index = step.event_index AND other.transforms AND other.grams {other} 0
), reached AS (
    SELECT lot_id, min(depth) AS depth FROM walk GROUP BY lot_id ORDER BY min(depth), lot_id LIMIT :most
)
SELECT lot.id, lot.uri, lot.token, lot.material, lot.form, lot.custody, lot.organisation_id, lot.facility_id,
    lot.created_index, lot.created_day, reached.depth
FROM reached JOIN lot ON lot.id = reached.lot_id ORDER BY reached.depth, lot.id
"""
_TAKEN_BACK: Final = """(made.declares_error OR EXISTS (
    SELECT FROM event_key wrong JOIN entry undone ON undone.event_index = wrong.index
    WHERE wrong.event_id = made.event_id AND wrong.organisation_id = made.organisation_id AND wrong.declares_error))"""
BACK: Final = _WALK.format(mine=">", other="<", taken_back=_TAKEN_BACK)
_FORWARD: Final = _WALK.format(mine="<", other=">", taken_back=_TAKEN_BACK)
_WALKS: Final[dict[Direction, TextClause]] = {"back": text(BACK), "forward": text(_FORWARD)}

_MOVES: Final = f"""
SELECT e.event_index, e.lot_id, sum(e.grams), e.transforms
FROM entry e JOIN event_key made ON made.index = e.event_index
WHERE e.lot_id IS NOT NULL AND (e.lot_id = ANY(:lots) OR e.transforms AND EXISTS (
    SELECT FROM entry one WHERE one.event_index = e.event_index AND one.transforms AND one.lot_id = ANY(:lots)))
    AND NOT {_TAKEN_BACK}
GROUP BY e.event_index, e.lot_id, e.transforms, sign(e.grams)
ORDER BY e.event_index, e.lot_id
"""  # noqa: S608 - one of our own texts in another


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A lot reached from another one, `depth` transformations away (0 is the lot itself)."""

    lot_id: int
    lot: str
    token: str | None
    material: str
    form: str
    custody: str | None
    maker: int
    facility_id: int | None
    created_index: int
    made_on: date
    depth: int


@dataclass(frozen=True, slots=True)
class Descent:
    """What was reached, nearest first; `complete` is False where depth or number hit its limit."""

    lots: tuple[Ancestor, ...]
    complete: bool


async def trace(session: AsyncSession, lot_id: int, direction: Direction) -> Descent:
    """Everything this lot was made of (back) or that was made of it (forward), as far as the reader may see."""
    rows = await session.execute(_WALKS[direction], {"lot": lot_id, "deepest": DEEPEST, "most": MOST + 1})
    reached = [Ancestor(*row) for row in rows]
    complete = len(reached) <= MOST and all(each.depth < DEEPEST for each in reached)
    return Descent(tuple(reached[:MOST]), complete)


async def moves(session: AsyncSession, lots: Sequence[int]) -> list[Moved]:
    """Every entry on these lots that stands, and what was drawn and made together with them, by event."""
    rows = await session.execute(text(_MOVES), {"lots": list(lots)})
    return [Moved(index, lot, int(grams), transforms) for index, lot, grams, transforms in rows]
