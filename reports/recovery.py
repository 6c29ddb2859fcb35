"""Recovery: tonnages and a rule pack give the rates, with both masses, the target and the law that made them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from reports.counting import count_declarations, count_movements
from reports.frames import ACCOUNT, RATES, TONNAGES, checked, empty, year_within
from reports.targets import label, targets
from standards.materials import Taxonomy
from standards.responsibility.expressions import caveat, expression, reason
from standards.responsibility.formulas import MeanOfPreceding, inputs, means, preceding
from standards.responsibility.packs import Edition, Rate, RulePack

GROUP = ("geo", "year", "material")


@dataclass(frozen=True, slots=True)
class Recovery:
    """`rates` (frames.RATES) and the account of every row (frames.ACCOUNT): in = counted + left out."""

    rates: pl.LazyFrame
    account: pl.LazyFrame

    @property
    def counted(self) -> pl.LazyFrame:
        return self.account.filter(pl.col("reason").is_null())

    @property
    def left_out(self) -> pl.LazyFrame:
        return self.account.filter(pl.col("reason").is_not_null())


def partial(tonnages: pl.LazyFrame) -> pl.LazyFrame:
    """Grams by geo, year, material and operation: what one partition file contributes (frames.TONNAGES)."""
    grouped = checked(tonnages, TONNAGES).group_by(*GROUP, "operation").agg(pl.col("grams").sum())
    return grouped.select(list(TONNAGES))


def merged(partials: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    """The partial aggregates of all partition files as one (frames.TONNAGES)."""
    return partial(pl.concat(partials) if partials else empty(TONNAGES))


def recovery_rates(tonnages: pl.LazyFrame, pack: RulePack, *, assumptions: bool = False) -> Recovery:
    """Every rate that the editions of a pack give on a table of tonnages (frames.TONNAGES).

    Each (geo, year, material) present has its row for each rate, also where there is no figure: `rate_reason` says
    why. What no edition or no rate speaks of is left out with its reason. `assumptions` marks every row with what
    the pack assumes when it reads our own ledger. The table is read once, by the streaming engine.
    """
    rows = partial(tonnages).collect(engine="streaming").lazy()
    rates = [
        _rates(rows, edition, rate, edition.assumes if assumptions else ())
        for edition in pack.editions
        for rate in edition.rates
    ]
    found = pl.concat([empty(RATES), *rates]).sort("geo", "year", "rate_id", "material")
    return Recovery(found, _unspoken(rows, pack))


def from_movements(movements: pl.LazyFrame, declarations: pl.LazyFrame, pack: RulePack, taxonomy: Taxonomy) -> Recovery:
    """The rates of a pack on our own ledger: movements (frames.MOVEMENTS) against declarations (DECLARATIONS).

    Only what was collected in a country counts for it, wherever it was recycled. Where something was declared and
    nothing was recycled the rate is zero; where nothing was declared there is no figure.
    """
    counted = count_movements(movements, pack, taxonomy)
    declared = count_declarations(declarations, pack, taxonomy)
    found = recovery_rates(merged([counted.tonnages, declared.tonnages]), pack, assumptions=True)
    account = pl.concat([counted.account, declared.account])
    marks = declared.marks.group_by(*GROUP).agg(pl.col("mark").unique().sort().str.join(","))
    rates = (
        found.rates.join(marks, on=list(GROUP), how="left", maintain_order="left")
        .with_columns(caveat=pl.concat_str("caveat", "mark", separator=",", ignore_nulls=True).replace("", None))
        .select(list(RATES))
    )
    return Recovery(rates, account.sort("geo", "year", "material", "stage", "reason"))


def _rates(rows: pl.LazyFrame, edition: Edition, rate: Rate, assumes: Iterable[str]) -> pl.LazyFrame:
    names = tuple(dict.fromkeys((*inputs(rate.figure), *edition.columns.values())))
    spoken = year_within(edition.first_year, edition.last_year) & pl.col("material").is_in(rate.materials)
    shown = {f"{column}_grams": pl.col(name) for column, name in edition.columns.items()}
    unshown = [name for name in ("placed_grams", "recycled_grams", "recovered_grams") if name not in shown]
    return (
        _wide(rows, rate, names)
        .filter(spoken)
        .with_columns(
            numerator_grams=expression(rate.numerator).units.cast(pl.Int64),
            denominator_grams=expression(rate.denominator).units.cast(pl.Int64),
            rate=expression(rate.figure).text(),
            rate_reason=reason(rate.figure),
            rate_id=pl.lit(rate.id),
            caveat=_marks(edition, rate, assumes),
            edition=pl.lit(edition.id),
            label=label(edition),
            **shown,
            **{name: pl.lit(None, pl.Int64) for name in unshown},
        )
        .with_columns(**_by_material(edition, rate))
        .select(list(RATES))
    )


def _by_material(edition: Edition, rate: Rate) -> dict[str, pl.Expr]:
    each = {material: targets(edition, rate, material) for material in rate.materials}
    return {
        column: pl.coalesce(pl.when(pl.col("material") == material).then(each[material][column]) for material in each)
        for column in ("target", "target_certainty", "target_reason", "target_met")
    }


def _wide(rows: pl.LazyFrame, rate: Rate, names: Sequence[str]) -> pl.LazyFrame:
    """One column of grams for each quantity, null where the table has no row for it."""
    ahead = [_moved_ahead(rows, mean) for mean in means(rate.figure)]
    now = rows.select(GROUP).unique()
    columns = {name: pl.when(pl.col("operation") == name).then(pl.col("grams")) for name in names}
    wide = (
        pl.concat([rows, *ahead])
        .with_columns(**columns)
        .group_by(*GROUP)
        .agg(pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name) for name in names)
    )
    return wide.join(now, on=list(GROUP), how="semi") if ahead else wide


def _moved_ahead(rows: pl.LazyFrame, mean: MeanOfPreceding) -> pl.LazyFrame:
    """What a quantity was in earlier periods, as rows of the period that reads it."""
    return pl.concat(
        rows.filter(pl.col("operation") == mean.quantity).with_columns(
            year=pl.col("year") + pl.lit(back, pl.Int32), operation=pl.lit(preceding(mean.quantity, back))
        )
        for back in range(1, mean.periods + 1)
    )


def _marks(edition: Edition, rate: Rate, assumes: Iterable[str]) -> pl.Expr:
    """Codes that mark a figure: law that is only a draft or not verified, what the formula or the pack assumes."""
    fixed = (*assumes, *edition.doubts(rate))
    marks = pl.concat_str([*map(pl.lit, fixed), caveat(rate.figure)], separator=",", ignore_nulls=True)
    return pl.when(marks != "").then(marks)


def _unspoken(rows: pl.LazyFrame, pack: RulePack) -> pl.LazyFrame:
    """Rows of years without an edition, and of materials or quantities that no rate or column of it reads."""
    reasons = []
    for edition in pack.editions:
        rated = [material for rate in edition.rates for material in rate.materials]
        read = {*edition.columns.values(), *(name for rate in edition.rates for name in inputs(rate.figure))}
        why = (
            pl.when(~pl.col("material").is_in(rated)).then(pl.lit("no_rate_for_material"))
            .when(~pl.col("operation").is_in(sorted(read))).then(pl.lit("quantity_not_in_a_rate"))
        )  # fmt: skip
        spoken = year_within(edition.first_year, edition.last_year)
        reasons.append(pl.when(spoken).then(pl.coalesce(why, pl.lit(""))))
    found = rows.with_columns(reason=pl.coalesce(*reasons, pl.lit("no_edition_for_year")))
    return (
        found.filter(pl.col("reason") != "")
        .group_by(*GROUP, pl.col("operation").alias("stage"), "reason")
        .agg(pl.col("grams").sum(), pl.len().cast(pl.Int64).alias("rows"))
        .select(list(ACCOUNT))
        .sort("geo", "year", "material", "stage", "reason")
    )
