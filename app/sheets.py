"""Sheets: tables as files that a spreadsheet opens; what begins like a formula is kept as text."""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import xlsxwriter
from litestar import Response

Cell = str | int | Decimal
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv; charset=utf-8"
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def plain(cell: Cell) -> str:
    """A cell of a CSV: exact, and a text that a spreadsheet would take for a formula behind an apostrophe."""
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(FORMULA) else cell
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def csv_of(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """RFC 4180, in UTF-8 with a byte order mark, without which spreadsheets guess the encoding."""
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow(columns)
    writer.writerows([plain(cell) for cell in row] for row in rows)
    return made.getvalue().encode("utf-8-sig")


def xlsx_of(name: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """One sheet with a frozen header; texts are texts, numbers are numbers."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet(name)
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(columns):
            sheet.write_string(0, at, column, bold)
            sheet.set_column(at, at, max(10, len(column) + 2))
        for line, row in enumerate(rows, start=1):
            for at, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(line, at, cell)
                else:
                    sheet.write_number(line, at, cell)
    return made.getvalue()


def download(content: bytes, kind: str, name: str) -> Response[bytes]:
    """A file that a browser saves under this name and nobody in between keeps."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=kind, headers=headers)
