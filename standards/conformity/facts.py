"""Facts: what is shown of a lot, found by name and read into base units once, for all standards that ask."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from standards.conformity.lots import Evidence, HeldDocument, Lot, Measurement, Qualifier, Statement
from standards.properties import Property
from standards.quantities import EXACTLY, QuantityError, base_of


class Reading(NamedTuple):
    """The result that counts for a property; `fault` says why it says nothing, if so.

    `low` and `high` are where the true value lies, in base units: None without end, an open end is not reached.
    """

    fault: str | None
    result: Measurement | None
    shown: str | None
    low: Decimal | None = None
    high: Decimal | None = None
    low_open: bool = False
    high_open: bool = False


NOTHING = Reading("MISSING_MEASUREMENT", None, None)


class Facts:
    """A lot made ready for judging under one decision rule; what a clause asks for is looked up, not searched.

    `results` holds for each property the one that counts: of highest evidence, then of the latest sampling day;
    `last_sampled` is the last day on which any sample was taken.
    """

    __slots__ = ("_own", "_read", "documents", "guard_band", "last_sampled", "lot", "results", "statements")

    def __init__(self, lot: Lot, *, guard_band: bool = False) -> None:
        self.lot, self.guard_band = lot, guard_band
        self.results: dict[str, Measurement] = {}
        self._read: dict[str, Reading] = {}
        self.statements: dict[str, list[Statement]] = {}
        self.documents: dict[str, list[HeldDocument]] = {}
        self.last_sampled = max((each.sampled_on for each in lot.measurements if each.sampled_on), default=None)
        for result in lot.measurements:
            other = self.results.get(result.property)
            if other is None or _rank(result) > _rank(other):
                self.results[result.property] = result
        for said in lot.statements:
            if said.value is not None:
                self.statements.setdefault(said.name, []).append(said)
        for document in lot.documents:
            self.documents.setdefault(document.type, []).append(document)
        self._own = {
            "material": lot.material, "form": lot.form, "origin": lot.origin, "claimed_grade": lot.claimed_grade,
            **lot.own,
        }  # fmt: skip

    def words(self) -> frozenset[str]:
        """The names under which the lot has an attribute or a word of its own."""
        return frozenset({*self._own, *self.lot.attributes})

    def names(self) -> tuple[tuple[str, ...], ...]:
        """The names under which anything is shown, each kind of fact by itself, in the order given."""
        lot = self.lot
        shown: tuple[Mapping[str, object], ...] = (self.results, self.statements, self.documents)
        return tuple([tuple(each) for each in (*shown, lot.attributes, lot.own)])

    def attribute(self, name: str) -> str | bool | None:
        """An attribute of the lot, or the lot's own word of that name."""
        value = self.lot.attributes.get(name)
        return self._own.get(name) if value is None else value

    def read(self, found: Property) -> Reading:
        """The result that counts for a property, in base units."""
        reading = self._read.get(found.code)
        if reading is None:
            reading = self._read[found.code] = _reading(found, self.results.get(found.code), guard_band=self.guard_band)
        return reading


def _rank(result: Measurement) -> tuple[Evidence, date]:
    return result.evidence, result.sampled_on or date.min


def _reading(found: Property, result: Measurement | None, *, guard_band: bool) -> Reading:
    if result is None or not str(result.value).strip():
        return NOTHING
    text = shown(result)
    if found.unit is None or found.kind is None:
        return Reading(None, result, text)
    if not isinstance(result.value, Decimal) or result.unit is None:
        return Reading("UNIT_MISSING", result, text)
    try:
        base = base_of(result.value, result.unit, found.kind)
        banded = guard_band and result.qualifier is Qualifier.EQUAL and result.uncertainty
        spread = base_of(banded, result.unit, found.kind) if banded else None
    except QuantityError as error:
        return Reading(error.code, result, text)
    if not found.possible(base):
        return Reading("VALUE_OUT_OF_PHYSICAL_RANGE", result, text)
    return Reading(None, result, text, *_extent(result.qualifier, base, spread))


def _extent(
    qualifier: Qualifier, base: Decimal, spread: Decimal | None
) -> tuple[Decimal | None, Decimal | None, bool, bool]:
    """Where the true value lies, and whether its lower and its upper end are open."""
    match qualifier:
        case Qualifier.BELOW:
            return None, base, False, True
        case Qualifier.ABOVE:
            return base, None, True, False
        case Qualifier.EQUAL if spread is not None:
            return EXACTLY.subtract(base, spread), EXACTLY.add(base, spread), False, False
        case Qualifier.EQUAL:
            return base, base, False, False


def shown(result: Measurement) -> str:
    """A result as people read it: `< 10 ppm`, `0.45 g/10min`, `natural`."""
    sign = "" if result.qualifier is Qualifier.EQUAL else f"{result.qualifier.value} "
    return f"{sign}{result.value} {result.unit}" if result.unit else f"{sign}{result.value}"
