"""The house stands: floors, no circles, nothing hidden, rooms that stay small."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "standards": set(),
    "foundation": set(),
    "traceability": {"standards", "foundation"},
    "marketplace": {"standards", "foundation", "traceability"},
    "reports": {"standards", "foundation", "traceability"},
    "app": {"standards", "foundation", "traceability", "marketplace", "reports"},
}
PURE = (
    "standards.catalogue", "standards.claimwindows", "standards.conformity", "standards.conformity.drafting",
    "standards.conformity.equivalents", "standards.conformity.evaluation", "standards.conformity.lotdata.files",
    "standards.conformity.telling", "standards.recognition", "standards.custody", "standards.dated",
    "standards.materials", "standards.plausibility", "standards.quantities", "standards.responsibility",
    "standards.borders", "standards.trade.settlement", "standards.trade.massbalance", "standards.trade.certifying",
    "traceability.eventhash",
    "traceability.events", "traceability.identifiers", "traceability.ledger.book", "traceability.ledger.entering",
    "traceability.ledger.interpretation", "traceability.tree.merkle", "traceability.tree.tiles",
    "traceability.tree.checkpoint", "traceability.tree.cosignature", "traceability.tree.leaf",
    "traceability.tree.proving", "traceability.tree.submission", "traceability.bundle",
    "traceability.querying.facts", "traceability.querying.planning", "traceability.querying.translating",
    "traceability.subscriptions.schedule", "reports.recovery", "reports.eurostat",
)  # fmt: skip


def rooms() -> list[Path]:
    return sorted(
        file for package in MAY_IMPORT for file in (ROOT / package).rglob("*.py") if "migrations" not in file.parts
    )


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


TREES = {name_of(file): ast.parse(file.read_text("utf-8")) for file in rooms()}


def test_arrows_only_fall() -> None:
    wrong = [
        f"{room} imports {target}"
        for room, tree in TREES.items()
        for target in imports(tree)
        if (floor := target.split(".")[0]) in MAY_IMPORT
        and floor != room.split(".")[0]
        and floor not in MAY_IMPORT[room.split(".")[0]]
    ]
    assert not wrong


def test_no_circles_between_rooms() -> None:
    graph = {
        room: {target for target in imports(tree) if target in TREES and target != room} for room, tree in TREES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(f"a circle: {' -> '.join(circle.args[1])}")


def test_no_import_is_hidden() -> None:
    hidden = [
        f"{room}:{node.lineno}"
        for room, tree in TREES.items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not hidden
    assert not [str(file) for file in rooms() if "TYPE_CHECKING" in file.read_text("utf-8")]


def test_rooms_and_functions_stay_small() -> None:
    long = [f"{file}: {n} lines" for file in rooms() if (n := file.read_text("utf-8").count("\n")) > 250]
    for room, tree in TREES.items():
        for node in ast.walk(tree):
            size = (getattr(node, "end_lineno", 0) or 0) - getattr(node, "lineno", 0) + 1
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and size > 40:
                long.append(f"{room}.{node.name}: {size} lines")
    for package in MAY_IMPORT:
        folders = [ROOT / package, *(each for each in (ROOT / package).rglob("*") if each.is_dir())]
        long += [
            f"{folder}: {n} rooms"
            for folder in folders
            if (n := sum(1 for file in folder.glob("*.py") if file.name != "__init__.py")) > 20
        ]
    assert not long


def test_every_room_opens_with_its_sentence() -> None:
    assert not [room for room, tree in TREES.items() if not ast.get_docstring(tree)]


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_loads_no_framework(room: str) -> None:
    code = f"import {room}, sys; sys.exit(any(m in sys.modules for m in ('sqlalchemy', 'litestar', 'asyncpg')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
