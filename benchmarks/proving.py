"""Proofs out of tiles of a log of a million leaves, and their verification, against the bare hash rate of this run."""

import hashlib
import random
import time

from traceability.tree.merkle import inclusion_proof, leaf_hash, verify_inclusion
from traceability.tree.tiles import FULL, Edge, append, edge_root, nodes

LEAVES = 1_000_000
PROOFS = 50_000
CACHED = 4_096  # tiles, of 16 KiB each with all that lies inside them
STEP = 65_536


def grown(leaves: int) -> tuple[dict[tuple[int, int], bytes], Edge, list[bytes], float]:
    """The tiles of a log of that many leaves, its right edge, its leaf hashes, and the seconds that it took."""
    hashes = [leaf_hash(number.to_bytes(8)) for number in range(leaves)]
    tiles: dict[tuple[int, int], bytes] = {}
    edge: Edge = {}
    began = time.perf_counter()
    for at in range(0, leaves, STEP):
        changed, edge = append(at, edge, hashes[at : at + STEP])
        tiles |= changed
    return tiles, edge, hashes, time.perf_counter() - began


async def run() -> list[str]:
    """Ratios; the goals are 25,000 proofs a second, 33 bytes a leaf, and 0.6 of the bare hash rate."""
    tiles, edge, hashes, grew = grown(LEAVES)
    root = edge_root(LEAVES, edge)
    wanted = random.Random(1).choices(range(LEAVES), k=PROOFS)
    lines = [f"{LEAVES:,} leaves appended at {LEAVES / grew:,.0f}/s"]
    read = nodes(lambda level, number: tiles[level, number], CACHED)
    for name in ("anywhere, each tile for the first time", "anywhere, out of 64 MiB of tiles"):
        began = time.perf_counter()
        proofs = [inclusion_proof(index, LEAVES, read) for index in wanted]
        made = PROOFS / (time.perf_counter() - began)
        lines.append(f"proofs {name}: {made:,.0f}/s (goal 25,000; ratio {made / 25_000:.2f})")
    began = time.perf_counter()
    assert all(
        verify_inclusion(index, LEAVES, hashes[index], proof, root) for index, proof in zip(wanted, proofs, strict=True)
    )
    verified = time.perf_counter() - began
    steps, pair = sum(len(proof) for proof in proofs), b"\x01" + bytes(64)
    began = time.perf_counter()
    for _ in range(steps):
        hashlib.sha256(pair).digest()
    bare = time.perf_counter() - began
    stored = sum(len(tile) for tile in tiles.values()) / LEAVES
    full = sum(len(tile) == FULL for tile in tiles.values())
    lines.append(f"verified {PROOFS / verified:,.0f}/s: {bare / verified:.2f} of the bare hash rate (goal 0.6)")
    lines.append(f"stored {stored:.2f} bytes a leaf in {full:,} full tiles (goal 33)")
    return lines
