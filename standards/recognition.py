"""Recognition: what a result under one standard is worth in another country, in one direction and on one day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from standards.catalogue import Catalogue
from standards.dated import Certainty

ANYWHERE = "any"


@dataclass(frozen=True)
class Recognition:
    """One direction: a result under `standard` in `jurisdiction`; `target` is what it would have to stand in for.

    `relation` is native, accepted, equivalent_claimed, data_reusable (the reports, not the decision) or not_accepted.
    """

    standard: str
    jurisdiction: str
    relation: str
    target: str | None
    basis: str | None
    first_day: date | None
    last_day: date | None
    certainty: Certainty
    source: str

    def on(self, day: date) -> bool:
        """Whether it stands on a day, both ends included."""
        return (self.first_day or date.min) <= day <= (self.last_day or date.max)


def recognitions(catalogue: Catalogue) -> tuple[Recognition, ...]:
    """Every entry, in the order of the catalogue."""
    return tuple(
        Recognition(
            item["standard"],
            item["jurisdiction"],
            item["relation"],
            item.get("target"),
            item.get("basis"),
            item.get("from"),
            item.get("to"),
            item["certainty"],
            document.data["sources"][item["source"]]["title"],
        )
        for document in catalogue.documents("recognition")
        for item in document.data["entries"]
    )


def recognised(
    known: Collection[Recognition], standard: str, jurisdiction: str, day: date, *, target: str | None = None
) -> Recognition | None:
    """What a result is worth there; the country's own entry before one for any. None: nothing is known, so nothing.

    The reverse direction is never asked: that Japan takes a result of the EU says nothing of the EU.
    """
    found = [
        each
        for each in known
        if each.standard == standard
        and each.jurisdiction in {jurisdiction, ANYWHERE}
        and (target is None or each.target in {target, None})
        and each.on(day)
    ]
    return next((each for each in found if each.jurisdiction == jurisdiction), found[0] if found else None)
