"""Behind: the facts that a figure of a dossier is made of, found by the predicate that made it, and counted again."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.errors import Conflict, Invalid, NotFound
from reports.declarations import versions
from reports.dossier import Asked, folder_of
from reports.recount import RATED, Recount, Term, recount
from reports.refusals import NotExplained
from reports.snapshot import Snapshot, snapshot
from reports.tables import DossierRow
from standards.catalogue import Catalogue
from standards.materials import taxonomy
from standards.responsibility.shelf import pack

ACCOUNTED: Final = ("counted", "left_out")
MOVED: Final = ("moved", "not_counted")
KINDS: Final = (*RATED, *ACCOUNTED, *MOVED)


@dataclass(frozen=True, slots=True)
class Figure:
    """One mass of a dossier: under which `law` (a rule pack), and `of` what.

    numerator, denominator, placed, recycled, recovered: of a `rate` and a category of the law (`material`).
    counted, left_out: by the law's rates, narrowed by `stage`, our `material` and `reason`.
    moved, not_counted: by the record itself in the law's year, narrowed by `stage`, `month` (2026-03) and `reason`.
    None leaves a mass as wide as it is; the empty text stands for what is not known (a material that nobody stated).
    """

    law: str
    of: str
    rate: str | None = None
    material: str | None = None
    stage: str | None = None
    reason: str | None = None
    month: str | None = None

    @property
    def query(self) -> dict[str, str]:
        """The figure as the parameters that name it: the same on pages, over HTTP and on the command line."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class FactBehind:
    """One fact behind a figure with its share of the grams: an event, or a declaration and which version it is of."""

    kind: str
    index: int
    day: date
    organisation: str
    material: str
    stage: str
    quantity: str
    reason: str | None
    grams: int
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """A figure with what it is made of: `facts` facts on `lines` lines; `terms` are the quantities of its formula."""

    figure: Figure
    grams: int
    facts: int
    lines: int
    terms: tuple[Term, ...]
    page: tuple[FactBehind, ...]
    next: int | None


def figures_in(body: Mapping[str, Any]) -> Iterator[Figure]:
    """Every mass that a dossier states, each as narrow as it stands there."""
    for law in body["laws"]:
        pack_id = law["pack"]
        for rate in law["rates"]:
            for of in RATED:
                if rate[f"{of}_grams"] is not None:
                    yield Figure(pack_id, of, rate=rate["rate_id"], material=rate["material"])
        for of in ACCOUNTED:
            for each in law[of]:
                yield Figure(
                    pack_id, of, material=each["material"] or "", stage=each["stage"], reason=each["reason"] or ""
                )
        for each in law["stages"]:
            yield Figure(pack_id, MOVED[not each["counted"]], stage=each["stage"], reason=each["reason"] or "")
        for each in law["months"]:
            yield Figure(pack_id, "moved", stage=each["stage"], month=each["month"])


def stated(body: Mapping[str, Any], figure: Figure) -> int:
    """The figure's grams as the dossier states them. Raises NotFound where it states none."""
    if figure.of not in KINDS:
        raise Invalid(
            "A figure is of one of the masses of a report.", field="of", value=figure.of,
            fix=f"Use one of {', '.join(KINDS)}.",
        )  # fmt: skip
    law = next((each for each in body["laws"] if each["pack"] == figure.law), None)
    found: list[int | None] = []
    if law is not None and figure.of in RATED:
        rates = _matching(law["rates"], {"rate_id": figure.rate or "", "material": figure.material or ""})
        found = [each[f"{figure.of}_grams"] for each in rates[:1]]
    elif law is not None and figure.of in ACCOUNTED:
        narrowed = {"stage": figure.stage, "material": figure.material, "reason": figure.reason}
        found = [each["grams"] for each in _matching(law[figure.of], narrowed)]
    elif law is not None and figure.month is not None:
        narrowed = {"stage": figure.stage, "month": figure.month, "reason": figure.reason}
        found = [each["grams"] for each in _matching(law["months"], narrowed)] if figure.of == "moved" else []
    elif law is not None:
        rows = [each for each in law["stages"] if each["counted"] == (figure.of == "moved")]
        found = [each["grams"] for each in _matching(rows, {"stage": figure.stage, "reason": figure.reason})]
    if not found or None in found:
        raise NotFound(
            "This report has no such figure.", field="of", value=figure.of,
            fix="Follow a link of the report, or take the names as they stand in it.", **figure.query,
        )  # fmt: skip
    return sum(each for each in found if each is not None)


def _matching(rows: Sequence[Mapping[str, Any]], wanted: Mapping[str, str | None]) -> list[Mapping[str, Any]]:
    """The rows that hold these values; None leaves them all."""
    given = [(name, value) for name, value in wanted.items() if value is not None]
    return [row for row in rows if all((row.get(name) or "") == value for name, value in given)]


async def explain(
    record: AsyncSession, row: DossierRow, catalogue: Catalogue, folder: Path, figure: Figure, start: int = 0,
    limit: int = 100,
) -> Explained:  # fmt: skip
    """What a figure of a dossier is made of, a page of it from line `start` (the lines never change).

    The snapshot is taken again where its files are gone: the same checkpoint gives the same bytes. Raises Invalid,
    NotFound, Conflict where the rules are not those of the report any more, and NotExplained (our own fault) where
    what was found does not make the figure.
    """
    grams, asked = stated(row.body, figure), Asked(row.country, row.year)
    if row.rules != catalogue.digest:
        raise Conflict(
            "This report was made by other rules than those in force here now.", field="report", value=row.id,
            fix="Issue the report again, or read it with the version that made it.", made_by=row.rules,
        )  # fmt: skip
    place = folder_of(folder, row.checkpoint_size, asked)
    taken = await snapshot(record, place, row.checkpoint_size, *asked.days)
    if taken.digest != row.body["snapshot"]:
        raise NotExplained("The data of this report cannot be read again.", made_by=row.code, digest=taken.digest)
    counted, lines = await asyncio.to_thread(_counted, taken, asked, catalogue, figure, start, limit)
    if counted.grams != grams:
        raise NotExplained(
            "The facts found do not make this figure.", figure_grams=grams, found_grams=counted.grams,
            made_by=row.code, **figure.query,
        )  # fmt: skip
    known = await versions(record, [each.index for each in lines if each.kind == "declaration"])
    page = tuple(replace(each, version=known.get(each.index)) for each in lines)
    more = start + len(page)
    return Explained(
        figure, grams, counted.facts, counted.lines, counted.terms, page, more if more < counted.lines else None
    )


def _counted(
    taken: Snapshot, asked: Asked, catalogue: Catalogue, figure: Figure, start: int, limit: int
) -> tuple[Recount, list[FactBehind]]:
    """The figure counted again from its rows, and some of its lines."""
    movements, declared = pl.scan_parquet(taken.movements), pl.scan_parquet(taken.declarations)
    law, known = pack(catalogue, figure.law), taxonomy(catalogue)
    found = recount(movements, declared, law, known, asked.country, asked.year, figure.of, figure.query)
    page = found.rows.slice(start, limit).collect()
    return found, [FactBehind(**each) for each in page.to_dicts()]
