"""What docs/faults.md says of the fault programmes is there: every number that is marked, with its file."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOLD = re.compile(r"^\| (T\d+) \|.*\| ([^|]*) \|$", re.MULTILINE)


def marked() -> set[tuple[str, str]]:
    """(number, file) of every test that is marked `fault`."""
    found = set()
    for file in (ROOT / "tests").glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "fault":
                numbers = [each.value for each in node.args if isinstance(each, ast.Constant)]
                found |= {(str(number), f"tests/{file.name}") for number in numbers}
    return found


def test_the_programmes_that_a_night_enlarges_are_told_where_they_are() -> None:
    told = {number: set(re.findall(r"`([^`]+)`", files)) for number, files in TOLD.findall(
        (ROOT / "docs/faults.md").read_text("utf-8"))}  # fmt: skip
    assert not [(number, file) for number, file in marked() if file not in told.get(number, ())]
    assert {number for number, _ in marked()} >= {
        "T1", "T2", "T3", "T4", "T5", "T8", "T9", "T10", "T11", "T13", "T15", "T17", "T18",
    }  # fmt: skip
    assert not [file for files in told.values() for file in files if not (ROOT / file).exists()]
