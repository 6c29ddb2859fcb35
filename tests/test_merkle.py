"""The log's tree: roots, proofs and tiles agree with RFC 6962, with published vectors and with another library."""

import base64
import json
from typing import Any

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared import CONFORMANCE, needs_shared
from traceability.tree import merkle, tiles

VECTORS = CONFORMANCE / "merkle-rfc6962"


def vectors(name: str) -> list[dict[str, Any]]:
    file = VECTORS / name
    return json.loads(file.read_text("utf-8"))["cases"] if file.is_file() else []


def b64(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def naive_root(hashes: list[bytes]) -> bytes:
    """MTH as RFC 9162 section 2.1.1 writes it, over leaf hashes."""
    if not hashes:
        return merkle.EMPTY
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return merkle.node_hash(naive_root(hashes[:split]), naive_root(hashes[split:]))


def leaf_hashes(count: int) -> list[bytes]:
    return [merkle.leaf_hash(each.to_bytes(4, "big")) for each in range(count)]


def nodes_over(hashes: list[bytes]) -> merkle.Nodes:
    return lambda level, index: naive_root(hashes[index << level : (index + 1) << level])


def stored(hashes: list[bytes], batches: list[int]) -> tuple[dict[tuple[int, int], bytes], dict[int, bytes]]:
    """The tiles and the edge after appending in batches of these sizes."""
    kept: dict[tuple[int, int], bytes] = {}
    edge: dict[int, bytes] = {}
    size = 0
    for batch in batches:
        changed, edge = tiles.append(size, edge, hashes[size : size + batch])
        kept.update(changed)
        size += batch
    return kept, edge


@needs_shared
def test_published_roots() -> None:
    published = json.loads((VECTORS / "trees.json").read_text("utf-8"))
    leaves = [bytes.fromhex(each) for each in published["leaf_inputs_hex"]]
    hashes = [merkle.leaf_hash(each) for each in leaves]
    for size, root in enumerate(published["roots_hex"]):
        assert merkle.root(leaves[:size]).hex() == root
        assert merkle.Frontier().append(hashes[:size]).root().hex() == root
    node = nodes_over(hashes)
    for level, row in enumerate(published["node_hashes_hex_by_level"]):
        assert [node(level, index).hex() for index in range(len(row))] == row


@needs_shared
@pytest.mark.parametrize("case", vectors("inclusion.json"), ids=lambda case: case["id"])
def test_published_inclusion_verdicts(case: dict[str, Any]) -> None:
    proof = [b64(each) for each in case["proof"] or ()]
    verdict = merkle.verify_inclusion(
        case["leafIdx"], case["treeSize"], b64(case["leafHash"]), proof, b64(case["root"])
    )
    assert verdict is not case["wantErr"]


@needs_shared
@pytest.mark.parametrize("case", vectors("consistency.json"), ids=lambda case: case["id"])
def test_published_consistency_verdicts(case: dict[str, Any]) -> None:
    proof = [b64(each) for each in case["proof"] or ()]
    verdict = merkle.verify_consistency(case["size1"], case["size2"], b64(case["root1"]), b64(case["root2"]), proof)
    assert verdict is not case["wantErr"]


@needs_shared
def test_the_published_suites_are_whole() -> None:
    assert [sum(each["wantErr"] for each in vectors(f"{name}.json")) for name in ("inclusion", "consistency")] == [
        60,
        59,
    ]
    assert sum(not each["wantErr"] for each in vectors("inclusion.json")) == 5


def test_every_inclusion_proof_of_small_trees_verifies_and_only_for_its_leaf() -> None:
    hashes = leaf_hashes(70)
    for size in range(1, 71):
        node, root = nodes_over(hashes[:size]), naive_root(hashes[:size])
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, node)
            assert len(proof) <= (size - 1).bit_length()
            assert merkle.verify_inclusion(index, size, hashes[index], proof, root)
            other = (index + 1) % size
            assert size == 1 or not merkle.verify_inclusion(other, size, hashes[index], proof, root)
            assert not merkle.verify_inclusion(index, size, hashes[index], (*proof, root), root)
            assert not proof or not merkle.verify_inclusion(index, size, hashes[index], proof[:-1], root)


def test_every_consistency_proof_of_small_trees_verifies_and_only_for_its_roots() -> None:
    hashes = leaf_hashes(70)
    roots = [naive_root(hashes[:size]) for size in range(71)]
    for second in range(1, 71):
        node = nodes_over(hashes[:second])
        for first in range(1, second + 1):
            proof = merkle.consistency_proof(first, second, node)
            assert merkle.verify_consistency(first, second, roots[first], roots[second], proof)
            assert not merkle.verify_consistency(first, second, roots[first - 1], roots[second], proof)
            assert not merkle.verify_consistency(first, second, roots[first], roots[second - 1], proof)
            assert not merkle.verify_consistency(first, second, roots[first], roots[second], (*proof, roots[1]))


def test_nothing_is_consistent_with_a_tree_of_no_leaves() -> None:
    hashes = leaf_hashes(3)
    assert not merkle.verify_consistency(0, 3, merkle.EMPTY, naive_root(hashes), ())
    with pytest.raises(ValueError, match="no consistency proof"):
        merkle.consistency_proof(0, 3, nodes_over(hashes))
    with pytest.raises(ValueError, match="not in a tree"):
        merkle.inclusion_proof(3, 3, nodes_over(hashes))


@given(st.lists(st.binary(max_size=40), max_size=80), st.data())
@settings(max_examples=60, deadline=None)
def test_another_library_agrees(leaves: list[bytes], data: st.DataObject) -> None:
    other = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        other.append_entry(leaf)
    assert merkle.root(leaves) == other.get_root() if leaves else merkle.root(leaves) == merkle.EMPTY
    if leaves:
        node = nodes_over([merkle.leaf_hash(each) for each in leaves])
        index = data.draw(st.integers(0, len(leaves) - 1))
        theirs = other.prove_inclusion(index + 1).path[1:]
        assert list(merkle.inclusion_proof(index, len(leaves), node)) == theirs


@given(st.lists(st.integers(0, 70), max_size=12))
@settings(max_examples=80, deadline=None)
def test_the_frontier_grows_in_any_steps_to_the_same_root(steps: list[int]) -> None:
    hashes = leaf_hashes(sum(steps))
    frontier = merkle.Frontier()
    for step in steps:
        frontier = frontier.append(hashes[frontier.size : frontier.size + step])
    assert frontier == merkle.Frontier().append(hashes)
    assert frontier.root() == naive_root(hashes) == merkle.root_of_hashes(hashes)


def test_a_frontier_that_does_not_fit_its_size_is_refused() -> None:
    with pytest.raises(ValueError, match="no 1 peaks"):
        merkle.Frontier(3, (merkle.EMPTY,))


HASHES = leaf_hashes(70_000)
ROOTS: dict[int, bytes] = {}


@pytest.mark.parametrize("size", [1, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 70_000])
def test_tiles_give_the_roots_and_proofs_of_the_tree(size: int) -> None:
    steps = [512] * (size // 512) + [size % 512]
    kept, edge = stored(HASHES[:size], steps)
    root = merkle.root_of_hashes(HASHES[:size])
    assert tiles.edge_root(size, edge) == root
    assert edge == {level: kept[level, number] for level, number in tiles.edge_numbers(size)}
    for cached in (0, 3):
        node = tiles.nodes(lambda level, number: kept[level, number], cached=cached)
        assert merkle.tree_root(size, node) == root
        for index in {0, size // 3, size // 2, size - 1}:
            proof = merkle.inclusion_proof(index, size, node)
            assert merkle.verify_inclusion(index, size, HASHES[index], proof, root)
        for first in {1, size // 2 or 1, max(1, size - 1), size}:
            proof = merkle.consistency_proof(first, size, node)
            assert merkle.verify_consistency(first, size, merkle.root_of_hashes(HASHES[:first]), root, proof)


@given(st.lists(st.integers(0, 600), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_tiles_do_not_depend_on_the_batches(batches: list[int]) -> None:
    size = sum(batches)
    kept, edge = stored(HASHES[:size], batches)
    at_once, edge_at_once = stored(HASHES[:size], [size])
    assert (kept, edge) == (at_once, edge_at_once)
    assert edge_root_or_empty(size, kept) == merkle.root_of_hashes(HASHES[:size])
    assert sum(len(tile) for (level, _), tile in kept.items() if level == 0) == 32 * size


def edge_root_or_empty(size: int, kept: dict[tuple[int, int], bytes]) -> bytes:
    return merkle.tree_root(size, tiles.nodes(lambda level, number: kept[level, number]))


@given(st.integers(1, 70_000), st.data())
@settings(max_examples=60, deadline=None)
def test_the_tiles_named_are_the_tiles_read(size: int, data: st.DataObject) -> None:
    kept, _ = stored(HASHES, [len(HASHES)])
    index = data.draw(st.integers(0, size - 1))
    few = {at: kept[at] for at in tiles.inclusion_tiles(index, size)}
    proof = merkle.inclusion_proof(index, size, tiles.nodes(lambda level, number: few[level, number]))
    few = {at: kept[at] for at in tiles.root_tiles(size)}
    root = merkle.tree_root(size, tiles.nodes(lambda level, number: few[level, number]))
    assert merkle.verify_inclusion(index, size, HASHES[index], proof, root)
    few = {at: kept[at] for at in tiles.consistency_tiles(index + 1, size)}
    assert merkle.consistency_proof(index + 1, size, tiles.nodes(lambda level, number: few[level, number])) is not None


def test_an_older_root_is_read_from_newer_tiles() -> None:
    kept, _ = stored(HASHES, [len(HASHES)])
    for size in (1, 300, 65_536, 65_999):
        wide = {level: kept[level, number] for level, number in tiles.edge_numbers(size)}
        assert tiles.edge_root(size, wide) == merkle.root_of_hashes(HASHES[:size])


def test_an_edge_that_is_not_the_trees_is_refused() -> None:
    _, edge = stored(HASHES[:300], [300])
    with pytest.raises(ValueError, match="the tree has 301 hashes"):
        tiles.append(301, edge, HASHES[:1])
    with pytest.raises(ValueError, match="the tree has 300 hashes"):
        tiles.append(300, {}, HASHES[:1])
    with pytest.raises(ValueError, match="32 bytes"):
        tiles.append(300, edge, [b"short"])


@pytest.mark.parametrize(
    ("level", "number", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 5, 256, "tile/0/005"),
        (1, 1234067, 256, "tile/1/x001/x234/067"),
        (0, 1234067, 12, "tile/0/x001/x234/067.p/12"),
        ("entries", 1000, 1, "tile/entries/x001/000.p/1"),
    ],
)
def test_tile_paths_as_c2sp_writes_them(level: Any, number: int, width: int, path: str) -> None:
    assert tiles.tile_path(level, number, width) == path
    assert tiles.parse_tile_path(path) == (level, number, width)


@pytest.mark.parametrize(
    "path",
    ["tile/0/5", "tile/0/x000/005", "tile/0/005.p/256", "tile/0/005.p/0", "tile/00/005", "tile/8/005", "tile/0/005/",
     "tile/-1/005", "0/005", "tile/0/005.p/012", "tile/0/x001", "tile/0/٠٠٥"],
)  # fmt: skip
def test_another_spelling_is_no_tile_path(path: str) -> None:
    with pytest.raises(ValueError, match="not the path of a tile"):
        tiles.parse_tile_path(path)


def test_remembered_tiles_follow_a_log_that_grows() -> None:
    """What was read of the right edge is read again once it is wider; a tile that is too short is said to be so."""
    kept: dict[tiles.Tile, bytes] = {}
    edge: tiles.Edge = {}
    hashes = [merkle.leaf_hash(number.to_bytes(4)) for number in range(1_000)]
    node = tiles.nodes(lambda level, number: kept[level, number], cached=2)
    for first, last in ((0, 1), (1, 255), (255, 256), (256, 700), (700, 701), (701, 1_000)):
        changed, edge = tiles.append(first, edge, hashes[first:last])
        kept |= changed
        for index in {0, first, last - 1, last // 2}:
            proof = merkle.inclusion_proof(index, last, node)
            assert merkle.verify_inclusion(index, last, hashes[index], proof, tiles.edge_root(last, edge))
    kept[0, 3] = kept[0, 3][: 10 * 32]
    with pytest.raises(ValueError, match="too short"):
        merkle.inclusion_proof(999, 1_000, node)
