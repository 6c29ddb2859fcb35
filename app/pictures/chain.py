"""The chain of a lot: its steps from collection to product, on a thread that narrows as mass is lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from markupsafe import Markup

from app import formats
from app.pictures.canvas import NARROW, TONES, NodeKind, Point, element, glyph, hover, path, shorten, svg, words, wrap

_RADIUS: Final = 17.0
_CELL: Final = 172.0
_THREAD: Final = (3.0, 24.0)  # px of the thinnest and the thickest thread


@dataclass(frozen=True)
class ChainStep:
    """One step as this reader may see it: `party` is a name or 'verified recycler, Thailand'; grams after the step."""

    kind: NodeKind
    title: str
    party: str = ""
    when: str = ""
    grams: int | None = None
    note: str = ""


def chain(steps: Sequence[ChainStep], *, title: str, description: str, lang: str, width: int = 720) -> Markup:
    """Rows from left to right that wrap, or top to bottom where narrow."""
    most = max((step.grams or 0 for step in steps), default=0)
    if width < NARROW:
        return _down(steps, most, title, description, lang, width)
    rows = -(-len(steps) // max(2, int(width // _CELL))) or 1
    columns = max(2, -(-len(steps) // rows))  # as even as they come
    cell = width / columns
    height = max((_told(step, cell, lang) for step in steps), key=len, default=[])
    row = 2 * _RADIUS + 18 + 17.0 * len(height) + 20
    spots = [
        Point(cell * (at % columns) + _RADIUS + 2, row * (at // columns) + _RADIUS + 4) for at in range(len(steps))
    ]
    parts = []
    for at, (step, after) in enumerate(pairwise(steps)):
        if (at + 1) % columns:
            parts.append(_thread(step, after, spots[at], spots[at + 1], most))
        else:
            parts.append(_turn(spots[at], spots[at + 1], width, row))
    for step, spot in zip(steps, spots, strict=True):
        parts.append(glyph(step.kind, spot, _RADIUS))
        parts += _text(_told(step, cell, lang), Point(spot.x - _RADIUS, spot.y + _RADIUS + 20))
    return svg(title, description, width, row * rows, parts)


def _told(step: ChainStep, cell: float, lang: str) -> list[tuple[str, str]]:
    """The lines under a step, each with its class."""
    room = cell - 14
    told = [(shorten(step.title, room), "p-bold")]
    if step.grams is not None:
        told.append((formats.mass(step.grams, lang), "p-num"))
    told += [(line, "p-soft") for line in wrap(step.party, room, 3)]
    told += [(line, "p-soft p-num") for line in wrap(step.when, room, 2)]
    return told + [(line, "p-soft") for line in wrap(step.note, room, 2)]


def _text(told: Sequence[tuple[str, str]], at: Point) -> list[str]:
    return [words(line, Point(at.x, at.y + 17.0 * row), class_) for row, (line, class_) in enumerate(told)]


def _breadth(grams: int | None, most: int) -> float:
    thin, thick = _THREAD
    return thin + (thick - thin) * (grams / most if grams and most else 0.0)


def _thread(step: ChainStep, after: ChainStep, begin: Point, end: Point, most: int) -> str:
    """A band from one step to the next, as broad as the mass before and after."""
    one, two = _breadth(step.grams, most) / 2, _breadth(after.grams, most) / 2
    if begin.y == end.y:
        left, right, middle = begin.x + _RADIUS, end.x - _RADIUS, (begin.x + end.x) / 2
        drawn = path(
            "M", left, begin.y - one, "C", middle, begin.y - one, middle, end.y - two, right, end.y - two,
            "L", right, end.y + two, "C", middle, end.y + two, middle, begin.y + one, left, begin.y + one, "Z",
        )  # fmt: skip
    else:
        top, foot, middle = begin.y + _RADIUS, end.y - _RADIUS, (begin.y + end.y) / 2
        drawn = path(
            "M", begin.x - one, top, "C", begin.x - one, middle, end.x - two, middle, end.x - two, foot,
            "L", end.x + two, foot, "C", end.x + two, middle, begin.x + one, middle, begin.x + one, top, "Z",
        )  # fmt: skip
    return element("path", hover(f"{step.title} → {after.title}"), class_=f"p-flow {TONES[step.kind]}", d=drawn)


def _turn(begin: Point, end: Point, width: int, row: float) -> str:
    """The way from the end of a row to the beginning of the next."""
    between, right = end.y - _RADIUS - 14, width - 4.0
    drawn = path(
        "M", begin.x + _RADIUS, begin.y, "H", right - 10, "Q", right, begin.y, right, begin.y + 10,
        "V", between - 10, "Q", right, between, right - 10, between,
        "H", end.x + 10, "Q", end.x, between, end.x, end.y - _RADIUS,
    )  # fmt: skip
    return element("path", class_="p-thread", d=drawn)


def _down(steps: Sequence[ChainStep], most: int, title: str, description: str, lang: str, width: int) -> Markup:
    left = 2 * _RADIUS + 18
    told = [_told(step, width - left, lang) for step in steps]
    spots, at = [], 4.0
    for lines in told:
        spots.append(Point(_RADIUS + 2, at + _RADIUS))
        at += max(2 * _RADIUS + 24, 17.0 * len(lines) + 26)
    parts = [
        _thread(step, after, begin, end, most)
        for (step, after), (begin, end) in zip(pairwise(steps), pairwise(spots), strict=True)
    ]
    for step, lines, spot in zip(steps, told, spots, strict=True):
        parts.append(glyph(step.kind, spot, _RADIUS))
        parts += _text(lines, Point(left, spot.y - 2))
    return svg(title, description, width, max(at - 16, 40), parts)
