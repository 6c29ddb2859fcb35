"""What is known of a lot: measurements, statements, documents and attributes, each with its level of evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import NamedTuple


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


class Measurement(NamedTuple):
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


class Statement(NamedTuple):
    """Something somebody says is so, or is not so; None where it is only listed."""

    name: str
    value: bool | None
    evidence: Evidence = Evidence.E1
    stated_on: date | None = None


class HeldDocument(NamedTuple):
    """A certificate, report or declaration that goes with the lot; `valid_to` is its last valid day.

    `doubt` is the reason for which a valid one does not count yet, such as an edition that nobody stated.
    """

    type: str
    evidence: Evidence = Evidence.E0
    status: str = "valid"
    issued_on: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    reference: str | None = None
    doubt: str | None = None


NO_WORDS: Mapping[str, str | bool] = MappingProxyType({})


@dataclass(frozen=True)
class Lot:
    """The lot as the standards see it: what it is and what is shown about it, on paper or by test.

    `attributes` go before the lot's `own` further words; `unread` names what an input held that nobody reads.
    """

    material: str
    form: str
    origin: str | None = None
    attributes: Mapping[str, str | bool] = field(default_factory=lambda: NO_WORDS)
    measurements: tuple[Measurement, ...] = ()
    statements: tuple[Statement, ...] = ()
    documents: tuple[HeldDocument, ...] = ()
    claimed_grade: str | None = None
    own: Mapping[str, str | bool] = field(default_factory=lambda: NO_WORDS)
    name: str | None = None
    unread: tuple[str, ...] = ()
