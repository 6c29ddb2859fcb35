"""Sheets: the lines of a case from a spreadsheet, with every bad cell named, and the answer line by line as a file."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency as Given
from litestar.params import FromPath

from app.api.asked import LARGEST
from app.owing.book import calculation_asked, edition_of, pack_asked, year_asked
from app.pages.asking import speech_of
from app.pages.forms.filling import Filled
from app.pages.owing.asking import Asked, given_of, sentence_of
from app.pages.owing.page import case_page, usual_year
from app.pages.owing.showing import columns_of
from app.pages.rendering import AnyRequest, form_of
from app.sheets import CSV, XLSX, Cell, csv_of, download, xlsx_of
from foundation.access import PUBLIC
from foundation.database import Clock
from foundation.errors import Invalid, NotFound, Refusal
from standards.catalogue import Catalogue
from standards.responsibility.calculating.answers import Answer, Figure
from standards.responsibility.calculating.cases import calculate
from standards.responsibility.calculating.given import LINES, MOST_LINES, BadInput
from standards.responsibility.duties.calculations import Calculation
from standards.responsibility.packs import Edition
from traceability.importing.spreadsheets import Table, table_of

FILES: Final = {"csv": CSV, "xlsx": XLSX}
MOST_SAID: Final = 100


class CellsWrong(Exception):
    """What cannot be calculated with: (row, column, value, what to do) of each cell."""

    def __init__(self, cells: Sequence[tuple[str, str, str, str]]) -> None:
        super().__init__(f"{len(cells)} cells")
        self.cells = cells


@dataclass(frozen=True, slots=True)
class Case:
    """A calculation of an edition, and the year that it is asked for."""

    edition: Edition
    rule: Calculation
    year: int


def _case(catalogue: Catalogue, pack: str, calculation: str, year: str, clock: Clock) -> Case:
    """Raises NotFound or Invalid, also where the calculation has no lines."""
    law = pack_asked(catalogue, pack)
    of = year_asked(year) if year.strip() else usual_year(law, calculation, clock().date())
    edition = edition_of(law, of)
    rule = calculation_asked(law, edition, calculation)
    if not rule.by_line:
        raise NotFound("This calculation has no lines.", field="calculation", value=calculation[:80])
    return Case(edition, rule, of)


@get("/owe/{pack:str}/{calculation:str}/template/{kind:str}", opt={"access": PUBLIC}, include_in_schema=False)
async def lines_template(
    catalogue: Given[Catalogue], clock: Given[Clock], pack: FromPath[str], calculation: FromPath[str],
    kind: FromPath[str],
) -> Response[bytes]:  # fmt: skip
    """An empty sheet with a column for everything that a line may say."""
    case = _case(catalogue, pack, calculation, "", clock)
    if kind not in FILES:
        raise NotFound("There is no such template.", field="kind", value=kind, fix="Use csv or xlsx.")
    return _file(kind, f"{pack}-{calculation}", columns_of(case.edition, case.rule), ())


def _file(kind: str, name: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Response[bytes]:
    made = csv_of(columns, rows) if kind == "csv" else xlsx_of("lines", columns, rows)
    return download(made, FILES[kind], f"{name}.{kind}")


@post(
    "/owe/{pack:str}/{calculation:str}", opt={"access": PUBLIC}, status_code=200, include_in_schema=False,
    request_max_body_size=LARGEST,
)  # fmt: skip
async def lines_uploaded(
    request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock], pack: FromPath[str],
    calculation: FromPath[str],
) -> Response[Any]:  # fmt: skip
    """The answer to the lines of a file, as a page or (`step`) as a file again. Nothing is kept."""
    typed, t = await form_of(request), speech_of(request)
    law = pack_asked(catalogue, pack)
    form = Filled(request, t, typed)
    try:
        case = _case(catalogue, pack, calculation, typed.get("year", ""), clock)
    except Invalid as refusal:
        of = usual_year(law, calculation, clock().date())
        edition = edition_of(law, of)
        case = Case(edition, calculation_asked(law, edition, calculation), of)
        form.errors += [{**each, "field": "year"} for each in _said(form, refusal)]
    answer, table = None, Table((), ())
    cells: Sequence[tuple[str, str, str, str]] = ()
    try:
        table = await asyncio.to_thread(table_of, await _sent(request))
        answer = await asyncio.to_thread(_worked, form, case, table)
    except CellsWrong as wrong:
        cells = wrong.cells
    except Refusal as refusal:
        form.errors += [{**each, "field": "file"} for each in _said(form, refusal)]
    if answer is not None and not form.errors and typed.get("step") in FILES:
        return _file(typed["step"], f"{pack}-{calculation}-{case.year}", *_told(case, table, answer))
    asked = Asked(typed, 1, "")
    return case_page(request, law, case.edition, case.rule, case.year, asked, form, answer, cells, of_file=True)


async def _sent(request: AnyRequest) -> bytes:
    """The bytes of the file. Raises Invalid where there is none."""
    sent = (await request.form()).get("file")
    raw = await sent.read() if isinstance(sent, UploadFile) else b""
    if not raw:
        raise Invalid("No file was chosen.", field="file", fix="Choose a CSV or XLSX.")
    return raw


def _said(form: Filled, refusal: Refusal) -> list[dict[str, str]]:
    known = len(form.errors)
    form.refuse(refusal)
    said = form.errors[known:]
    del form.errors[known:]
    return said


def _worked(form: Filled, case: Case, table: Table) -> Answer | None:
    """The case with the table's lines. Raises CellsWrong with every cell, Invalid for the table as a whole."""
    known = columns_of(case.edition, case.rule)
    strange = [name for name in table.columns if name and name not in known]
    if strange or not table.rows or len(table.rows) > MOST_LINES:
        value: str | int = strange[0] if strange else len(table.rows)
        sentence = "The template has no such column." if strange else f"A file holds 1 to {MOST_LINES} lines."
        raise Invalid(sentence, field="file", value=value, fix=f"Use these columns: {', '.join(known)}.")
    given = given_of(form, Asked(form.values, 0, ""), case.rule, case.edition)
    given[LINES] = [{name: cell for name, cell in row.cells.items() if cell} for row in table.rows]
    try:
        return calculate(case.edition, case.rule, given, case.year)
    except BadInput as bad:
        raise CellsWrong(list(_cells(form, case, table, bad))[:MOST_SAID]) from None


def _cells(form: Filled, case: Case, table: Table, bad: BadInput) -> Sequence[tuple[str, str, str, str]]:
    found = []
    for each in bad.problems:
        parts = each.field.split("/")
        row = str(table.rows[int(parts[1])].number) if parts[0] == LINES and len(parts) > 1 else ""
        found.append((row, parts[2] if len(parts) > 2 else "", each.value, sentence_of(form.t, each, case.rule)))
    return found


def _told(case: Case, table: Table, answer: Answer) -> tuple[list[str], list[list[Cell]]]:
    """Each line as it was sent with its figures behind it, and a last row with those of the whole case."""
    given = [name for name in columns_of(case.edition, case.rule) if name in table.columns]
    figures = [answer.of(id) for id in answer.answers]
    rows: list[list[Cell]] = [
        [row.number, *(row.cells.get(name, "") for name in given), *(_text(each, at) for each in figures)]
        for at, row in enumerate(table.rows)
    ]
    rows.append(["", *("" for _ in given), *(_text(each, None) for each in figures)])
    return ["row", *given, *answer.answers], rows


def _text(figures: Sequence[Figure], line: int | None) -> str:
    """The exact figure of a line, or of the whole case; `?` where it is not known."""
    found = next((each for each in figures if each.line is None), None) if line is None else None
    if line is not None and figures[0].line is not None:
        found = figures[line]
    return "" if found is None else "?" if found.missing is not None else found.text


ROUTES: Final = [lines_template, lines_uploaded]
