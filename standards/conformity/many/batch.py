"""Batch: many lots of one day and rule against all standards, each verdict found once for all lots that are alike."""

from collections.abc import Collection, Hashable, Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from standards.conformity.facts import Facts
from standards.conformity.judgement import Judgement
from standards.conformity.judging import DecisionRule, judge_facts
from standards.conformity.lotdata.rows import LotsUnreadable, Row
from standards.conformity.lots import Lot
from standards.conformity.many.alike import Alike, Asked
from standards.conformity.rules import Standard
from standards.conformity.shelf import Shelf

KINDS = 1_000  # kinds of lots that are remembered at once, by what they are and the names of what they show
KEPT = 20_000  # and verdicts of one standard on lots of one kind
Told = dict[str, Any]


class Speaking(NamedTuple):
    """A standard that speaks of lots of one kind: what it reads of them, and what it said of those that came before."""

    standard: Standard
    asked: Asked
    known: dict[Hashable, Told]


class Batch:
    """Many lots of one day and rule; what is the same for alike lots is found once.

    At most `kinds` kinds of lots are remembered, and of each standard `kept` verdicts on lots of a kind.
    """

    def __init__(
        self, shelf: Shelf, as_of: date, decision_rule: DecisionRule = "simple", chosen: Collection[str] | None = None,
        *, kinds: int = KINDS, kept: int = KEPT,
    ) -> None:  # fmt: skip
        self._shelf, self._as_of, self._chosen = shelf, as_of, chosen
        self._guard_band = decision_rule == "guard_band"
        self._kinds, self._kept = kinds, kept
        self._alike = Alike(shelf.standards.values(), as_of)
        self._speaking: dict[Hashable, list[Speaking]] = {}

    def verdicts(self, lot: Lot) -> list[Told]:
        """What each standard that speaks of a lot says, in short; a verdict of alike lots is one object, not to change.

        The same as `short` of every judgement of `judge_lot`.
        """
        facts = Facts(lot, guard_band=self._guard_band)
        kind = (lot.material, lot.form, lot.claimed_grade, facts.names())
        if (speaking := self._speaking.get(kind)) is None:
            if len(self._speaking) >= self._kinds:
                self._speaking.clear()
            speaking = self._speaking[kind] = self._spoken(lot, facts)
        faces = self._alike.faces(facts)
        told: list[Told] = []
        for standard, asked, known in speaking:
            key = self._alike.key(asked, facts, faces)
            if (said := known.get(key)) is None:
                if len(known) >= self._kept:
                    known.clear()
                said = known[key] = short(judge_facts(standard, facts, self._as_of))
            told.append(said)
        return told

    def _spoken(self, lot: Lot, facts: Facts) -> list[Speaking]:
        speaking = self._shelf.applicable(lot, self._chosen)
        return [Speaking(each, self._alike.narrowed(each.id, facts), {}) for each in speaking]


def judge_rows(batch: Batch, rows: Iterable[Row]) -> Iterator[Told]:
    """The lots of a file, each with its verdicts in short or what is wrong in it: one bad lot stops no other."""
    for row in rows:
        told: Told = {"number": row.number}
        try:
            lot = row.lot()
        except LotsUnreadable as error:
            yield {**told, "problems": [dict(zip(each._fields, each, strict=True)) for each in error.problems]}
            continue
        told |= {"lot": lot.name, "material": lot.material, "form": lot.form, "unread": list(lot.unread)}
        yield {**told, "verdicts": batch.verdicts(lot)}


def short(judgement: Judgement) -> dict[str, Any]:
    """A verdict in one line of plain values, without its findings; what is missing in words of rule:subject."""
    return {
        "standard": judgement.standard, "edition": judgement.edition, "verdict": judgement.verdict.value,
        "reason": judgement.reason, "grade": judgement.grade, "best_grade": judgement.best_grade,
        "certainty": judgement.certainty.value if judgement.certainty else None, "advisory": judgement.advisory,
        "expires_on": judgement.expires_on.isoformat() if judgement.expires_on else None,
        "missing": judgement.wants(),
    }  # fmt: skip
