"""Flows of mass between steps: ribbons as wide as the grams they carry."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from app import formats
from app.pictures.canvas import NARROW, TONES, NodeKind, Point, element, hover, num, path, shorten, svg, words

_BAR, _LABEL, _GAP, _FLOW = 13.0, 34.0, 10.0, 230.0


@dataclass(frozen=True)
class Node:
    """A step, place or account of the picture."""

    id: str
    label: str
    kind: NodeKind = "other"


@dataclass(frozen=True)
class Link:
    """`grams` (> 0) that went from one node to another."""

    source: str
    target: str
    grams: int


@dataclass
class _Box:
    """A node with its place: `along` the flow (column) and `across` it, both px; `size` is its breadth across."""

    node: Node
    rank: int
    grams: int
    across: float = 0.0
    size: float = 0.0
    given: float = field(default=0.0)
    taken: float = field(default=0.0)


def sankey(
    nodes: Sequence[Node], links: Sequence[Link], *, title: str, description: str, lang: str, width: int = 720
) -> Markup:
    """Left to right, or top to bottom where narrow. Flows that run in a circle are drawn back to where they came from.

    ValueError for a link to an unknown node, from a node to itself, or without mass. No links: an empty picture.
    """
    known = {node.id for node in nodes}
    for link in links:
        if link.source not in known or link.target not in known or link.source == link.target or link.grams <= 0:
            raise ValueError(f"not a flow: {link}")
    boxes = _boxes(nodes, links)
    narrow = width < NARROW
    across = _place(boxes, links, width if narrow else None)
    ranks = max((box.rank for box in boxes.values()), default=0)
    along, length = _along(boxes, ranks, width, narrow)
    parts = [_ribbon(boxes, along, link, narrow, lang) for link in _in_order(boxes, links)]
    parts += [_bar(box, along[box.rank], narrow, lang) for box in boxes.values()]
    parts += _labels_down(boxes, along, width, lang) if narrow else _labels(boxes, along, width, lang)
    return svg(title, description, width, length if narrow else across + 4, parts)


def _boxes(nodes: Sequence[Node], links: Sequence[Link]) -> dict[str, _Box]:
    """Nodes that take part, each one rank after the latest it gets mass from; a way back does not count."""
    parents: dict[str, list[str]] = {node.id: [] for node in nodes}
    for link in links:
        parents[link.target].append(link.source)
    ranks: dict[str, int] = {}

    def rank(name: str, above: frozenset[str]) -> int:
        if name not in ranks:
            seen = above | {name}
            ranks[name] = max((rank(parent, seen) + 1 for parent in parents[name] if parent not in seen), default=0)
        return ranks[name]

    boxes = {}
    for node in nodes:
        into = sum(link.grams for link in links if link.target == node.id)
        out = sum(link.grams for link in links if link.source == node.id)
        if into or out:
            boxes[node.id] = _Box(node, rank(node.id, frozenset()), max(into, out))
    return boxes


def _place(boxes: dict[str, _Box], links: Sequence[Link], room: int | None) -> float:
    """Give every box its breadth and place across the flow; answers the breadth of the whole picture."""
    columns: dict[int, list[_Box]] = {}
    for box in boxes.values():
        columns.setdefault(box.rank, []).append(box)
    if not columns:
        return _LABEL
    most = max(sum(box.grams for box in column) for column in columns.values())
    gaps = max(len(column) for column in columns.values()) - 1
    flow = room - gaps * _GAP - 2 if room else _FLOW
    for rank in sorted(columns):
        column = sorted(columns[rank], key=lambda box: (box.node.kind == "loss", _pull(box, boxes, links)))
        at = 1.0
        for box in column:
            box.size = max(2.0, box.grams / most * flow)
            box.across = at
            at += (box.size if room else max(box.size, _LABEL)) + _GAP
    return max(box.across + max(box.size, _LABEL) for box in boxes.values())


def _pull(box: _Box, boxes: dict[str, _Box], links: Sequence[Link]) -> float:
    """Where a box would lie if only its parents decided: the middle of what it takes."""
    taken = [(boxes[link.source], link.grams) for link in links if link.target == box.node.id]
    placed = [(parent.across + parent.size / 2, grams) for parent, grams in taken if parent.rank < box.rank]
    return sum(at * grams for at, grams in placed) / sum(grams for _, grams in placed) if placed else 0.0


def _along(boxes: dict[str, _Box], ranks: int, width: int, narrow: bool) -> tuple[list[float], float]:
    """Where each rank lies along the flow, and how long the picture is."""
    if not narrow:
        room = width - 150.0
        return [room * rank / ranks if ranks else 0.0 for rank in range(ranks + 1)], float(width)
    places, at = [], 0.0
    for rank in range(ranks + 1):
        at += 18.0 * sum(box.rank == rank for box in boxes.values()) + 6
        places.append(at)
        at += _BAR + 34
    return places, at - 30


def _in_order(boxes: dict[str, _Box], links: Sequence[Link]) -> list[Link]:
    """So that ribbons of one node leave and arrive in the order of their other ends."""
    return sorted(links, key=lambda link: (boxes[link.source].across, boxes[link.target].across, link.target))


def _ribbon(boxes: dict[str, _Box], along: list[float], link: Link, narrow: bool, lang: str) -> str:
    source, target = boxes[link.source], boxes[link.target]
    breadth_out = link.grams / source.grams * source.size
    breadth_in = link.grams / target.grams * target.size
    begin, end = along[source.rank] + _BAR, along[target.rank]
    first, second = source.across + source.given, target.across + target.taken
    source.given += breadth_out
    target.taken += breadth_in
    middle = (begin + end) / 2

    def at(main: float, cross: float) -> str:
        return f"{num(cross)} {num(main)}" if narrow else f"{num(main)} {num(cross)}"

    drawn = path(
        "M", at(begin, first), "C", at(middle, first), at(middle, second), at(end, second),
        "L", at(end, second + breadth_in),
        "C", at(middle, second + breadth_in), at(middle, first + breadth_out), at(begin, first + breadth_out), "Z",
    )  # fmt: skip
    tone = TONES["loss" if target.node.kind == "loss" else source.node.kind]
    said = f"{source.node.label} → {target.node.label}: {formats.mass(link.grams, lang)}"
    return element("path", hover(said), class_=f"p-flow {tone}", d=drawn)


def _bar(box: _Box, at: float, narrow: bool, lang: str) -> str:
    sizes = {"width": box.size, "height": _BAR} if narrow else {"width": _BAR, "height": box.size}
    place = {"x": box.across, "y": at} if narrow else {"x": at, "y": box.across}
    said = hover(f"{box.node.label}: {formats.mass(box.grams, lang)}")
    return element("rect", said, class_=f"p-fill {TONES[box.node.kind]}", rx=2.0, **place, **sizes)


def _labels(boxes: dict[str, _Box], along: list[float], width: int, lang: str) -> list[str]:
    parts = []
    for box in boxes.values():
        left = along[box.rank] + _BAR + 7
        later = along[box.rank + 1] if box.rank + 1 < len(along) else float(width)
        top = box.across + max(box.size, _LABEL) / 2 - 4 if box.size >= _LABEL else box.across + 12
        parts.append(words(shorten(box.node.label, later - left - 4), Point(left, top), "p-bold p-halo"))
        parts.append(words(formats.mass(box.grams, lang), Point(left, top + 16), "p-soft p-num p-halo"))
    return parts


def _labels_down(boxes: dict[str, _Box], along: list[float], width: int, lang: str) -> list[str]:
    """One line a node over the bars of its rank, with a swatch that says which bar."""
    parts = []
    for rank, place in enumerate(along):
        row = sorted((box for box in boxes.values() if box.rank == rank), key=lambda box: box.across)
        for line, box in enumerate(row):
            base = place - 8 - 18.0 * (len(row) - 1 - line)
            mass = formats.mass(box.grams, lang)
            swatch = {"x": 1.0, "y": base - 9, "width": 9.0, "height": 9.0, "rx": 2.0}
            parts.append(element("rect", class_=f"p-fill {TONES[box.node.kind]}", **swatch))
            parts.append(words(shorten(box.node.label, width - 120.0), Point(17, base), "p-bold p-halo"))
            parts.append(words(mass, Point(width - 1.0, base), "p-soft p-num p-halo", "end"))
    return parts
