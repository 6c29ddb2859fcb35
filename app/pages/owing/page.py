"""The pages: which laws can be worked out, and one calculation with its form above the answer."""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery

from app.api.asked import LARGEST
from app.owing.book import calculation_asked, calculations_of, edition_of, laws_of, pack_asked, year_asked
from app.owing.writing import chosen
from app.pages.asking import speech_of
from app.pages.forms.filling import Filled
from app.pages.owing.asking import Asked, given_of, refuse
from app.pages.owing.showing import columns_of, fields_of, shown, years_told
from app.pages.rendering import AnyRequest, errors_of, show
from app.words import Speech
from foundation.access import PUBLIC
from foundation.database import Clock
from foundation.errors import Invalid, NotFound
from standards.catalogue import Catalogue
from standards.responsibility.calculating.answers import Answer
from standards.responsibility.calculating.cases import calculate
from standards.responsibility.calculating.given import MOST_LINES, BadInput
from standards.responsibility.duties.calculations import Calculation
from standards.responsibility.packs import Edition, RulePack


@get("/owe", opt={"access": PUBLIC}, include_in_schema=False)
async def owe_page(request: AnyRequest, catalogue: Given[Catalogue], country: FromQuery[str] = "") -> Response[str]:
    """Every law with its calculations, by country."""
    t = speech_of(request)
    packs = [pack for pack in laws_of(catalogue).values() if calculations_of(pack)]
    places = {pack.editions[-1].jurisdiction: _place(t, pack.editions[-1].jurisdiction) for pack in packs}
    ordered = sorted(places.items(), key=lambda each: each[1])
    laws = [(name, [_law(t, each) for each in packs if each.editions[-1].jurisdiction == code])
            for code, name in ordered if country in ("", code)]  # fmt: skip
    return show(request, "public/owe.html", places=ordered, laws=laws, country=country)


def _place(t: Speech, code: str) -> str:
    return t.country(code.partition("-")[0])


def _law(t: Speech, pack: RulePack) -> dict[str, Any]:
    latest = pack.editions[-1]
    return {
        "id": pack.id, "name": chosen(latest.names, t.lang), "law": latest.law, "years": years_told(pack),
        "calculations": [(each.id, chosen(each.names, t.lang)) for each in calculations_of(pack).values()],
    }  # fmt: skip


@get("/owe/{pack:str}/{calculation:str}", opt={"access": PUBLIC}, include_in_schema=False)
async def calculator_page(
    request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock], pack: FromPath[str],
    calculation: FromPath[str], year: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """One calculation: the answer with every step, and the form with what was typed. Nothing is recorded."""
    t, law = speech_of(request), pack_asked(catalogue, pack)
    errors: list[dict[str, str]] = []
    try:
        of = year_asked(year) if year.strip() else usual_year(law, calculation, clock().date())
        edition = edition_of(law, of)
        rule = calculation_asked(law, edition, calculation)
    except Invalid as refusal:
        errors = [{**each, "field": "year"} for each in errors_of(request, refusal)]
        of = usual_year(law, calculation, clock().date())
        edition = edition_of(law, of)
        rule = calculation_asked(law, edition, calculation)
    asked = Asked.of(request, rule)
    form = Filled(request, t, asked.typed, errors)
    answer = None
    if asked.step == "work" and not errors:
        answer = await asyncio.to_thread(_answer, form, asked, edition, rule, of)
    return case_page(request, law, edition, rule, of, asked, form, answer)


def case_page(
    request: AnyRequest, law: RulePack, edition: Edition, rule: Calculation, year: int, asked: Asked, form: Filled,
    answer: Answer | None, cells: Sequence[Sequence[str]] = (), *, of_file: bool = False,
) -> Response[str]:  # fmt: skip
    """The answer above the form; `cells` are the wrong ones of a file: row, column, value, what to do."""
    t = form.t
    return show(
        request, "public/owe_case.html", status=400 if form.errors or cells else 200, errors=form.errors,
        form=asked.typed, law=_law(t, law), name=chosen(rule.names, t.lang), calculation=rule.id,
        year=asked.typed.get("year", "") or str(year), fields=fields_of(t, edition, rule, asked, answer),
        lines=asked.lines, told=shown(t, edition, rule, answer) if answer else None, edition=edition.id,
        cells=cells, of_file=of_file,
        columns=columns_of(edition, rule) if rule.by_line else (), most=MOST_LINES, large=LARGEST // 1000,
    )  # fmt: skip


def usual_year(law: RulePack, calculation: str, today: date) -> int:
    """The last reporting year that has ended, or the nearest that has this calculation. Raises NotFound."""
    able = [each for each in law.editions if any(one.id == calculation for one in each.duties.calculations)]
    if not able:
        calculation_asked(law, law.editions[-1], calculation)
        raise NotFound("This law has no such calculation.", field="calculation", value=calculation[:80])
    for edition in reversed(able):
        last = edition.calendar.year_of(today) - 1
        if edition.first_year <= last:
            return last if edition.last_year is None else min(last, edition.last_year)
    return able[0].first_year


def _answer(form: Filled, asked: Asked, edition: Edition, rule: Calculation, year: int) -> Answer | None:
    given = given_of(form, asked, rule, edition)
    try:
        answer = calculate(edition, rule, given, year)
    except BadInput as bad:
        refuse(form, bad, rule)
        return None
    return None if form.errors else answer


ROUTES: Final = [owe_page, calculator_page]
