"""Rating: what the rates of a law come to for given masses, with target; a draft beside the law in force."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from standards.dated import NotInForce
from standards.responsibility.drafting import Beside
from standards.responsibility.evaluation import evaluate, meets
from standards.responsibility.formulas import Formula
from standards.responsibility.packs import Edition, Rate
from standards.responsibility.tracing import NoFigure

RATED: Final = ("numerator", "denominator", "rate", "target", "met")
"""What is told of a rate: its two masses in grams, the rate and its target in percent, and whether it is met."""


class Masses(NamedTuple):
    """One row of a table: what it is called, a category of a law, the reporting year, grams by quantity."""

    says: str
    material: str
    year: int
    grams: Mapping[str, int]


def rated(found: Edition, row: Masses) -> dict[tuple[str, str], str]:
    """By rate and part; `|reason` where there is none. Nothing where the law does not rate this category.

    Whether a target is met is decided on the exact masses, never on the rounded rate.
    """
    told: dict[tuple[str, str], str] = {}
    for rate in found.rates:
        if row.material not in rate.materials:
            continue
        masses = [_evaluated(formula, row) for formula in (rate.numerator, rate.denominator)]
        parts = [*masses, _evaluated(rate.figure, row)]
        texts = [f"|{part.reason}" if isinstance(part, NoFigure) else f"{part:f}" for part in parts]
        target = _target(found, rate, row)
        met = "|no_rate"
        if target is None:
            met = "|no_target"
        elif not any(isinstance(part, NoFigure) for part in parts):
            numerator, denominator = (int(part) for part in masses if isinstance(part, Decimal))
            met = "yes" if meets(numerator, denominator, target) else "no"
        texts += ["|no_target" if target is None else f"{target:f}", met]
        told |= {(rate.id, name): text for name, text in zip(RATED, texts, strict=True)}
    return told


def _evaluated(formula: Formula, row: Masses) -> Decimal | NoFigure:
    try:
        return evaluate(formula, row.grams)
    except NoFigure as reason:
        return reason


def _target(found: Edition, rate: Rate, row: Masses) -> Decimal | None:
    """The target on the last day of the reporting year, in percent."""
    try:
        return found.target(row.material, on=found.calendar.last_day(row.year), rate_id=rate.id).value
    except (NotInForce, LookupError):
        return None


def rates_beside(draft: Edition, current: Edition, rows: Iterable[Masses]) -> Iterator[Beside]:
    """Each part of each rate of each row under the law in force and under the draft."""
    for row in rows:
        now, then = rated(current, row), rated(draft, row)
        for rate, part in dict.fromkeys((*now, *then)):
            yield Beside(row.says, rate, row.year, part, None, now.get((rate, part)), then.get((rate, part)))
