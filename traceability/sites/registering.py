"""Registering: a facility's permits, hours and meter readings, who visited it, and its owner's marks of identity."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Conflict, Forbidden, Invalid, NotFound
from foundation.registry import Facility
from traceability.identifiers import new_token
from traceability.preparing import fact
from traceability.sequencing.commands import Accepted, Command, IndexOf, Kind, Write
from traceability.sequencing.sequencer import Sequencer

PROCESSES: Final = ("collecting", "sorting", "reprocessing", "recycling")
MARKS: Final = ("owner", "tax_id", "bank_account", "phone", "device")
Mark = Literal["owner", "tax_id", "bank_account", "phone", "device"]
LONGEST: Final = 200
LONGEST_STATEMENT: Final = 1_000
MOST: Final = 10**15  # grams, or watt-hours

INSERT_PERMIT: Final = """
INSERT INTO permit (fact_index, facility_id, organisation_id, recorded_by, number, authority, process, material,
    grams_per_day, grams_per_year, valid_from, valid_to)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING
"""
INSERT_END: Final = """
INSERT INTO permit_end (permit_id, fact_index, organisation_id, last_day, statement)
SELECT p.id, $1, p.organisation_id, $4, $5 FROM permit p WHERE p.fact_index = $2 AND p.facility_id = $3
ON CONFLICT DO NOTHING
"""
INSERT_HOURS: Final = """
INSERT INTO site_hours (fact_index, facility_id, organisation_id, valid_from, opens, closes, weekdays)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
INSERT_METER: Final = """
INSERT INTO meter_reading (fact_index, facility_id, organisation_id, first_day, last_day, watt_hours)
SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT FROM meter_reading m
    WHERE m.facility_id = $2 AND m.first_day <= $5 AND m.last_day >= $4)
"""
INSERT_VISIT: Final = """
INSERT INTO site_visit (fact_index, facility_id, organisation_id, visitor_id, day, statement)
VALUES ($1, $2, $3, $4, $5, $6)
"""
INSERT_MARK: Final = """
INSERT INTO party_mark (fact_index, organisation_id, kind, mark) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Permit:
    """What an authority allows a facility (by its URI) to process, and how much; None: without a limit."""

    facility: str
    number: str
    authority: str
    process: str
    material: str
    grams_per_day: int | None
    grams_per_year: int | None
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Hours:
    """From which day a facility is open when: local minutes of the day, and days of the week (Monday is 0)."""

    facility: str
    valid_from: date
    opens: int
    closes: int
    weekdays: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Meter:
    """What the electricity meter of a facility counted from one day to another, both included."""

    facility: str
    first_day: date
    last_day: date
    watt_hours: int


@dataclass(frozen=True)
class Registering:
    """Who registers, when, and with what: `record` reads with the record scope."""

    record: AsyncSession
    sequencer: Sequencer
    actor: Actor
    moment: datetime

    async def permit(self, permit: Permit) -> Accepted:
        """By the facility's own organisation, or an authority of its country. Raises NotFound, Invalid or Conflict."""
        place = await self._place(permit.facility, authority=True)
        _texts(number=permit.number, authority=permit.authority)
        known = self.sequencer.controls.materials
        under = (each == permit.material or each.startswith(permit.material + ".") for each in known)
        _must(permit.process in PROCESSES, "process", permit.process, f"Use one of {', '.join(PROCESSES)}.")
        _must(permit.material == "*" or any(under), "material", permit.material, "Use a code of the taxonomy, or *.")
        for name in ("grams_per_day", "grams_per_year"):
            grams = getattr(permit, name)
            _must(grams is None or 0 < grams <= MOST, name, grams, "State grams above zero, or nothing.")
        ended = permit.valid_to is not None and permit.valid_to < permit.valid_from
        _must(not ended, "valid_to", permit.valid_to, "A permit ends on or after the day it begins.")
        values = (
            place.id, place.organisation_id, self.actor.organisation_id, permit.number, permit.authority,
            permit.process, permit.material, permit.grams_per_day, permit.grams_per_year, permit.valid_from,
            permit.valid_to,
        )  # fmt: skip
        there = Conflict(
            "This permit is registered already.", field="number", value=permit.number,
            fix="State another number, process or material, or end the permit that is there.",
        )  # fmt: skip
        return await self._record("permit", _told("Permit", permit), INSERT_PERMIT, values, there)

    async def permit_end(self, facility: str, permit: int, last_day: date, statement: str) -> Accepted:
        """A permit (by its leaf) holds no longer. Raises NotFound, Invalid, or Conflict where that was said before."""
        place = await self._place(facility, authority=True)
        text = _statement(statement)
        body = {
            "type": "PermitEnd",
            "facility": facility,
            "permit": permit,
            "lastDay": str(last_day),
            "statement": text,
        }
        there = Conflict(
            "There is no such permit, or it ended already.", field="permit", value=permit,
            fix="Name a permit of this facility by its leaf.",
        )  # fmt: skip
        return await self._record("permit", body, INSERT_END, (permit, place.id, last_day, text), there)

    async def hours(self, hours: Hours) -> Accepted:
        """When a facility of one's own is open from a day on. Raises NotFound or Invalid."""
        place = await self._place(hours.facility)
        fits = 0 <= hours.opens < hours.closes <= 24 * 60
        _must(fits, "opens", hours.opens, "State minutes of the day, the opening before the closing.")
        weekdays = sorted(set(hours.weekdays))
        _must(bool(weekdays) and set(weekdays) <= set(range(7)), "weekdays", weekdays, "Use 0 (Monday) to 6.")
        values = place.id, place.organisation_id, hours.valid_from, hours.opens, hours.closes, weekdays
        return await self._record("site", _told("OpeningHours", hours), INSERT_HOURS, values, _never())

    async def meter(self, meter: Meter) -> Accepted:
        """What a facility of one's own used. Raises NotFound, Invalid, or Conflict for days that were read before."""
        place = await self._place(meter.facility)
        _must(meter.first_day <= meter.last_day, "last_day", meter.last_day, "It ends on or after its first day.")
        _must(meter.last_day <= self.moment.date(), "last_day", meter.last_day, "Read the meter first.")
        _must(0 <= meter.watt_hours <= MOST, "watt_hours", meter.watt_hours, "State watt-hours, zero or above.")
        values = place.id, place.organisation_id, meter.first_day, meter.last_day, meter.watt_hours
        there = Conflict(
            "Some of these days were read before.", field="first_day", value=str(meter.first_day),
            fix="Begin on the day after the last reading.",
        )  # fmt: skip
        return await self._record("site", _told("MeterReading", meter), INSERT_METER, values, there)

    async def visit(self, facility: str, day: date, statement: str) -> Accepted:
        """An authority of the country, or a certifier, was there. Raises Forbidden, NotFound or Invalid."""
        if not self.actor.organisation_roles & {"regulator", "certifier"}:
            raise Forbidden("Only an authority or a certifier states a visit.", field="organisation")
        place = await self._place(facility, authority=True, certifier=True)
        if place.organisation_id == self.actor.organisation_id:
            raise Forbidden("Nobody visits themselves.", field="facility", value=facility)
        _must(day <= self.moment.date(), "day", day, "State the visit when it has happened.")
        text = _statement(statement)
        body = {"type": "SiteVisit", "facility": facility, "day": str(day), "statement": text}
        values = place.id, place.organisation_id, self.actor.organisation_id, day, text
        return await self._record("site", body, INSERT_VISIT, values, _never())

    async def mark(self, kind: str, value: str, key: bytes) -> Accepted:
        """A mark of one's own organisation, kept under a key: nobody reads what it stands for. Raises Invalid."""
        _must(kind in MARKS, "kind", kind, f"Use one of {', '.join(MARKS)}.")
        plain = "".join(each for each in value.upper() if each.isalnum())
        _must(3 <= len(plain) <= LONGEST, "value", len(plain), f"State 3 to {LONGEST} letters and digits.")
        mark = hmac.digest(key, f"party mark:{kind}:{plain}".encode(), "sha256")
        body = {"type": "PartyMark", "kind": kind, "mark": mark.hex()}
        there = Conflict("This mark is registered already.", field="kind", value=kind)
        return await self._record("site", body, INSERT_MARK, (self.actor.organisation_id, kind, mark), there)

    async def _place(self, uri: str, *, authority: bool = False, certifier: bool = False) -> Facility:
        """A facility of one's own; an authority's are those of its country, a certifier's all. Raises NotFound."""
        self.actor.must("capture")
        place = await self.record.scalar(select(Facility).where(Facility.uri == uri))
        roles = self.actor.organisation_roles
        if place is not None and (
            place.organisation_id == self.actor.organisation_id
            or (authority and "regulator" in roles and place.country == self.actor.country)
            or (certifier and "certifier" in roles)
        ):
            return place
        raise NotFound("You have no such facility.", field="facility", value=uri, fix="Check its identity.")

    async def _record(
        self, kind: Kind, body: Mapping[str, Any], sql: str, values: Sequence[Any], refusal: Conflict
    ) -> Accepted:
        fact_id = f"urn:junkan:site:{new_token()}"
        told = {**body, "id": fact_id, "by": self.actor.organisation_uri, "time": self.moment.isoformat()}
        stated = fact(kind, told, fact_id, self.actor, self.moment, self.sequencer.controls.version)
        write = Write(sql, (IndexOf(), *values), refusal)
        return (await self.sequencer.submit(Command((stated,), (write,)))).accepted[0]


def _never() -> Conflict:
    return Conflict("It is registered already.")


def _must(holds: bool, field: str, value: object, fix: str) -> None:
    if not holds:
        shown = str(value) if isinstance(value, date) else value
        raise Invalid(f"{field} does not fit.", field=field, value=shown, fix=fix)


def _texts(**given: str) -> None:
    for name, text in given.items():
        fits = 0 < len(text.strip()) <= LONGEST and "\x00" not in text
        _must(fits, name, text[:40], f"State it in 1 to {LONGEST} characters.")


def _statement(text: str) -> str:
    said = text.strip()
    fits = 0 < len(said) <= LONGEST_STATEMENT and "\x00" not in said
    _must(fits, "statement", said[:40], f"Write 1 to {LONGEST_STATEMENT} characters.")
    return said


_JSON: Final[Mapping[type, Callable[[Any], Any]]] = {date: str, tuple: list}


def _told(kind: str, value: Permit | Hours | Meter) -> dict[str, Any]:
    """A dataclass of plain values as the body of a fact: masses as they are, days as text."""
    fields = {name: getattr(value, name) for name in value.__slots__}
    return {"type": kind, **{name: _JSON.get(type(each), lambda x: x)(each) for name, each in fields.items()}}
