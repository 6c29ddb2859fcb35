"""Declaring pages: what a producer placed on the market, and a correction that supersedes."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import grams_of, speech_of
from app.pages.recording import material_options
from app.pages.rendering import AnyRequest, errors_of, form_of, language_of, show
from foundation.access import Actor, May
from foundation.database import Clock
from foundation.errors import Invalid, Refusal
from reports.declarations import Declaration, declarations, declare
from traceability.sequencing.sequencer import Sequencer

EMPTY: Final = {
    "year": "", "material": "plastics.pet", "category": "household", "grams": "", "grams_unit": "t", "supersedes": "",
}  # fmt: skip


async def _show(
    request: AnyRequest, session: AsyncSession, actor: Actor, sequencer: Sequencer, form: dict[str, str],
    refusal: Refusal | None = None,
) -> Response[str]:  # fmt: skip
    t = speech_of(request)
    rows = await declarations(session, actor.organisation_id)
    replaced = {row.supersedes for row in rows}
    told = [
        {"index": row.fact_index, "year": row.year, "material": t.name("material", row.material),
         "mass": t.mass(row.grams), "country": t.country(row.country), "replaced": row.fact_index in replaced}
        for row in rows
    ]  # fmt: skip
    return show(
        request, "recycler/declarations.html", status=refusal.status if refusal else 200, declarations=told,
        errors=errors_of(request, refusal) if refusal else [], form={**EMPTY, **form},
        materials=material_options(t, sequencer),
    )  # fmt: skip


@get("/declarations", opt={"access": May("declare")}, include_in_schema=False)
async def declarations_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], sequencer: Given[Sequencer]
) -> Response[str]:
    """What was declared, and the form."""
    return await _show(request, transaction, actor, sequencer, {})


@post("/declarations", opt={"access": May("declare")}, status_code=200, include_in_schema=False)
async def declaration_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], sequencer: Given[Sequencer],
    clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """State it, or supersede an earlier statement."""
    form = await form_of(request)
    try:
        if not form.get("year", "").isascii() or not form.get("year", "").isdigit():
            raise Invalid("State a year.", field="year", value=form.get("year"), fix="Four digits, common era.")
        supersedes = form.get("supersedes", "")
        stated = Declaration(
            actor.country, int(form["year"]), form.get("material", ""), form.get("category") or "household",
            grams_of(form, language_of(request)), int(supersedes) if supersedes.isdigit() else None,
        )  # fmt: skip
        await declare(transaction, sequencer, actor, stated, clock())
    except Refusal as refusal:
        return await _show(request, transaction, actor, sequencer, form, refusal)
    return Redirect("/declarations", status_code=303)


ROUTES: Final = [declarations_page, declaration_form]
