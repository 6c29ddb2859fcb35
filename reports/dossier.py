"""The dossier: a report with the rules, the checkpoint and the way back from each figure to its events."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import polars as pl
import rfc8785
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Forbidden, Invalid, NotFound
from reports.recovery import from_movements
from reports.snapshot import Snapshot, snapshot
from reports.tables import DossierRow
from standards.catalogue import Catalogue
from standards.materials import taxonomy
from standards.responsibility.packs import NoEdition, RulePack
from standards.responsibility.shelf import packs
from traceability.log import newest

ROOT: Final = Path(__file__).parents[1]
_RECIPE: Final = ("reports/*.py", "standards/*.py", "standards/*/*.py")


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose figures, for which reporting year."""

    country: str
    year: int

    @property
    def days(self) -> tuple[date, date]:
        """The days that any law's reporting year of that number may reach (a fiscal year ends in the next one)."""
        return date(self.year, 1, 1), date(self.year + 1, 12, 31)


@dataclass(frozen=True, slots=True)
class EventOfFigure:
    """One event behind a figure, with its share of the grams."""

    event_index: int
    day: date
    organisation: str
    material: str
    grams: int
    counted: bool
    reason: str | None


@cache
def code_version() -> str:
    """The version of the programme and the SHA-256 of the files that make a figure."""
    digest = hashlib.sha256()
    for file in sorted(each for pattern in _RECIPE for each in ROOT.glob(pattern)):
        digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return f"{version('junkan')}+{digest.hexdigest()[:16]}"


async def make(
    record: AsyncSession, actor: Actor, asked: Asked, catalogue: Catalogue, folder: Path, moment: datetime
) -> DossierRow:
    """Issue a report on everything below the newest checkpoint. `record` reads with the record scope.

    Raises Forbidden for anyone but the country's regulator, NotFound before the first checkpoint, Invalid where no
    law speaks for the year.
    """
    _may_read(actor, asked.country)
    checkpoint = await newest(record)
    if checkpoint is None:
        raise NotFound("The log has no checkpoint yet.", fix="Wait for the first one, a moment after the first event.")
    taken = await snapshot(record, folder_of(folder, checkpoint.size, asked), checkpoint.size, *asked.days)
    body = await asyncio.to_thread(figures, taken, asked, catalogue)
    body["checkpoint"] = {"size": checkpoint.size, "root": checkpoint.root.hex(), "note": checkpoint.note}
    row = DossierRow(
        organisation_id=actor.organisation_id, country=asked.country, year=asked.year,
        checkpoint_size=checkpoint.size, rules=catalogue.digest, code=code_version(),
        digest=hashlib.sha256(rfc8785.dumps(body)).hexdigest(), body=body, made_at=moment,
    )  # fmt: skip
    record.add(row)
    await record.flush()
    return row


def _may_read(actor: Actor, country: str) -> None:
    if "regulator" not in actor.organisation_roles or actor.country != country:
        raise Forbidden(
            "A country's figures are shown to its regulator.", field="country", value=country,
            fix="Ask for the figures of your own country.",
        )  # fmt: skip


def folder_of(folder: Path, size: int, asked: Asked) -> Path:
    """Where the snapshot of a checkpoint and reporting year lies."""
    return folder / f"{size}-{asked.country}-{asked.year}"


def figures(taken: Snapshot, asked: Asked, catalogue: Catalogue) -> dict[str, Any]:
    """All that a dossier says, as JSON values: a pure function of the snapshot, the rules and this code."""
    movements, declared = pl.scan_parquet(taken.movements), pl.scan_parquet(taken.declarations)
    known = taxonomy(catalogue)
    laws = []
    for pack in packs(catalogue).values():
        try:
            pack.edition(asked.year)
        except NoEdition:
            continue
        found = from_movements(movements, declared, pack, known)
        mine = (pl.col("geo") == asked.country) & (pl.col("year") == asked.year)
        unknown = pl.col("geo").is_null() & (pl.col("year") == asked.year)
        rates = found.rates.filter(mine).collect()
        left = found.left_out.filter(mine | unknown).collect()
        if rates.height or left.height:
            laws.append(_law(pack, asked, rates, left))
    if not laws:
        raise Invalid("No law of the catalogue speaks for this year.", field="year", value=asked.year)
    return {
        "country": asked.country, "year": asked.year, "laws": laws, "months": _months(movements, asked),
        "stages": _stages(movements, asked), "snapshot": taken.digest, "rules": catalogue.digest,
        "code": code_version(),
    }  # fmt: skip


def _law(pack: RulePack, asked: Asked, rates: pl.DataFrame, left: pl.DataFrame) -> dict[str, Any]:
    edition = pack.edition(asked.year)
    return {
        "pack": pack.id,
        "edition": edition.id,
        "names": dict(edition.names),
        "law": edition.law,
        "label": pack.label_for(asked.country, asked.year),
        "digest": edition.digest,
        "rates": rates.to_dicts(),
        "left_out": left.to_dicts(),
    }


def _mine(movements: pl.LazyFrame, asked: Asked) -> pl.LazyFrame:
    mine = (pl.col("collected_country") == asked.country) | (
        pl.col("collected_country").is_null() & (pl.col("facility_country") == asked.country)
    )
    return movements.filter(mine & (pl.col("day").dt.year() == asked.year))


def _months(movements: pl.LazyFrame, asked: Asked) -> list[dict[str, Any]]:
    """Grams per month and stage of the calendar year, counted ones only: the lines over time."""
    return (
        _mine(movements, asked)
        .filter(pl.col("counted"))
        .group_by(pl.col("day").dt.strftime("%Y-%m").alias("month"), "stage")
        .agg(pl.col("grams").sum())
        .sort("month", "stage")
        .collect()
        .to_dicts()
    )


def _stages(movements: pl.LazyFrame, asked: Asked) -> list[dict[str, Any]]:
    """In = counted + left out: grams and events per stage, whether counted, and why not."""
    return (
        _mine(movements, asked)
        .group_by("stage", "counted", "reason")
        .agg(pl.col("grams").sum(), pl.col("event_index").n_unique().cast(pl.Int64).alias("events"))
        .sort("stage", "counted", "reason")
        .collect()
        .to_dicts()
    )


async def dossier(record: AsyncSession, actor: Actor, number: int) -> DossierRow:
    """An issued report. Raises NotFound (also for another country's)."""
    row = await record.get(DossierRow, number)
    if row is None or "regulator" not in actor.organisation_roles or row.country != actor.country:
        raise NotFound("There is no such report.", field="report", value=number)
    return row


async def dossiers(record: AsyncSession, actor: Actor) -> Sequence[DossierRow]:
    """The reports issued for a regulator's country, newest first."""
    rows = select(DossierRow).where(DossierRow.country == actor.country).order_by(DossierRow.id.desc())
    return (await record.scalars(rows)).all()


async def events_behind(
    record: AsyncSession, row: DossierRow, folder: Path, wanted: Mapping[str, str], after: int = -1, limit: int = 100
) -> list[EventOfFigure]:
    """The events behind a figure: `wanted` may hold stage, material and month; ordered by index, after one of them.

    The snapshot is taken again where its files are gone: the same checkpoint gives the same bytes.
    """
    asked = Asked(row.country, row.year)
    place = folder_of(folder, row.checkpoint_size, asked)
    taken = await snapshot(record, place, row.checkpoint_size, *asked.days)
    if taken.digest != row.body["snapshot"]:
        raise Invalid("The snapshot of this report cannot be made again.", field="snapshot", value=taken.digest)
    return await asyncio.to_thread(_events, taken, asked, wanted, after, limit)


def _events(taken: Snapshot, asked: Asked, wanted: Mapping[str, str], after: int, limit: int) -> list[EventOfFigure]:
    found = _mine(pl.scan_parquet(taken.movements), asked).filter(pl.col("event_index") > after)
    if stage := wanted.get("stage"):
        found = found.filter(pl.col("stage") == stage)
    if material := wanted.get("material"):
        found = found.filter((pl.col("material") == material) | pl.col("material").str.starts_with(f"{material}."))
    if month := wanted.get("month"):
        found = found.filter(pl.col("day").dt.strftime("%Y-%m") == month)
    keys = ("event_index", "day", "organisation", "material", "counted", "reason")
    rows = found.group_by(keys).agg(pl.col("grams").sum()).sort(keys).head(limit).collect()
    return [
        EventOfFigure(index, day, organisation, what, grams, counted, reason)
        for index, day, organisation, what, counted, reason, grams in rows.iter_rows()
    ]
