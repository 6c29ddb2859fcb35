"""judge: one lot or a hundred thousand against every standard that speaks of them, from a file, to a file."""

import gc
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime
from functools import cache, partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
import msgspec

from app.commands.output import FINDINGS, USAGE, json_option, progress, say
from standards.catalogue import Catalogue, load
from standards.conformity.evaluation import evaluations
from standards.conformity.judging import DecisionRule
from standards.conformity.lotdata.files import rows_in
from standards.conformity.lotdata.rows import LotsUnreadable, Row
from standards.conformity.many.batch import Batch, judge_rows
from standards.conformity.shelf import Shelf, judge_lot, shelf_of

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
KINDS: Final = {".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}
AT_ONCE: Final = 500
ALONE: Final = 2_000  # fewer lots than this another process would cost more than it saves
MARKS: Final = {"conforming": "+", "nonconforming": "-", "incomplete": "?"}

on_option = click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day to judge for (default: today, UTC).")
guard_option = click.option("--guard-band", is_flag=True, help="Hold values with their uncertainty against the limits.")
Told = dict[str, Any]


@cache
def the_catalogue() -> Catalogue:
    """The shipped rule book, read once in each process."""
    return load()


def the_shelf() -> Shelf:
    """Its standards."""
    return shelf_of(the_catalogue())


def day_of(on: datetime | None) -> date:
    """The day asked for, else today."""
    return on.date() if on else datetime.now(UTC).date()


def rule_of(guard_band: bool) -> DecisionRule:
    """The decision rule that a flag names."""
    return "guard_band" if guard_band else "simple"


def rows_of(file: Path, stack: ExitStack) -> Iterator[Row]:
    """The lots of a CSV, JSON or JSON-lines file, read as they are asked for."""
    opened = stack.enter_context(file.open(encoding="utf-8-sig", newline=""))
    return rows_in(opened, KINDS.get(file.suffix.lower(), "json"), the_shelf().properties)


def refuse_lots(wrong: LotsUnreadable, *, as_json: bool) -> SystemExit:
    """Every problem of a file of lots, said; the exit to raise."""
    problems = [dict(zip(each._fields, each, strict=True)) for each in wrong.problems]
    say(str(wrong), {"ok": False, "problems": problems}, as_json=as_json)
    return SystemExit(USAGE)


@click.command("judge")
@click.argument("file", type=FILE)
@click.option("--standard", "chosen", multiple=True, help="Only this one (or these); else all that speak of a lot.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="One line of JSON per lot into this file.")
@click.option("--full", is_flag=True, help="Whole evaluations: every finding, and the hash of every input.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes (default: as many as there are processors).")
@on_option
@guard_option
@json_option
def judge(
    file: Path, chosen: tuple[str, ...], out: Path | None, full: bool, jobs: int | None, on: datetime | None,
    guard_band: bool, as_json: bool,
) -> None:  # fmt: skip
    """Judge the lots of FILE (CSV, JSON or JSON lines) against the rule book. Nothing is stored or sent."""
    shelf, day, wanted = the_shelf(), day_of(on), chosen or None
    if unknown := [code for code in chosen if code not in shelf.standards]:
        raise click.UsageError(f"There is no standard {unknown[0]}; known: {', '.join(shelf.standards)}.")
    work = partial(_worked, day=day, rule=rule_of(guard_band), chosen=wanted, full=full)
    counts: Counter[str] = Counter()
    kept: list[Told] = []
    try:
        with ExitStack() as stack:
            rows = rows_of(file, stack)
            target = stack.enter_context(out.open("wb")) if out else None
            bar = stack.enter_context(progress("lots judged", None, quiet=as_json))
            for worked in _in_order(work, rows, jobs or os.cpu_count() or 1):
                counts.update(worked.counts)
                if target is None:
                    kept += map(msgspec.json.decode, worked.lines)
                else:
                    target.writelines(line + b"\n" for line in worked.lines)
                bar.advance(len(worked.lines))
    except LotsUnreadable as wrong:
        raise refuse_lots(wrong, as_json=as_json) from wrong
    facts = {
        "as_of": day,
        "catalogue": the_catalogue().digest,
        "counts": dict(counts),
        "lots": kept,
        "out": out and str(out),
    }
    say("\n".join([*chain.from_iterable(map(_lines, kept)), _summary(counts, out)]), facts, as_json=as_json)
    raise SystemExit(FINDINGS if counts["unreadable"] or counts["nonconforming"] else 0)


class Worked(NamedTuple):
    """Lots judged, each one line of JSON, and how many of which verdict there are."""

    lines: list[bytes]
    counts: Counter[str]


@cache
def _batch(day: date, rule: DecisionRule, chosen: tuple[str, ...] | None) -> Batch:
    """What a process remembers from one chunk of lots to the next."""
    return Batch(the_shelf(), day, rule, chosen)


def _worked(rows: list[Row], *, day: date, rule: DecisionRule, chosen: tuple[str, ...] | None, full: bool) -> Worked:
    """The work of one process."""
    gc.disable()  # judging makes no circles, and looking for some costs a fifth
    told = list(judge_rows(_batch(day, rule, chosen), rows))
    counts = Counter(each["verdict"] for one in told for each in one.get("verdicts", ()))
    counts.update({"lots": len(told), "unreadable": sum("problems" in one for one in told)})
    if full:
        told = [_whole(row, one, day, rule, chosen) for row, one in zip(rows, told, strict=True)]
    return Worked([msgspec.json.encode(one) for one in told], counts)


def _whole(row: Row, told: Told, day: date, rule: DecisionRule, chosen: tuple[str, ...] | None) -> Told:
    if "problems" in told:
        return told
    lot = row.lot()
    made = evaluations(judge_lot(the_shelf(), lot, day, rule, chosen), lot)
    return {**told, "verdicts": [{**each.document, "sha256": each.sha256} for each in made]}


def _in_order(work: Callable[[list[Row]], Worked], rows: Iterable[Row], jobs: int) -> Iterator[Worked]:
    """Chunks of rows worked in their order; by several processes where there are many, never all held at once."""
    it = iter(rows)
    first = list(islice(it, ALONE))
    if len(first) < ALONE or jobs == 1:
        yield work(first)
        while chunk := list(islice(it, AT_ONCE)):
            yield work(chunk)
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting: deque[Future[Worked]] = deque()
        parts = [first[at : at + AT_ONCE] for at in range(0, len(first), AT_ONCE)]
        waiting.extend(pool.submit(work, part) for part in parts)
        while waiting:
            if len(waiting) < 3 * jobs and (chunk := list(islice(it, AT_ONCE))):
                waiting.append(pool.submit(work, chunk))
                continue
            yield waiting.popleft().result()


def _lines(told: Told) -> Iterator[str]:
    """A lot for people: each verdict with what is missing, or what is wrong with the lot."""
    yield (
        f"lot {told['number']}"
        + (f" {told['lot']}" if told.get("lot") else "")
        + (f": {told['material']}, {told['form']}" if "material" in told else " cannot be read")
    )
    for each in told.get("problems", ()):
        yield f"  ! {each['field']}: {each['value']!r} {each['sentence']} - {each['fix']}"
    for each in told.get("verdicts", ()):
        yield verdict_line(each)
    if told.get("unread"):
        yield f"  ! nobody reads: {', '.join(told['unread'])}"


def verdict_line(each: Told) -> str:
    """One verdict for people, with its certainty and what is missing."""
    standard = each["standard"]["id"] if isinstance(each["standard"], dict) else each["standard"]
    grade = f" {each['grade']}" if each["grade"] else ""
    sure = "only advisory" if each["advisory"] else each["certainty"] or ""
    until = f", until {each['expires_on']}" if each["expires_on"] else ""
    line = f"  {MARKS.get(each['verdict'], '.')} {standard}{grade}: {each['verdict']} ({sure}{until})"
    wants = [need if isinstance(need, str) else " or ".join(need["wants"]) for need in each["missing"]]
    reason = f"; {each['reason']}" if each["reason"] and not wants else ""
    return f"{line}{reason}{'; missing ' + ', '.join(wants) if wants else ''}"


def _summary(counts: Counter[str], out: Path | None) -> str:
    said = ", ".join(f"{counts[name]} {name}" for name in ("conforming", "nonconforming", "incomplete") if counts[name])
    unread = f"; {counts['unreadable']} lots cannot be read" if counts["unreadable"] else ""
    return f"{counts['lots']} lots: {said or 'no verdict'}{unread}{f', written to {out}' if out else ''}."
