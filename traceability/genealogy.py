"""Genealogy: back and forward over the entries of transformations; nothing stores input x output pairs."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

Direction = Literal["back", "forward"]
DEEPEST: Final = 60
MOST: Final = 5_000

# An event that was declared erroneous and reversed carries no descent any more; a declaration on hold reverses nothing.
_WALK: Final = """
WITH RECURSIVE walk (lot_id, depth) AS (
    SELECT CAST(:lot AS bigint), 0
    UNION
    SELECT other.lot_id, walk.depth + 1
    FROM walk
    JOIN entry mine ON mine.lot_id = walk.lot_id AND mine.transforms AND mine.grams {mine} 0
    JOIN entry other ON other.event_index = mine.event_index AND other.transforms AND other.grams {other} 0
    JOIN event_key made ON made.index = mine.event_index
    WHERE walk.depth < :deepest AND NOT made.declares_error AND NOT EXISTS (
        SELECT FROM event_key wrong WHERE wrong.event_id = made.event_id
            AND wrong.organisation_id = made.organisation_id AND wrong.declares_error
            AND EXISTS (SELECT FROM entry back WHERE back.event_index = wrong.index))
), reached AS (
    SELECT lot_id, min(depth) AS depth FROM walk GROUP BY lot_id ORDER BY min(depth), lot_id LIMIT :most
)
SELECT lot.id, lot.uri, lot.token, lot.material, lot.form, lot.custody, lot.organisation_id, lot.facility_id,
    lot.created_index, lot.created_day, reached.depth
FROM reached JOIN lot ON lot.id = reached.lot_id ORDER BY reached.depth, lot.id
"""
_BACK: Final = _WALK.format(mine=">", other="<")
_FORWARD: Final = _WALK.format(mine="<", other=">")

_LINKS: Final = """
SELECT e.event_index, e.lot_id, e.grams FROM entry e JOIN event_key k ON k.index = e.event_index
WHERE e.transforms AND e.lot_id = ANY(:lots) AND NOT k.declares_error
ORDER BY e.event_index, e.grams
"""


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A lot reached from another one, `depth` transformations away (0 is the lot itself)."""

    lot_id: int
    lot: str
    token: str | None
    material: str
    form: str
    custody: str
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


@dataclass(frozen=True, slots=True)
class Step:
    """One transformation among the lots reached: what it drew (grams by lot id) and what it gave."""

    event_index: int
    drew: tuple[tuple[int, int], ...]
    gave: tuple[tuple[int, int], ...]


async def trace(session: AsyncSession, lot_id: int, direction: Direction) -> Descent:
    """Everything this lot was made of (back) or that was made of it (forward), as far as the reader may see."""
    statement = text(_BACK if direction == "back" else _FORWARD)
    rows = await session.execute(statement, {"lot": lot_id, "deepest": DEEPEST, "most": MOST + 1})
    reached = [Ancestor(*row) for row in rows]
    complete = len(reached) <= MOST and all(each.depth < DEEPEST for each in reached)
    return Descent(tuple(reached[:MOST]), complete)


async def steps(session: AsyncSession, lots: list[int]) -> list[Step]:
    """The transformations between these lots, in order of their index."""
    found: dict[int, tuple[list[tuple[int, int]], list[tuple[int, int]]]] = {}
    for index, lot_id, grams in await session.execute(text(_LINKS), {"lots": lots}):
        drew, gave = found.setdefault(index, ([], []))
        (gave if grams > 0 else drew).append((lot_id, abs(grams)))
    return [Step(index, tuple(drew), tuple(gave)) for index, (drew, gave) in sorted(found.items())]
