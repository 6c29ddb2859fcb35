"""Shelf: all standards together; one lot against every one that speaks of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from standards.catalogue import Catalogue
from standards.conformity.facts import Facts
from standards.conformity.judgement import Judgement
from standards.conformity.judging import DecisionRule, judge_facts, out_of_scope
from standards.conformity.lots import Lot
from standards.conformity.reading import standards
from standards.conformity.rules import Standard
from standards.materials import Taxonomy, taxonomy
from standards.properties import Property, properties


@dataclass(frozen=True, eq=False)
class Shelf:
    """Standards by id, with the properties and materials that they speak of."""

    standards: Mapping[str, Standard]
    properties: Mapping[str, Property]
    materials: Taxonomy

    def applicable(self, lot: Lot, chosen: Collection[str] | None = None) -> tuple[Standard, ...]:
        """The standards whose scope holds a lot (None), or those chosen; drafts decide nothing and are left out.

        LookupError names a chosen one that is not here.
        """
        if chosen is None:
            held = (each for each in self.standards.values() if each.status != "draft")
            return tuple(each for each in held if out_of_scope(each, lot) is None)
        if unknown := [code for code in chosen if code not in self.standards]:
            raise LookupError(f"no standard {unknown[0]!r}; known: {', '.join(self.standards)}")
        return tuple(self.standards[code] for code in dict.fromkeys(chosen))


@lru_cache(maxsize=4)
def shelf_of(catalogue: Catalogue) -> Shelf:
    """The shelf of a catalogue, read once."""
    return Shelf(standards(catalogue), properties(catalogue), taxonomy(catalogue))


def judge_lot(
    shelf: Shelf, lot: Lot, as_of: date, decision_rule: DecisionRule = "simple", chosen: Collection[str] | None = None
) -> list[Judgement]:
    """What every standard that speaks of a lot (or every chosen one) says of it on a day."""
    facts = Facts(lot, guard_band=decision_rule == "guard_band")
    return [judge_facts(each, facts, as_of) for each in shelf.applicable(lot, chosen)]
