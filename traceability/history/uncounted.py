"""Uncounted: what an organisation recorded that moved nothing, by reason, so that in = counted + left out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from traceability.archive.reading import payloads, stay
from traceability.bundle import Payload
from traceability.events import EventInvalid, parse_event
from traceability.history.daybook import Wanted
from traceability.ledger.interpretation import movement_of, own_prefix
from traceability.ledger.movements import (
    Amendment,
    Arrival,
    Departure,
    ErrorDeclared,
    Movement,
    NewLot,
    Part,
    Receipt,
    Rejection,
    Shipment,
    StockTake,
    Transformation,
    Unmoved,
)

HELD: Final = "held"
REJECTED: Final = "rejected"
CORRECTED: Final = "corrected"

# What was released counts by its release. An event's day is at most a day away from that of its moment in UTC.
_UNCOUNTED: Final = """
WITH kept AS (
    SELECT e.index, e.record_time, e.outcome, e.reasons,
        EXISTS (SELECT FROM event_key r WHERE r.releases = e.index) AS cleared,
        EXISTS (SELECT FROM event_key d JOIN event x ON x.index = d.index WHERE d.event_id = k.event_id
            AND d.organisation_id = k.organisation_id AND d.declares_error AND NOT k.declares_error
            AND x.outcome <> 'held') AS taken_back
    FROM event e JOIN event_key k ON k.index = e.index
    LEFT JOIN facility f ON f.id = e.facility_id AND f.organisation_id = :holder
    WHERE e.organisation_id = :holder AND e.kind = 'epcis' AND e.outcome <> 'counted'
        AND e.event_time BETWEEN CAST(:first AS timestamptz) AND CAST(:last AS timestamptz)
        AND e.event_day BETWEEN :since AND :until AND (:place = -1 OR coalesce(f.id, 0) = :place)
        AND NOT EXISTS (SELECT FROM event_key r JOIN event x ON x.index = r.index
            WHERE r.releases = e.index AND x.reasons <> '{rejected}')
)
"""
_SILENT: Final = text(
    _UNCOUNTED
    + """
SELECT c.outcome, c.cleared, c.taken_back, c.reasons[1] AS reason, count(*) AS events
FROM kept c JOIN event_payload p ON p.index = c.index AND p.record_time = c.record_time
WHERE p.fields -> 'junkan:stated' = '[]' AND c.index <> ALL(:elsewhere) GROUP BY 1, 2, 3, 4
"""
)
_STATING: Final = text(
    _UNCOUNTED  # noqa: S608 - two parts of one statement, no value among them
    + """
SELECT c.index, c.outcome, c.cleared, c.taken_back, c.reasons[1] AS reason, p.body, p.context,
    (SELECT jsonb_object_agg(l.uri, l.material) FROM jsonb_array_elements(p.fields -> 'junkan:stated') s (value)
        JOIN lot l ON l.uri = s.value ->> 0) AS known
FROM kept c JOIN event_payload p ON p.index = c.index AND p.record_time = c.record_time
WHERE p.fields -> 'junkan:stated' <> '[]' AND c.index <> ALL(:elsewhere) ORDER BY c.index
"""
)
# What the database has no payload of: it is in the archive, or was erased.
_ELSEWHERE: Final = text(
    _UNCOUNTED
    + """
SELECT c.index AS at, c.record_time, c.outcome, c.cleared, c.taken_back, c.reasons[1] AS reason FROM kept c
WHERE NOT EXISTS (SELECT FROM event_payload p WHERE p.index = c.index AND p.record_time = c.record_time)
ORDER BY c.index
"""
)
_MATERIALS: Final = text("SELECT uri, material FROM lot WHERE uri = ANY(:lots)")


@dataclass(slots=True)
class LeftOut:
    """Events that did not count, by what became of them (`held`, `rejected`, `corrected`, `recorded`) and why.

    `came` and `went` are the grams that would have come into stock or left it, of the material asked for or of one
    that the event does not name.
    """

    state: str
    reason: str
    events: int = 0
    came: int = 0
    went: int = 0


@dataclass(frozen=True, slots=True)
class Moved:
    """One mass that a movement states: whether it comes into stock, and of what material (None: not named)."""

    comes: bool
    lot: str
    material: str | None
    grams: int


@dataclass(slots=True)
class _Account:
    found: dict[tuple[str, str], LeftOut] = field(default_factory=dict)

    def add(self, row: Any, stated: Iterable["Moved"], material: str | None) -> None:
        """One event with the masses that it states; with a material asked for, only where one of them may be of it."""
        of_it = [each for each in stated if not material or each.material in {None, material}]
        if not of_it and material:
            return
        under = self.under(row)
        under.events += 1
        under.came += sum(each.grams for each in of_it if each.comes)
        under.went += sum(each.grams for each in of_it if not each.comes)

    def under(self, row: Any) -> LeftOut:
        state = CORRECTED if row.taken_back else REJECTED if row.cleared else str(row.outcome)
        return self.found.setdefault((state, row.reason or ""), LeftOut(state, row.reason or ""))


async def left_out(record: AsyncSession, wanted: Wanted) -> list[LeftOut]:
    """Everything of these days and this place that did not count, the most mass first.

    What says nothing about mass is there with 0 grams, so that every event is either counted or in this list; with a
    material asked for, only events of which a mass is of it, or of a material that is not named. Raises NotAtHand
    where some are in the archive and that is elsewhere.
    """
    facts = {
        **wanted.facts(), "first": wanted.since - timedelta(days=1), "last": wanted.until + timedelta(days=2),
    }  # fmt: skip
    account, _ = _Account(), facts.pop("material")
    await stay(record)
    elsewhere = (await record.execute(_ELSEWHERE, facts)).all()
    facts["elsewhere"] = [row.at for row in elsewhere]
    if not wanted.material:
        for row in await record.execute(_SILENT, facts):
            account.under(row).events += row.events
    for row in await record.execute(_STATING, facts):
        account.add(row, _stated(row.body, row.context, row.known or {}), wanted.material)
    kept = await payloads(record, [(row.at, row.record_time) for row in elsewhere])
    known = await _materials(record, kept.values())
    for row in elsewhere:
        told = kept.get(row.at)
        states = told is not None and bool(told.fields["junkan:stated"])
        account.add(row, _stated(told.body, told.context, known) if told and states else [], wanted.material)
    return sorted(account.found.values(), key=lambda each: (-each.came - each.went, each.state, each.reason))


async def _materials(record: AsyncSession, kept: Iterable[Payload]) -> dict[str, str]:
    """The materials of the lots that these payloads state masses of, as far as the reader may see them."""
    lots = {lot for each in kept for lot, _ in each.fields["junkan:stated"]}
    rows = await record.execute(_MATERIALS, {"lots": sorted(lots)})
    return {row.uri: row.material for row in rows}


def _stated(body: str, context: Any, known: Mapping[str, str]) -> list[Moved]:
    try:
        received = parse_event(body.encode(), context)
    except EventInvalid:  # it was valid when it was captured
        return []
    if received.event is None:
        return []
    return list(stock_of(movement_of(received.event, own_prefix(context)), known))


def stock_of(movement: Movement, known: Mapping[str, str]) -> Iterator[Moved]:
    """What a movement would bring into its speaker's stock and take from it; `known` are the materials of lots."""
    comes: tuple[Part | NewLot, ...] = ()
    goes: tuple[Part, ...] = ()
    match movement:
        case Arrival():
            comes = movement.lots
        case Receipt():
            comes = movement.parts
        case Departure() | Shipment():
            goes = movement.parts
        case Transformation():
            comes, goes = movement.outputs, movement.inputs
        case Rejection() | StockTake() | ErrorDeclared() | Amendment() | Unmoved():
            return
    for part in comes:
        named = part.material if isinstance(part, NewLot) else None
        yield Moved(True, part.lot, named or known.get(part.lot), part.grams)
    for part in goes:
        yield Moved(False, part.lot, known.get(part.lot), part.grams)
