"""The rule book's commands: lint what others contribute, a draft beside the law, what a lot reaches elsewhere."""

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from app.commands.judging import (
    FILE,
    day_of,
    guard_option,
    on_option,
    refuse_lots,
    rows_of,
    rule_of,
    the_catalogue,
    the_shelf,
)
from app.commands.output import FINDINGS, USAGE, json_option, say
from standards.catalogue import CatalogueError, Problem, read_document
from standards.conformity.contributing import sense_problems
from standards.conformity.drafting import Beside, draft_from, side_by_side, told_beside
from standards.conformity.equivalents import Equivalent, equivalents, told_equivalent
from standards.conformity.lotdata.rows import LotsUnreadable
from standards.conformity.lots import Lot
from standards.conformity.outcomes import Finding
from standards.recognition import recognitions
from standards.responsibility.drafting import sense, wrong_cases

SIGNS: Final = {"conforming": "+", "nonconforming": "-", "incomplete": "?"}


@click.group()
def standards() -> None:
    """The rule book: law and standards as dated data."""


@standards.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@json_option
def lint(path: Path, as_json: bool) -> None:
    """Check a standard or a law in YAML, or every document under a folder: its form, and whether it can be judged or
    calculated with, each case that it tells of itself included."""
    files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    problems = [each for file in files for each in _problems(file, path if path.is_dir() else path.parent)]
    told = [{"file": p.path, "line": p.line, "key": p.key, "sentence": p.sentence, "fix": p.fix} for p in problems]
    facts = {"ok": not problems, "documents": len(files), "problems": told}
    text = "\n".join(map(str, problems)) or f"Everything fits: {len(files)} documents."
    say(text, facts, as_json=as_json)
    raise SystemExit(FINDINGS if problems else 0)


def _problems(file: Path, root: Path) -> list[Problem]:
    try:
        read = read_document(file.read_bytes(), file.relative_to(root).as_posix(), trusted=False)
    except CatalogueError as wrong:
        return list(wrong.problems)
    if read.document.kind == "rule-pack":
        found = sense(read)
        return [found] if isinstance(found, Problem) else list(wrong_cases(read, found))
    shelf = the_shelf()
    return sense_problems(read, shelf.properties, shelf.materials) if read.document.kind == "standard" else []


@standards.command("judge-with")
@click.argument("draft", type=FILE)
@click.argument("file", type=FILE)
@click.option("--against", help="The standard in force beside it (default: the one of the same id, if there is one).")
@on_option
@guard_option
@json_option
def judge_with(
    draft: Path, file: Path, against: str | None, on: datetime | None, guard_band: bool, as_json: bool
) -> None:
    """Show what the standard DRAFT (YAML) would change for the lots of FILE, beside what is in force. Never decides."""
    shelf = the_shelf()
    try:
        theirs = draft_from(draft.read_text("utf-8"), shelf, draft.name)
    except CatalogueError as wrong:
        told = [{"line": p.line, "key": p.key, "sentence": p.sentence, "fix": p.fix} for p in wrong.problems]
        say(str(wrong), {"ok": False, "problems": told}, as_json=as_json)
        raise SystemExit(USAGE) from wrong
    if against and against not in shelf.standards:
        raise click.UsageError(f"There is no standard {against}; known: {', '.join(shelf.standards)}.")
    current = shelf.standards.get(against or theirs.id)
    rows = list(side_by_side(theirs, current, _lots(file, as_json=as_json), day_of(on), rule_of(guard_band)))
    facts = {
        "draft": {"id": theirs.id, "edition": theirs.edition, "sha256": theirs.digest, "status": "draft"},
        "against": current.id if current else None, "as_of": day_of(on),
        "changed": sum(row.changed for row in rows), "lots": [told_beside(row) for row in rows],
    }  # fmt: skip
    law = f"{current.id} {current.edition}" if current else "nothing in force"
    head = f"DRAFT {theirs.id} {theirs.edition} beside {law}"
    lines = [line for number, row in enumerate(rows, start=1) for line in _beside_lines(number, row)]
    say("\n".join([head, *lines, f"{facts['changed']} of {len(rows)} lots would change."]), facts, as_json=as_json)


def _lots(file: Path, *, as_json: bool) -> list[Lot]:
    try:
        with ExitStack() as stack:
            return [row.lot() for row in rows_of(file, stack)]
    except LotsUnreadable as wrong:
        raise refuse_lots(wrong, as_json=as_json) from wrong


def _beside_lines(number: int, row: Beside) -> list[str]:
    now = row.now.verdict.value if row.now else "nothing"
    lines = [
        f"lot {number} {row.lot.name or ''}: {now} -> {row.then.verdict.value}{' (CHANGES)' if row.changed else ''}"
    ]
    for each in row.clauses:
        lines.append(f"  {each.clause}: {_side(each.now)} -> {_side(each.then)}")
    return lines


def _side(found: Finding | None) -> str:
    if found is None:
        return "not asked"
    told = ", ".join(filter(None, (found.outcome.asked, found.reason, "" if found.decides else "does not decide")))
    return f"{found.result.value}{f' ({told})' if told else ''}"


@standards.command("equivalents")
@click.argument("file", type=FILE)
@on_option
@guard_option
@json_option
def equivalents_command(file: Path, on: datetime | None, guard_band: bool, as_json: bool) -> None:
    """Show which standards and grades of other countries the lots of FILE reach, and what the others lack."""
    known = recognitions(the_catalogue())
    lots = _lots(file, as_json=as_json)
    found = [(lot, equivalents(the_shelf(), lot, day_of(on), known, rule_of(guard_band))) for lot in lots]
    lines, told = [], []
    for number, (lot, reached) in enumerate(found, start=1):
        lines += [f"lot {number} {lot.name or ''}: {lot.material}, {lot.form}", *map(_equivalent_line, reached)]
        told.append({"lot": lot.name, "equivalents": [told_equivalent(each) for each in reached]})
    say("\n".join(lines), {"as_of": day_of(on), "lots": told}, as_json=as_json)


def _equivalent_line(each: Equivalent) -> str:
    grade = f" {each.grade}" if each.grade else ""
    place = "/".join(each.standard.jurisdictions)
    lacks = [" or ".join(need.wants) for need in each.missing]
    more = "at least " if each.at_least else ""
    told = f"; lacks {more}{len(lacks)}: {', '.join(lacks)}" if lacks else ""
    fails = f"; fails {', '.join(f.clause for f in each.failing)}" if each.failing else ""
    return f"  {SIGNS[each.verdict.value]} {place} {each.standard.id}{grade}: {each.verdict.value}{fails}{told}"
