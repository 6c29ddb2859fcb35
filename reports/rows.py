"""Rows: a table of a foreign publisher read by its column names; a bad row is named, never dropped silently."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

# Our columns and the names they have in SDMX-CSV and in the tables we keep; anything else in a file is not read.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "waste": ("waste",),
    "wst_oper": ("wst_oper",),
    "geo": ("geo",),
    "year": ("TIME_PERIOD", "year"),
    "tonnes": ("OBS_VALUE", "tonnes"),
    "rate": ("OBS_VALUE", "published_rate_pct"),
    "unit": ("unit",),
}
_FIXES: Final[Mapping[str, str]] = {
    "not_a_year": "write the calendar year with four digits",
    "unknown_waste_code": "use a waste code that the rule pack names, such as W150102",
    "unknown_operation": "use an operation that the rule pack names, such as GEN or RCY",
    "no_country": "write the Eurostat code of the country",
    "not_a_mass": "write a number that is not negative, with at most 6 decimals and without exponent or separators",
    "not_a_rate": "write the percentage with digits and a decimal point",
    "stands_twice": "keep one row for each waste, operation, country and year",
}


class WrongTable(ValueError):
    """The file is not a table of this kind: a column is missing, or it is no CSV at all."""


@dataclass(frozen=True, slots=True)
class RowError:
    """One row that was not used: its line (the header is line 1), what stood where, why, and what to do."""

    line: int
    column: str
    value: str
    reason: str
    fix: str


@dataclass(frozen=True, slots=True)
class Imported:
    """`frame` holds the rows that were used; rows read = rows used + skipped (by reason) + errors."""

    frame: pl.DataFrame
    rows: int
    skipped: Mapping[str, int]
    errors: tuple[RowError, ...]


def read(path: Path, wanted: tuple[str, ...]) -> pl.DataFrame:
    """The wanted columns and the unit as stripped text, with the line in the file; raises WrongTable."""
    try:
        raw = pl.read_csv(path, infer_schema=False, row_index_name="line", row_index_offset=2)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise WrongTable(f"{path.name} cannot be read as CSV: {error}") from None
    found = {ours: next((name for name in _NAMES[ours] if name in raw.columns), None) for ours in (*wanted, "unit")}
    if missing := [" or ".join(_NAMES[ours]) for ours in wanted if found[ours] is None]:
        raise WrongTable(f"{path.name} has no column {', '.join(missing)}; it has {', '.join(raw.columns[1:])}")
    # Without a unit column the values are tonnes, as the column's own name says.
    unit = pl.lit("T") if found["unit"] is None else pl.col("unit")
    texts = [pl.col(name).fill_null("").str.strip_chars().alias(ours) for ours, name in found.items() if name]
    return raw.select(pl.col("line").cast(pl.Int64), *texts).with_columns(unit=unit)


def sifted(rows: pl.DataFrame, checks: Mapping[str, tuple[str, pl.Expr]], key: tuple[str, ...]) -> Imported:
    """Rows that are used, skipped (`skip` says why) and wrong; of the checks (by column) the first that fails decides.

    The year is checked and typed here; of rows with the same key the first is used and every other one is an error.
    """
    year = pl.when(pl.col("year").str.contains(r"^[12][0-9]{3}$")).then(pl.col("year"))
    typed = rows.with_columns(text_year=pl.col("year"), year=year.cast(pl.Int32, strict=False))
    every = {"geo": ("no_country", pl.col("geo") == ""), "year": ("not_a_year", pl.col("year").is_null()), **checks}
    failed = pl.coalesce(
        *(pl.when(fails).then(pl.lit(code)) for code, fails in every.values()), pl.lit(None, pl.String)
    )
    judged = typed.with_columns(reason=pl.when(pl.col("skip").is_null()).then(failed))
    good = judged.filter(pl.col("skip").is_null() & pl.col("reason").is_null())
    first = pl.struct(key).is_first_distinct()
    again = good.filter(~first).with_columns(reason=pl.lit("stands_twice"))
    at = {code: column for column, (code, _) in every.items()} | {"stands_twice": key[0]}
    wrong = pl.concat([judged.filter(pl.col("reason").is_not_null()), again]).sort("line")
    errors = tuple(_error(row, at[row["reason"]]) for row in wrong.to_dicts())
    skipped = dict(judged.filter(pl.col("skip").is_not_null()).group_by("skip").len().sort("skip").iter_rows())
    return Imported(good.filter(first), rows.height, skipped, errors)


def _error(row: Mapping[str, Any], column: str) -> RowError:
    value = row["text_year"] if column == "year" else row[column]
    return RowError(row["line"], column, value, row["reason"], _FIXES[row["reason"]])


def known(column: str, names: Mapping[str, str]) -> pl.Expr:
    """What a code means; null for an unknown one."""
    return pl.col(column).replace_strict(list(names), list(names.values()), default=None, return_dtype=pl.String)


def absent(column: str) -> pl.Expr:
    """Whether the publisher says that there is no value."""
    return pl.col(column).is_in(["", ":"])


def millionths(column: str) -> pl.Expr:
    """A number written with digits and at most 6 decimals as whole millionths (Int64), exactly; null otherwise."""
    written = pl.when(pl.col(column).str.contains(r"^[0-9]{1,12}(\.[0-9]{1,6})?$")).then(pl.col(column))
    whole = written.str.extract(r"^([0-9]+)").cast(pl.Int64)
    part = written.str.extract(r"\.([0-9]+)$").fill_null("0").str.pad_end(6, "0").cast(pl.Int64)
    return whole * 10**6 + part
