"""The Merkle tree of RFC 6962 and RFC 9162 over bytes: roots, the right edge that grows, proofs, and their checks."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

HASH_SIZE: Final = 32
LEAF: Final = b"\x00"
NODE: Final = b"\x01"
EMPTY: Final = hashlib.sha256(b"").digest()

_sha256: Final = hashlib.sha256

Nodes = Callable[[int, int], bytes]
"""`node(level, index)`: the root of the complete subtree over leaves [index * 2**level, (index + 1) * 2**level)."""


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data) (RFC 9162 section 2.1.1)."""
    return _sha256(LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right) (RFC 9162 section 2.1.1)."""
    return _sha256(NODE + left + right).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over the leaves' data; SHA-256 of nothing for no leaves."""
    return root_of_hashes([_sha256(LEAF + leaf).digest() for leaf in leaves])


def root_of_hashes(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes: pair level by level; a last one without a sibling goes up as it is."""
    if not hashes:
        return EMPTY
    row = list(hashes)
    while len(row) > 1:
        last = row[-1:] if len(row) & 1 else []
        row = _paired(row) + last
    return row[0]


def _paired(row: Sequence[bytes]) -> list[bytes]:
    return [_sha256(NODE + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)]


def complete_root(block: bytes) -> bytes:
    """The root over a power of two of hashes that lie behind each other in one block of bytes."""
    while len(block) > HASH_SIZE:
        block = next_row(block)
    return block


def next_row(block: bytes) -> bytes:
    """The parents of an even number of hashes that lie behind each other."""
    return b"".join([_sha256(NODE + block[at : at + 64]).digest() for at in range(0, len(block), 64)])


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: its size and the roots of its complete subtrees, the largest (leftmost) first.

    There is one peak for each bit that is set in `size`.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise ValueError(f"a tree of {self.size} leaves has no {len(self.peaks)} peaks")

    def append(self, hashes: Sequence[bytes]) -> "Frontier":
        """The edge after these leaf hashes; one node hash per leaf, level by level."""
        waiting = list(reversed(self.peaks))
        peaks: list[bytes] = []
        row: list[bytes] = list(hashes)
        level = 0
        while waiting or row:
            if self.size >> level & 1:
                row.insert(0, waiting.pop(0))
            if len(row) & 1:
                peaks.append(row[-1])
            row = _paired(row)
            level += 1
        return Frontier(self.size + len(hashes), tuple(reversed(peaks)))

    def root(self) -> bytes:
        """The root of the whole tree."""
        return fold(self.peaks)


def fold(peaks: Sequence[bytes]) -> bytes:
    """The root over complete subtrees that shrink from left to right."""
    if not peaks:
        return EMPTY
    result = peaks[-1]
    for peak in reversed(peaks[:-1]):
        result = _sha256(NODE + peak + result).digest()
    return result


def peaks(begin: int, end: int) -> list[tuple[int, int]]:
    """(level, index) of the complete subtrees over [begin, end), where `begin` is aligned as in RFC 9162's trees."""
    found = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        found.append((level, begin >> level))
        begin += 1 << level
    return found


def tree_root(size: int, node: Nodes) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return fold([node(level, index) for level, index in peaks(0, size)])


def inclusion_proof(index: int, size: int, node: Nodes) -> tuple[bytes, ...]:
    """The audit path of leaf `index` in the tree of `size` leaves (RFC 9162 section 2.1.3.1). Raises ValueError."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size} leaves")
    return _path(0, index, size, node)


def consistency_proof(first: int, second: int, node: Nodes) -> tuple[bytes, ...]:
    """That the tree of `first` leaves is the beginning of the tree of `second` (RFC 9162 section 2.1.4.1).

    Raises ValueError unless 0 < first <= second.
    """
    if not 0 < first <= second:
        raise ValueError(f"no consistency proof from {first} to {second} leaves")
    if first == second:
        return ()
    level = (first & -first).bit_length() - 1
    index = (first - 1) >> level
    # A first tree that is one complete subtree is known to the reader: its root is not repeated.
    start = (node(level, index),) if index else ()
    return start + _path(level, index, second, node)


def _path(level: int, index: int, size: int, node: Nodes) -> tuple[bytes, ...]:
    """The siblings from a complete subtree up to the root; `last` is the rightmost node of the level."""
    path = []
    last = (size - 1) >> level
    while last:
        sibling = index ^ 1
        if sibling < last or (sibling == last and (sibling + 1) << level <= size):
            path.append(node(level, sibling))
        elif sibling == last:
            path.append(fold([node(*peak) for peak in peaks(sibling << level, size)]))
        index >>= 1
        last >>= 1
        level += 1
    return tuple(path)


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Is `leaf` (a leaf hash) the `index`-th of the tree with this root? (RFC 9162 section 2.1.3.2)"""
    if not 0 <= index < size or len(leaf) != HASH_SIZE:
        return False
    # Up to where the leaf's way meets that of the last leaf both sides have siblings; above, only the left one has.
    inner = (index ^ (size - 1)).bit_length()
    if len(proof) != inner + (index >> inner).bit_count() or set(map(len, proof)) - {HASH_SIZE}:
        return False
    result = leaf
    for sibling in proof[:inner]:
        result = _sha256(NODE + sibling + result if index & 1 else NODE + result + sibling).digest()
        index >>= 1
    for sibling in proof[inner:]:
        result = _sha256(NODE + sibling + result).digest()
    return result == root


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Is the first tree the beginning of the second? (RFC 9162 section 2.1.4.2)

    A `first` of 0 is refused: RFC 6962 gives consistency a meaning only from one leaf on.
    """
    if not 0 < first <= second or any(len(each) != HASH_SIZE for each in proof):
        return False
    if first == second:
        return not proof and first_root == second_root
    # The root of a complete first tree is left out of the proof, because the reader holds it.
    path = (first_root, *proof) if not first & (first - 1) else tuple(proof)
    if not path:
        return False
    index, last = first - 1, second - 1
    while index & 1:
        index >>= 1
        last >>= 1
    old = new = path[0]
    for sibling in path[1:]:
        if not last:
            return False
        if index & 1 or index == last:
            old = _sha256(NODE + sibling + old).digest()
            new = _sha256(NODE + sibling + new).digest()
            while not index & 1 and index:
                index >>= 1
                last >>= 1
        else:
            new = _sha256(NODE + new + sibling).digest()
        index >>= 1
        last >>= 1
    return not last and old == first_root and new == second_root
