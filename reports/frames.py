"""Frames: the columns and types that every figure reads or gives, refused when they are anything else."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import polars as pl

Schema: TypeAlias = Mapping[str, pl.DataType]

# Everything that a movement of the ledger may be in the chain; the packs say at which of these a law counts.
STAGES: Final = frozenset(
    {
        "opening", "collected", "imported", "sorted", "recycling_input", "recycling_output", "loss", "residue",
        "repaired", "energy", "landfill", "placed", "exported",
    }
)  # fmt: skip


class WrongFrame(ValueError):
    """A frame lacks a column, has one too many, or holds another type: our own fault or a foreign file."""


def _schema(**columns: pl.DataType | type[pl.DataType]) -> Schema:
    return MappingProxyType({name: dtype() if isinstance(dtype, type) else dtype for name, dtype in columns.items()})


# One row per ledger movement at one stage. `day` is the local day at the facility; `facility_country` and
# `collected_country` are ISO 3166 alpha-2 (the second null when unknown); `organisation` and `material` are our ids;
# `reason` says why a row with counted = false does not count (a code).
MOVEMENTS: Final = _schema(
    event_index=pl.Int64,
    day=pl.Date,
    facility_country=pl.String,
    collected_country=pl.String,
    organisation=pl.String,
    material=pl.String,
    stage=pl.String,
    grams=pl.Int64,
    counted=pl.Boolean,
    reason=pl.String,
)

# One row per declaration of what was placed on the market, from first to last day of the declared period.
DECLARATIONS: Final = _schema(
    leaf_index=pl.Int64,
    organisation=pl.String,
    country=pl.String,
    material=pl.String,
    first_day=pl.Date,
    last_day=pl.Date,
    grams=pl.Int64,
)

# National tables in long form; `material` and `operation` are the ids of the rule pack's materials and quantities.
TONNAGES: Final = _schema(
    geo=pl.String, year=pl.Int32, material=pl.String, operation=pl.String, grams=pl.Int64
)  # fmt: skip

# What a recovery report gives. `recycled_grams`, `recovered_grams` (which includes energy) and `placed_grams` are
# three quantities and stay three columns; `rate` is the exact decimal text after the pack's own rounding, or null
# with `rate_reason`; `target_met` is decided on `numerator_grams` and `denominator_grams`, never on the rate.
RATES: Final = _schema(
    geo=pl.String,
    year=pl.Int32,
    rate_id=pl.String,
    material=pl.String,
    placed_grams=pl.Int64,
    recycled_grams=pl.Int64,
    recovered_grams=pl.Int64,
    numerator_grams=pl.Int64,
    denominator_grams=pl.Int64,
    rate=pl.String,
    rate_reason=pl.String,
    target=pl.String,
    target_certainty=pl.String,
    target_met=pl.Boolean,
    target_reason=pl.String,
    caveat=pl.String,
    edition=pl.String,
    label=pl.String,
)

# Every row of the input by the one reason that decided, null where a rate counts it: in = counted + left out.
ACCOUNT: Final = _schema(
    geo=pl.String, year=pl.Int32, material=pl.String, stage=pl.String, reason=pl.String, grams=pl.Int64, rows=pl.Int64
)  # fmt: skip

# The rows behind one figure: `kind` event or declaration, `index` its leaf; `quantity` is the term of the law's formula
# that holds the row (empty where the figure is a plain sum); a declaration's `day` is the first of its period.
BEHIND: Final = _schema(
    kind=pl.String, index=pl.Int64, day=pl.Date, organisation=pl.String, material=pl.String, stage=pl.String,
    quantity=pl.String, reason=pl.String, grams=pl.Int64,
)  # fmt: skip


def checked(frame: pl.LazyFrame, schema: Schema) -> pl.LazyFrame:
    """The frame with exactly these columns in this order; WrongFrame names every column that is missing or wrong."""
    found = frame.collect_schema()
    wrong = [f"{name}: expected {dtype}, missing" for name, dtype in schema.items() if name not in found]
    wrong += [
        f"{name}: expected {dtype}, found {found[name]}"
        for name, dtype in schema.items()
        if name in found and found[name] != dtype
    ]
    wrong += [f"{name}: not a column of this frame" for name in found if name not in schema]
    if wrong:
        raise WrongFrame("; ".join(wrong))
    return frame.select(list(schema))


def empty(schema: Schema) -> pl.LazyFrame:
    """A frame of this schema without rows."""
    return pl.LazyFrame(schema=dict(schema))


def year_within(first: int | None, last: int | None) -> pl.Expr:
    """Whether the column `year` lies from first to last, both included; None is open."""
    year = pl.col("year")
    return (pl.lit(True) if first is None else year >= first) & (pl.lit(True) if last is None else year <= last)
