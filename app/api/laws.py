"""The laws for machines: who owes what by which calculation, one law whole, and a case or a table worked out."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from litestar import Request, Response, get, post
from litestar.di import NamedDependency as Given
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.params import FromPath, FromQuery

from app.api.standards import day_asked
from app.owing.answers import told_answer
from app.owing.book import (
    calculation_asked,
    edition_asked,
    edition_of,
    laws_of,
    pack_asked,
    worked,
    year_asked,
)
from app.owing.laws import listed, shelved, whole
from app.owing.tables import read_table, tabulated
from app.pages.asking import speech_of
from app.sheets import CSV
from app.words import Speech
from foundation.access import PUBLIC
from foundation.database import Clock
from foundation.errors import Invalid
from standards.catalogue import Catalogue
from standards.conformity.lotdata.rows import exact_json

LARGEST: Final = 500_000  # bytes of a case
LARGEST_TABLE: Final = 5_000_000
OPEN: Final = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
AnyRequest = Request[Any, Any, Any]

EXAMPLE: Final = {
    "year": 2022,
    "given": {"lines": [{"material": "paper_packaging", "use_category": "food", "duty": "use", "sold": "120 t",
                         "exported": "5000", "own_collected": "5000", "business_use": "10000"}]},
}  # fmt: skip
EXAMPLE_TABLE: Final = (
    "year,case,material,use_category,duty,sold,business_use\n2022,a,paper_packaging,food,use,120000,10000\n"
)


@dataclass
class CaseOperation(Operation):
    """How the interface describes the working out of a case."""

    def __post_init__(self) -> None:
        given = {
            "type": "object",
            "description": "Inputs by name: whole numbers, or text such as 120 t; codes; true and false. What differs "
            "from line to line stands in `lines`. A table of the law may be given by its name in the law's stead.",
        }
        year = {"type": "integer", "description": "The reporting year: it chooses the edition."}
        schema = {"type": "object", "required": ["year", "given"], "properties": {"year": year, "given": given},
                  "examples": [EXAMPLE]}  # fmt: skip
        content = {"application/json": OpenAPIMediaType(schema=cast(Schema, schema))}
        self.request_body = RequestBody(content=content, required=True)


@dataclass
class TableOperation(Operation):
    """How the interface describes a table."""

    def __post_init__(self) -> None:
        schema = {"type": "string", "examples": [EXAMPLE_TABLE],
                  "description": "year, case (its rows are its lines), and a column for each input."}  # fmt: skip
        self.request_body = RequestBody(
            content={"text/csv": OpenAPIMediaType(schema=cast(Schema, schema))}, required=True
        )  # fmt: skip


def _answer(request: AnyRequest, catalogue: Catalogue, body: dict[str, Any]) -> Response[Any]:
    """The same for everybody who reads one language, until the catalogue changes."""
    lang = speech_of(request).lang
    tag = f'"{catalogue.digest[:32]}-{lang}"'
    headers = {"Access-Control-Allow-Origin": "*", "ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Language"}
    if request.headers.get("if-none-match") == tag:
        return Response(None, status_code=304, headers=headers)
    return Response({"catalogue": catalogue.digest, **body}, headers=headers)


@get("/api/v1/laws", opt={"access": PUBLIC})
async def list_laws(
    request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock], jurisdiction: FromQuery[str] = "",
    role: FromQuery[str] = "", on: FromQuery[str] = "",
) -> Response[Any]:  # fmt: skip
    """The laws, by jurisdiction (JP, EU ..), by a role that they speak of, and by a day of a reporting year."""
    day = day_asked(on, clock().date()) if on.strip() else None
    found = shelved(laws_of(catalogue), jurisdiction.strip(), role.strip(), day)
    return _answer(request, catalogue, {"laws": [listed(pack, editions) for pack, editions in found]})


@get("/api/v1/laws/{pack:str}", opt={"access": PUBLIC})
async def one_law(request: AnyRequest, catalogue: Given[Catalogue], pack: FromPath[str]) -> Response[Any]:
    """One law with all its editions whole, by /standards/schemas/rule-pack.json, every formula also written out."""
    t, found = speech_of(request), pack_asked(catalogue, pack)
    editions = [whole(t, catalogue, edition) for edition in found.editions]
    return _answer(request, catalogue, {"law": {**listed(found, found.editions), "editions": editions}})


@get("/api/v1/laws/{pack:str}/{edition:str}", opt={"access": PUBLIC})
async def one_edition(
    request: AnyRequest, catalogue: Given[Catalogue], pack: FromPath[str], edition: FromPath[str]
) -> Response[Any]:
    """One edition whole: roles, counting, dated tables, calculations, calendar, papers, remarks, targets, sources."""
    found = edition_asked(pack_asked(catalogue, pack), edition)
    return _answer(request, catalogue, {"edition": whole(speech_of(request), catalogue, found)})


@post("/api/v1/laws/{pack:str}/calculations/{calculation:str}", opt={"access": PUBLIC}, status_code=200,
      request_max_body_size=LARGEST, operation_class=CaseOperation)  # fmt: skip
async def work_out(
    request: AnyRequest, catalogue: Given[Catalogue], pack: FromPath[str], calculation: FromPath[str]
) -> Response[dict[str, Any]]:
    """Work out one case: every step with what it was made of, sources, certainty, what is missing and where to look.

    Nothing is stored. Tables are read as they stand on the last day of the reporting year. Figures are exact text
    (7/3 stays 7/3); `missing` empty and `complete` true where every answer has a figure. `formula` is in the language
    of Accept-Language or `?lang=`. What a draft or an unchecked law says is marked in `doubts`.
    """
    pack_asked(catalogue, pack)
    t, raw = speech_of(request), await request.body()
    return Response(await asyncio.to_thread(_worked, t, catalogue, pack, calculation, raw), headers=OPEN)


def _worked(t: Speech, catalogue: Catalogue, pack: str, calculation: str, raw: bytes) -> dict[str, Any]:
    law, (year, given) = pack_asked(catalogue, pack), _question(raw)
    edition = edition_of(law, year)
    rule = calculation_asked(law, edition, calculation)
    answer = worked(edition, rule, given, year, under="given/")
    return told_answer(t, edition, rule, answer, catalogue.digest)


def _question(raw: bytes) -> tuple[int, Mapping[str, Any]]:
    """The year and what is given. Raises Invalid."""
    try:
        body = exact_json(raw.decode())
    except ValueError as error:
        raise Invalid(f"This is no JSON: {error}.", field="", fix="Send one JSON object in UTF-8.") from None
    if not isinstance(body, Mapping):
        raise Invalid("The body is no JSON object.", field="", fix='Send {"year": 2025, "given": {...}}.')
    if unknown := sorted(str(name)[:80] for name in body.keys() - EXAMPLE.keys()):
        raise Invalid(f"There is no field {unknown[0]}.", field=unknown[0], fix="Known: year, given.")
    given = body.get("given")
    if not isinstance(given, Mapping):
        raise Invalid("What is given is no JSON object.", field="given", fix="Send the inputs by their names.")
    return year_asked(body.get("year", "")), given


@post("/api/v1/laws/{pack:str}/calculations/{calculation:str}/table", opt={"access": PUBLIC}, status_code=200,
      request_max_body_size=LARGEST_TABLE, operation_class=TableOperation)  # fmt: skip
async def work_out_table(
    request: AnyRequest, catalogue: Given[Catalogue], pack: FromPath[str], calculation: FromPath[str],
    year: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """Work out a CSV table of cases, to five million bytes: each step in a column, the reason of a gap in `<step>|why`.

    `year` is for a table without such a column. Larger tables: `junkan owe --table` at the command line, same result.
    """
    law, raw = pack_asked(catalogue, pack), await request.body()
    of = year_asked(year) if year.strip() else None
    text = await asyncio.to_thread(lambda: tabulated(law, calculation, read_table(raw), of).write_csv())
    return Response(text, media_type=CSV, headers=OPEN)


ROUTES: Final = [list_laws, one_law, one_edition, work_out, work_out_table]
