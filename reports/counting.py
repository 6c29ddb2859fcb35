"""Counting: which movements and declarations a law counts, and for every other one the reason why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Final

import polars as pl

from reports.frames import DECLARATIONS, LEFT_OUT, MOVEMENTS, TONNAGES, Schema, checked, empty, year_within
from standards.materials import Taxonomy
from standards.responsibility.expressions import year_of
from standards.responsibility.formulas import inputs
from standards.responsibility.packs import Edition, PackError, RulePack


@dataclass(frozen=True, slots=True)
class Counted:
    """`tonnages` (frames.TONNAGES) for the formulas; `left_out` (frames.LEFT_OUT): every row that no rate counts.

    A row counts when a rate reads its stage. Rows at other stages are left out of the rates, although some of them
    (energy) make the separate column of what was recovered. `marks` (geo, year, material, mark): codes that must
    stand beside every figure of that geo, year and material.
    """

    tonnages: pl.LazyFrame
    left_out: pl.LazyFrame
    marks: pl.LazyFrame


MARKS: Final[Schema] = {"geo": pl.String(), "year": pl.Int32(), "material": pl.String(), "mark": pl.String()}


def categories(edition: Edition, taxonomy: Taxonomy) -> Mapping[str, str]:
    """Material of our taxonomy -> category of the law; PackError when the law's categories overlap."""
    found: dict[str, str] = {}
    for category in edition.materials.values():
        for material in taxonomy.covered(category.covers):
            if found.setdefault(material, category.id) != category.id:
                raise PackError(f"{edition.id}: {material} is both {found[material]} and {category.id}")
    return found


def count_movements(movements: pl.LazyFrame, pack: RulePack, taxonomy: Taxonomy) -> Counted:
    """Movements (frames.MOVEMENTS) by the country of collection, the law's year and category, at the law's stages."""
    rows = gathered(movements, pack).with_columns(
        geo=pl.col("collected_country"),
        why=pl.when(~pl.col("counted"))
        .then(pl.coalesce("reason", pl.lit("not_counted")))
        .when(pl.col("collected_country").is_null())
        .then(pl.lit("country_of_collection_unknown")),
    )
    parts = [_movements_of(rows.filter(pl.col("edition") == e.id), e, taxonomy) for e in pack.editions]
    return _together(parts, _left_out(rows.filter(pl.col("edition").is_null()), "no_edition_for_year"))


def gathered(movements: pl.LazyFrame, pack: RulePack) -> pl.LazyFrame:
    """The movements summed by all that decides whether they count: one streaming pass over any number of rows."""
    by = ("edition", "year", "collected_country", "material", "stage", "counted", "reason")
    rows = _with_year(checked(movements, MOVEMENTS), pack, pl.col("day")).group_by(by)
    return rows.agg(pl.col("grams").sum(), pl.len().cast(pl.Int64).alias("rows")).collect(engine="streaming").lazy()


def count_declarations(declarations: pl.LazyFrame, pack: RulePack, taxonomy: Taxonomy) -> Counted:
    """Declarations (frames.DECLARATIONS) by the law's year and category.

    A declared period that lies across two years of the law's calendar (a calendar year under a law of fiscal years)
    goes to the year that holds its middle, and marks the figure. Where something was declared, nothing recycled is a
    zero of its own: every staged quantity gets a row of 0 g.
    """
    first, last = pl.col("first_day"), pl.col("last_day")
    days = (last - first).dt.total_days()
    middle = first + pl.duration(days=days // 2)
    calendar = pack.editions[0].calendar
    rows = _with_year(checked(declarations, DECLARATIONS), pack, middle).with_columns(
        geo=pl.col("country"),
        stage=pl.lit("declared"),
        rows=pl.lit(1, pl.Int64),
        why=pl.when(~days.is_between(0, 365)).then(pl.lit("period_is_not_up_to_a_year")),
        mark=pl.when(year_of(calendar, first) != year_of(calendar, last)).then(pl.lit("declared_for_another_calendar")),
    )
    parts = [_declarations_of(rows.filter(pl.col("edition") == e.id), e, taxonomy) for e in pack.editions]
    return _together(parts, _left_out(rows.filter(pl.col("edition").is_null()), "no_edition_for_year"))


def _movements_of(rows: pl.LazyFrame, edition: Edition, taxonomy: Taxonomy) -> Counted:
    read = {name for rate in edition.rates for name in inputs(rate.figure)}
    rated = sorted({stage for name in read & edition.quantities.keys() for stage in edition.quantities[name].stages})
    found = _with_category(rows, edition, taxonomy)
    by_quantity = [
        found.filter(pl.col("why").is_null() & pl.col("stage").is_in(quantity.stages)).select(
            "geo", "year", material="category", operation=pl.lit(quantity.id), grams="grams"
        )
        for quantity in edition.quantities.values()
        if quantity.stages
    ]
    stage = pl.when(~pl.col("stage").is_in(rated)).then(pl.lit("stage_does_not_count"))
    left = found.with_columns(why=pl.coalesce("why", stage))
    tonnages = _with_totals(pl.concat([empty(TONNAGES), *by_quantity]), edition)
    return Counted(tonnages, _left_out(left), empty(MARKS))


def _declarations_of(rows: pl.LazyFrame, edition: Edition, taxonomy: Taxonomy) -> Counted:
    found = _with_category(rows, edition, taxonomy)
    fit = found.filter(pl.col("why").is_null())
    given = [
        fit.select(
            "geo",
            "year",
            material="category",
            operation=pl.lit(quantity.id),
            grams=pl.col("grams") if quantity.declared else pl.lit(0, pl.Int64),
        )
        for quantity in edition.quantities.values()
        if quantity.declared or quantity.stages
    ]
    marked = fit.filter(pl.col("mark").is_not_null()).select("geo", "year", material="category", mark="mark")
    tonnages = _with_totals(pl.concat([empty(TONNAGES), *given]), edition)
    return Counted(tonnages, _left_out(found), _with_totals(marked, edition).unique())


def _with_year(rows: pl.LazyFrame, pack: RulePack, day: pl.Expr) -> pl.LazyFrame:
    calendars = {edition.calendar for edition in pack.editions}
    if len(calendars) != 1:
        raise PackError(f"{pack.id}: the editions have different calendars, a day would belong to two years")
    spoken = [
        pl.when(year_within(edition.first_year, edition.last_year)).then(pl.lit(edition.id))
        for edition in pack.editions
    ]
    return rows.with_columns(year=year_of(calendars.pop(), day)).with_columns(edition=pl.coalesce(spoken))


def _with_category(rows: pl.LazyFrame, edition: Edition, taxonomy: Taxonomy) -> pl.LazyFrame:
    known = categories(edition, taxonomy)
    category = pl.col("material").replace_strict(
        list(known), list(known.values()), default=None, return_dtype=pl.String
    )
    unknown = pl.when(pl.col("category").is_null()).then(pl.lit("material_not_in_pack"))
    return rows.with_columns(category=category).with_columns(why=pl.coalesce("why", unknown))


def _with_totals(rows: pl.LazyFrame, edition: Edition) -> pl.LazyFrame:
    totals = [
        rows.filter(pl.col("material").is_in(sorted(leaves))).with_columns(material=pl.lit(total))
        for total, leaves in edition.totals().items()
    ]
    return pl.concat([rows, *totals])


def _left_out(rows: pl.LazyFrame, why: str | None = None) -> pl.LazyFrame:
    reason = pl.col("why") if why is None else pl.coalesce("why", pl.lit(why))
    return (
        rows.with_columns(reason=reason)
        .filter(pl.col("reason").is_not_null())
        .group_by("geo", "year", "material", "stage", "reason")
        .agg(pl.col("grams").sum(), pl.col("rows").sum())
        .select(list(LEFT_OUT))
    )


def _together(parts: list[Counted], unspoken: pl.LazyFrame) -> Counted:
    def join(a: Counted, b: Counted) -> Counted:
        return Counted(
            pl.concat([a.tonnages, b.tonnages]), pl.concat([a.left_out, b.left_out]), pl.concat([a.marks, b.marks])
        )

    return reduce(join, parts, Counted(empty(TONNAGES), unspoken, empty(MARKS)))
