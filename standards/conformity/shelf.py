"""Shelf: all standards together; one lot or a hundred thousand against every one that speaks of them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from standards.catalogue import Catalogue
from standards.conformity.facts import Facts
from standards.conformity.judgement import Judgement
from standards.conformity.judging import DecisionRule, judge_facts, out_of_scope
from standards.conformity.lotdata.rows import LotsUnreadable, Row
from standards.conformity.lots import Lot
from standards.conformity.reading import standards
from standards.conformity.rules import Standard
from standards.conformity.wanting import wanted
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


class Speaking(NamedTuple):
    """A standard that speaks of a material and form: the names it asks for, and what it says where nothing is shown."""

    standard: Standard
    asks: frozenset[str]
    silent: Judgement
    short: dict[str, Any]


class Batch:
    """Many lots of one day and rule; what is the same for all lots of a material and form is found once."""

    def __init__(self, shelf: Shelf, as_of: date, decision_rule: DecisionRule, chosen: Collection[str] | None) -> None:
        self._shelf, self._as_of, self._chosen = shelf, as_of, chosen
        self._guard_band = decision_rule == "guard_band"
        self._known: dict[tuple[str, str, str | None], tuple[Speaking, ...]] = {}

    def judged(self, lot: Lot) -> Iterator[tuple[Speaking, Judgement]]:
        """Each standard with what it says; of a lot that shows nothing it asks for, what it says of any such lot."""
        key = (lot.material, lot.form, lot.claimed_grade)
        if (speaking := self._known.get(key)) is None:
            speaking = self._known[key] = tuple(map(self._speaking(lot), self._shelf.applicable(lot, self._chosen)))
        facts = Facts(lot, guard_band=self._guard_band)
        names = facts.names()
        later = facts.last_sampled is not None and facts.last_sampled > self._as_of  # every verdict warns of that
        for each in speaking:
            silent = not later and each.asks.isdisjoint(names)
            yield each, each.silent if silent else judge_facts(each.standard, facts, self._as_of)

    def _speaking(self, lot: Lot) -> Callable[[Standard], Speaking]:
        nothing = Facts(Lot(lot.material, lot.form, claimed_grade=lot.claimed_grade), guard_band=self._guard_band)

        def speaking(standard: Standard) -> Speaking:
            asks, said = wanted([standard], lot.material), judge_facts(standard, nothing, self._as_of)
            names = {*asks.properties, *asks.statements, *asks.documents, *asks.attributes}
            return Speaking(standard, frozenset(names), said, short(said))

        return speaking


def judge_lots(
    shelf: Shelf, lots: Iterable[Lot], as_of: date, decision_rule: DecisionRule = "simple",
    chosen: Collection[str] | None = None,
) -> Iterator[tuple[Lot, list[Judgement]]]:  # fmt: skip
    """The same for many lots."""
    batch = Batch(shelf, as_of, decision_rule, chosen)
    for lot in lots:
        yield lot, [said for _, said in batch.judged(lot)]


def judge_rows(
    shelf: Shelf, rows: Iterable[Row], as_of: date, decision_rule: DecisionRule = "simple",
    chosen: Collection[str] | None = None,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """The lots of a file, each with its verdicts in short or what is wrong in it: one bad lot stops no other."""
    batch = Batch(shelf, as_of, decision_rule, chosen)
    for row in rows:
        told: dict[str, Any] = {"number": row.number}
        try:
            lot = row.lot()
        except LotsUnreadable as error:
            yield {**told, "problems": [dict(zip(each._fields, each, strict=True)) for each in error.problems]}
            continue
        told |= {"lot": lot.name, "material": lot.material, "form": lot.form, "unread": list(lot.unread)}
        verdicts = [each.short if said is each.silent else short(said) for each, said in batch.judged(lot)]
        yield {**told, "verdicts": verdicts}


def short(judgement: Judgement) -> dict[str, Any]:
    """A verdict in one line of plain values, without its findings; what is missing in words of rule:subject."""
    return {
        "standard": judgement.standard, "edition": judgement.edition, "verdict": judgement.verdict.value,
        "reason": judgement.reason, "grade": judgement.grade, "best_grade": judgement.best_grade,
        "certainty": judgement.certainty.value if judgement.certainty else None, "advisory": judgement.advisory,
        "expires_on": judgement.expires_on.isoformat() if judgement.expires_on else None,
        "missing": judgement.wants(),
    }  # fmt: skip
