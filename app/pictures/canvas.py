"""Canvas: what all pictures share: elements, how much room words take, the kinds of nodes and how they look."""

import hashlib
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from markupsafe import Markup, escape

from app import formats

NodeKind = Literal[
    "collection", "sorting", "recycling", "compounding", "transport", "product", "stock", "loss", "other"
]
Measure = Literal["mass", "percent", "number"]
NARROW: Final = 480  # a picture narrower than this is laid out for a phone
OWN: Final = "@own@"  # stands for the mark of the picture where one of its parts names another
FONT: Final = 13.0  # px, as in the style sheet

# Classes of the style sheet (light and dark); glyphs are drawn in a box of 24.
TONES: Final[dict[NodeKind, str]] = {
    "collection": "p-e",
    "sorting": "p-c",
    "recycling": "p-a",
    "compounding": "p-d",
    "transport": "p-off",
    "product": "p-b",
    "stock": "p-b",
    "loss": "p-off",
    "other": "p-off",
}
GLYPHS: Final[dict[NodeKind, str]] = {
    "collection": "M12 5v8M8.5 9.8 12 13.3l3.5-3.5M6.5 17.5h11",
    "sorting": "M12 18.5v-5.5M12 13 7 6.5M12 13l5-6.5",
    "recycling": "M6.2 13.6A6 6 0 0 1 15 6.8M17.8 10.4A6 6 0 0 1 9 17.2",
    "compounding": "M12 5.5 17.6 8.75v6.5L12 18.5l-5.6-3.25v-6.5z",
    "transport": "M5.5 12h12.5M13.5 7.5 18 12l-4.5 4.5",
    "product": "M7 7h10v10H7z",
    "stock": "M6 9l6-3 6 3v6.5l-6 3-6-3zM6 9l6 3 6-3M12 12v6.5",
    "loss": "M7 12h10",
    "other": "M10 12a2 2 0 1 0 4 0 2 2 0 1 0-4 0",
}


class Point(NamedTuple):
    x: float
    y: float


def num(value: float) -> str:
    """A coordinate with at most one decimal: the same picture has the same bytes."""
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"


def element(name: str, inside: str = "", /, **attributes: str | float) -> str:
    """One SVG element; `class_` is class, other underscores are hyphens. `inside` is SVG already."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value) if isinstance(value, str) else num(value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{told}>{inside}</{name}>" if inside else f"<{name}{told}/>"


def words(text: str, at: Point, class_: str = "", anchor: str = "start") -> str:
    """A line of text; everything a person wrote is escaped here."""
    told = {"class_": class_} if class_ else {}
    turned = {"text_anchor": anchor} if anchor != "start" else {}
    return element("text", str(escape(text)), x=at.x, y=at.y, **told, **turned)


def hover(text: str) -> str:
    return element("title", str(escape(text)))


def breadth(text: str, size: float = FONT) -> float:
    """About how many px a text takes: wide for Han and kana, none for marks above and below."""
    ems = 0.0
    for char in text:
        if unicodedata.combining(char) or unicodedata.category(char) == "Mn":
            continue
        ems += 1.0 if unicodedata.east_asian_width(char) in "WF" else 0.68 if char.isupper() else 0.56
    return ems * size


def shorten(text: str, room: float, size: float = FONT) -> str:
    """The text, or its beginning and '…' where it takes more than `room` px."""
    if breadth(text, size) <= room:
        return text
    kept = text
    while kept and breadth(kept + "…", size) > room:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def wrap(text: str, room: float, most: int = 2, size: float = FONT) -> list[str]:
    """Lines of at most `room` px, broken at spaces where there are any; what is left over is shortened."""
    rows: list[str] = []
    rest = text
    while rest and len(rows) < most - 1 and breadth(rest, size) > room:
        cut = len(rest)
        while cut > 1 and breadth(rest[:cut], size) > room:
            cut -= 1
        space = rest.rfind(" ", 1, cut + 1)
        cut = space if space > 0 else cut
        rows.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*rows, shorten(rest, room, size)] if rest else rows


def path(*parts: str | float) -> str:
    return " ".join(part if isinstance(part, str) else num(part) for part in parts)


def glyph(kind: NodeKind, centre: Point, radius: float = 15) -> str:
    """The sign of a kind of step in its ring."""
    ring = element("circle", class_="p-open", cx=centre.x, cy=centre.y, r=radius)
    scale = radius / 15
    placed = f"translate({num(centre.x - 12 * scale)} {num(centre.y - 12 * scale)}) scale({num(scale)})"
    sign = element("path", class_="p-stroke", d=GLYPHS[kind], transform=placed)
    return element("g", ring + sign, class_=TONES[kind])


def shown(value: int | Decimal, measure: Measure, lang: str) -> str:
    """A figure as its axis and labels say it: grams, a ratio (0.65 is 65%), or a number."""
    match measure:
        case "mass":
            return formats.mass(int(value), lang)
        case "percent":
            ratio = Decimal(value)
            return formats.percent(ratio, lang, 0 if ratio * 100 == int(ratio * 100) else 1)
        case "number":
            return formats.number(value, lang)


def nice_ticks(most: float, wanted: int = 4) -> list[float]:
    """0 and round steps (1, 2, 2.5, 5 times a power of ten) up to and including the first above `most`."""
    if most <= 0:
        return [0.0, 1.0]
    power = 10.0 ** (len(str(int(most / wanted))) - 1) if most / wanted >= 1 else 1.0
    while most / wanted < power:
        power /= 10
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor * wanted >= most * 0.999)
    count = 1
    while step * count < most * 0.999:
        count += 1
    return [step * at for at in range(count + 1)]


def svg(title: str, description: str, width: float, height: float, parts: Iterable[str]) -> Markup:
    """The whole picture, safe to put into a page; its ids come from its content, so that several can stand together."""
    body = "".join(parts)
    mark = hashlib.sha256(f"{title}\n{description}\n{body}".encode()).hexdigest()[:10]
    head = f'<title id="t{mark}">{escape(title)}</title><desc id="d{mark}">{escape(description)}</desc>'
    return Markup(  # noqa: S704 every text in it went through escape
        f'<svg class="picture" role="img" aria-labelledby="t{mark} d{mark}" viewBox="0 0 {num(width)} {num(height)}" '
        f'width="{num(width)}" height="{num(height)}" xmlns="http://www.w3.org/2000/svg">'
        f"{head}{body.replace(OWN, mark)}</svg>"
    )
