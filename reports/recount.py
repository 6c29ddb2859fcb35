"""Recount: the rows behind one mass of a report, by the same predicate as the report, and the mass made of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from reports.counting import assigned, dated_declarations, dated_movements, held_by, members
from reports.frames import BEHIND, empty
from standards.materials import Taxonomy
from standards.responsibility.evaluation import NoFigure, evaluate
from standards.responsibility.formulas import Formula, Quantity, inputs
from standards.responsibility.packs import Edition, NoEdition, RulePack

RATED: Final = ("numerator", "denominator", "placed", "recycled", "recovered")


@dataclass(frozen=True, slots=True)
class Term:
    """One quantity of a figure's formula: its grams (None: nothing is known of it) and what the law means by it."""

    quantity: str
    means: str
    grams: int | None


@dataclass(frozen=True, slots=True)
class Recount:
    """`rows` (frames.BEHIND, in order), how many they are and of how many facts, and the grams that they make."""

    rows: pl.LazyFrame
    lines: int
    facts: int
    grams: int | None
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class _Ledger:
    """Everything of one country under one law, each row with its category and why it does not count."""

    pack: RulePack
    movements: pl.LazyFrame
    declarations: pl.LazyFrame
    country: str
    year: int

    def rows(self, year: int) -> pl.LazyFrame:
        here = (pl.col("geo") == self.country) & (pl.col("year") == year)
        moved = self.movements.filter(here).rename({"event_index": "index"})
        stated = self.declarations.filter(here).rename({"leaf_index": "index", "first_day": "day"})
        return pl.concat(
            [moved.select(*_KEPT, kind=pl.lit("event")), stated.select(*_KEPT, kind=pl.lit("declaration"))]
        )


_KEPT: Final = (
    "index", "day", "organisation", "material", "stage", "grams", "edition", "category", "barred", "why",
)  # fmt: skip


def recount(
    movements: pl.LazyFrame, declarations: pl.LazyFrame, pack: RulePack, taxonomy: Taxonomy, country: str, year: int,
    of: str, narrowed: Mapping[str, str],
) -> Recount:  # fmt: skip
    """One mass of a country and year made again from its rows (movements: frames.MOVEMENTS, DECLARATIONS).

    `of` and `narrowed` name it as `reports.behind.Figure` does. `grams` is None where nothing is known.
    """
    ledger = _Ledger(
        pack, assigned(dated_movements(movements, pack), pack, taxonomy),
        assigned(dated_declarations(declarations, pack), pack, taxonomy), country, year,
    )  # fmt: skip
    if of in RATED:
        return _of_rate(ledger, of, narrowed["rate"], narrowed["material"])
    if of in {"moved", "not_counted"}:
        moved = ledger.movements.filter((pl.col("geo") == country) & (pl.col("year") == year))
        wanted = moved.filter(pl.col("counted") == (of == "moved")).rename({"event_index": "index"})
        if "month" in narrowed:
            wanted = wanted.filter(month_of(pl.col("day")) == narrowed["month"])
        found = wanted.with_columns(kind=pl.lit("event"))
    else:
        found = ledger.rows(year).with_columns(reason="why")
        found = found.filter(pl.col("reason").is_null() == (of == "counted"))
    for name in ("stage", "reason", *(["material"] if of in {"counted", "left_out"} else [])):
        if name in narrowed:
            found = found.filter(pl.col(name).fill_null("") == narrowed[name])
    return _summed(found.with_columns(quantity=pl.lit("")))


def month_of(day: pl.Expr) -> pl.Expr:
    """A day's month as 2026-03."""
    return day.dt.strftime("%Y-%m")


def _summed(found: pl.LazyFrame) -> Recount:
    keys = [name for name in BEHIND if name != "grams"]
    rows = found.group_by(keys).agg(pl.col("grams").sum()).sort(keys).select(list(BEHIND))
    lines, facts, grams = rows.select(pl.len(), pl.col("index").n_unique(), pl.col("grams").sum()).collect().row(0)
    return Recount(rows, lines, facts, grams)


def _of_rate(ledger: _Ledger, of: str, rate_id: str, category: str) -> Recount:
    """A mass of a rate: its formula over quantities, each of which is the sum of its rows."""
    edition = ledger.pack.edition(ledger.year)
    rate = edition.rate(category, rate_id)
    formulas: Mapping[str, Formula] = {
        **{column: Quantity(name) for column, name in edition.columns.items()},
        "numerator": rate.numerator, "denominator": rate.denominator,
    }  # fmt: skip
    formula = formulas[of]
    parts = {name: _of_quantity(ledger, name, category) for name in inputs(formula)}
    found = _summed(pl.concat([empty(BEHIND), *(rows for rows, _ in parts.values())]))
    sums = dict(found.rows.group_by("quantity").agg(pl.col("grams").sum()).collect().iter_rows())
    values = {name: sums.get(name, 0 if declared else None) for name, (_, declared) in parts.items()}
    try:
        grams = int(evaluate(formula, values))
    except NoFigure:
        grams = None
    terms = tuple(Term(name, edition.quantities[name.partition("@")[0]].means, values[name]) for name in parts)
    return Recount(found.rows, found.lines, found.facts, grams, terms)


def _of_quantity(ledger: _Ledger, name: str, category: str) -> tuple[pl.LazyFrame, bool]:
    """The rows of a quantity (`name@-1`: of the year before), and whether no row means 0 because it was declared for.

    Raises nothing: where no edition spoke for that year there are no rows.
    """
    base, _, back = name.partition("@-")
    year = ledger.year - int(back or 0)
    try:
        edition = ledger.pack.edition(year)
    except NoEdition:
        return empty(BEHIND), False
    source = edition.quantities.get(base)
    if source is None:
        return empty(BEHIND), False
    mine = ledger.rows(year).filter(pl.col("category").is_in(sorted(members(edition, category))))
    held = mine.filter(held_by(edition, source)).with_columns(quantity=pl.lit(name), reason=pl.lit(None, pl.String))
    return held.select(list(BEHIND)), bool(source.stages) and _declared(mine, edition)


def _declared(mine: pl.LazyFrame, edition: Edition) -> bool:
    fit = pl.col("barred").is_null() & (pl.col("kind") == "declaration") & (pl.col("edition") == edition.id)
    return bool(mine.filter(fit).select(pl.len()).collect().item())
