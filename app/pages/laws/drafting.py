"""Drafts: somebody loads a draft law and sees beside the law in force what it would change; it is kept nowhere."""

import asyncio
from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency as Given

from app.api.standards import day_asked
from app.owing.book import laws_of
from app.owing.drafting import LARGEST, MOST_ROWS, drafted, in_force, told_figure, tried
from app.owing.writing import chosen
from app.pages.asking import speech_of
from app.pages.laws.telling import name_of, named, place_named, said_told, years_told
from app.pages.rendering import AnyRequest, errors_of, form_of, show
from app.words import Speech
from foundation.access import PUBLIC
from foundation.database import Clock
from foundation.errors import Invalid, Refusal
from standards.catalogue import Catalogue
from standards.responsibility.comparing import differences
from standards.responsibility.drafting import Beside
from standards.responsibility.packs import Edition

HERE: Final = "/laws/draft"
ANSWERS: Final = {"yes": "common.answer_yes", "no": "common.answer_no"}


def _page(
    request: AnyRequest, catalogue: Catalogue, form: dict[str, str], status: int = 200, **told: Any
) -> Response[str]:
    t = speech_of(request)
    known = sorted(
        (each.id, f"{place_named(t, each.jurisdiction)}: {name_of(t, each)} ({years_told(t, each)})")
        for pack in laws_of(catalogue).values() for each in pack.editions
    )  # fmt: skip
    context: dict[str, Any] = {"errors": [], "faults": [], "draft": None, "rows": [], "lines": [], **told}
    kept = {"draft": "", "table": "", "calculation": "", "against": "", "on": "", **form}
    return show(
        request, "public/law_draft.html", status=status, form=kept, known=known, most=MOST_ROWS, here=HERE, **context
    )


@get(HERE, opt={"access": PUBLIC}, include_in_schema=False)
async def draft_page(request: AnyRequest, catalogue: Given[Catalogue]) -> Response[str]:
    """The draft, what it stands beside, and the cases to try."""
    return _page(request, catalogue, {})


@post(HERE, opt={"access": PUBLIC}, status_code=200, include_in_schema=False, request_max_body_size=LARGEST)
async def draft_form(request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock]) -> Response[str]:
    """Every step that would come out otherwise, and everything that the draft says otherwise."""
    t, values = speech_of(request), await form_of(request)
    try:
        text = await _text(request, "draft_file", values.get("draft", ""))
        table = await _text(request, "table_file", values.get("table", ""))
        day = day_asked(values.get("on", ""), clock().date())
        draft = await asyncio.to_thread(drafted, text)
        current = in_force(catalogue, draft, values.get("against", ""), day)
        rows = await asyncio.to_thread(tried, draft, current, values.get("calculation", ""), table)
    except Refusal as refusal:
        faults = refusal.facts.get("problems", ())
        return _page(request, catalogue, values, refusal.status, errors=errors_of(request, refusal), faults=faults)
    lines = [
        (t.name("aspect", line.subject) if line.section == "counting" else named(t, line.names),
         said_told(t, line.left), said_told(t, line.right))
        for line in differences(current, draft, day) if not line.same
    ]  # fmt: skip
    return _page(
        request, catalogue, values, draft=draft, against=f"{name_of(t, current)} ({years_told(t, current)})",
        lines=lines, day=t.day(day), rows=[_row(t, draft, current, row) for row in rows if row.changed],
        told=t("law.draft_changed", count=t.number(sum(row.changed for row in rows)), all=t.number(len(rows))),
    )  # fmt: skip


async def _text(request: AnyRequest, name: str, typed: str) -> str:
    """A file's text where one was sent, else what was typed. Raises Invalid where the file is no text."""
    sent = (await request.form()).get(name)
    raw = await sent.read() if isinstance(sent, UploadFile) else b""
    try:
        return raw.decode("utf-8-sig") if raw else typed
    except UnicodeDecodeError:
        raise Invalid("The file is no text in UTF-8.", field=name, fix="Save it as UTF-8.") from None


def _row(t: Speech, draft: Edition, current: Edition, row: Beside) -> tuple[str, str, str, str]:
    names = {
        step.id: step.names for found in (draft, current) for each in found.duties.calculations
        if each.id == row.calculation for step in each.steps
    }  # fmt: skip
    step = chosen(names[row.step], t.lang) if row.step in names else t.name("rated", row.step)
    line = f" · {t('owing.line', number=row.line + 1)}" if row.line is not None else ""
    return f"{row.case} ({row.year})", f"{step}{line}", _figure(t, row.now), _figure(t, row.then)


def _figure(t: Speech, text: str | None) -> str:
    told = told_figure(text)
    if told["value"] in ANSWERS:
        return t(ANSWERS[told["value"]])
    if told["value"] is not None:
        return told["value"]
    return t("owing.no_figure") if told["why"] is not None else "\N{EN DASH}"


ROUTES: Final = [draft_page, draft_form]
