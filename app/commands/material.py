"""import and labels: batch work of a recycler."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from app.commands.output import FINDINGS, json_option, progress, say
from app.process import Process, running
from foundation.access import Actor, actor_of_key
from foundation.database import Scope
from foundation.settings import public_base, public_is_loopback, read_settings
from traceability.capture import Captured, Door, capture, rehearse
from traceability.composing import document
from traceability.events import EventInvalid, parse_document
from traceability.identifiers import human_code, token_of
from traceability.importing.cells import CellError
from traceability.importing.reading import Entry, sheet_of
from traceability.importing.rehearsing import importer_of, is_epcis, no_document, told
from traceability.importing.spreadsheets import FileUnreadable, table_of
from traceability.labels import label, sheet
from traceability.passport import find
from traceability.resolver import address
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
    known = f"{answer['duplicates']} known already, {len(rows)} errors"
    could = answer["rows"] - answer["duplicates"] - len({each["row"] for each in rows})
    lines.append(
        f"{answer['written']} events written, {known}."
        if not dry_run else f"{could} events could be written, {known}; nothing was written."
    )  # fmt: skip
    say("\n".join(lines), answer, as_json=as_json)
    raise SystemExit(FINDINGS if rows else 0)


async def _import(file: Path, key: str, *, dry_run: bool, backfill: bool, quiet: bool) -> dict[str, Any]:
    async with running(read_settings()) as process:
        async with process.database.begin(None, Scope.AUTHENTICATION) as session:
            actor = await actor_of_key(session, key, process.clock())
        raw = await asyncio.to_thread(file.read_bytes)
        parts, rows, errors = await _parts(process, actor, raw)
        answer: dict[str, Any] = {"rows": rows, "written": 0, "duplicates": 0, "errors": errors}
        door = Door(process.database, process.sequencer, process.clock)
        with progress("events checked" if dry_run else "events captured", rows, quiet=quiet) as bar:
            for document_, entries in parts if not errors else ():
                if dry_run:
                    captured = await rehearse(door, actor, document_, backfill=backfill)
                else:
                    captured = await capture(door, actor, document_, on_error="proceed", backfill=backfill)
                _count(answer, captured, entries, dry_run=dry_run)
                bar.advance(len(captured.events))
        return answer


def _count(answer: dict[str, Any], captured: Captured, entries: Sequence[Entry], *, dry_run: bool) -> None:
    accepted = [each for each in captured.events if isinstance(each, Accepted)]
    known = sum(each.duplicate for each in accepted)
    answer["duplicates"] += known
    answer["written"] += 0 if dry_run else len(accepted) - known
    answer["errors"] += [asdict(each) for each in told(captured, entries).errors]


async def _parts(
    process: Process, actor: Actor, raw: bytes
) -> tuple[list[tuple[bytes, Sequence[Entry]]], int, list[dict[str, Any]]]:
    """The documents to capture with the rows that they come from, how many rows, and the errors that forbid it."""
    if is_epcis(raw):
        try:
            return [(raw, ())], len(parse_document(raw).events), []
        except EventInvalid as invalid:
            return [], 0, [asdict(each) for each in no_document(invalid)]
    async with process.database.begin(actor.organisation_id) as session:
        importer = await importer_of(session, actor, process.sequencer.controls, process.settings)
    try:
        found = sheet_of(await asyncio.to_thread(table_of, raw), importer)
    except FileUnreadable as wrong:
        error = CellError(0, "", "", wrong.code, f"{wrong.sentence} {wrong.fix}", {"reason": wrong.reason})
        return [], 0, [asdict(error)]
    parts = [found.entries[at : at + AT_ONCE] for at in range(0, len(found.entries), AT_ONCE)]
    documents: list[tuple[bytes, Sequence[Entry]]] = [
        (document([each.event for each in part], process.clock()), part) for part in parts
    ]
    return documents, found.rows, [asdict(each) for each in found.errors]


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
            url = address(public_base(settings), row.uri, row.token)
            return row.material, row.form, row.token or "", row.created_day.isoformat(), url

    material, form, token, day, url = asyncio.run(run())
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
