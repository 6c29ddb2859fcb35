"""Properties: what can be measured or stated of a lot, in which unit, and which numbers are impossible or odd."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Any

from standards.catalogue import Catalogue
from standards.quantities import base_of, exact, unit_named


@dataclass(frozen=True)
class Range:
    """A closed range in a property's own unit."""

    low: Decimal | int
    high: Decimal | int

    def holds(self, value: Fraction) -> bool:
        """Whether a value in the same unit lies inside, ends included."""
        return exact(self.low) <= value <= exact(self.high)


@dataclass(frozen=True)
class Property:
    """A property; `unit` None means it is told in words. `physical`: outside is a typing error; `plausible`: ask.

    `typical` is where public specifications of a material lie, for orientation; it decides nothing.
    """

    code: str
    names: Mapping[str, str]
    unit: str | None
    physical: Range | None
    plausible: Mapping[str, Range]
    methods: tuple[str, ...]
    condition_required: bool
    conditions: Mapping[str, str]
    typical: Mapping[str, Range]

    @cached_property
    def kind(self) -> str | None:
        """The kind of quantity its unit measures; None for words."""
        return unit_named(self.unit).kind if self.unit else None

    @cached_property
    def ends(self) -> tuple[Decimal, Decimal] | None:
        """The physical range in the base unit of its kind; None for words."""
        if self.unit is None or self.kind is None or self.physical is None:
            return None
        low, high = (base_of(Decimal(end), self.unit, self.kind) for end in (self.physical.low, self.physical.high))
        return low, high

    def possible(self, value: Decimal | Fraction) -> bool:
        """Whether a value in the base unit of the property's kind can exist at all."""
        return self.ends is None or self.ends[0] <= value <= self.ends[1]


def properties(catalogue: Catalogue) -> Mapping[str, Property]:
    """All properties of the `property-list` documents by code; ValueError for a code twice or an unknown unit."""
    found: dict[str, Property] = {}
    for document in catalogue.documents("property-list"):
        for item in document.data["properties"]:
            if item["code"] in found:
                raise ValueError(f"{document.path}: property {item['code']} stands twice")
            found[item["code"]] = _property(item)
    return MappingProxyType(found)


def _property(item: Mapping[str, Any]) -> Property:
    unit = item.get("unit")
    if unit is not None:
        unit_named(unit)
    return Property(
        code=item["code"],
        names=item["names"],
        unit=unit,
        physical=Range(*item["physical"]) if "physical" in item else None,
        plausible=_ranges(item.get("plausible", {})),
        methods=item.get("methods", ()),
        condition_required=item.get("condition_required", False),
        conditions=item.get("conditions", MappingProxyType({})),
        typical=_ranges(item.get("typical", {})),
    )


def _ranges(by_material: Mapping[str, Any]) -> Mapping[str, Range]:
    return MappingProxyType({code: Range(*ends) for code, ends in by_material.items()})
