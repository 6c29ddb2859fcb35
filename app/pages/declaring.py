"""Declaring pages: what a producer placed on the market, and a correction that supersedes."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.forms.checking import Act, checked, filled
from app.pages.forms.choices import countries, materials, named
from app.pages.forms.filling import Filled
from app.pages.rendering import AnyRequest, show
from app.words import Speech
from foundation.access import Actor, May
from foundation.database import Clock
from reports.declarations import Declaration, declarations, declare
from reports.tables import DeclarationRow
from reports.years import YearInvalid, year_typed
from standards.catalogue import Catalogue
from traceability.sequencing.sequencer import Sequencer

CATEGORIES: Final = ("household", "commercial", "total")


@dataclass(frozen=True)
class Setting:
    """Who declares, what they declared before, and the words to choose from."""

    actor: Actor
    catalogue: Catalogue
    rows: list[DeclarationRow]
    now: datetime

    @property
    def standing(self) -> dict[int, DeclarationRow]:
        """Statements that no later one corrects, by index."""
        replaced = {row.supersedes for row in self.rows}
        return {row.fact_index: row for row in self.rows if row.fact_index not in replaced}


def _category(t: Speech, code: str) -> str:
    return t.name("category", code)


def _shown(form: Filled, setting: Setting, status: int = 200) -> Response[str]:
    t = form.t
    told = [
        {"index": row.fact_index, "year": str(row.year), "material": t.name("material", row.material),
         "category": _category(t, row.category), "mass": t.mass(row.grams), "country": t.country(row.country),
         "standing": row.fact_index in setting.standing, "corrects": row.supersedes}
        for row in setting.rows
    ]  # fmt: skip
    kept = {
        "country": setting.actor.country, "year": str(setting.now.year - 1), "material": "", "category": "household",
        "grams": "", "grams_unit": "t", "supersedes": "", **form.values,
    }  # fmt: skip
    done = "done" in form.request.query_params
    return show(
        form.request, "recycler/declarations.html", status=status, declarations=told, form=kept, errors=form.errors,
        materials=materials(t, setting.catalogue), countries=countries(t, setting.actor.country),
        categories=named(t, "category", CATEGORIES),
        flashes=[{"tone": "good", "text": t("declare.done")}] if done else [],
    )  # fmt: skip


def _year(form: Filled, setting: Setting) -> int:
    """The year of the form; 0 where it is none."""
    typed = form.text("year", form.t("common.year"))
    try:
        return year_typed(typed, setting.now) if typed else 0
    except YearInvalid as refusal:
        form.refuse(refusal)
        return 0


def _declared(form: Filled, setting: Setting) -> tuple[Act, Declaration]:
    """The statement of a form; a correction speaks of what the corrected one spoke of."""
    t, typed = form.t, form.get("supersedes")
    earlier = setting.standing.get(int(typed)) if typed.isascii() and typed.isdigit() else None
    if typed and earlier is None:
        form.say("supersedes", t("declare.not_standing"))
    year = _year(form, setting)
    stated = Declaration(
        form.choice("country", t("common.country"), dict(countries(t, setting.actor.country))), year,
        form.choice("material", t("common.material"), dict(materials(t, setting.catalogue))),
        form.choice("category", t("declare.category"), {*CATEGORIES, *(row.category for row in setting.rows)}),
        form.grams("grams", t("common.mass"), least=0), earlier.fact_index if earlier else None,
    )  # fmt: skip
    facts = [
        (t("common.country"), t.country(stated.country)), (t("common.year"), str(stated.year)),
        (t("common.material"), t.name("material", stated.material)),
        (t("declare.category"), _category(t, stated.category)), (t("common.mass"), t.mass(stated.grams)),
    ]  # fmt: skip
    if earlier:
        facts.append((t("declare.supersedes"), t("record.was", mass=t.mass(earlier.grams))))
    root = (t("nav.home"), "/")
    button = t("declare.act", mass=t.mass(stated.grams))
    return Act(root, t("nav.declarations"), facts, button, note=t("record.stays")), stated


@get("/declarations", opt={"access": May("declare")}, include_in_schema=False)
async def declarations_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    clock: Given[Clock],
) -> Response[str]:  # fmt: skip
    """What was declared, and the form, filled in where a statement is to be corrected."""
    setting = Setting(actor, catalogue, await declarations(transaction, actor.organisation_id), clock())
    typed = request.query_params.get("supersedes", "")
    row = setting.standing.get(int(typed)) if typed.isascii() and typed.isdigit() else None
    kept = {}
    if row is not None:
        kept = {
            "supersedes": typed, "country": row.country, "year": str(row.year), "material": row.material,
            "category": row.category,
        }  # fmt: skip
    return _shown(Filled(request, speech_of(request), kept), setting)


@post("/declarations", opt={"access": May("declare")}, include_in_schema=False)
async def declaration_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    sequencer: Given[Sequencer], clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """Check it, then state it, or supersede an earlier statement."""
    form = await filled(request)
    setting = Setting(actor, catalogue, await declarations(transaction, actor.organisation_id), clock())
    act, stated = _declared(form, setting)

    async def do() -> str:
        await declare(transaction, sequencer, actor, stated, form.stamp(clock()))
        return "/declarations?done=1"

    return await checked(form, act, clock(), partial(_shown, form, setting), "/declarations", do)


ROUTES: Final = [declarations_page, declaration_form]
