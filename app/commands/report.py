"""report: recovery rates from a published table, or of one country and year from the platform's own log."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode

import click
import polars as pl
from sqlalchemy import select

from app.commands.output import FINDINGS, USAGE, json_option, progress, say
from app.process import Process, running
from foundation.access import Actor
from foundation.database import Scope
from foundation.errors import Invalid, NotFound
from foundation.registry import Organisation
from foundation.settings import data_home, read_settings
from reports.api import shown_behind
from reports.behind import Explained, Figure, explain, figures_in
from reports.dossier import Asked, make
from reports.eurostat import EurostatReport, report_on
from reports.rows import WrongTable
from reports.tables import DossierRow
from standards.catalogue import load
from traceability.log import publish

WHOLE: Final = 2**31
"""More lines than a figure has: the command line gives them all, pages and machines a page at a time."""

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--input", "table", type=_FILE, help="A Eurostat table of tonnes (its own SDMX-CSV, or long CSV).")
@click.option("--published", type=_FILE, help="Published rates to compare with; they are never an input.")
@click.option("--country", help="Two letters: that country's report from the platform's own log.")
@click.option("--year", type=int, help="The reporting year.")
@click.option(
    "--figure", "figures", multiple=True,
    help="With --country: also the facts behind a figure, named as in its address (law=...&of=...); all: every figure.",
)  # fmt: skip
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="A folder for the tables as CSV.")
@json_option
def report(
    table: Path | None, published: Path | None, country: str | None, year: int | None, figures: tuple[str, ...],
    out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Make a report: with --input from a published table, with --country and --year from the own log."""
    if table is not None:
        _from_table(table, published, out, as_json=as_json)
    elif country and year:
        row, explained = asyncio.run(_from_log(Asked(country.upper(), year), figures))
        lines = [f"Report {row.id}: {row.country} {row.year}, log size {row.checkpoint_size}, digest {row.digest}"]
        for law in row.body["laws"]:
            lines += [f"  {law['edition']} ({law['label']}): {_line(rate)}" for rate in law["rates"]]
        lines += [f"  {urlencode(each.figure.query)}: {each.grams} g = {each.facts} facts" for each in explained]
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            _behind(explained).write_csv(out / "behind.csv")
        behind = [shown_behind(row, each) for each in explained]
        say("\n".join(lines), {"id": row.id, "digest": row.digest, **row.body, "figures": behind}, as_json=as_json)
    else:
        click.echo("State --input FILE, or --country and --year.", err=True)
        raise SystemExit(USAGE)


def _behind(explained: Sequence[Explained]) -> pl.DataFrame:
    """Every line behind the figures, each with its figure."""
    rows = [
        {"figure": urlencode(found.figure.query), "figure_grams": found.grams, **asdict(each)}
        for found in explained
        for each in found.page
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _line(rate: dict[str, object]) -> str:
    figure = f"{rate['rate']} %" if rate["rate"] is not None else f"no rate ({rate['rate_reason']})"
    return f"{rate['material']}: {figure}"


def _from_table(table: Path, published: Path | None, out: Path | None, *, as_json: bool) -> None:
    try:
        with progress("reading the table", None, quiet=as_json):
            found = report_on(table, published, load())
    except WrongTable as wrong:
        click.echo(str(wrong), err=True)
        raise SystemExit(USAGE) from wrong
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        found.rates.write_csv(out / "rates.csv")
        found.left_out.write_csv(out / "left_out.csv")
        pl.DataFrame([asdict(miss) for miss in found.misses], infer_schema_length=None).write_csv(out / "misses.csv")
    say(_told(found, published), _facts(found), as_json=as_json)
    raise SystemExit(FINDINGS if found.imported.errors else 0)


def _told(found: EurostatReport, published: Path | None) -> str:
    lines = [f"{found.rates.height} rates under {', '.join(found.editions)} (catalogue {found.catalogue_digest[:16]})."]
    lines += [f"line {e.line} {e.column}: {e.value!r} {e.reason} - {e.fix}" for e in found.imported.errors[:20]]
    if published is not None:
        lines.append(f"{found.matches} of {found.matches + len(found.misses)} published rates are reproduced.")
        lines += [
            f"  {miss.geo} {miss.year} {miss.material}: published {miss.published}, "
            f"computed {miss.computed}: {miss.reason}"
            for miss in found.misses
        ]
    return "\n".join(lines)


def _facts(found: EurostatReport) -> dict[str, object]:
    return {
        "pack": found.pack, "editions": dict(found.editions), "digests": dict(found.digests),
        "rates": found.rates.height, "matches": found.matches, "misses": [asdict(miss) for miss in found.misses],
        "errors": [asdict(error) for error in found.imported.errors],
    }  # fmt: skip


async def _from_log(asked: Asked, figures: Sequence[str]) -> tuple[DossierRow, list[Explained]]:
    """The operator's run of a country's report, issued under that country's regulator, with what is behind figures."""
    async with running(read_settings()) as process:
        await publish(process.database.writer, process.keys.active, process.origin, process.clock)
        actor = await _regulator(process, asked.country)
        async with process.database.begin(actor.organisation_id, Scope.RECORD) as record:
            folder = data_home(process.settings) / "snapshots"
            row = await make(record, actor, asked, process.catalogue, folder, process.clock())
            named = [each for text in figures for each in _named(text, row)]
            return row, [await explain(record, row, process.catalogue, folder, each, limit=WHOLE) for each in named]


def _named(text: str, row: DossierRow) -> Iterator[Figure]:
    """The figures that one --figure names. Raises Invalid."""
    if text == "all":
        yield from figures_in(row.body)
        return
    wanted = dict(parse_qsl(text, keep_blank_values=True))
    try:
        yield Figure(**wanted)
    except TypeError as wrong:
        raise Invalid(
            "This does not name a figure.", field="figure", value=text,
            fix=f"Write {', '.join(field.name for field in fields(Figure))} as name=value, joined by &.",
        ) from wrong  # fmt: skip


async def _regulator(process: Process, country: str) -> Actor:
    """The country's regulator, as whom the operator issues the report. Raises NotFound."""
    wanted = select(Organisation).where(Organisation.country == country, Organisation.roles.contains(["regulator"]))
    async with process.database.begin() as session:
        firm = await session.scalar(wanted.order_by(Organisation.id).limit(1))
    if firm is None:
        raise NotFound("No regulator of this country takes part.", field="country", value=country)
    return Actor(firm.id, firm.uri, firm.name, frozenset(firm.roles), firm.country, frozenset({"read"}), "en", key_id=0)
