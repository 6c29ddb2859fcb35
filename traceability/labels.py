"""Labels: the QR code and the words on a bale, drawn as SVG that prints at its true size."""

import ipaddress
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

from qrcode.constants import ERROR_CORRECT_Q
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, QRData

# Choosing the best of the eight masks takes most of the time and changes nothing a reader minds.
MASK: Final = 2
QUIET: Final = 4
"""The quiet zone in modules (ISO/IEC 18004)."""

WIDTH: Final = 99.1
HEIGHT: Final = 67.7
"""One of eight labels on A4, in mm."""

SMALLEST_CODE: Final = 40.0
SMALLEST_MODULE: Final = 0.75
"""Read at 40 cm through dirty film: the code's side and one module of it, in mm."""

LARGEST_BOX: Final = 58.0
LONGEST_LINE: Final = 120
MOST_LINES: Final = 8
_PAGE: Final = (210.0, 297.0)
_COLUMNS: Final = (4.65, 106.25)
_ROWS: Final = tuple(13.1 + HEIGHT * row for row in range(4))
_FONT: Final = 'font-family="system-ui, sans-serif"'

Matrix = Sequence[Sequence[bool]]


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """One label, drawn: `body` is its SVG in mm without the frame, `code_mm` the side of its code."""

    url: str
    human_code: str
    lines: tuple[str, ...]
    code_mm: float
    body: str


def qr_matrix(url: str) -> Matrix:
    """The dark modules of the code without quiet zone, error correction Q (a quarter may be lost)."""
    code = QRCode(error_correction=ERROR_CORRECT_Q, mask_pattern=MASK, border=0)
    code.add_data(QRData(url.encode(), mode=MODE_8BIT_BYTE), optimize=0)
    code.make(fit=True)
    matrix: Matrix = code.get_matrix()
    return matrix


def qr_path(matrix: Matrix, offset: int = QUIET) -> str:
    """SVG path data with one rectangle for each run of dark modules in a row; a module is one unit."""
    return "".join(
        f"M{start + offset} {y + offset}h{length}v1h-{length}z"
        for y, row in enumerate(matrix)
        for start, length in _runs(row)
    )


def _runs(row: Sequence[bool]) -> Iterator[tuple[int, int]]:
    start = None
    for x, dark in enumerate((*row, False)):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            yield start, x - start
            start = None


def qr_svg(url: str) -> str:
    """The code with its quiet zone as an SVG that takes the size it is given."""
    matrix = qr_matrix(url)
    side = len(matrix) + 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" aria-label={quoteattr(url)}'
        f' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path fill="#000" d="{qr_path(matrix)}"/></svg>'
    )


def label(url: str, human_code: str, lines: Iterable[str]) -> LabelSpec:
    """Draw one label: the code at the left with its human form below, the lines at the right, the first one bold.

    Raises ValueError where the URL is too long for a code that can be read on a bale.
    """
    matrix = qr_matrix(url)
    modules = len(matrix)
    module = max(SMALLEST_MODULE, SMALLEST_CODE / modules)
    box = module * (modules + 2 * QUIET)
    if box > LARGEST_BOX:
        raise ValueError(f"a URL of {len(url)} characters does not fit a label: {url}")
    words = tuple(shortened(line) for line in lines if line.strip())[:MOST_LINES]
    size = min(5.0, box / (0.62 * max(1, len(human_code))))
    body = (
        f'<g transform="translate(1 1) scale({module:.4f})" shape-rendering="crispEdges">'
        f'<path fill="#000" d="{qr_path(matrix)}"/></g>'
        f'<text x="{1 + box / 2:.2f}" y="{box + 4:.2f}" font-size="{size:.2f}" text-anchor="middle"'
        f' font-family="ui-monospace, monospace">{escape(human_code)}</text>'
        + "".join(_text(words, left=box + 2, width=WIDTH - box - 5))
    )
    return LabelSpec(url, human_code, words, round(module * modules, 3), body)


def _text(lines: Sequence[str], left: float, width: float) -> Iterator[str]:
    """The lines, wrapped, at the largest size at which all of them fit."""
    size = 4.0
    while True:
        rows = [(row, not at) for at, line in enumerate(lines) for row in wrapped(line, width / size)]
        if len(rows) * size * 1.3 <= HEIGHT - 8 or size < 1.5:
            break
        size *= 0.95
    for at, (row, bold) in enumerate(rows, start=1):
        weight = ' font-weight="700"' if bold else ""
        yield f'<text x="{left:.2f}" y="{3 + at * size * 1.3:.2f}" font-size="{size:.2f}"{weight} {_FONT}>'
        yield f"{escape(row)}</text>"


def shortened(line: str) -> str:
    """One line without breaks, cut with an ellipsis where it is longer than any label needs."""
    words = " ".join(line.split())
    return words if len(words) <= LONGEST_LINE else words[: LONGEST_LINE - 1] + "…"


def wrapped(line: str, ems: float) -> list[str]:
    """Break a line into rows of about this many ems; at spaces, within a word only where it alone is wider."""
    rows = [""]
    for word in line.split(" "):
        joined = f"{rows[-1]} {word}".strip()
        if breadth(joined) <= ems:
            rows[-1] = joined
            continue
        if breadth(word) <= ems:
            rows.append(word)
            continue
        row = f"{rows.pop()} ".lstrip()
        for each in word:
            if breadth(row + each) > ems and not unicodedata.combining(each) and unicodedata.category(each) != "Mn":
                rows.append(row.rstrip())
                row = ""
            row += each
        rows.append(row)
    return [row for row in rows if row]


def breadth(text: str) -> float:
    """About how wide a text is, in ems: a wide (CJK) character takes one, a mark above or below none."""
    return sum(_em(each) for each in text)


def _em(each: str) -> float:
    if unicodedata.east_asian_width(each) in "WF":
        return 1.0
    if unicodedata.category(each) == "Mn":
        return 0.0
    return 0.72 if each.isupper() else 0.58


def label_svg(spec: LabelSpec) -> str:
    """One label as a picture of its true size."""
    return _framed(spec, f'xmlns="http://www.w3.org/2000/svg" width="{WIDTH}mm" height="{HEIGHT}mm"')


def sheet(specs: Sequence[LabelSpec]) -> str:
    """HTML: one section with an A4 picture for every eight labels (two columns, no gap between rows)."""
    places = [(x, y) for y in _ROWS for x in _COLUMNS]
    pages = [specs[at : at + len(places)] for at in range(0, len(specs), len(places))]
    return "".join(
        f'<section class="label-sheet"><svg xmlns="http://www.w3.org/2000/svg" width="{_PAGE[0]}mm"'
        f' height="{_PAGE[1]}mm" viewBox="0 0 {_PAGE[0]:g} {_PAGE[1]:g}">'
        + "".join(
            _framed(spec, f'x="{x:.2f}" y="{y:.2f}" width="{WIDTH}" height="{HEIGHT}"')
            for spec, (x, y) in zip(page, places, strict=False)
        )
        + "</svg></section>"
        for page in pages
    )


def _framed(spec: LabelSpec, frame: str) -> str:
    told = quoteattr(", ".join((spec.human_code, *spec.lines)))
    return f'<svg {frame} viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label={told}>{spec.body}</svg>'


def is_loopback(url: str) -> bool:
    """Does this URL name the reader's own machine, so that a phone that scans it finds nothing there?"""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)
