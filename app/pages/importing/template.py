"""Template: an empty sheet with the columns of an import, its lists of codes, and what they mean."""

import asyncio
import io
from collections.abc import Sequence
from typing import Final

import xlsxwriter
from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.forms.choices import Choice, countries, forms, materials, named
from app.pages.forms.custody import schemes_offered
from app.pages.rendering import AnyRequest
from app.sheets import CSV, XLSX, csv_of, download
from foundation.access import Actor, May
from foundation.errors import NotFound
from foundation.registry import facilities
from standards.catalogue import Catalogue
from standards.trade.massbalance import schemes
from traceability.http.imports import MOST
from traceability.importing.content import MODELS, ORIGINS
from traceability.importing.reading import COLUMNS, KINDS, REQUIRED

NAME: Final = "junkan-import"
UNITS: Final = ("kg", "t", "g")
Lists = dict[str, Sequence[Choice]]


@get("/record/import-template/{kind:str}", opt={"access": May("capture")}, include_in_schema=False)
async def template_file(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    kind: FromPath[str],
) -> Response[bytes]:  # fmt: skip
    """The template as `csv` (the header alone) or `xlsx` (with lists to choose from, and an explanation)."""
    if kind == "csv":
        return download(csv_of(COLUMNS, ()), CSV, f"{NAME}.csv")
    if kind != "xlsx":
        raise NotFound("There is no such template.", field="kind", value=kind, fix="Use csv or xlsx.")
    t = speech_of(request)
    own = await facilities(transaction, actor.organisation_id)
    lists: Lists = {
        "kind": [(each, t(f"record.{each}.title")) for each in KINDS], "material": materials(t, catalogue),
        "form": forms(t, catalogue), "unit": named(t, "unit", UNITS),
        "facility": [(each.name, each.uri) for each in own], "origin": named(t, "origin", ORIGINS),
        "country": countries(t, actor.country), "custody": named(t, "custody", MODELS),
        "scheme": schemes_offered(t, schemes(catalogue)),
    }  # fmt: skip
    means = [
        (name, t(f"importing.column_{name}"), t("common.optional") if name not in REQUIRED else "") for name in COLUMNS
    ]
    return download(await asyncio.to_thread(_book, lists, means), XLSX, f"{NAME}.xlsx")


def _book(lists: Lists, means: Sequence[tuple[str, str, str]]) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet, codes, guide = (book.add_worksheet(name) for name in ("import", "codes", "guide"))
        bold, day, text = (
            book.add_format(each) for each in ({"bold": True}, {"num_format": "yyyy-mm-dd"}, {"num_format": "@"})
        )
        sheet.freeze_panes(1, 0)
        for at, name in enumerate(COLUMNS):
            sheet.write_string(0, at, name, bold)
            sheet.set_column(at, at, 16, {"day": day, "lot": text}.get(name))
        for at, (name, choices) in enumerate(lists.items()):
            left = 2 * at
            codes.set_column(left, left + 1, 24)
            codes.write_string(0, left, name, bold)
            for line, (code, told) in enumerate(choices, start=1):
                codes.write_string(line, left, code)
                codes.write_string(line, left + 1, told)
            if choices:
                letter = chr(ord("A") + left)
                source = f"=codes!${letter}$2:${letter}${len(choices) + 1}"
                column = COLUMNS.index(name)
                sheet.data_validation(1, column, MOST, column, {"validate": "list", "source": source})
        guide.set_column(0, 2, 40)
        for line, row in enumerate(means):
            for at, cell in enumerate(row):
                guide.write_string(line, at, cell, bold if at == 0 else None)
    return made.getvalue()


ROUTES: Final = [template_file]
