"""Properties: what can be measured or stated of a lot, in which unit, and which numbers are impossible or odd."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from standards.catalogue import Catalogue
from standards.quantities import exact, in_base, unit_named


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
    """A property; `unit` None means it is told in words. `physical`: outside is a typing error; `plausible`: ask."""

    code: str
    names: Mapping[str, str]
    unit: str | None
    physical: Range | None
    plausible: Mapping[str, Range]
    methods: tuple[str, ...]
    condition_required: bool
    conditions: Mapping[str, str]

    @property
    def kind(self) -> str | None:
        """The kind of quantity its unit measures; None for words."""
        return unit_named(self.unit).kind if self.unit else None

    def possible(self, value: Fraction) -> bool:
        """Whether a value in the base unit of the property's kind can exist at all."""
        if self.unit is None or self.physical is None:
            return True
        low, high = (
            in_base(end, self.unit, unit_named(self.unit).kind) for end in (self.physical.low, self.physical.high)
        )
        return low <= value <= high


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
        plausible=MappingProxyType({code: Range(*ends) for code, ends in item.get("plausible", {}).items()}),
        methods=item.get("methods", ()),
        condition_required=item.get("condition_required", False),
        conditions=item.get("conditions", MappingProxyType({})),
    )
