"""Judge my lot: anyone enters or uploads what is shown of a lot and sees every verdict at once; nothing is stored."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery

from app.api.asked import LARGEST, MOST_LOTS, checked, unreadable
from app.api.standards import day_asked
from app.pages.asking import speech_of
from app.pages.forms import choices
from app.pages.forms.filling import Filled
from app.pages.rendering import AnyRequest, errors_of, form_of, show
from app.pages.rulebook.browsing import place_named
from app.pages.rulebook.entering import LEVELS, Sheet, entered, sheet
from app.pages.rulebook.naming import finding_named, missing_named, title_of
from app.words import Speech
from foundation.access import PUBLIC
from foundation.database import Clock
from foundation.errors import Invalid, Refusal
from standards.catalogue import Catalogue
from standards.conformity import Judgement
from standards.conformity.equivalents import Equivalent, equivalents
from standards.conformity.evaluation import evaluations, told_lot
from standards.conformity.lotdata.files import read_lots
from standards.conformity.lotdata.rows import LotsUnreadable
from standards.conformity.lots import Lot
from standards.conformity.shelf import Shelf, judge_lot, shelf_of
from standards.recognition import recognitions

HERE: Final = "/standards/judge"
FILES: Final = {"csv": "csv", "json": "json", "jsonl": "jsonl"}
MOST_LISTED: Final = 50
ORDER: Final = ("conforming", "nonconforming", "incomplete", "not_in_force", "out_of_scope")


@dataclass(frozen=True)
class Book:
    """The rule book on a day, in its reader's words."""

    t: Speech
    catalogue: Catalogue
    shelf: Shelf
    day: date


def _book(request: AnyRequest, catalogue: Catalogue, day: date) -> Book:
    return Book(speech_of(request), catalogue, shelf_of(catalogue), day)


def _verdict(book: Book, each: Judgement, digest: str) -> dict[str, Any]:
    """One standard's verdict for a card."""
    t = book.t
    return {
        "id": each.standard, "name": title_of(t, book.shelf.standards[each.standard]), "edition": each.edition,
        "verdict": each.verdict.value, "grade": each.grade or "", "best": each.best_grade or "",
        "certainty": each.certainty.value if each.certainty else "", "advisory": each.advisory, "sha256": digest,
        "until": t.day(each.expires_on) if each.expires_on else "",
        "warnings": [t.name("why", warning) for warning in each.warnings],
        "reason": t.name("why", each.reason) if each.reason and not each.missing else "",
        "missing": [
            {"wants": missing_named(t, need, book.catalogue), "reason": t.name("why", need.reason),
             "level": t.name("evidence", f"e{need.evidence.value}")}
            for need in each.missing
        ],
        "findings": [finding_named(t, found, book.catalogue) for found in each.findings],
    }  # fmt: skip


def _reach(book: Book, each: Equivalent) -> dict[str, Any]:
    """What the lot reaches elsewhere, or what it lacks for it."""
    t = book.t
    return {
        "id": each.standard.id, "name": title_of(t, each.standard), "grade": each.grade or "",
        "places": ", ".join(place_named(t, code) for code in each.standard.jurisdictions),
        "verdict": each.verdict.value, "lacks": [missing_named(t, need, book.catalogue) for need in each.missing],
        "fails": [found.clause for found in each.failing], "at_least": each.at_least,
        "worth": [f"{place_named(t, one.jurisdiction)}: {t.name('relation', one.relation)}" for one in each.worth],
    }  # fmt: skip


def _told(book: Book, lot: Lot, rule: str) -> dict[str, Any]:
    """A lot with all that the rule book says of it."""
    said = judge_lot(book.shelf, lot, book.day, "guard_band" if rule == "guard_band" else "simple")
    hashes = {each: made.sha256 for each, made in zip((j.standard for j in said), evaluations(said, lot), strict=True)}
    cards = [_verdict(book, each, hashes[each.standard]) for each in said]
    reached = equivalents(book.shelf, lot, book.day, recognitions(book.catalogue))
    counts = {verdict: sum(card["verdict"] == verdict for card in cards) for verdict in ORDER}
    return {
        "name": lot.name or "", "material": lot.material, "form": lot.form, "unread": ", ".join(lot.unread),
        "cards": sorted(cards, key=lambda card: (ORDER.index(card["verdict"]), len(card["missing"]))),
        "counts": counts, "reached": [_reach(book, each) for each in reached],
        "json": msgspec.json.format(msgspec.json.encode({"lots": [told_lot(lot)]}), indent=2).decode(),
    }  # fmt: skip


def _page(
    request: AnyRequest, book: Book, form: Mapping[str, str], fields: Sheet | None,
    lots: Sequence[dict[str, Any]] = (), errors: Sequence[dict[str, str]] = (), status: int = 200,
) -> Response[str]:  # fmt: skip
    t = book.t
    kept: Mapping[str, str] = {"material": "", "form": "", "on": "", "level": "E2", "rule": "simple", **form}
    return show(
        request, "public/judge.html", status=status, errors=list(errors), form=kept, fields=fields, lots=lots,
        materials=choices.materials(t, book.catalogue), forms=choices.forms(t, book.catalogue), day=t.day(book.day),
        levels=[(level, t.name("evidence", level)) for level in LEVELS], most=MOST_LOTS, here=HERE,
        large=LARGEST // 1000, digest=book.catalogue.digest,
    )  # fmt: skip


@get(HERE, opt={"access": PUBLIC}, include_in_schema=False)
async def judge_page(
    request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock], material: FromQuery[str] = "",
    form: FromQuery[str] = "", on: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """First what it is; then the fields that its standards ask for."""
    today = clock().date()
    typed = {"material": material, "form": form, "on": on}
    try:
        book = _book(request, catalogue, day_asked(on, today))
        fields = _fields(book, material, form) if material or form else None
    except Invalid as refusal:
        return _page(request, _book(request, catalogue, today), typed, None, (), _listed(request, refusal), 400)
    return _page(request, book, typed, fields)


def _fields(book: Book, material: str, form: str) -> Sheet:
    checked([Lot(material, form)], book.shelf)
    return sheet(book.t, book.shelf, book.catalogue, material, form, book.day)


@post(HERE, opt={"access": PUBLIC}, status_code=200, include_in_schema=False, request_max_body_size=LARGEST)
async def judge_form(request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock]) -> Response[str]:
    """Every verdict at once, above the form with everything that was typed."""
    values, file = await form_of(request), await _file(request)
    today = clock().date()
    book = _book(request, catalogue, today)
    try:
        day = values.get("on", "") if file is None else values.get("file_on", "")
        book = _book(request, catalogue, day_asked(day, today))
        if file is not None:
            lots = await asyncio.to_thread(_uploaded, file, book.shelf)
            told = await asyncio.to_thread(lambda: [_told(book, lot, values.get("rule", "")) for lot in lots])
            return _page(request, book, {"file_on": day}, None, told)
        fields = _fields(book, values.get("material", ""), values.get("form", ""))
    except Refusal as refusal:
        wrong = _listed(request, refusal, of_file=file is not None)
        return _page(request, book, values, None, (), wrong, refusal.status)
    form = Filled(request, book.t, values)
    lot = entered(form, fields, values["material"], values["form"])
    if form.errors:
        return _page(request, book, values, fields, (), form.errors, 400)
    told = [await asyncio.to_thread(_told, book, lot, values.get("rule", ""))]
    return _page(request, book, values, fields, told)


async def _file(request: AnyRequest) -> tuple[str, bytes] | None:
    """The file that was uploaded: its kind by its name, and its bytes; None where there is none."""
    sent = (await request.form()).get("file")
    if not isinstance(sent, UploadFile):
        return None
    raw = await sent.read()
    return (FILES.get(sent.filename.rpartition(".")[2].lower(), "json"), raw) if raw else None


def _uploaded(file: tuple[str, bytes], shelf: Shelf) -> list[Lot]:
    """The lots of a file. Raises Invalid with everything that is wrong with any."""
    kind, raw = file
    try:
        lots = read_lots(raw, kind, shelf.properties, MOST_LOTS)
    except LotsUnreadable as wrong:
        raise unreadable(wrong) from None
    if not lots:
        raise Invalid("The file holds no lot.", field="file", fix="Write one row a lot below the header.")
    return checked(lots, shelf)


def _listed(request: AnyRequest, refusal: Refusal, *, of_file: bool = False) -> list[dict[str, str]]:
    """A refusal as an error summary: of a file every problem in one line, of the form each at its field."""
    problems = refusal.facts.get("problems")
    if not problems:
        told = errors_of(request, refusal)
        return [{**each, "field": "file_on" if of_file and each["field"] == "on" else each["field"]} for each in told]
    return [
        {"field": "file" if of_file else each["pointer"].removeprefix("lots/0/"),
         "text": f"{each['pointer']}: {each['value']} – {each['message']}. {each['fix']}."}
        for each in problems[:MOST_LISTED]
    ]  # fmt: skip


ROUTES: Final = [judge_page, judge_form]
