"""verify and export: the whole log or one leaf checked offline, and the log written out so that others can."""

import asyncio
from pathlib import Path

import click

from app.commands.output import FINDINGS, json_option, progress, say
from app.process import running
from foundation.errors import Conflict
from foundation.settings import archive_home, read_settings
from traceability.archive.files import BadCopy
from traceability.bundle import Finding, check_bundle
from traceability.eventhash import event_hash
from traceability.export import export, verify_database
from traceability.tree.checkpoint import BadNote, parse_vkey
from traceability.tree.cosignature import parse_witness
from traceability.tree.proving import check_proof, parse_proof


@click.command()
@click.argument("subject", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--key", "keys", multiple=True, help="Verifier key of the log, known from elsewhere (repeat after rotations)."
)
@click.option(
    "--witness", "witnesses", multiple=True, help="Verifier key of a witness that must have cosigned (repeat)."
)
@json_option
def verify(subject: Path | None, keys: tuple[str, ...], witnesses: tuple[str, ...], as_json: bool) -> None:
    """Check offline: an exported folder, one leaf's .tlog-proof file, or without SUBJECT the platform's own log."""
    if subject is not None and subject.is_file():
        _verify_file(subject, keys, witnesses, as_json=as_json)
        return
    if witnesses or (keys and subject is None):
        raise click.UsageError("--witness belongs to a proof file, --key to a proof file or a folder")
    with progress("facts checked", None, quiet=as_json) as bar:
        found = check_bundle(subject, event_hash, bar.at, keys) if subject else asyncio.run(_own())
    faults = [each for each in found if not each.note]
    facts = {"ok": not faults, "findings": [_told(each) for each in found]}
    lines = [f"{each.code}: {each.sentence} ({each.file} line {each.line})" for each in found]
    lines.append(
        "Nothing was altered: every fact is proved by the signed checkpoint." if not faults
        else f"The first bad row: {faults[0].sentence}"
    )  # fmt: skip
    say("\n".join(lines), facts, as_json=as_json)
    raise SystemExit(FINDINGS if faults else 0)


def _verify_file(file: Path, keys: tuple[str, ...], witnesses: tuple[str, ...], *, as_json: bool) -> None:
    """One leaf under a checkpoint that a known key signed and every named witness saw."""
    if not keys:
        raise click.UsageError("a proof file is checked with --key, the log's verifier key known from elsewhere")
    try:
        verifiers, watching = [parse_vkey(each) for each in keys], [parse_witness(each) for each in witnesses]
    except BadNote as bad:
        raise click.UsageError(str(bad)) from bad
    try:
        proven = check_proof(parse_proof(file.read_text("utf-8")), verifiers, watching)
    except (BadNote, UnicodeDecodeError) as bad:
        say(f"Not proved: {bad}.", {"ok": False, "reason": str(bad)}, as_json=as_json)
        raise SystemExit(FINDINGS) from bad
    silent = {each.name for each in watching} - {each.witness.name for each in proven.cosigned}
    facts = {
        "ok": not silent, "index": proven.index, "leaf": proven.leaf.decode("utf-8", "replace"),
        "origin": proven.checkpoint.origin, "size": proven.checkpoint.size,
        "cosigned": [{"witness": each.witness.name, "at": each.at.isoformat()} for each in proven.cosigned],
        "not_cosigned": sorted(silent),
    }  # fmt: skip
    lines = [f"Leaf {proven.index} is in the log {proven.checkpoint.origin} of {proven.checkpoint.size} leaves:"]
    lines += [
        str(facts["leaf"]),
        *(f"seen by {each.witness.name} at {each.at.isoformat()}" for each in proven.cosigned),
    ]
    lines += [f"NOT seen by {name}" for name in sorted(silent)]
    say("\n".join(lines), facts, as_json=as_json)
    raise SystemExit(FINDINGS if silent else 0)


def _told(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code, "file": finding.file, "line": finding.line, "index": finding.index,
        "sentence": finding.sentence, "note": finding.note,
    }  # fmt: skip


async def _own() -> tuple[Finding, ...]:
    async with running(read_settings()) as process:
        archive = archive_home(process.settings)
        return await verify_database(process.database.writer, process.keys, process.origin, archive=archive)


@click.command("export")
@click.argument("folder", type=click.Path(exists=False, path_type=Path))
@json_option
def export_command(folder: Path, as_json: bool) -> None:
    """Write the whole log into the new FOLDER, for `junkan verify FOLDER` anywhere else."""

    async def run() -> int:
        async with running(read_settings()) as process:
            with progress("facts read", None, quiet=as_json) as bar:
                archive = archive_home(process.settings)
                writer, keys = process.database.writer, process.keys
                return await export(writer, keys, process.origin, folder, bar.at, archive)

    try:
        count = asyncio.run(run())
    except BadCopy as bad:
        raise Conflict(f"The archive is not whole: {bad}.", field="archive") from bad
    say(f"{count} facts written to {folder}.", {"facts": count, "folder": str(folder)}, as_json=as_json)
