"""Targets: for each row of a table the target of its year, whether it binds there, and whether the masses reach it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from reports.frames import year_within
from standards.dated import InForce
from standards.responsibility.expressions import meets
from standards.responsibility.packs import Edition, Rate

GEO = pl.col("geo")


@dataclass(frozen=True, slots=True)
class _Span:
    """The reporting years in which one row of a dated target decides (last None: open)."""

    first: int
    last: int | None
    row: InForce[Decimal | None]

    def holds(self) -> pl.Expr:
        return year_within(self.first, self.last)


def targets(edition: Edition, rate: Rate, material: str) -> dict[str, pl.Expr]:
    """The columns target, target_certainty, target_reason and target_met for rows of one rate and material.

    Reads year, geo, numerator_grams and denominator_grams. A target is judged from the first year on whose last day
    it is in force; a deferred or unverified one is shown and decides nothing, nor does a draft or unverified edition.
    """
    spans = _spans(edition, rate.id, material)

    def chosen(value: Callable[[_Span], Any], dtype: pl.DataType) -> pl.Expr:
        found = [pl.when(span.holds()).then(value(span)) for span in reversed(spans) if span.row.value is not None]
        return pl.coalesce([*found, pl.lit(None, dtype)])

    doubts = edition.doubts(rate)
    numerator, denominator = pl.col("numerator_grams"), pl.col("denominator_grams")
    met = chosen(lambda span: meets(numerator, denominator, span.row.value or Decimal()), pl.Boolean())
    deferred = pl.any_horizontal(pl.lit(False), *(span.holds() & _deferred(edition, span.row.since) for span in spans))
    certainty = chosen(lambda span: pl.lit(span.row.certainty), pl.String())
    why = (
        pl.when(certainty.is_null()).then(pl.lit("no_target"))
        .when(deferred).then(pl.lit("target_deferred"))
        .when(certainty == "unverified").then(pl.lit("target_unverified"))
        .when(pl.lit(bool(doubts))).then(pl.lit(",".join(doubts)))
        .when(met.is_null() | (denominator <= 0)).then(pl.lit("no_rate"))
    )  # fmt: skip
    return {
        "target": chosen(lambda span: pl.lit(str(span.row.value)), pl.String()),
        "target_certainty": certainty,
        "target_reason": why,
        "target_met": pl.when(why.is_null()).then(met),
    }


def label(edition: Edition) -> pl.Expr:
    """The same as `edition.label_for`, for a table's columns geo and year."""
    territory, calendar = edition.territory, edition.calendar
    always = territory.members - territory.joined.keys() - territory.left.keys()
    law = GEO.is_in(territory.codes_of(always))
    for country in sorted(territory.members - always):
        began, ended = territory.joined.get(country, date.min), territory.left.get(country)
        first = None if began == date.min else calendar.first_year_ending_on_or_after(began)
        last = None if ended is None else _last_year_ending_by(edition, ended)
        law = law | (GEO.is_in(territory.codes_of([country])) & year_within(first, last))
    return (
        pl.when(GEO.is_in(sorted(territory.aggregates))).then(pl.lit("aggregate"))
        .when(law).then(pl.lit("law"))
        .otherwise(pl.lit("reference_not_law_here"))
    )  # fmt: skip


def _spans(edition: Edition, rate_id: str, material: str) -> list[_Span]:
    if (rate_id, material) not in edition.targets:
        return []
    rows = [row for row in edition.targets[rate_id, material].rows if row.status == "adopted"]
    firsts = [edition.calendar.first_year_ending_on_or_after(row.since) for row in rows]
    ends = [*(first - 1 for first in firsts[1:]), None]
    spans = []
    for row, first, end in zip(rows, firsts, ends, strict=True):
        until = None if row.until is None else _last_year_ending_by(edition, row.until)
        last = min((year for year in (end, until) if year is not None), default=None)
        spans.append(_Span(first, last, row))
    return spans


def _deferred(edition: Edition, target_from: date) -> pl.Expr:
    found = [
        GEO.is_in(edition.territory.codes_of(deferral.geos))
        & year_within(None, _last_year_ending_by(edition, deferral.until))
        for deferral in edition.deferrals
        if deferral.target_from == target_from
    ]
    return pl.any_horizontal(pl.lit(False), *found)


def _last_year_ending_by(edition: Edition, day: date) -> int:
    year = edition.calendar.year_of(day)
    return year if edition.calendar.last_day(year) <= day else year - 1
