"""import and labels: batch work of a recycler."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import fastexcel

from app.commands.output import FINDINGS, json_option, progress, say
from app.process import Process, running
from foundation.access import Actor, actor_of_key
from foundation.database import Scope
from foundation.errors import Refusal
from foundation.registry import facilities
from foundation.settings import public_base, public_is_loopback, read_settings
from traceability.capture import Captured, Door, capture
from traceability.composing import document
from traceability.identifiers import human_code, lot_uri, token_of
from traceability.importing import Sheet, events_of, read_csv
from traceability.labels import label, sheet
from traceability.passport import find
from traceability.sequencing.commands import Accepted

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
AT_ONCE = 500


@click.command("import")
@click.argument("file", type=_FILE)
@click.option("--key", required=True, help="An API key of the organisation that the rows belong to.")
@click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
@click.option("--backfill", is_flag=True, help="This is history from before the platform: mark it so.")
@json_option
def import_command(file: Path, key: str, dry_run: bool, backfill: bool, as_json: bool) -> None:
    """Import FILE: a CSV or XLSX of what came in, or an EPCIS 2.0 document in JSON."""
    answer = asyncio.run(_import(file, key, dry_run=dry_run, backfill=backfill, quiet=as_json))
    rows = answer["errors"]
    lines = [f"row {e['row']} {e['column']}: {e['value']!r} {e['code']} - {e['fix']}" for e in rows]
    lines.append(
        f"{answer['written']} events written, {answer['duplicates']} known already, {len(rows)} errors."
        if not dry_run else f"{answer['rows']} events could be written, {len(rows)} errors; nothing was written."
    )  # fmt: skip
    say("\n".join(lines), answer, as_json=as_json)
    raise SystemExit(FINDINGS if rows else 0)


async def _import(file: Path, key: str, *, dry_run: bool, backfill: bool, quiet: bool) -> dict[str, Any]:
    async with running(read_settings()) as process:
        async with process.database.begin(None, Scope.AUTHENTICATION) as session:
            actor = await actor_of_key(session, key, process.clock())
        documents, errors, rows = await _documents(process, actor, file)
        answer: dict[str, Any] = {"rows": rows, "written": 0, "duplicates": 0, "errors": errors}
        if errors or dry_run:
            return answer
        door = Door(process.database, process.sequencer, process.clock)
        with progress("events captured", rows, quiet=quiet) as bar:
            for raw in documents:
                _count(answer, await capture(door, actor, raw, on_error="proceed", backfill=backfill))
                bar.at(answer["written"] + answer["duplicates"])
        return answer


def _count(answer: dict[str, Any], captured: Captured) -> None:
    for each in captured.events:
        match each:
            case Accepted():
                answer["duplicates" if each.duplicate else "written"] += 1
            case Refusal():
                row = answer["written"] + answer["duplicates"] + len(answer["errors"]) + 2
                answer["errors"].append(
                    {"row": row, "column": each.field or "", "value": str(each.value or ""), "code": each.code,
                     "fix": each.fix or each.sentence}
                )  # fmt: skip


async def _documents(process: Process, actor: Actor, file: Path) -> tuple[list[bytes], list[dict[str, Any]], int]:
    """The documents to capture, the errors that forbid it, and how many rows there are."""
    raw = await asyncio.to_thread(file.read_bytes)
    if file.suffix.lower() in {".json", ".jsonld"}:
        return [raw], [], 1
    rows = await asyncio.to_thread(_xlsx, raw) if file.suffix.lower() == ".xlsx" else read_csv(raw)
    async with process.database.begin(actor.organisation_id) as session:
        own = await facilities(session, actor.organisation_id)
    zones = {each.uri: ZoneInfo(each.time_zone) for each in own}
    controls = process.sequencer.controls
    found: Sheet = events_of(rows, zones, controls.materials, controls.forms)
    errors = [
        {"row": e.row, "column": e.column, "value": e.value, "code": e.code, "fix": e.fix} for e in found.errors
    ]  # fmt: skip
    parts = [found.events[at : at + AT_ONCE] for at in range(0, len(found.events), AT_ONCE)]
    return [document(part, process.clock()) for part in parts], errors, len(rows)


def _xlsx(raw: bytes) -> list[dict[str, str]]:
    """The first sheet's rows as text; formulas are never evaluated, dates come as ISO days."""
    frame = fastexcel.read_excel(raw).load_sheet(0, dtypes="string").to_polars()
    return [
        {str(name).strip().lower(): str(value or "").strip() for name, value in row.items()}
        for row in frame.iter_rows(named=True)
    ]


@click.command()
@click.argument("lot")
@click.option("--count", default=8, show_default=True, type=click.IntRange(1, 1_000), help="How many labels.")
@click.option("--kg", help="Kilograms on each label (default: the lot's mass).")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="An HTML file to print.")
@json_option
def labels(lot: str, count: int, kg: str | None, out: Path, as_json: bool) -> None:
    """Label sheets (A4, two by four) for a LOT, by its identity or the token on its label."""
    settings = read_settings()

    async def run() -> Sequence[str]:
        async with running(settings) as process, process.database.begin(None, Scope.RECORD) as record:
            row = await find(record, token=token_of(lot)) if token_of(lot) else await find(record, uri=lot)
            return row.material, row.form, row.token or "", row.created_day.isoformat()

    material, form, token, day = asyncio.run(run())
    url = lot_uri(public_base(settings), token) if token else lot
    code = human_code(token) if token else ""
    specs = [
        label(url, code, (f"{material} {form}", f"{kg} kg" if kg else "", day, f"{number} / {count}"))
        for number in range(1, count + 1)
    ]  # fmt: skip
    out.write_text(f"<!doctype html><meta charset=utf-8><title>{code}</title>{sheet(specs)}", encoding="utf-8")
    warning = (
        " A phone cannot open it: JUNKAN_PUBLIC_URL is a loopback address." if public_is_loopback(settings) else ""
    )
    say(f"{count} labels in {out}.{warning}", {"labels": count, "file": str(out), "url": url}, as_json=as_json)
