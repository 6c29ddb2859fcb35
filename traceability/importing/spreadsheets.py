"""Spreadsheets: a CSV or XLSX as rows of text with their true row numbers, within bounds that no file can break."""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import fastexcel
import polars as pl

from foundation.errors import Malformed

MOST_UNPACKED: Final = 100_000_000
MOST_PARTS: Final = 1_000
MOST_RATIO: Final = 100  # how many times smaller than its content an honest file may be
SMALL: Final = 1_000_000  # so little unpacked content may be packed as tightly as it likes
LONGEST_CELL: Final = 2_000
XLSX: Final = b"PK\x03\x04"
UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


class FileUnreadable(Malformed):
    """The file is no spreadsheet that can be read: fact `reason` says why."""

    code: ClassVar[str] = "FILE_UNREADABLE"

    def __init__(self, reason: str, sentence: str, fix: str) -> None:
        super().__init__(sentence, field="file", fix=fix, reason=reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file (from 1) and its cells by lower-case column name."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet with its header's column names; `numeric` are the columns in which the file itself keeps numbers."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    numeric: frozenset[str] = frozenset()


def table_of(raw: bytes) -> Table:
    """The first sheet of an XLSX, or a CSV in UTF-8 or UTF-16; empty rows are left out. Raises FileUnreadable."""
    return _xlsx(raw) if raw.startswith(XLSX) else _csv(raw)


def _csv(raw: bytes) -> Table:
    """Separated by comma, semicolon or tab, whichever the first line has most of."""
    try:
        text = raw.decode("utf-16" if raw[:2] in UTF_16 else "utf-8-sig")
    except UnicodeDecodeError:
        sentence, fix = "The file is not in UTF-8.", "Save it as CSV UTF-8, or as XLSX."
        raise FileUnreadable("encoding", sentence, fix) from None
    if "\x00" in text:
        raise FileUnreadable("kind", "This is no CSV and no XLSX.", "Save it as CSV UTF-8 or XLSX.")
    separator = max(",;\t", key=text.lstrip().partition("\n")[0].count)
    try:
        return _table(enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), start=1))
    except csv.Error as error:
        raise FileUnreadable("quotes", f"The CSV cannot be read: {error}.", "Save it again as CSV or XLSX.") from error


def _table(lines: Iterable[tuple[int, Sequence[str | None]]], numeric: frozenset[str] = frozenset()) -> Table:
    """The first row that holds anything is the header."""
    columns: tuple[str, ...] = ()
    rows: list[Row] = []
    for number, line in lines:
        cells = [(cell or "").strip()[:LONGEST_CELL] for cell in line]
        if not any(cells):
            continue
        if not columns:
            columns = tuple(cell.lower() for cell in cells)
        else:
            rows.append(Row(number, {name: cell for name, cell in zip(columns, cells, strict=False) if name}))
    return Table(columns, tuple(rows), numeric)


def _xlsx(raw: bytes) -> Table:
    """Cells as they are kept: formulas by their last value, days as ISO, numbers with a decimal point."""
    try:
        book = fastexcel.read_excel(_unpacked(raw))
        plain = book.load_sheet(0, header_row=None, skip_rows=0, dtypes="string").to_polars()
        lines = [[_day(cell) for cell in line] for line in plain.iter_rows()]
        header = next((at for at, line in enumerate(lines) if any(line)), None)
        if header is None:
            return Table((), ())
        typed = book.load_sheet(0, header_row=header, schema_sample_rows=None).to_polars()
    except (fastexcel.FastExcelError, zipfile.BadZipFile, NotImplementedError, pl.exceptions.PolarsError) as error:
        raise FileUnreadable(
            "xlsx", "The XLSX cannot be read.", "Save it again as XLSX, without a password."
        ) from error
    numbers = {name.strip().lower() for name, kind in typed.schema.items() if kind.is_numeric()}
    return _table(enumerate(lines, start=1), frozenset(numbers))


def _day(cell: Any) -> str | None:
    """A day that a spreadsheet keeps as a moment at midnight."""
    return cell.removesuffix(" 00:00:00") if isinstance(cell, str) else None


def _unpacked(raw: bytes) -> bytes:
    """The same book packed anew without compression, read no further than the bounds: what follows cannot swell."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as packed, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as plain:
        parts = packed.infolist()
        whole = sum(part.file_size for part in parts)
        if len(parts) > MOST_PARTS or whole > MOST_UNPACKED or whole > max(SMALL, MOST_RATIO * len(raw)):
            raise FileUnreadable("bomb", "The file unpacks to more than a sheet holds.", "Send a plain sheet.")
        if any(part.filename.startswith("xl/externalLinks/") for part in parts):
            raise FileUnreadable("links", "The file takes cells from other files.", "Paste the values instead.")
        for part in parts:
            if part.flag_bits & 1:
                raise FileUnreadable("password", "The file is protected by a password.", "Save it without one.")
            plain.writestr(zipfile.ZipInfo(part.filename), packed.read(part))
    return made.getvalue()
