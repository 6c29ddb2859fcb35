"""Browsing: standards by material, country and day; one with its clauses and its days; two side by side."""

from datetime import date
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery

from app.api.standards import day_asked, shelved, standard_asked
from app.pages.asking import speech_of
from app.pages.forms import choices
from app.pages.passports import property_name
from app.pages.rendering import AnyRequest, errors_of, show
from app.pages.rulebook.naming import (
    ask_named,
    condition_named,
    in_force,
    readable,
    rule_named,
    subject_name,
    title_of,
)
from app.pages.rulebook.timeline import course_picture
from app.words import Speech
from foundation.access import PUBLIC
from foundation.database import Clock
from foundation.errors import Invalid
from standards.catalogue import Catalogue
from standards.conformity.comparing import changes, courses, differences
from standards.conformity.rules import Clause, Standard
from standards.conformity.shelf import Shelf, shelf_of
from standards.conformity.telling import certainties
from standards.recognition import recognitions
from standards.responsibility.shelf import packs

ABOUT: Final = (
    "end_of_waste", "grade", "characterisation", "data_quality", "chain_of_custody", "recycled_content",
    "substance_restriction", "food_contact", "import_control", "acceptance",
)  # fmt: skip


DAYS: Final = {"begins": "book.day_begins", "ends": "book.day_ends", "limit": "book.day_limit"}


def place_named(t: Speech, code: str) -> str:
    """A country, the EU, or everywhere."""
    return str(t.name("place", code)) if code in {"EU", "global", "any"} else t.country(code)


def _listed(t: Speech, standard: Standard, today: date) -> dict[str, Any]:
    sure = certainties(standard)
    return {
        "id": standard.id, "name": title_of(t, standard), "about": t.name("about", standard.about),
        "places": ", ".join(place_named(t, each) for each in standard.jurisdictions), "status": standard.status,
        "in_force": in_force(t, standard, today), "clauses": sum(sure.values()), "sure": sure,
    }  # fmt: skip


def _places(t: Speech, shelf: Shelf) -> list[tuple[str, str]]:
    codes = {code for each in shelf.standards.values() for code in (*each.jurisdictions, *each.used_in)}
    codes |= {one.place for each in shelf.standards.values() for one in each.related}
    return sorted(((code, place_named(t, code)) for code in codes), key=lambda pair: pair[1])


@get("/standards", opt={"access": PUBLIC}, include_in_schema=False)
async def standards_page(
    request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock], material: FromQuery[str] = "",
    place: FromQuery[str] = "", about: FromQuery[str] = "", on: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """The shelf by material, place, subject and day; and the law on recovery."""
    t, shelf, today = speech_of(request), shelf_of(catalogue), clock().date()
    asked = {"material": material, "place": place, "about": about, "on": on}
    errors: list[dict[str, str]] = []
    found: list[Standard] = []
    try:
        found = shelved(shelf, material, "", place, about, day_asked(on, today) if on else None)
    except Invalid as refusal:
        errors = errors_of(request, refusal)
    laws = [
        {"pack": pack.id, "law": edition.law, "from": edition.first_year, "to": edition.last_year or ""}
        for pack in packs(catalogue).values()
        for edition in pack.editions
    ]
    return show(
        request, "public/standards.html", status=400 if errors else 200, errors=errors, form=asked, laws=laws,
        digest=catalogue.digest, standards=[_listed(t, each, today) for each in found], places=_places(t, shelf),
        materials=[*choices.families(t, catalogue), *choices.materials(t, catalogue)],
        abouts=choices.named(t, "about", ABOUT),
    )  # fmt: skip


@get("/standards/compare", opt={"access": PUBLIC}, include_in_schema=False)
async def compare_page(
    request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock], left: FromQuery[str] = "",
    right: FromQuery[str] = "", on: FromQuery[str] = "", material: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """What two standards or editions ask on a day, subject by subject."""
    t, shelf, today = speech_of(request), shelf_of(catalogue), clock().date()
    known = [(code, f"{title_of(t, each)} ({each.edition})") for code, each in shelf.standards.items()]
    form = {"left": left, "right": right, "on": on, "material": material}
    told: dict[str, Any] = {"rows": [], "names": None, "day": ""}
    errors: list[dict[str, str]] = []
    if left and right:
        one, other = standard_asked(shelf, left, "left"), standard_asked(shelf, right, "right")
        try:
            day = day_asked(on, today)
            rows = [
                {"name": subject_name(t, line.subject.kind, line.subject.name, catalogue), "same": line.same,
                 "left": [ask_named(t, line.subject, ask) for ask in line.left],
                 "right": [ask_named(t, line.subject, ask) for ask in line.right]}
                for line in differences(one, other, day, material or None)
            ]  # fmt: skip
            told = {"rows": rows, "names": (title_of(t, one), title_of(t, other)), "day": t.day(day)}
        except Invalid as refusal:
            errors = errors_of(request, refusal)
    return show(
        request, "public/compare.html", status=400 if errors else 200, errors=errors, form=form, known=known,
        materials=choices.materials(t, catalogue), **told,
    )  # fmt: skip


@get("/standards/{code:str}", opt={"access": PUBLIC}, include_in_schema=False)
async def standard_page(
    request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock], code: FromPath[str]
) -> Response[str]:
    """One standard: what it is, its clauses, its days, its sources, and what it is worth elsewhere."""
    t, shelf, today = speech_of(request), shelf_of(catalogue), clock().date()
    standard = standard_asked(shelf, code)
    data = catalogue.document("standard", code).data
    grades = [
        {"code": grade.code, "title": grade.title or "",
         "clauses": [_clause(t, each, data, catalogue) for each in grade.clauses]}
        for grade in standard.grades
    ]  # fmt: skip
    worth = [
        [place_named(t, each.jurisdiction), readable(t, "relation", each.relation), each.target or "", each.basis or "",
         t.name("certainty", each.certainty)]
        for each in recognitions(catalogue) if each.standard == code
    ]  # fmt: skip
    others = [(each.id, title_of(t, each)) for each in shelf.standards.values() if each is not standard]
    return show(
        request, "public/standard.html", standard=standard, name=title_of(t, standard), note=data.get("note", ""),
        facts=_facts(t, standard, today, catalogue), grades=grades, worth=worth, others=others, digest=standard.digest,
        clauses=[_clause(t, each, data, catalogue) for each in standard.clauses],
        sources=[[each["title"], each.get("href", ""), t.name("certainty", each["certainty"])]
                 for each in data["sources"].values()],
        related=[[place_named(t, each.place), each.standard, readable(t, "relation", each.relation)]
                 for each in standard.related],
        days=[[t.day(day), t(DAYS[what], clause=clause)] for day, what, clause in changes(standard)],
        pictures=[course_picture(t, each, property_name(t, each.property, catalogue), today)
                  for each in courses(standard)],
    )  # fmt: skip


def _facts(t: Speech, standard: Standard, today: date, catalogue: Catalogue) -> list[tuple[str, str]]:
    sure = certainties(standard)
    told = [
        (t("book.issuer"), standard.issuer), (t("book.edition"), standard.edition),
        (t("book.about"), t.name("about", standard.about)), (t("book.grants"), t.name("grants", standard.grants)),
        (t("book.places"), ", ".join(place_named(t, each) for each in standard.jurisdictions)),
        (t("book.used_in"), ", ".join(place_named(t, each) for each in standard.used_in)),
        (t("book.in_force"), in_force(t, standard, today)),
        (t("common.status"), t.name("book_status", standard.status)),
        (t("book.superseded_by"), standard.superseded_by or ""),
        (t("book.certainty"), "; ".join(f"{t.name('certainty', mark)}: {n}" for mark, n in sure.items() if n)),
    ]  # fmt: skip
    return [(label, value) for label, value in told if value]


def _clause(t: Speech, clause: Clause, data: Any, catalogue: Catalogue) -> dict[str, Any]:
    source = data["sources"].get(clause.source or "", {})
    aged = f", {t('book.at_most_days', days=clause.max_age_days)}" if clause.max_age_days else ""
    return {
        "id": clause.id, "asks": rule_named(t, clause.rule, catalogue), "text": clause.text or "",
        "when": condition_named(t, clause.when, catalogue) if clause.when else "",
        "level": f"{t.name('evidence', f'e{clause.evidence.value}')}{aged}", "required": clause.required,
        "certainty": clause.certainty.value, "source": source.get("title", ""),
    }  # fmt: skip


ROUTES: Final = [standards_page, compare_page, standard_page]
