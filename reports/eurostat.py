"""Eurostat: published packaging tonnages become figures of ours; its published rates are only compared with them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from reports.frames import TONNAGES, checked
from reports.recovery import recovery_rates
from reports.rows import Imported, absent, known, millionths, read, sifted
from standards.catalogue import Catalogue
from standards.responsibility.packs import RulePack
from standards.responsibility.shelf import pack

PACK: Final = "eu-packaging"
SCHEME: Final = "eurostat"
_GRAMS_PER: Final[Mapping[str, int]] = {"T": 10**6, "THS_T": 10**9}


@dataclass(frozen=True, slots=True)
class Miss:
    """A published rate that our figure does not reproduce, with the masses behind ours and the reason (a code)."""

    line: int
    geo: str
    year: int
    material: str
    published: str
    computed: str | None
    numerator_grams: int | None
    denominator_grams: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class EurostatReport:
    """Figures of one file with everything that made them; the published rates stand only in `misses` and `matches`."""

    rates: pl.DataFrame
    left_out: pl.DataFrame
    imported: Imported
    matches: int
    misses: tuple[Miss, ...]
    published: Imported | None
    pack: str
    editions: Mapping[str, str]
    catalogue_digest: str
    digests: Mapping[str, str] = field(default_factory=dict)


def report_on(path: Path, published: Path | None, catalogue: Catalogue) -> EurostatReport:
    """The EU packaging rates of a Eurostat file; with `published` rates, which of them they reproduce.

    Raises WrongTable for a file of another kind; single bad rows are listed in `imported.errors` and not used.
    """
    law = pack(catalogue, PACK)
    imported = tonnages(path, law)
    found = recovery_rates(imported.frame.lazy(), law)
    rates = found.rates.collect()
    given = None if published is None else published_rates(published, law)
    matches, misses = (0, ()) if given is None else compare(rates, given.frame)
    files = [path, *([] if published is None else [published])]
    digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    left = found.left_out.collect()
    return EurostatReport(
        rates, left, imported, matches, misses, given, law.id, law.digests, catalogue.digest, digests
    )  # fmt: skip


def tonnages(path: Path, law: RulePack) -> Imported:
    """Read env_waspac as SDMX-CSV, or as a table waste, wst_oper, geo, year, tonnes (frame: frames.TONNAGES)."""
    rows = read(path, ("waste", "wst_oper", "geo", "year", "tonnes"))
    materials, operations = codes(law)
    scale = pl.col("unit").replace_strict(_GRAMS_PER, default=None, return_dtype=pl.Int64)
    rows = rows.with_columns(
        material=known("waste", materials),
        operation=known("wst_oper", operations),
        grams=millionths("tonnes") * (scale // 10**6),
        skip=pl.when(scale.is_null())
        .then(pl.lit("unit_is_not_a_mass"))
        .when(absent("tonnes"))
        .then(pl.lit("no_value")),
    )
    checks = {
        "waste": ("unknown_waste_code", pl.col("material").is_null()),
        "wst_oper": ("unknown_operation", pl.col("operation").is_null()),
        "tonnes": ("not_a_mass", pl.col("grams").is_null()),
    }
    imported = sifted(rows, checks, ("waste", "wst_oper", "geo", "year"))
    return Imported(
        checked(imported.frame.select(list(TONNAGES)).lazy(), TONNAGES).collect(),
        imported.rows, imported.skipped, imported.errors,
    )  # fmt: skip


def published_rates(path: Path, law: RulePack) -> Imported:
    """Read env_waspacr: line, geo, year, material and the published rate as millionths of a percent and as text."""
    rows = read(path, ("waste", "geo", "year", "rate")).with_columns(
        material=known("waste", codes(law)[0]),
        millionths=millionths("rate"),
        skip=pl.when(absent("rate")).then(pl.lit("no_value")),
    )
    checks = {
        "waste": ("unknown_waste_code", pl.col("material").is_null()),
        "rate": ("not_a_rate", pl.col("millionths").is_null()),
    }
    imported = sifted(rows, checks, ("waste", "geo", "year"))
    frame = imported.frame.select("line", "geo", "year", "material", "rate", "millionths")
    return Imported(frame.rename({"rate": "published"}), imported.rows, imported.skipped, imported.errors)


def compare(rates: pl.DataFrame, published: pl.DataFrame) -> tuple[int, tuple[Miss, ...]]:
    """How many published rates our figures reproduce to the last printed digit, and every one that they do not."""
    ours = rates.with_columns(ours=millionths("rate")).rename({"rate": "computed"})
    both = published.join(ours, on=["geo", "year", "material"], how="left", maintain_order="left")
    lower = pl.col("millionths") < pl.col("ours")
    close = (pl.col("millionths") - pl.col("ours")).abs() <= 100_000
    reason = (
        pl.when(pl.col("edition").is_null()).then(pl.lit("no_tonnage"))
        .when(pl.col("ours").is_null()).then(pl.col("rate_reason"))
        .when(lower & pl.col("caveat").str.contains("plastic_back_to_plastic_not_shown"))
        .then(pl.lit("plastic_back_to_plastic_not_shown"))
        .when(close).then(pl.lit("published_differs_in_the_last_digit"))
        .otherwise(pl.lit("published_contradicts_tonnages"))
    )  # fmt: skip
    columns = ("line", "geo", "year", "material", "published", "computed", "numerator_grams", "denominator_grams")
    missed = both.filter(pl.col("millionths").ne_missing(pl.col("ours"))).select(*columns, reason=reason)
    misses = tuple(Miss(**row) for row in missed.to_dicts())
    return both.height - len(misses), misses


def codes(law: RulePack) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Eurostat's waste codes -> materials and operation codes -> quantities, over all editions of the pack."""
    materials: dict[str, str] = {}
    operations: dict[str, str] = {}
    for edition in law.editions:
        wastes, opers = edition.by_code(SCHEME)
        materials |= wastes
        operations |= opers
    return materials, operations
