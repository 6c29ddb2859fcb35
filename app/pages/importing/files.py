"""Files: a sheet is sent once, shown row by row as the record would take it, and recorded by its digest."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.forms.checking import filled
from app.pages.forms.filling import Filled
from app.pages.forms.uploads import Upload, uploaded
from app.pages.passports import name_of
from app.pages.rendering import AnyRequest, show
from app.pages.stock.held import lot_page
from app.sheets import CSV, Cell, csv_of, download
from app.words import Speech
from foundation.access import Actor, May
from foundation.database import Clock
from foundation.settings import Settings
from foundation.uploads import keep, kept
from traceability.capture import Door
from traceability.http.imports import MOST
from traceability.importing.cells import CellError
from traceability.importing.rehearsing import Line, Rehearsal, imported, importer_of, is_epcis, rehearsed
from traceability.importing.spreadsheets import UTF_16, XLSX, FileUnreadable, table_of

HERE: Final = "/record/import"
SHOWN: Final = 200
TEXT: Final = 4_096  # bytes by which a text is told from anything else
HISTORY: Final = ("yes", "no")
SHEET: Final = Upload(
    10, "CSV, XLSX, EPCIS (JSON)",
    lambda content: content.startswith((XLSX, *UTF_16)) or b"\x00" not in content[:TEXT],
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """A row in words, with the way to its lot where it is in the record."""

    line: Line
    name: str
    mass: str
    day: str
    notes: tuple[str, ...]
    href: str


def _form(form: Filled, status: int = 200) -> Response[str]:
    kept_values = {"history": "", **form.values}
    return show(
        form.request, "recycler/importing.html", status=status, form=kept_values, errors=form.errors,
        limit=SHEET.limit(form.t), most=form.t.number(MOST),
        histories=[(each, form.t(f"importing.history_{each}")) for each in HISTORY],
    )  # fmt: skip


@get(HERE, opt={"access": May("capture")}, include_in_schema=False)
async def import_page(request: AnyRequest) -> Response[str]:
    """The form, and the template to fill in."""
    return _form(Filled(request, speech_of(request), {}))


@post(HERE, opt={"access": May("capture")}, include_in_schema=False, request_max_body_size=SHEET.body)
async def import_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], clock: Given[Clock]
) -> Response[Any]:
    """Keep the file, and lead on to what it would do; nothing is recorded yet."""
    form = await filled(request)
    history = form.choice("history", form.t("importing.history"), HISTORY)
    content = await uploaded(form, "file", SHEET)
    if content is None and not any(each["field"] == "file" for each in form.errors):
        form.say("file", form.t("errors.file_missing"))
    if content is not None and not is_epcis(content):
        try:
            await asyncio.to_thread(table_of, content)
        except FileUnreadable as refusal:
            form.say("file", form.t(f"importing.unreadable_{refusal.reason}"))
    if form.errors or content is None:
        return _form(form, 400)
    upload = (await request.form()).get("file")
    name = upload.filename if isinstance(upload, UploadFile) else ""
    digest = await keep(transaction, actor.organisation_id, content, name, clock())
    return Redirect(f"{HERE}/{digest}?history={history}", status_code=303)


async def _rehearsed(
    transaction: AsyncSession, actor: Actor, door: Door, settings: Settings, digest: str, *, history: bool
) -> tuple[str, Rehearsal]:
    """The file's name, and what importing it would do now. Raises NotFound."""
    file = await kept(transaction, actor.organisation_id, digest, door.clock())
    importer = await importer_of(transaction, actor, door.sequencer.controls, settings)
    return file.name, await rehearsed(door, actor, file.content, importer, backfill=history, most=MOST)


def fix_of(t: Speech, error: CellError) -> str:
    """What to do about a cell, in the reader's language."""
    return t.refusal(error.code, error.fix, **error.facts)


def _seen(t: Speech, line: Line) -> Seen:
    made = line.made
    return Seen(
        line=line, name=name_of(t, made.material, made.form) if made else "",
        mass=t.mass(made.grams) if made else "", day=t.day(line.day) if line.day else "",
        notes=tuple(t.name("reason", each) for each in (*line.reasons, *line.flags)),
        href=lot_page(made.lot) if made and line.outcome == "duplicate" else "",
    )  # fmt: skip


def _page(
    request: AnyRequest, name: str, digest: str, done: Rehearsal, *, history: bool, status: int = 200
) -> Response[str]:
    """Either every error, or what would be recorded, or that all of it is."""
    t = speech_of(request)
    outcomes = Counter(line.outcome for line in done.lines)
    new = [line for line in done.lines if line.outcome != "duplicate"]
    counted = sum(line.made.grams for line in new if line.made and line.outcome == "counted")
    wrong = [[t.number(each.row), each.column, each.value, fix_of(t, each)] for each in done.errors[:SHOWN]]
    facts = [
        (t("importing.file"), name), (t("importing.rows"), t.number(done.rows)),
        (t("importing.history"), t(f"importing.history_{'yes' if history else 'no'}")),
    ]  # fmt: skip
    if not wrong:
        facts += [
            (t("importing.new"), t.number(len(new))), (t("importing.known"), t.number(outcomes["duplicate"])),
            (t("importing.mass"), t.mass(counted)),
        ]  # fmt: skip
    written = "done" in request.query_params and not new
    return show(
        request, "recycler/imported.html", status=status, digest=digest, facts_=facts, wrong=wrong,
        faults=t.number(len(done.errors)), lines=[_seen(t, line) for line in done.lines[:SHOWN]],
        more=max(0, len(done.lines) - SHOWN), new=len(new), act=t("importing.act", count=t.number(len(new))),
        held=t.number(outcomes["held"]) if outcomes["held"] else "", history="yes" if history else "no",
        flashes=[{"tone": "good", "text": t("importing.done")}] if written else [],
        errors=[{"field": "", "text": t("importing.wrong", count=t.number(len(done.errors)))}] if wrong else [],
    )  # fmt: skip


def _history(request: AnyRequest) -> bool:
    return request.query_params.get("history") == "yes"


@get(HERE + "/{digest:str}", opt={"access": May("capture")}, include_in_schema=False)
async def file_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], door: Given[Door],
    settings: Given[Settings], digest: FromPath[str],
) -> Response[str]:  # fmt: skip
    """What the file would do now: nothing is recorded by looking."""
    history = _history(request)
    name, done = await _rehearsed(transaction, actor, door, settings, digest, history=history)
    return _page(request, name, digest, done, history=history)


@post(HERE + "/{digest:str}", opt={"access": May("capture")}, include_in_schema=False)
async def confirm_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], door: Given[Door],
    settings: Given[Settings], digest: FromPath[str],
) -> Response[Any]:  # fmt: skip
    """Record the very file that was shown, whole or not at all; pressed twice, it is recorded once."""
    form = await filled(request)
    history = form.get("history") == "yes"
    file = await kept(transaction, actor.organisation_id, digest, door.clock())
    importer = await importer_of(transaction, actor, door.sequencer.controls, settings)
    done = await imported(door, actor, file.content, importer, backfill=history, most=MOST)
    if done.errors:
        return _page(request, file.name, digest, done, history=history, status=409)
    return Redirect(f"{HERE}/{digest}?history={form.get('history')}&done=1", status_code=303)


@get(HERE + "/{digest:str}/errors.csv", opt={"access": May("capture")}, include_in_schema=False)
async def errors_file(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], door: Given[Door],
    settings: Given[Settings], digest: FromPath[str],
) -> Response[bytes]:  # fmt: skip
    """Every error of the file, to work through in a spreadsheet."""
    t = speech_of(request)
    _, done = await _rehearsed(transaction, actor, door, settings, digest, history=_history(request))
    columns = [t("importing.row"), t("importing.column"), t("common.value"), t("importing.code"), t("importing.fix")]
    rows: list[list[Cell]] = [[each.row, each.column, each.value, each.code, fix_of(t, each)] for each in done.errors]
    return download(csv_of(columns, rows), CSV, "errors.csv")


ROUTES: Final = [import_page, import_form, file_page, confirm_form, errors_file]
