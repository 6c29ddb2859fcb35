"""The dossier: a report with the rules, the checkpoint and the way back from each figure to its events."""

import asyncio
import hashlib
from collections.abc import Sequence
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
from foundation.errors import Forbidden, NotFound
from reports.counting import dated_movements
from reports.recount import month_of
from reports.recovery import from_movements
from reports.snapshot import Snapshot, snapshot
from reports.tables import DossierRow
from reports.years import NothingToReport, reporting_year
from standards.catalogue import Catalogue
from standards.materials import taxonomy
from standards.responsibility.packs import NoEdition, RulePack
from standards.responsibility.periods import YearCalendar
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

    Raises Forbidden for anyone but the country's regulator, YearInvalid for a year that cannot be reported on, NotFound
    before the first checkpoint, NothingToReport where nothing is there of which a law speaks.
    """
    _may_read(actor, asked.country)
    reporting_year(asked.year, moment)
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
    known, mine = taxonomy(catalogue), (pl.col("geo") == asked.country) & (pl.col("year") == asked.year)
    moved: dict[YearCalendar, pl.DataFrame] = {}
    laws = []
    for pack in packs(catalogue).values():
        try:
            calendar = pack.edition(asked.year).calendar
        except NoEdition:
            continue
        found = from_movements(movements, declared, pack, known)
        rates, account = pl.collect_all([found.rates.filter(mine), found.account.filter(mine)])
        if rates.height or account.height:
            if calendar not in moved:
                moved[calendar] = _moved(dated_movements(movements, pack).filter(mine))
            laws.append(_law(pack, asked, rates, account) | _told(moved[calendar]))
    if not laws:
        raise NothingToReport(
            "Nothing was recorded or declared for this country and year of which a law speaks.", field="year",
            value=asked.year, fix="Choose a year for which material was recorded or declared.",
        )  # fmt: skip
    return {
        "country": asked.country, "year": asked.year, "laws": laws, "snapshot": taken.digest,
        "rules": catalogue.digest, "code": code_version(),
    }  # fmt: skip


def _law(pack: RulePack, asked: Asked, rates: pl.DataFrame, account: pl.DataFrame) -> dict[str, Any]:
    edition = pack.edition(asked.year)
    counts = pl.col("reason").is_null()
    return {
        "pack": pack.id,
        "edition": edition.id,
        "names": dict(edition.names),
        "law": edition.law,
        "label": pack.label_for(asked.country, asked.year),
        "first_day": edition.calendar.first_day(asked.year).isoformat(),
        "last_day": edition.calendar.last_day(asked.year).isoformat(),
        "digest": edition.digest,
        "rates": rates.to_dicts(),
        "counted": account.filter(counts).to_dicts(),
        "left_out": account.filter(~counts).to_dicts(),
    }


def _moved(mine: pl.LazyFrame) -> pl.DataFrame:
    """What the record holds of a country in a law's year: grams and events by month, stage and whether it counted."""
    by = ("month", "stage", "counted", "reason")
    rows = mine.with_columns(month=month_of(pl.col("day"))).group_by(by)
    events = pl.col("event_index").n_unique().cast(pl.Int64).alias("events")
    return rows.agg(pl.col("grams").sum(), events).sort(by).collect()


def _told(moved: pl.DataFrame) -> dict[str, Any]:
    """In = counted + left out by stage, and what counted by month: an event has one day, so months add up."""
    by = ("stage", "counted", "reason")
    stages = moved.group_by(by).agg(pl.col("grams").sum(), pl.col("events").sum()).sort(by)
    months = moved.filter("counted").group_by("month", "stage").agg(pl.col("grams").sum()).sort("month", "stage")
    return {"stages": stages.to_dicts(), "months": months.to_dicts()}


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
