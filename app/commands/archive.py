"""archive: months of payloads copied to Parquet, checked against the log, taken out of the database, brought back."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy import select

from app.commands.output import FINDINGS, json_option, progress, say
from app.process import Process, running
from foundation.access import Actor, PersonRow
from foundation.database import Scope
from foundation.errors import NotFound
from foundation.registry import Organisation
from foundation.settings import archive_home, read_settings
from traceability.archive.acting import Archivist, attach, detach
from traceability.archive.checking import Against, check
from traceability.archive.copying import copy
from traceability.archive.files import BadCopy
from traceability.archive.months import State, month_of, state, states
from traceability.eventhash import event_hash
from traceability.log import publish
from traceability.querying.indexing import bring_up

PLACES = {"here": "in the record", "kept": "detached, table kept", "away": "in the archive alone"}
Answer = TypeVar("Answer")
by_option = click.option(
    "--by", "email", required=True, help="The mail address of whoever answers for this: it stands in the log."
)


@click.group()
def archive() -> None:
    """Months of payloads as Parquet under JUNKAN_ARCHIVE (default: the folder archive of the data directory)."""


@archive.command("list")
@json_option
def listed(as_json: bool) -> None:
    """Every month: its facts, where their payloads are and how large, and what still waits in it."""
    found = asyncio.run(_with(lambda process: states(process.database.writer, _folder(process), process.clock())))
    lines = [_line(each) for each in found] or ["Nothing is recorded yet."]
    say("\n".join(lines), {"months": [_told(each) for each in found]}, as_json=as_json)


@archive.command("take")
@click.argument("month")
@json_option
def take(month: str, as_json: bool) -> None:
    """Copy MONTH (such as 2024-03) to Parquet, read it back, and check every row against the log and the database."""
    wanted = month_of(month)
    with progress("facts", None, quiet=as_json) as bar:

        async def run(process: Process) -> State:
            writer, folder = process.database.writer, _folder(process)
            await publish(writer, process.keys.active, process.origin, process.clock)
            found = await state(writer, folder, process.clock(), wanted)
            await copy(writer, folder, found, bar.at)
            await check(writer, folder, wanted, _against(process), here=True, progress=bar.at)
            return await state(writer, folder, process.clock(), wanted)

        found = _run(run, as_json=as_json)
    say(f"{found.facts} facts of {month} are copied, and every row was checked.", _told(found), as_json=as_json)


@archive.command("check")
@click.argument("month")
@json_option
def checked(month: str, as_json: bool) -> None:
    """Check the copy of MONTH again: each row against its leaf under a signed checkpoint, and the database if there."""
    wanted = month_of(month)
    with progress("facts", None, quiet=as_json) as bar:

        async def run(process: Process) -> State:
            writer, folder = process.database.writer, _folder(process)
            found = await state(writer, folder, process.clock(), wanted)
            await check(writer, folder, wanted, _against(process), here=found.place == "here", progress=bar.at)
            return found

        found = _run(run, as_json=as_json)
    say(f"The copy of {month} is whole: {found.facts} facts.", _told(found), as_json=as_json)


@archive.command("detach")
@click.argument("month")
@by_option
@click.option("--drop", is_flag=True, help="Also drop the detached table, which is otherwise kept beside the record.")
@json_option
def detached(month: str, email: str, drop: bool, as_json: bool) -> None:
    """Check the copy of MONTH, then take its payloads out of the record; this act is a leaf of the log."""
    wanted = month_of(month)
    with progress("facts", None, quiet=as_json) as bar:

        async def run(process: Process) -> State:
            await bring_up(process.database.writer)
            return await detach(await _archivist(process, email), wanted, drop=drop, progress=bar.at)

        found = _run(run, as_json=as_json)
    say(_line(found), _told(found), as_json=as_json)


@archive.command("attach")
@click.argument("month")
@by_option
@json_option
def attached(month: str, email: str, as_json: bool) -> None:
    """Bring the payloads of MONTH back into the record, from the kept table or the copy; this act is a leaf, too."""
    wanted = month_of(month)
    with progress("facts", None, quiet=as_json) as bar:

        async def run(process: Process) -> State:
            return await attach(await _archivist(process, email), wanted, bar.at)

        found = _run(run, as_json=as_json)
    say(_line(found), _told(found), as_json=as_json)


def _folder(process: Process) -> Path:
    return archive_home(process.settings)


def _against(process: Process) -> Against:
    return Against(process.verifiers, event_hash)


async def _archivist(process: Process, email: str) -> Archivist:
    """Raises NotFound where nobody signs in as this."""
    wanted = select(PersonRow, Organisation).join(Organisation, Organisation.id == PersonRow.organisation_id)
    async with process.database.begin(None, Scope.AUTHENTICATION) as session:
        known = wanted.where(PersonRow.email == email.strip().lower(), PersonRow.active)
        found = (await session.execute(known)).first()
    if found is None:
        raise NotFound(f"Nobody signs in as {email}.", field="by", value=email)
    person, firm = found
    actor = Actor(
        firm.id, firm.uri, firm.name, frozenset(firm.roles), firm.country, frozenset(person.roles), person.language,
        person_id=person.id,
    )  # fmt: skip
    return Archivist(
        process.urls.owner, process.database.writer, process.sequencer, _folder(process), _against(process), actor,
        process.clock(),
    )  # fmt: skip


async def _with(act: Callable[[Process], Coroutine[Any, Any, Answer]]) -> Answer:
    async with running(read_settings()) as process:
        return await act(process)


def _run(act: Callable[[Process], Coroutine[Any, Any, State]], *, as_json: bool) -> State:
    """The act's answer; a copy that is not whole ends the command, and nothing was done."""
    try:
        return asyncio.run(_with(act))
    except BadCopy as bad:
        say(f"The copy is not whole: {bad}", {"ok": False, "reason": str(bad)}, as_json=as_json)
        raise SystemExit(FINDINGS) from bad


def _line(found: State) -> str:
    parts = [f"{found.month.name}  facts {found.first} to {found.last}", PLACES[found.place]]
    parts += [f"payloads {found.size / 2**20:.1f} MiB"] if found.size else []
    parts += [f"event rows {found.stays / 2**20:.1f} MiB"]
    parts += ["copied"] if found.copied else []
    parts += ["still open"] if found.open else []
    parts += [f"{found.waiting} on hold"] if found.waiting else []
    parts += [f"{found.act} by fact {found.act_index}"] if found.act else []
    return ", ".join(parts)


def _told(found: State) -> dict[str, object]:
    return {
        "ok": True, "month": found.month.name, "first": found.first, "last": found.last, "facts": found.facts,
        "onHold": found.waiting, "payloads": found.place, "bytes": found.size, "bytesThatStay": found.stays,
        "copied": found.copied, "open": found.open, "act": found.act, "actLeaf": found.act_index,
        "manifest": found.manifest.hex() if found.manifest else None,
    }  # fmt: skip
