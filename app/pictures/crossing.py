"""The crossing: states on a road with a gate for every rule between them, open, to be opened, or shut."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from app.pictures.canvas import Point, breadth, element, hover, path, shorten, svg, words

_RADIUS: Final = 9.0
_GATE: Final = 11.0
_ROOM: Final = 34.0  # px from gate to gate
_CLASSES: Final = {"good": "p-a", "warn": "p-c", "bad": "p-bad"}
# In a box of 24, as in the marks of the pages: tick, question mark's triangle, cross.
_SIGNS: Final = {"good": "M7 12.5 10.5 16 17 8.5", "warn": "M12 7v6M12 16.3v.2", "bad": "M8 8l8 8M16 8 8 16"}


@dataclass(frozen=True)
class GateMark:
    """A gate: what it asks, its tone (good, warn, bad) and its outcome in words."""

    title: str
    tone: str
    outcome: str


def crossing(
    states: Sequence[str], gates: Sequence[GateMark], *, title: str, description: str, width: int = 720
) -> Markup:
    """A road from the first state to the last, the gates on it in rows of as many as fit."""
    room = width - 2 * _RADIUS - 8
    in_row = max(1, int(room // _ROOM) - 1)
    rows = [gates[at : at + in_row] for at in range(0, len(gates), in_row)] or [[]]
    left, right, top = _RADIUS + 4, width - _RADIUS - 4, 18.0
    parts = [element("path", class_="p-thread", d=path("M", left, top, "H", right))]
    for number, row in enumerate(rows):
        y = top + number * 32
        if number:
            parts.append(element("path", class_="p-thread", d=path("M", left, y, "H", right)))
        step = (right - left) / (len(row) + 1)
        parts += [_gate(gate, Point(left + step * (at + 1), y)) for at, gate in enumerate(row)]
    foot = top + (len(rows) - 1) * 32
    parts += [_end(Point(left, top)), _end(Point(right, foot))]
    told = shorten(" → ".join(states), width)
    parts.append(words(told, Point(max(0.0, (width - breadth(told)) / 2), foot + 36), "p-bold"))
    return svg(title, description, width, foot + 46, parts)


def _end(at: Point) -> str:
    return element("circle", class_="p-open p-b", cx=at.x, cy=at.y, r=_RADIUS)


def _gate(gate: GateMark, at: Point) -> str:
    ring = element("circle", class_="p-open", cx=at.x, cy=at.y, r=_GATE)
    place = f"translate({at.x - 12:.1f} {at.y - 12:.1f})"
    sign = element("path", class_="p-stroke", d=_SIGNS.get(gate.tone, _SIGNS["warn"]), transform=place)
    return element("g", hover(f"{gate.title}: {gate.outcome}") + ring + sign, class_=_CLASSES.get(gate.tone, "p-off"))
