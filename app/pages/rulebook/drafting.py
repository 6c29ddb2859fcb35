"""Drafts: an industry body loads a draft standard and sees beside the law what it would change; it is kept nowhere."""

import asyncio
from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency as Given

from app.api.asked import LARGEST, MOST_LOTS, checked, unreadable
from app.api.judging import drafted
from app.api.standards import day_asked, standard_asked
from app.pages.asking import speech_of
from app.pages.rendering import AnyRequest, errors_of, form_of, show
from app.pages.rulebook.naming import bound_named, title_of
from app.words import Speech
from foundation.access import PUBLIC
from foundation.database import Clock
from foundation.errors import Invalid, Refusal
from standards.catalogue import Catalogue
from standards.conformity.bounds import Bound
from standards.conformity.drafting import Beside, side_by_side
from standards.conformity.lotdata.files import read_lots
from standards.conformity.lotdata.rows import LotsUnreadable
from standards.conformity.lots import Lot
from standards.conformity.outcomes import Finding
from standards.conformity.shelf import Shelf, shelf_of

HERE: Final = "/standards/draft"


def _page(request: AnyRequest, shelf: Shelf, form: dict[str, str], status: int = 200, **told: Any) -> Response[str]:
    t = speech_of(request)
    known = [(code, title_of(t, each)) for code, each in shelf.standards.items()]
    context: dict[str, Any] = {"errors": [], "faults": [], "rows": None, "draft": None, "against": "", **told}
    kept = {"draft": "", "lots": "", "against": "", "on": "", **form}
    return show(
        request, "public/draft.html", status=status, form=kept, known=known, most=MOST_LOTS, here=HERE, **context
    )


@get(HERE, opt={"access": PUBLIC}, include_in_schema=False)
async def draft_page(request: AnyRequest, catalogue: Given[Catalogue]) -> Response[str]:
    """The draft, the lots, and what stands beside."""
    return _page(request, shelf_of(catalogue), {})


@post(HERE, opt={"access": PUBLIC}, status_code=200, include_in_schema=False, request_max_body_size=LARGEST)
async def draft_form(request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock]) -> Response[str]:
    """Every lot under what is in force and under the draft, clause by clause."""
    t, shelf, values = speech_of(request), shelf_of(catalogue), await form_of(request)
    try:
        draft = await asyncio.to_thread(drafted, await _text(request, "draft_file", values.get("draft", "")), shelf)
        lots = await asyncio.to_thread(_lots, await _text(request, "lots_file", values.get("lots", "")), shelf)
        day = day_asked(values.get("on", ""), clock().date())
        code = values.get("against", "")
        current = standard_asked(shelf, code, "against") if code else shelf.standards.get(draft.id)
    except Refusal as refusal:
        faults = refusal.facts.get("problems", ())
        return _page(request, shelf, values, refusal.status, errors=errors_of(request, refusal), faults=faults)
    rows = await asyncio.to_thread(lambda: list(side_by_side(draft, current, lots, day)))
    return _page(
        request, shelf, values, draft=draft, against=title_of(t, current) if current else "",
        rows=[_row(t, number, row) for number, row in enumerate(rows, start=1)],
        changed=sum(row.changed for row in rows), day=t.day(day),
    )  # fmt: skip


async def _text(request: AnyRequest, name: str, typed: str) -> str:
    """A file's text where one was sent, else what was typed. Raises Invalid where the file is no text."""
    sent = (await request.form()).get(name)
    raw = await sent.read() if isinstance(sent, UploadFile) else b""
    try:
        return raw.decode("utf-8-sig") if raw else typed
    except UnicodeDecodeError:
        raise Invalid("The file is no text in UTF-8.", field=name, fix="Save it as UTF-8.") from None


def _lots(text: str, shelf: Shelf) -> list[Lot]:
    """Lots as JSON, or as a table where the text does not begin as JSON does. Raises Invalid."""
    if not text.strip():
        raise Invalid("There are no lots.", field="lots", fix="Give lots as JSON or as a table (CSV).")
    kind = "json" if text.lstrip()[:1] in "[{" else "csv"
    try:
        return checked(read_lots(text.encode(), kind, shelf.properties, MOST_LOTS), shelf)
    except LotsUnreadable as wrong:
        raise unreadable(wrong) from None


def _row(t: Speech, number: int, row: Beside) -> dict[str, Any]:
    return {
        "name": row.lot.name or str(number), "changed": row.changed,
        "now": row.now.verdict.value if row.now else "", "now_grade": (row.now.grade if row.now else "") or "",
        "then": row.then.verdict.value, "then_grade": row.then.grade or "",
        "clauses": [
            {"clause": each.clause, "now": _side(t, each.now), "then": _side(t, each.then)} for each in row.clauses
        ],
    }  # fmt: skip


def _side(t: Speech, found: Finding | None) -> str:
    if found is None:
        return str(t("book.not_asked"))
    reason = t.name("why", found.reason) if found.reason else ""
    weight = "" if found.decides else t("common.optional")
    limit = found.outcome.limit
    asked = bound_named(t, limit) if isinstance(limit, Bound) else limit or ""
    told = [t.name("finding", found.result.value), asked, reason, weight]
    return " · ".join(str(part) for part in told if part)


ROUTES: Final = [draft_page, draft_form]
