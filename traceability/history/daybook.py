"""Daybook: what moved an organisation's stock, line by line, with the balance after each line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.errors import Invalid, Refusal
from foundation.registry import facilities

PAGE: Final = 50
MOST: Final = 50_000
"""Lines of one file."""

# A holder's lots are found by their balances, and a lot's entries by the lot: no index is kept for this page alone.
# One line is what one event did to one lot. Where it happened is told by the event, if that place is the holder's own:
# what a sender or receiver recorded elsewhere moves the holder's mass at none of them.
_LINES: Final = """
WITH moved AS (
    SELECT n.event_index, n.lot_id, l.uri, l.material, l.form,
        coalesce(sum(n.grams) FILTER (WHERE n.account = 'stock'), 0)::bigint AS stock,
        coalesce(sum(n.grams) FILTER (WHERE n.account = 'transit'), 0)::bigint AS transit
    FROM balance b JOIN lot l ON l.id = b.lot_id
    JOIN entry n ON n.lot_id = b.lot_id AND n.holder = b.holder AND n.account = b.account
    WHERE b.holder = :holder AND (:material = '' OR l.material = :material)
    GROUP BY n.event_index, n.lot_id, l.id
), line AS MATERIALIZED (
    SELECT m.*, e.event_day AS day, e.kind, e.event_id, e.biz_step, e.organisation_id, e.actor, f.id AS facility_id,
        f.name AS facility
    FROM moved m JOIN event e ON e.index = m.event_index
    LEFT JOIN facility f ON f.id = e.facility_id AND f.organisation_id = :holder
    WHERE (:place = -1 OR coalesce(f.id, 0) = :place)
)
"""
_SUMS: Final = text(
    _LINES
    + """
SELECT coalesce(sum(stock) FILTER (WHERE day < :since), 0)::bigint AS stock_before,
    coalesce(sum(transit) FILTER (WHERE day < :since), 0)::bigint AS transit_before,
    coalesce(sum(stock) FILTER (WHERE day <= :until), 0)::bigint AS stock_after,
    coalesce(sum(transit) FILTER (WHERE day <= :until), 0)::bigint AS transit_after,
    coalesce(sum(stock) FILTER (WHERE day BETWEEN :since AND :until AND stock > 0), 0)::bigint AS came,
    coalesce(-sum(stock) FILTER (WHERE day BETWEEN :since AND :until AND stock < 0), 0)::bigint AS went,
    count(DISTINCT event_index) FILTER (WHERE day BETWEEN :since AND :until) AS events,
    coalesce(sum(stock), 0)::bigint AS stock_ever, coalesce(sum(transit), 0)::bigint AS transit_ever
FROM line
"""
)
_PAGE: Final = text(
    _LINES  # noqa: S608 - two parts of one statement, no value among them
    + """
, base AS (
    SELECT coalesce(sum(stock), 0)::bigint AS stock, coalesce(sum(transit), 0)::bigint AS transit
    FROM line WHERE (day, event_index, lot_id) <= (:day, :index, :lot)
), page AS (
    SELECT * FROM line WHERE (day, event_index, lot_id) > (:day, :index, :lot) AND day <= :until
    ORDER BY day, event_index, lot_id LIMIT :most
)
SELECT p.*, k.declares_error, CASE WHEN p.organisation_id <> :holder THEN o.name ELSE '' END AS other,
    (base.stock + sum(p.stock) OVER running)::bigint AS balance,
    (base.transit + sum(p.transit) OVER running)::bigint AS on_the_way
FROM base, page p JOIN event_key k ON k.index = p.event_index JOIN organisation o ON o.id = p.organisation_id
WINDOW running AS (ORDER BY p.day, p.event_index, p.lot_id ROWS UNBOUNDED PRECEDING)
ORDER BY p.day, p.event_index, p.lot_id
"""
)
_NOW: Final = text("""
SELECT b.account, coalesce(sum(b.free), 0)::bigint AS free, coalesce(sum(b.reserved), 0)::bigint AS reserved
FROM balance b JOIN lot l ON l.id = b.lot_id
WHERE b.holder = :holder AND (:material = '' OR l.material = :material) GROUP BY b.account
""")
_MATERIALS: Final = text("""
SELECT DISTINCT l.material FROM balance b JOIN lot l ON l.id = b.lot_id WHERE b.holder = :holder ORDER BY 1
""")


class TooManyLines(Refusal):
    """One file would hold more lines than are told at once."""

    status = 413
    code = "TOO_MANY_LINES"


EVERYWHERE: Final = -1
NOWHERE: Final = 0
"""The place of what happened at no facility of the holder's, or at none that was stated."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: of a holder, from one local day to another, of one material ('' any), at one place."""

    holder: int
    since: date
    until: date
    material: str = ""
    place: int = EVERYWHERE

    def __post_init__(self) -> None:
        """Raises Invalid."""
        if self.since > self.until:
            raise Invalid("The period ends before it begins.", field="to", value=self.until, fix="Exchange the days.")
        if "\x00" in self.material:
            raise Invalid("There is no such material.", field="material", value="NUL", fix="State a material's code.")

    def facts(self) -> dict[str, Any]:
        """As the statements name them."""
        return {
            "holder": self.holder, "since": self.since, "until": self.until, "material": self.material,
            "place": self.place,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Behind which line a page begins."""

    day: date
    index: int = -1
    lot: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """What one event did to one lot, in grams; `balance` and `on_the_way` are the sums of all lines up to it.

    `day` is the local day of the place. `other` names whoever else recorded it ('': the holder did, by `actor`).
    """

    at: Place
    kind: str
    event_id: str
    biz_step: str | None
    declares_error: bool
    lot: str
    material: str
    form: str
    facility: str
    stock: int
    transit: int
    balance: int
    on_the_way: int
    actor: str
    other: str


@dataclass(frozen=True, slots=True)
class Sums:
    """Grams in stock and in transit to the holder before and after the days asked for, and what came and went.

    `ever` is the sum of all lines, `now` what the ledger keeps as balances: (stock, transit) each.
    """

    before: tuple[int, int]
    after: tuple[int, int]
    came: int
    went: int
    events: int
    ever: tuple[int, int]
    now: tuple[int, int]
    free: int
    reserved: int

    @property
    def agrees(self) -> bool:
        """Whether the lines add up to the balances; only for lines of every place."""
        return self.ever == self.now


async def lines(record: AsyncSession, wanted: Wanted, after: Place | None = None, most: int = PAGE) -> list[Line]:
    """The lines from behind a place on, by day and then in the order of the record.

    `record` reads with the record scope: a sender's shipment puts mass in transit to the holder.
    """
    at = max(after, Place(wanted.since)) if after else Place(wanted.since)
    facts = {**wanted.facts(), "day": at.day, "index": at.index, "lot": at.lot, "most": most}
    rows = await record.execute(_PAGE, facts)
    return [
        Line(
            Place(row.day, row.event_index, row.lot_id), row.kind, row.event_id, row.biz_step, row.declares_error,
            row.uri, row.material, row.form, row.facility or "", row.stock, row.transit, row.balance, row.on_the_way,
            "" if row.other else row.actor, row.other,
        )
        for row in rows
    ]  # fmt: skip


async def every_line(record: AsyncSession, wanted: Wanted) -> list[Line]:
    """All lines at once, as for a file. Raises TooManyLines."""
    found = await lines(record, wanted, most=MOST + 1)
    if len(found) > MOST:
        raise TooManyLines(
            f"One file holds at most {MOST} lines.", field="from", value=wanted.since, most=MOST,
            fix="Choose a shorter period.",
        )  # fmt: skip
    return found


async def sums(record: AsyncSession, wanted: Wanted) -> Sums:
    """The opening and closing balance, what moved between them, and what is held now."""
    facts = wanted.facts()
    row = (await record.execute(_SUMS, facts)).one()
    held = {
        each.account: each
        for each in await record.execute(_NOW, {"holder": wanted.holder, "material": wanted.material})
    }
    stock, transit = held.get("stock"), held.get("transit")
    free, reserved = (stock.free, stock.reserved) if stock else (0, 0)
    return Sums(
        (row.stock_before, row.transit_before), (row.stock_after, row.transit_after), row.came, row.went, row.events,
        (row.stock_ever, row.transit_ever), (free + reserved, transit.free + transit.reserved if transit else 0),
        free, reserved,
    )  # fmt: skip


async def today_of(session: AsyncSession, holder: int, moment: datetime) -> date:
    """The day that it is at the holder's facilities, the latest of them; in UTC where there are none."""
    zones = [ZoneInfo(each.time_zone) for each in await facilities(session, holder)] or [ZoneInfo("UTC")]
    return max(moment.astimezone(each).date() for each in zones)


async def materials_held(record: AsyncSession, holder: int) -> Sequence[str]:
    """Every material of which the organisation ever held a gram."""
    return (await record.scalars(_MATERIALS, {"holder": holder})).all()
