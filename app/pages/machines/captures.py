"""Captures: the documents that a firm's programs sent, what became of each event, what was wrong and how to mend it."""

import json
from typing import Any, Final
from urllib.parse import quote, urlencode

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.recording.history import zone_of
from app.pages.rendering import GENERAL, AnyRequest, show
from app.sheets import CSV, Cell, csv_of, download
from app.words import FALLBACK, Speech
from foundation.access import Actor, May
from traceability.querying.finding import Paging
from traceability.querying.jobs import Overview, job, overview

HERE: Final = "/captures"
ON_A_PAGE: Final = 25
SHOWN: Final = 100
TOLD: Final = frozenset({"event", "type", "title", "code", "status", "detail", "field", "value", "fix"})
"""The members of an error that are no facts of its sentence."""


def _row(t: Speech, each: Overview, zone: str) -> dict[str, Any]:
    return {
        "href": f"{HERE}/{quote(each.id, safe='')}", "when": t.moment(each.created_at, zone), "id": each.id,
        "good": each.success, "captured": t.number(sum(each.events.values())),
        "held": t.number(each.events.get("held", 0)), "errors": t.number(each.errors),
    }  # fmt: skip


@get(HERE, opt={"access": May("capture")}, include_in_schema=False)
async def captures_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], after: FromQuery[str] = ""
) -> Response[str]:
    """The firm's capture jobs, newest first."""
    t, paging = speech_of(request), Paging(ON_A_PAGE, after or None)
    found, following = await overview(transaction, actor.organisation_id, paging)
    zone = await zone_of(transaction, actor)
    return show(
        request, "machines/captures.html", rows=[_row(t, each, zone) for each in found],
        newer=HERE if after else "", older=f"{HERE}?{urlencode({'after': following})}" if following else "",
    )  # fmt: skip


def value_text(value: object) -> str:
    """What stood at a field, as one line; what is no text as JSON."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def error_text(t: Speech, error: dict[str, Any]) -> str:
    """What is wrong, in the reader's language; the rule's own sentence beside a code that many rules share."""
    facts = {name: value for name, value in error.items() if name not in TOLD}
    said = str(t.refusal(error["code"], error["detail"], **facts))
    shared = error["code"] in GENERAL and t.lang != FALLBACK
    return f"{said} ({error['detail']})" if shared else said


def _place(error: dict[str, Any]) -> int | None:
    """Which event of the document it was, from 1 on; older jobs do not tell."""
    at = error.get("event")
    return at + 1 if isinstance(at, int) else None


def _error(t: Speech, each: dict[str, Any]) -> list[str]:
    at = _place(each)
    return [
        t.number(at) if at else "", error_text(t, each), each.get("field") or "", value_text(each.get("value"))[:200],
        each.get("fix") or "",
    ]  # fmt: skip


@get(f"{HERE}/{{number:str}}", opt={"access": May("capture")}, include_in_schema=False)
async def capture_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], number: FromPath[str]
) -> Response[str]:
    """One job: its errors with field, value and fix, and its events."""
    t, told = speech_of(request), await job(transaction, actor.organisation_id, number)
    events, errors = told["events"], told["errors"]
    rows = [
        {"index": each["leafIndex"], "id": each["eventID"],
         "state": "duplicate" if each["duplicate"] else each["outcome"],
         "notes": [str(t.name("reason", code)) for code in (*each["reasons"], *each["flags"])]}
        for each in events[:SHOWN]
    ]  # fmt: skip
    return show(
        request, "machines/capture.html", number=number, good=told["success"],
        behaviour=t(f"captures.{told['captureErrorBehaviour']}"), began=told["createdAt"], ended=told["finishedAt"],
        captured=t.number(len(events)), refused=t.number(len(errors)),
        errors_=[_error(t, each) for each in errors[:SHOWN]], rows=rows,
        more_events=t.number(len(events) - SHOWN) if len(events) > SHOWN else "",
        more_errors=t.number(len(errors) - SHOWN) if len(errors) > SHOWN else "",
        file=f"{HERE}/{quote(number, safe='')}/errors.csv" if errors else "",
    )  # fmt: skip


@get(f"{HERE}/{{number:str}}/errors.csv", opt={"access": May("capture")}, include_in_schema=False)
async def errors_file(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], number: FromPath[str]
) -> Response[bytes]:
    """Every error of a job, to work through in a spreadsheet."""
    t, told = speech_of(request), await job(transaction, actor.organisation_id, number)
    rows: list[list[Cell]] = [
        [_place(each) or "", each["code"], error_text(t, each), each.get("field") or "", value_text(each.get("value")),
         each.get("fix") or ""]
        for each in told["errors"]
    ]  # fmt: skip
    columns = ("event", "code", "problem", "field", "value", "fix")
    return download(csv_of(columns, rows), CSV, "capture-errors.csv")


ROUTES: Final = [captures_page, capture_page, errors_file]
