"""Lines over time: each told apart by mark and dash as well as by colour, with targets as marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from markupsafe import Markup

from app import formats
from app.pictures.canvas import (
    NARROW,
    Measure,
    Point,
    breadth,
    element,
    hover,
    nice_ticks,
    num,
    path,
    shorten,
    shown,
    svg,
    words,
)

Period = Literal["day", "month", "year"]
_TONES: Final = ("p-a", "p-b", "p-c", "p-d", "p-e", "p-off")
_LEGEND: Final = 20.0


@dataclass(frozen=True)
class Line:
    """A named series of (first day of the period, value), in order of days; None: from here on nothing is known."""

    label: str
    points: Sequence[tuple[date, int | Decimal | None]]

    @property
    def known(self) -> list[tuple[date, int | Decimal]]:
        """The points that have a value."""
        return [(day, value) for day, value in self.points if value is not None]


@dataclass(frozen=True)
class Mark:
    """A level across the picture, such as a target."""

    label: str
    value: int | Decimal


class _Frame(NamedTuple):
    """The plotting area in px, the days and the top of its scale."""

    left: float
    top: float
    right: float
    foot: float
    first: int
    last: int
    most: float

    def at(self, day: date, value: int | Decimal) -> Point:
        share = (day.toordinal() - self.first) / (self.last - self.first) if self.last > self.first else 0.5
        return Point(self.left + share * (self.right - self.left), self.level(float(value)))

    def level(self, value: float) -> float:
        return self.foot - value / self.most * (self.foot - self.top)


def lines(
    series: Sequence[Line], *, title: str, description: str, lang: str, measure: Measure = "mass",
    period: Period = "month", marks: Sequence[Mark] = (), width: int = 720, height: int = 300,
) -> Markup:  # fmt: skip
    """From zero upwards; at most six series (ValueError), more belong in a table."""
    if len(series) > len(_TONES):
        raise ValueError(f"{len(series)} lines cannot be told apart")
    days = sorted({day for line in series for day, _ in line.points})
    values = [float(value) for line in series for _, value in line.known] + [float(mark.value) for mark in marks]
    ticks = nice_ticks(max(values, default=0.0))
    texts = [shown(_exact(tick, measure), measure, lang) if tick else "0" for tick in ticks]
    legend = _LEGEND * len(series)
    left = max(breadth(text, 12) for text in texts) + 8
    ordinals = [day.toordinal() for day in days] or [0]
    frame = _Frame(left + 6, legend + 10, width - 14.0, legend + height - 26.0, ordinals[0], ordinals[-1], ticks[-1])
    parts = _grid(frame, ticks, texts, width) + _days(frame, days, period, lang, width)
    parts += [part for mark in marks for part in _mark(frame, mark, _clear_at_end(series, mark), measure, lang)]
    for at, line in enumerate(series):
        parts.append(_line(frame, line, at, measure, lang))
        parts += _legend(line, at, width)
    return svg(title, description, width, legend + height, parts)


def _exact(tick: float, measure: Measure) -> int | Decimal:
    return round(tick) if measure == "mass" else Decimal(num(tick * 1000)) / 1000


def _grid(frame: _Frame, ticks: Sequence[float], texts: Sequence[str], width: int) -> list[str]:
    parts = []
    for tick, text in zip(ticks, texts, strict=True):
        level = frame.level(tick)
        parts.append(element("path", class_="p-axis", d=path("M", frame.left, level, "H", width - 4.0)))
        parts.append(words(text, Point(frame.left - 8, level + 4), "p-soft p-num", "end"))
    return parts


def _days(frame: _Frame, days: Sequence[date], period: Period, lang: str, width: int) -> list[str]:
    """As many days as have room, always the first."""
    if not days:
        return []
    names = {day: _name(day, period, lang) for day in days}
    room = max(breadth(name) for name in names.values()) + 22
    every = max(1, -(-len(days) * int(room) // max(1, int(frame.right - frame.left))))
    parts = []
    for day in days[::every]:
        at = frame.at(day, 0)
        half = breadth(names[day]) / 2
        x = min(max(at.x, half), width - half)
        parts.append(words(names[day], Point(x, frame.foot + 20), "p-soft p-num", "middle"))
    return parts


def _name(day: date, period: Period, lang: str) -> str:
    match period:
        case "year":
            return str(day.year)
        case "month":
            return formats.month(day, lang)
        case "day":
            return formats.day(day, lang)


def _clear_at_end(series: Sequence[Line], mark: Mark) -> bool:
    """Whether the lines keep more away from the mark at their end than at their beginning: there its label stands."""
    begin, end = (
        min((abs(float(line.known[at][1] - mark.value)) for line in series if line.known), default=0.0)
        for at in (0, -1)
    )
    return end >= begin


def _mark(frame: _Frame, mark: Mark, at_end: bool, measure: Measure, lang: str) -> list[str]:
    level = frame.level(float(mark.value))
    told = f"{mark.label}: {shown(mark.value, measure, lang)}"
    return [
        element("path", class_="p-mark p-dash", d=path("M", frame.left, level, "H", frame.right)),
        words(
            told,
            Point(frame.right if at_end else frame.left + 6, level - 6),
            "p-bold p-halo",
            "end" if at_end else "start",
        ),
    ]


def _line(frame: _Frame, line: Line, at: int, measure: Measure, lang: str) -> str:
    spots = [frame.at(day, value) for day, value in line.known]
    drawn = path(*_strokes(frame, line))
    parts = [element("path", class_="p-stroke" + (" p-dash" if at % 2 else ""), d=drawn)] if len(spots) > 1 else []
    few = len(spots) <= 36
    for spot, (day, value) in zip(spots, line.known, strict=True):
        if few:
            said = f"{line.label}, {day.isoformat()}: {shown(value, measure, lang)}"
            parts.append(_spot(spot, at, hover(said)))
    return element("g", "".join(parts), class_=_TONES[at])


def _strokes(frame: _Frame, line: Line) -> list[str | float]:
    """From point to point; the pen is lifted where nothing is known."""
    parts, down = list[str | float](), False
    for day, value in line.points:
        if value is not None:
            spot = frame.at(day, value)
            parts += ["L" if down else "M", spot.x, spot.y]
        down = value is not None
    return parts


def _spot(spot: Point, at: int, inside: str = "") -> str:
    """Disc, square, triangle in turn: readable without colour."""
    x, y = spot
    match at % 3:
        case 0:
            return element("circle", inside, class_="p-fill", cx=x, cy=y, r=3.6)
        case 1:
            return element("rect", inside, class_="p-fill", x=x - 3.3, y=y - 3.3, width=6.6, height=6.6)
        case _:
            return element("path", inside, class_="p-fill", d=path("M", x, y - 4.6, "l 4.6 8 h -9.2 Z"))


def _legend(line: Line, at: int, width: int) -> list[str]:
    base = _LEGEND * at + 12
    dash = " p-dash" if at % 2 else ""
    sample = element("path", class_=f"p-stroke{dash}", d=path("M", 1.0, base - 4, "H", 27.0)) + _spot(
        Point(14, base - 4), at
    )
    room = width - 40.0 if width >= NARROW else width - 36.0
    return [element("g", sample, class_=_TONES[at]), words(shorten(line.label, room), Point(34, base))]
