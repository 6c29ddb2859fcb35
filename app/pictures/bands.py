"""A yield against its usual range: one rail, the band where it normally lies, and where it is."""

from decimal import Decimal

from markupsafe import Markup

from app import formats
from app.pictures.canvas import Point, element, path, svg, words


def yield_band(
    value: Decimal, low: Decimal, high: Decimal, *, title: str, description: str, lang: str,
    hard: tuple[Decimal, Decimal] | None = None, width: int = 360,
) -> Markup:  # fmt: skip
    """Ratios (0.71 is 71%); outside low..high is unusual, outside `hard` not believed. ValueError if low > high."""
    if low > high or (hard and hard[0] > hard[1]):
        raise ValueError(f"a band ends before it begins: {low}, {high}, {hard}")
    outer = hard or (low, high)
    least = max(Decimal(0), min(outer[0], value) - Decimal("0.08"))
    most = max(outer[1], value) + Decimal("0.08")
    side = 18.0

    def x(ratio: Decimal) -> float:
        return side + float((ratio - least) / (most - least)) * (width - 2 * side)

    def rail(begin: Decimal, end: Decimal, class_: str) -> str:
        return element("rect", class_=class_, x=x(begin), y=34.0, width=x(end) - x(begin), height=14.0, rx=7.0)

    inside = low <= value <= high
    believed = hard is None or hard[0] <= value <= hard[1]
    tone = "p-a" if inside else "p-c" if believed else "p-bad"
    at = x(value)
    mark = path("M", at, 31.0, "l -7 -9 h 14 Z")
    anchor = "start" if at < 40 else "end" if at > width - 40 else "middle"
    parts = [
        rail(least, most, "p-wash p-off"),
        rail(outer[0], outer[1], "p-wash p-a") if hard else "",
        rail(low, high, "p-flow p-a"),
        element("path", class_=f"p-fill {tone}", d=mark),
        element("path", class_="p-mark", d=path("M", at, 31.0, "V", 51.0)),
        words(formats.percent(value, lang), Point(at, 16), "p-bold p-num", anchor),
    ]
    parts += [
        words(formats.percent(edge, lang, 0), Point(x(edge), 66), "p-soft p-num", "middle") for edge in (low, high)
    ]
    return svg(title, description, width, 72, parts)
