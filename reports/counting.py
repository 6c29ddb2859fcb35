"""Counting: which movements and declarations a law counts, and for every other one the reason why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from reports.frames import ACCOUNT, DECLARATIONS, MOVEMENTS, TONNAGES, Schema, checked, empty, year_within
from standards.materials import Taxonomy
from standards.responsibility.expressions import year_of
from standards.responsibility.formulas import inputs
from standards.responsibility.packs import Edition, PackError, QuantitySource, RulePack

DECLARED: Final = "declared"
_ROWS: Final = pl.len().cast(pl.Int64).alias("rows")
MARKS: Final[Schema] = {"geo": pl.String(), "year": pl.Int32(), "material": pl.String(), "mark": pl.String()}


@dataclass(frozen=True, slots=True)
class Counted:
    """`tonnages` (frames.TONNAGES) for the formulas; `account` (frames.ACCOUNT): every row, counted by a rate or not.

    A row counts when a rate of its category reads its stage. Rows at other stages are left out of the rates, although
    some of them (energy) make the separate column of what was recovered. `marks` (geo, year, material, mark): codes
    that must stand beside every figure of that geo, year and material.
    """

    tonnages: pl.LazyFrame
    account: pl.LazyFrame
    marks: pl.LazyFrame


def categories(edition: Edition, taxonomy: Taxonomy) -> Mapping[str, str]:
    """Material of our taxonomy -> category of the law; PackError when the law's categories overlap."""
    found: dict[str, str] = {}
    for category in edition.materials.values():
        for material in taxonomy.covered(category.covers):
            if found.setdefault(material, category.id) != category.id:
                raise PackError(f"{edition.id}: {material} is both {found[material]} and {category.id}")
    return found


def members(edition: Edition, category: str) -> frozenset[str]:
    """The category itself and, where it is a total, the categories whose mass it holds."""
    return edition.totals().get(category, frozenset()) | {category}


def stages_of(quantity: QuantitySource) -> tuple[str, ...]:
    """The stages at which a quantity finds its rows; declarations stand at a stage of their own."""
    return (*quantity.stages, DECLARED) if quantity.declared else quantity.stages


def count_movements(movements: pl.LazyFrame, pack: RulePack, taxonomy: Taxonomy) -> Counted:
    """Movements (frames.MOVEMENTS) by the country of collection, the law's year and category, at the law's stages."""
    rows = assigned(gathered(movements, pack), pack, taxonomy).collect().lazy()  # few: every quantity reads them again
    found = [
        _with_totals(_as(quantity, rows.filter(held_by(edition, quantity))), edition)
        for edition in pack.editions
        for quantity in edition.quantities.values()
        if quantity.stages
    ]
    return Counted(pl.concat([empty(TONNAGES), *found]), _account(rows), empty(MARKS))


def dated_movements(movements: pl.LazyFrame, pack: RulePack) -> pl.LazyFrame:
    """Movements with the law's year and edition, the country whose figures they are, and why nothing counts them.

    What was collected who knows where counts nowhere; it is left out in the country of the facility.
    """
    return _barred(_with_year(checked(movements, MOVEMENTS), pack, pl.col("day")), pack)


def gathered(movements: pl.LazyFrame, pack: RulePack) -> pl.LazyFrame:
    """The movements summed by all that decides whether they count: one streaming pass over any number of rows.

    What is said of a row in words (its edition, why it is barred) is said of the few sums, not of every row.
    """
    by = ("year", "collected_country", "facility_country", "material", "stage", "counted", "reason")
    rows = _with_year(checked(movements, MOVEMENTS), pack, pl.col("day")).group_by(by)
    summed = rows.agg(pl.col("grams").sum(), _ROWS).collect(engine="streaming")
    return _barred(summed.lazy(), pack)


def _barred(rows: pl.LazyFrame, pack: RulePack) -> pl.LazyFrame:
    unknown = pl.col("collected_country").is_null()
    return _with_edition(rows, pack).with_columns(
        geo=pl.coalesce("collected_country", "facility_country"),
        barred=pl.when(~pl.col("counted"))
        .then(pl.coalesce("reason", pl.lit("not_counted")))
        .when(unknown)
        .then(pl.lit("country_of_collection_unknown")),
    )


def count_declarations(declarations: pl.LazyFrame, pack: RulePack, taxonomy: Taxonomy) -> Counted:
    """Declarations (frames.DECLARATIONS) by the law's year and category.

    Where something was declared, nothing recycled is a zero of its own: every staged quantity gets a row of 0 g.
    """
    by = ("geo", "year", "edition", "material", "stage", "barred", "mark")
    summed = dated_declarations(declarations, pack).group_by(by).agg(pl.col("grams").sum(), _ROWS)
    rows = assigned(summed.collect(engine="streaming").lazy(), pack, taxonomy).collect().lazy()
    found = [empty(TONNAGES)]
    marks = [empty(MARKS)]
    for edition in pack.editions:
        fit = rows.filter((pl.col("edition") == edition.id) & pl.col("barred").is_null())
        for quantity in edition.quantities.values():
            given = _as(quantity, rows.filter(held_by(edition, quantity)))
            nothing = _as(quantity, fit.with_columns(grams=pl.lit(0, pl.Int64)))
            parts = [given] * quantity.declared + [nothing] * bool(quantity.stages)
            found += [_with_totals(part, edition) for part in parts]
        marked = fit.filter(pl.col("mark").is_not_null()).select("geo", "year", material="category", mark="mark")
        marks.append(_with_totals(marked, edition).unique())
    return Counted(pl.concat(found), _account(rows), pl.concat(marks))


def dated_declarations(declarations: pl.LazyFrame, pack: RulePack) -> pl.LazyFrame:
    """Declarations with the law's year and edition, as rows at the stage `declared`.

    A declared period that lies across two years of the law's calendar (a calendar year under a law of fiscal years)
    goes to the year that holds its middle, and `mark` says so.
    """
    first, last = pl.col("first_day"), pl.col("last_day")
    days = (last - first).dt.total_days()
    calendar = pack.editions[0].calendar
    across = year_of(calendar, first) != year_of(calendar, last)
    middle = first + pl.duration(days=days // 2)
    return _with_edition(_with_year(checked(declarations, DECLARATIONS), pack, middle), pack).with_columns(
        geo=pl.col("country"),
        stage=pl.lit(DECLARED),
        barred=pl.when(~days.is_between(0, 365)).then(pl.lit("period_is_not_up_to_a_year")),
        mark=pl.when(across).then(pl.lit("declared_for_another_calendar")),
    )


def assigned(rows: pl.LazyFrame, pack: RulePack, taxonomy: Taxonomy) -> pl.LazyFrame:
    """Dated rows with the law's `category`, and both reasons (codes, null where there is none).

    `barred`: why no quantity of the law holds the row; `why`: why no rate counts it. The same predicate makes the
    figures and finds the rows behind them.
    """
    unspoken = pl.when(pl.col("edition").is_null()).then(pl.lit("no_edition_for_year"))
    unknown = pl.when(pl.col("category").is_null()).then(pl.lit("material_not_in_pack"))
    return (
        rows.with_columns(category=pl.coalesce([_category(edition, taxonomy) for edition in pack.editions]))
        .with_columns(barred=pl.coalesce("barred", unspoken, unknown))
        .with_columns(why=pl.coalesce("barred", *(_unread(edition) for edition in pack.editions)))
    )


def held_by(edition: Edition, quantity: QuantitySource) -> pl.Expr:
    """Which assigned rows a quantity of an edition is the sum of."""
    at = pl.col("stage").is_in(stages_of(quantity))
    return (pl.col("edition") == edition.id) & pl.col("barred").is_null() & at


def _category(edition: Edition, taxonomy: Taxonomy) -> pl.Expr:
    known = categories(edition, taxonomy)
    category = pl.col("material").replace_strict(
        list(known), list(known.values()), default=None, return_dtype=pl.String
    )
    return pl.when(pl.col("edition") == edition.id).then(category)


def _unread(edition: Edition) -> pl.Expr:
    """Why no rate of the edition counts a row of one of its categories."""
    read: dict[str, set[str]] = {}
    for rate in edition.rates:
        names = {name.partition("@")[0] for name in inputs(rate.figure)}
        stages = {each for name in names for each in stages_of(edition.quantities[name])}
        for code in {each for material in rate.materials for each in members(edition, material)}:
            read[code] = read.get(code, set()) | stages
    here, category, stage = pl.col("edition") == edition.id, pl.col("category"), pl.col("stage")
    counts = pl.any_horizontal(
        pl.lit(False), *((category == each) & stage.is_in(sorted(stages)) for each, stages in read.items())
    )
    return (
        pl.when(here & ~category.is_in(sorted(read))).then(pl.lit("no_rate_for_material"))
        .when(here & ~counts).then(pl.lit("stage_does_not_count"))
    )  # fmt: skip


def _as(quantity: QuantitySource, rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.select("geo", "year", material="category", operation=pl.lit(quantity.id), grams="grams")


def _with_year(rows: pl.LazyFrame, pack: RulePack, day: pl.Expr) -> pl.LazyFrame:
    calendars = {edition.calendar for edition in pack.editions}
    if len(calendars) != 1:
        raise PackError(f"{pack.id}: the editions have different calendars, a day would belong to two years")
    return rows.with_columns(year=year_of(calendars.pop(), day))


def _with_edition(rows: pl.LazyFrame, pack: RulePack) -> pl.LazyFrame:
    spoken = [
        pl.when(year_within(edition.first_year, edition.last_year)).then(pl.lit(edition.id))
        for edition in pack.editions
    ]
    return rows.with_columns(edition=pl.coalesce(spoken))


def _with_totals(rows: pl.LazyFrame, edition: Edition) -> pl.LazyFrame:
    totals = [
        rows.filter(pl.col("material").is_in(sorted(members(edition, total) - {total}))).with_columns(
            material=pl.lit(total)
        )
        for total in edition.totals()
    ]
    return pl.concat([rows, *totals])


def _account(rows: pl.LazyFrame) -> pl.LazyFrame:
    by = ("geo", "year", "material", "stage", "why")
    summed = rows.group_by(by).agg(pl.col("grams").sum(), pl.col("rows").sum())
    return summed.rename({"why": "reason"}).select(list(ACCOUNT))
