"""Tiles: the log's tree cut into blocks of 256 hashes that never change once full (C2SP tlog-tiles)."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

from traceability.tree.merkle import (
    HASH_SIZE,
    Nodes,
    complete_root,
    consistency_proof,
    fold,
    inclusion_proof,
    next_row,
    peaks,
)

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
FULL: Final = WIDTH * HASH_SIZE

Edge = Mapping[int, bytes]
"""The partial tiles at the right edge by level; a level whose last tile is full (or empty) is absent."""

Tile = tuple[int, int]
"""(level, number)."""

Read = Callable[[int, int], bytes]
"""`read(level, number)`: the hashes of a tile, full or partial (at least as wide as the tree needs)."""


def edge_numbers(size: int) -> list[Tile]:
    """The partial tiles of a tree of `size` leaves."""
    found = []
    level = 0
    while size:
        if size % WIDTH:
            found.append((level, size // WIDTH))
        size //= WIDTH
        level += 1
    return found


def append(size: int, edge: Edge, hashes: Sequence[bytes]) -> tuple[dict[Tile, bytes], dict[int, bytes]]:
    """The tiles that change when leaf hashes are added to a tree of `size` leaves, and its new right edge.

    `edge` holds the partial tiles of `size` (see `edge_numbers`). Raises ValueError where it does not fit.
    """
    changed: dict[Tile, bytes] = {}
    after: dict[int, bytes] = {level: edge[level] for level, _ in edge_numbers(size) if level in edge}
    row = b"".join(hashes)
    if len(row) != len(hashes) * HASH_SIZE:
        raise ValueError("a leaf hash is 32 bytes long")
    level, count = 0, size
    while row:
        start = edge.get(level, b"") if count % WIDTH else b""
        if len(start) != count % WIDTH * HASH_SIZE:
            raise ValueError(f"the edge has {len(start)} bytes at level {level}, the tree has {count} hashes there")
        block = start + row
        blocks = [block[at : at + FULL] for at in range(0, len(block), FULL)]
        for number, tile in enumerate(blocks, start=count // WIDTH):
            changed[level, number] = tile
        after.pop(level, None)
        if len(blocks[-1]) < FULL:
            after[level] = blocks.pop()
        row = b"".join([complete_root(tile) for tile in blocks])
        level, count = level + 1, count // WIDTH
    return changed, after


def edge_root(size: int, edge: Edge) -> bytes:
    """The root of the tree of `size` leaves from its right edge; a tile may hold later hashes, which are passed over.

    Raises ValueError where a tile is missing or too short.
    """
    return fold([node_of(level, index, edge.get(level // HEIGHT, b"")) for level, index in peaks(0, size)])


def node_of(level: int, index: int, tile: bytes) -> bytes:
    """A node of the tree out of the tile that holds its leaves. Raises ValueError where the tile is too short."""
    below = level % HEIGHT
    start = (index << below) % WIDTH * HASH_SIZE
    block = tile[start : start + (HASH_SIZE << below)]
    if len(block) != HASH_SIZE << below:
        raise ValueError(f"tile {tile_of(level, index)} is too short for node {index} of level {level}")
    return complete_root(block)


def tile_of(level: int, index: int) -> Tile:
    """The tile that holds a node: its lowest level, where the hashes are written."""
    return level // HEIGHT, (index << level % HEIGHT) // WIDTH


def nodes(read: Read, cached: int = 0) -> Nodes:
    """The tree's nodes as `merkle` asks for them, from tiles.

    `cached`: how many full tiles are remembered with all that lies inside them (16 KiB each); full tiles never change.
    """
    if not cached:
        return lambda level, index: node_of(level, index, read(*tile_of(level, index)))
    return _remembering(read, cached)


def _remembering(read: Read, cached: int) -> Nodes:
    full: dict[Tile, tuple[bytes, ...]] = {}  # the least recently used one first
    partial: dict[Tile, tuple[bytes, ...]] = {}  # one a level, as it was when it was last read
    held: Tile | None = None  # the full tile that was asked for last, whose rows are `rows`
    rows: tuple[bytes, ...] = ()

    def rows_of(at: Tile) -> tuple[bytes, ...]:
        tile = read(*at)
        if len(tile) < FULL:
            known = partial.get(at)
            if known is None or known[0] != tile:
                partial.pop(at, None)
                known = partial[at] = _rows(tile)
            return known
        if len(full) >= cached:
            del full[next(iter(full))]
        partial.pop(at, None)
        return _rows(tile)

    def node(level: int, index: int) -> bytes:
        nonlocal held, rows
        below = level % HEIGHT
        at = (level // HEIGHT, index >> HEIGHT - below)
        if at != held:  # a proof asks one tile for up to eight of its nodes, one after the other
            rows = full.pop(at, ()) or rows_of(at)
            held = None
            if len(rows[0]) == FULL:
                full[at], held = rows, at
        start = index % (WIDTH >> below) * HASH_SIZE
        found = rows[below][start : start + HASH_SIZE] if below < len(rows) else b""
        return found if len(found) == HASH_SIZE else node_of(level, index, rows[0])  # which says what is missing

    return node


def _rows(tile: bytes) -> tuple[bytes, ...]:
    """A tile's hashes, and above them the rows of complete nodes that lie inside it."""
    rows = [tile]
    while len(rows) < HEIGHT and len(rows[-1]) >= 2 * HASH_SIZE:
        row = rows[-1]
        rows.append(next_row(row[: len(row) // (2 * HASH_SIZE) * 2 * HASH_SIZE]))
    return tuple(rows)


def inclusion_tiles(index: int, size: int) -> frozenset[Tile]:
    """The tiles that `inclusion_proof(index, size, ...)` reads: fetch them first where reading must wait."""
    return _read_by(lambda node: inclusion_proof(index, size, node))


def consistency_tiles(first: int, second: int) -> frozenset[Tile]:
    """The tiles that `consistency_proof(first, second, ...)` reads."""
    return _read_by(lambda node: consistency_proof(first, second, node))


def root_tiles(size: int) -> frozenset[Tile]:
    """The tiles that `tree_root(size, ...)` reads."""
    return frozenset(tile_of(level, index) for level, index in peaks(0, size))


def _read_by(prove: Callable[[Nodes], object]) -> frozenset[Tile]:
    wanted: set[Tile] = set()

    def node(level: int, index: int) -> bytes:
        wanted.add(tile_of(level, index))
        return b""

    prove(node)
    return frozenset(wanted)


_PATH: Final = re.compile(r"(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_LEVELS: Final = 63 // HEIGHT


def tile_path(level: int | Literal["entries"], number: int, width: int = WIDTH) -> str:
    """`tile/<L>/<N>[.p/<W>]`: the number in groups of three digits, all but the last behind an x."""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return f"tile/{level}/{path}" + ("" if width == WIDTH else f".p/{width}")


def parse_tile_path(path: str) -> tuple[int | Literal["entries"], int, int]:
    """(level, number, width) of `tile/<L>/<N>[.p/<W>]`. Raises ValueError for any other spelling of it."""
    found = _PATH.fullmatch(path.removeprefix("tile/"))
    if found is None:
        raise ValueError(f"{path!r} is not the path of a tile")
    level: int | Literal["entries"] = "entries" if found[1] == "entries" else int(found[1])
    number = int(found[2].replace("/", "").replace("x", ""))
    width = WIDTH if found[3] is None else int(found[3])
    if tile_path(level, number, width) != path or (level != "entries" and level > _LEVELS):
        raise ValueError(f"{path!r} is not the path of a tile")
    return level, number, width
