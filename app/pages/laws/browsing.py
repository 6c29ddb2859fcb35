"""Browsing: the laws by country, material and day; one law whole: who, how it counts, figures, dates, sources."""

from datetime import date
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery

from app.api.standards import day_asked
from app.owing.book import laws_of, pack_asked
from app.owing.writing import chosen
from app.pages.asking import speech_of
from app.pages.forms import choices
from app.pages.laws.courses import courses
from app.pages.laws.telling import (
    deadline_rows,
    marks_of,
    name_of,
    period_told,
    place_named,
    source_told,
    table_rows,
    who_told,
    year_for,
    years_told,
)
from app.pages.rendering import AnyRequest, errors_of, show
from app.words import Speech
from foundation.access import PUBLIC
from foundation.database import Clock
from foundation.errors import Invalid
from standards.catalogue import Catalogue
from standards.responsibility.packs import Edition, RulePack

HERE: Final = "/laws"


def edition_on(pack: RulePack, day: date) -> Edition:
    """The edition for the reporting year of a day; of none, the one that is nearest to it."""
    for edition in pack.editions:
        if edition.speaks_for(edition.calendar.year_of(day)):
            return edition
    later = [each for each in pack.editions if each.first_year > day.year]
    return later[0] if later else pack.editions[-1]


def covers(edition: Edition, material: str) -> bool:
    """Whether the law speaks of this material of the taxonomy, of one below it or of what it belongs to."""
    named = {code for each in edition.materials.values() for code in each.covers}
    return any(code == material or code.startswith(f"{material}.") or material.startswith(f"{code}.") for code in named)


@get(HERE, opt={"access": PUBLIC}, include_in_schema=False)
async def laws_page(
    request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock], place: FromQuery[str] = "",
    material: FromQuery[str] = "", on: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """Every law of the rule book; of each the edition for the day asked for."""
    t, today = speech_of(request), clock().date()
    errors: list[dict[str, str]] = []
    day = today
    try:
        day = day_asked(on, today)
    except Invalid as refusal:
        errors = errors_of(request, refusal)
    known = laws_of(catalogue)
    chosen_ones = [
        (pack, edition) for pack in known.values() if (edition := edition_on(pack, day))
        and place in ("", edition.jurisdiction) and (not material or covers(edition, material))
    ]  # fmt: skip
    places = sorted({(each.editions[-1].jurisdiction) for each in known.values()})
    rows = [
        {"href": f"{HERE}/{pack.id}", "name": name_of(t, edition), "place": place_named(t, edition.jurisdiction),
         "years": years_told(t, edition), "marks": [(tone, t(key)) for tone, key in marks_of(edition)],
         "certainty": edition.certainty, "figures": len(edition.duties.parameters) + len(edition.rates),
         "calculations": [(f"/owe/{pack.id}/{each.id}", chosen(each.names, t.lang))
                          for each in edition.duties.calculations]}
        for pack, edition in sorted(chosen_ones, key=lambda pair: place_named(t, pair[1].jurisdiction))
    ]  # fmt: skip
    return show(
        request, "public/laws.html", status=400 if errors else 200, errors=errors, rows=rows, digest=catalogue.digest,
        form={"place": place, "material": material, "on": on},
        places=sorted(((code, place_named(t, code)) for code in places), key=lambda pair: pair[1]),
        materials=choices.materials(t, catalogue),
    )  # fmt: skip


@get(f"{HERE}/{{pack:str}}", opt={"access": PUBLIC}, include_in_schema=False)
async def law_page(
    request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock], pack: FromPath[str],
    edition: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """One law, in the edition of today or the one asked for."""
    t, today, found = speech_of(request), clock().date(), pack_asked(catalogue, pack)
    shown = next((each for each in found.editions if each.id == edition), None) or edition_on(found, today)
    return show(request, "public/law.html", **_told(t, found, shown, today), **_words(t, found, shown, catalogue))


def _told(t: Speech, pack: RulePack, edition: Edition, today: date) -> dict[str, Any]:
    """What it says in figures and days."""
    year = year_for(edition, today)
    return {
        "pack": pack, "edition": edition, "courses": courses(t, pack, edition, today),
        "tables": [
            {"name": chosen(table.names, t.lang), "rows": table_rows(t, edition, table),
             "missing": chosen(table.missing, t.lang) if table.missing else "",
             "look": source_told(table.look) if table.look else None}
            for table in edition.duties.parameters.values()
        ],
        "deadlines": deadline_rows(t, edition, year), "period": period_told(t, edition, year),
        "editions": [(each.id, f"{HERE}/{pack.id}?edition={each.id}", years_told(t, each)) for each in pack.editions],
    }  # fmt: skip


def _words(t: Speech, pack: RulePack, edition: Edition, catalogue: Catalogue) -> dict[str, Any]:
    """What it says in words."""
    duties, others = edition.duties, laws_of(catalogue).values()
    return {
        "name": name_of(t, edition), "place": place_named(t, edition.jurisdiction), "years": years_told(t, edition),
        "marks": [(tone, t(key)) for tone, key in marks_of(edition)],
        "roles": [(chosen(each.names, t.lang), chosen(each.does, t.lang), source_told(each.read.reference),
                   each.read.certainty) for each in duties.roles],
        "counting": [(t.name("aspect", each.aspect), chosen(each.says, t.lang), source_told(each.read.reference),
                      each.read.certainty) for each in duties.counting],
        "calculations": [(f"/owe/{pack.id}/{each.id}", chosen(each.names, t.lang), who_told(t, edition, each.for_roles))
                         for each in duties.calculations],
        "papers": [(chosen(each.names, t.lang), who_told(t, edition, each.who), source_told(each.read.reference),
                    each.read.certainty) for each in duties.papers],
        "remarks": [(chosen(each.says, t.lang), source_told(each.read.reference), each.read.certainty)
                    for each in duties.remarks],
        "materials": [chosen(each.names, t.lang) for each in edition.materials.values()],
        "others": [(each.id, f"{place_named(t, each.jurisdiction)}: {name_of(t, each)} ({years_told(t, each)})")
                   for other in others for each in other.editions if each is not edition],
    }  # fmt: skip


ROUTES: Final = [laws_page, law_page]
