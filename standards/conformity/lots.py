"""What is known of a lot: measurements, statements, documents and attributes, each with its level of evidence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any


class LotError(ValueError):
    """A field of a lot cannot be read; the sentence names field, value and fix."""


class Evidence(IntEnum):
    """How well something is shown; a passing value counts only from a clause's minimum, a failing one always.

    E0 claim, E1 signed declaration (ISO/IEC 17050-1), E2 own laboratory, E3 laboratory accredited to ISO/IEC 17025,
    E4 body accredited to ISO/IEC 17065 or 17029, E5 decision of an authority.
    """

    E0 = 0
    E1 = 1
    E2 = 2
    E3 = 3
    E4 = 4
    E5 = 5


class Qualifier(StrEnum):
    """Whether a result is the value, or only known to lie below or above it (limit of quantification)."""

    EQUAL = "="
    BELOW = "<"
    ABOVE = ">"


@dataclass(frozen=True)
class Measurement:
    """One result of one property; text properties have text as value and no unit. Uncertainty in the same unit."""

    property: str
    value: Decimal | str
    unit: str | None = None
    qualifier: Qualifier = Qualifier.EQUAL
    uncertainty: Decimal | None = None
    method: str | None = None
    condition: str | None = None
    evidence: Evidence = Evidence.E0
    sampled_on: date | None = None
    report: str | None = None


@dataclass(frozen=True)
class Statement:
    """Something somebody says is so, or is not so."""

    name: str
    value: bool
    evidence: Evidence = Evidence.E1
    stated_on: date | None = None


@dataclass(frozen=True)
class HeldDocument:
    """A certificate, report or declaration that goes with the lot; `valid_to` is its last valid day."""

    type: str
    evidence: Evidence = Evidence.E0
    status: str = "valid"
    issued_on: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    reference: str | None = None


@dataclass(frozen=True)
class Lot:
    """The lot as the standards see it: what it is and what is shown about it, on paper or by test."""

    material: str
    form: str
    origin: str | None = None
    attributes: Mapping[str, str | bool] = field(default_factory=lambda: MappingProxyType({}))
    measurements: tuple[Measurement, ...] = ()
    statements: tuple[Statement, ...] = ()
    documents: tuple[HeldDocument, ...] = ()
    claimed_grade: str | None = None

    def attribute(self, name: str) -> str | bool | None:
        """An attribute of the lot, or the lot's own word of that name."""
        own = {"material": self.material, "form": self.form, "origin": self.origin, "claimed_grade": self.claimed_grade}
        return self.attributes.get(name, own.get(name))


def lot_from(data: Mapping[str, Any]) -> Lot:
    """A lot from plain values as they stand in JSON or YAML; LotError names the field that cannot be read."""
    return Lot(
        material=data["material"],
        form=data["form"],
        origin=data.get("origin"),
        attributes=MappingProxyType(dict(data.get("attributes") or {})),
        measurements=tuple(_measurement(item) for item in data.get("measurements") or ()),
        statements=tuple(_statement(name, said) for name, said in (data.get("statements") or {}).items()),
        documents=tuple(_document(item) for item in data.get("documents") or ()),
        claimed_grade=data.get("claimed_grade"),
    )


def _measurement(item: Mapping[str, Any]) -> Measurement:
    name, unit = item["property"], item.get("unit")
    return Measurement(
        property=name,
        value=str(item["value"]) if unit is None else _number(item["value"], name),
        unit=unit,
        qualifier=Qualifier(item.get("qualifier", "=")),
        uncertainty=None if item.get("uncertainty") is None else _number(item["uncertainty"], f"{name} uncertainty"),
        method=item.get("method"),
        condition=item.get("condition"),
        evidence=_level(item.get("evidence", "E0")),
        sampled_on=_day(item.get("sampled_on"), f"{name} sampled_on"),
        report=item.get("report"),
    )


def _statement(name: str, said: Any) -> Statement:
    if isinstance(said, Mapping):
        stated_on = _day(said.get("stated_on"), f"{name} stated_on")
        return Statement(name, bool(said["value"]), _level(said.get("evidence", "E1")), stated_on)
    if not isinstance(said, bool):
        raise LotError(f"statement {name}: {said!r} is neither true nor false")
    return Statement(name, said)


def _document(item: Mapping[str, Any]) -> HeldDocument:
    days = {name: _day(item.get(name), f"{item['type']} {name}") for name in ("issued_on", "valid_from", "valid_to")}
    level = _level(item.get("evidence", "E0"))
    return HeldDocument(item["type"], level, item.get("status", "valid"), **days, reference=item.get("reference"))


def _number(value: object, name: str) -> Decimal:
    if isinstance(value, float | bool):
        raise LotError(f"{name}: {value!r} has lost digits already; give the number as text")
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise LotError(f"{name}: {value!r} is not a number; write it as 12.5") from None


def _level(value: str) -> Evidence:
    if value not in Evidence.__members__:
        raise LotError(f"{value!r} is not a level of evidence; use E0 to E5")
    return Evidence[value]


def _day(value: object, name: str) -> date | None:
    match value:
        case None | date():
            return value
        case str() if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
    raise LotError(f"{name}: {value!r} is not a day; write YYYY-MM-DD")
