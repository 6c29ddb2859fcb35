"""Bars: amounts side by side, what counts solid, what was left out hatched, targets as a mark."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from app.pictures.canvas import NARROW, OWN, Measure, Point, breadth, element, hover, path, shorten, shown, svg, words


@dataclass(frozen=True)
class Bar:
    """`value` counts; `rest` was left out and is added hatched; `target` is marked. Grams, ratios or numbers, >= 0."""

    label: str
    value: int | Decimal
    rest: int | Decimal = 0
    target: int | Decimal | None = None


def bars(
    rows: Sequence[Bar], *, title: str, description: str, lang: str, measure: Measure = "mass", width: int = 720
) -> Markup:
    """Lying bars on one scale from zero; the label stands over its bar where narrow."""
    narrow = width < NARROW
    left = 0.0 if narrow else min(width * 0.34, max((breadth(row.label) for row in rows), default=0.0) + 16)
    texts = [_figure(row, measure, lang) for row in rows]
    room = width - left - max((breadth(text) for text in texts), default=0.0) - 14
    most = max((_ends(row) for row in rows), default=0.0)
    high = 50.0 if narrow else 36.0
    parts = [_hatch()]
    for at, (row, text) in enumerate(zip(rows, texts, strict=True)):
        top = high * at + (22 if narrow else 6)
        name = shorten(row.label, width if narrow else left - 12)
        parts.append(words(name, Point(0, top - 6) if narrow else Point(0, top + 16), "p-bold" if narrow else ""))
        parts += _bar(row, text, Point(left, top), room / most if most else 0.0)
    return svg(title, description, width, max(high * len(rows) + 4, 8), parts)


def _figure(row: Bar, measure: Measure, lang: str) -> str:
    told = shown(row.value, measure, lang)
    return f"{told} + {shown(row.rest, measure, lang)}" if row.rest else told


def _ends(row: Bar) -> float:
    return max(float(row.value + row.rest), float(row.target or 0))


def _hatch() -> str:
    """The pattern of what was left out."""
    line = element("path", class_="p-stroke p-off", d="M0 6 6 0")
    size = {"width": "6", "height": "6", "patternUnits": "userSpaceOnUse"}
    return element("defs", element("pattern", line, id="h" + OWN, **size))


def _bar(row: Bar, text: str, at: Point, scale: float) -> list[str]:
    value, rest = float(row.value) * scale, float(row.rest) * scale
    parts = [element("rect", hover(f"{row.label}: {text}"), class_="p-fill p-a", x=at.x, y=at.y, rx=2.0,
                     width=max(value, 1.0), height=22.0)]  # fmt: skip
    if rest:
        outline = {"x": at.x + value, "y": at.y, "width": rest, "height": 22.0}
        parts.append(element("rect", fill=f"url(#h{OWN})", **outline))
        parts.append(element("rect", class_="p-edge", **outline))
    end = value + rest
    if row.target is not None:
        mark = at.x + float(row.target) * scale
        parts.append(element("path", class_="p-mark", d=path("M", mark, at.y - 4, "V", at.y + 26)))
        end = max(end, float(row.target) * scale)
    return [*parts, words(text, Point(at.x + end + 8, at.y + 16), "p-num")]
