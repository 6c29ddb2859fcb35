"""Rule book pages: every standard and law of the catalogue, with its source and how sure we are of it."""

from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromPath

from app.pages.asking import speech_of
from app.pages.passports import standard_name
from app.pages.rendering import AnyRequest, show
from foundation.access import PUBLIC
from foundation.errors import NotFound
from standards.catalogue import Catalogue
from standards.responsibility.shelf import packs


@get("/standards", opt={"access": PUBLIC}, include_in_schema=False)
async def standards_page(request: AnyRequest, catalogue: Given[Catalogue]) -> Response[str]:
    """The shelf: standards of materials, and the law on recovery."""
    t = speech_of(request)
    listed = [
        {"id": document.id, "name": standard_name(t, document.id, catalogue),
         "certainty": t.name("certainty", str(document.data.get("certainty", "")))}
        for document in catalogue.documents("standard")
    ]  # fmt: skip
    laws = [
        {"id": edition.id, "law": edition.law, "from": edition.first_year, "to": edition.last_year or ""}
        for pack in packs(catalogue).values()
        for edition in pack.editions
    ]
    return show(request, "public/standards.html", standards=listed, laws=laws, digest=catalogue.digest)


@get("/standards/{code:str}", opt={"access": PUBLIC}, include_in_schema=False)
async def standard_page(request: AnyRequest, catalogue: Given[Catalogue], code: FromPath[str]) -> Response[str]:
    """One standard: its clauses in short, each with its certainty and source."""
    t = speech_of(request)
    try:
        document = catalogue.document("standard", code)
    except LookupError as missing:
        raise NotFound("There is no such standard.", field="standard", value=code) from missing
    grades = document.data.get("grades") or ()
    clauses = [*(document.data.get("clauses") or ()), *(c for grade in grades for c in grade.get("clauses") or ())]
    return show(
        request, "public/standard.html", name=standard_name(t, code, catalogue), digest=document.digest,
        clauses=[_clause(t, each) for each in clauses],
    )  # fmt: skip


def _clause(t: Any, clause: Any) -> list[str]:
    source = clause.get("source", "")
    return [str(clause.get("id", "")), str(clause.get("text") or clause.get("title") or ""),
            str(t.name("certainty", str(clause.get("certainty", "")))), str(source)]  # fmt: skip


ROUTES: Final = [standards_page, standard_page]
