"""Shelf: all standards together; one lot or a hundred thousand against every one that speaks of them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from standards.catalogue import Catalogue
from standards.conformity.facts import Facts
from standards.conformity.judgement import Judgement
from standards.conformity.judging import DecisionRule, judge_facts, out_of_scope
from standards.conformity.lotdata.rows import LotsUnreadable, Row
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


Speaking = dict[tuple[str, str, str | None], tuple[Standard, ...]]


def judge_lots(
    shelf: Shelf, lots: Iterable[Lot], as_of: date, decision_rule: DecisionRule = "simple",
    chosen: Collection[str] | None = None,
) -> Iterator[tuple[Lot, list[Judgement]]]:  # fmt: skip
    """The same for many lots; which standards speak of a material and form is found once."""
    known: Speaking = {}
    for lot in lots:
        yield lot, _judged(shelf, lot, as_of, decision_rule, chosen, known)


def _judged(
    shelf: Shelf, lot: Lot, as_of: date, decision_rule: DecisionRule, chosen: Collection[str] | None, known: Speaking
) -> list[Judgement]:
    key = (lot.material, lot.form, lot.claimed_grade)
    if (speaking := known.get(key)) is None:
        speaking = known[key] = shelf.applicable(lot, chosen)
    facts = Facts(lot, guard_band=decision_rule == "guard_band")
    return [judge_facts(each, facts, as_of) for each in speaking]


def judge_rows(
    shelf: Shelf, rows: Iterable[Row], as_of: date, decision_rule: DecisionRule = "simple",
    chosen: Collection[str] | None = None,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """The lots of a file, each with its verdicts in short or what is wrong in it: one bad lot stops no other."""
    known: Speaking = {}
    for row in rows:
        told: dict[str, Any] = {"number": row.number}
        try:
            lot = row.lot()
        except LotsUnreadable as error:
            yield {**told, "problems": [dict(zip(each._fields, each, strict=True)) for each in error.problems]}
            continue
        found = _judged(shelf, lot, as_of, decision_rule, chosen, known)
        told |= {"lot": lot.name, "material": lot.material, "form": lot.form, "unread": list(lot.unread)}
        yield {**told, "verdicts": [short(each) for each in found]}


def short(judgement: Judgement) -> dict[str, Any]:
    """A verdict in one line of plain values, without its findings; what is missing in words of rule:subject."""
    return {
        "standard": judgement.standard, "edition": judgement.edition, "verdict": judgement.verdict.value,
        "reason": judgement.reason, "grade": judgement.grade, "best_grade": judgement.best_grade,
        "certainty": judgement.certainty.value if judgement.certainty else None, "advisory": judgement.advisory,
        "expires_on": judgement.expires_on.isoformat() if judgement.expires_on else None,
        "missing": [" or ".join(need.wants) for need in judgement.missing],
    }  # fmt: skip
