"""Imports over HTTP: a sheet or an EPCIS document of a firm's own, checked row by row, then recorded whole or not."""

from dataclasses import asdict
from typing import Any, Final

from litestar import Request, post
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor, May
from foundation.settings import Settings
from traceability.capture import Door
from traceability.importing.cells import CellError
from traceability.importing.rehearsing import FileRefused, Line, imported, importer_of, rehearsed

LARGEST: Final = 10_000_000
MOST: Final = 2_000  # rows at a time: more is work for the command line

AnyRequest = Request[Any, Any, Any]


def _shown(line: Line) -> dict[str, Any]:
    made = line.made
    return {
        "row": line.row, "kind": line.kind, "number": line.number, "day": line.day.isoformat() if line.day else None,
        "lot": made.lot if made else None, "grams": made.grams if made else None, "outcome": line.outcome,
        "reasons": list(line.reasons), "flags": list(line.flags),
    }  # fmt: skip


def shown_error(error: CellError) -> dict[str, Any]:
    """An error as a problem lists it, and as a dry run answers."""
    return {**asdict(error), "pointer": f"row {error.row}, {error.column}", "message": error.fix}


@post("/api/v1/imports", opt={"access": May("capture")}, request_max_body_size=LARGEST, status_code=200)
async def post_import(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], door: Given[Door],
    settings: Given[Settings], dry_run: FromQuery[bool] = False, history: FromQuery[bool] = False,
) -> dict[str, Any]:  # fmt: skip
    """Import the CSV, XLSX or EPCIS document in the body; `dry_run` only says what it would do.

    `history`: from before the platform, and marked so. The same file again changes nothing.
    """
    importer = await importer_of(transaction, actor, door.sequencer.controls, settings)
    done = await (rehearsed if dry_run else imported)(
        door, actor, await request.body(), importer, backfill=history, most=MOST
    )
    if done.errors and not dry_run:
        problems = [shown_error(each) for each in done.errors]
        sentence = f"{len(problems)} cells of this file cannot be imported; nothing of it was."
        raise FileRefused(sentence, field="file", fix=done.errors[0].fix, problems=problems)
    return {
        "rows": done.rows, "errors": [shown_error(each) for each in done.errors],
        "lines": [_shown(each) for each in done.lines], "written": not dry_run,
    }  # fmt: skip


ROUTES: Final = [post_import]
