"""verify and export: the whole log checked offline, or written out so that others can."""

import asyncio
from pathlib import Path

import click

from app.commands.output import FINDINGS, json_option, progress, say
from app.process import running
from foundation.settings import read_settings
from traceability.bundle import Finding, check_bundle
from traceability.eventhash import event_hash
from traceability.export import export, verify_database


@click.command()
@click.argument("bundle", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def verify(bundle: Path | None, as_json: bool) -> None:
    """Check a whole log: the exported folder BUNDLE, without any database, or the platform's own log without it."""
    with progress("facts checked", None, quiet=as_json) as bar:
        found = check_bundle(bundle, event_hash, bar.at) if bundle else asyncio.run(_own())
    faults = [each for each in found if not each.note]
    facts = {"ok": not faults, "findings": [_told(each) for each in found]}
    lines = [f"{each.code}: {each.sentence} ({each.file} line {each.line})" for each in found]
    lines.append(
        "Nothing was altered: every fact is proved by the signed checkpoint." if not faults
        else f"The first bad row: {faults[0].sentence}"
    )  # fmt: skip
    say("\n".join(lines), facts, as_json=as_json)
    raise SystemExit(FINDINGS if faults else 0)


def _told(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code, "file": finding.file, "line": finding.line, "index": finding.index,
        "sentence": finding.sentence, "note": finding.note,
    }  # fmt: skip


async def _own() -> tuple[Finding, ...]:
    async with running(read_settings()) as process:
        return await verify_database(process.database.writer, process.keys, process.origin)


@click.command("export")
@click.argument("folder", type=click.Path(exists=False, path_type=Path))
@json_option
def export_command(folder: Path, as_json: bool) -> None:
    """Write the whole log into the new FOLDER, for `junkan verify FOLDER` anywhere else."""

    async def run() -> int:
        async with running(read_settings()) as process:
            with progress("facts read", None, quiet=as_json) as bar:
                return await export(process.database.writer, process.keys, process.origin, folder, bar.at)

    count = asyncio.run(run())
    say(f"{count} facts written to {folder}.", {"facts": count, "folder": str(folder)}, as_json=as_json)
