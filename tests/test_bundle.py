"""An exported log is checked offline, and whatever was altered, removed, added or moved in it is named."""

import csv
import hashlib
import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from foundation.keys import signing_key
from tests.tiers import SEED, times
from traceability.bundle import (
    BadLine,
    BalanceLine,
    EntryLine,
    Finding,
    LogRow,
    Payload,
    check_bundle,
    check_log,
    read_bundle,
    write_bundle,
)
from traceability.tree.canonical import canonical
from traceability.tree.checkpoint import checkpoint_text, format_vkey, sign_note
from traceability.tree.leaf import commitment_root, commitments, leaf_data, received_field
from traceability.tree.merkle import Frontier, leaf_hash

ORIGIN, KEY = "junkan.example/log", signing_key(bytes(range(32)))
CONTEXT = ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {"junkan": "https://junkan.example/ns/"}]
LINED = ("leaves.jsonl", "payloads.jsonl", "entries.csv", "balances.csv")
ME, YOU = "https://junkan.example/id/me", "https://junkan.example/id/you"


def event_hash(event: Any, context: Any) -> str:
    return f"ni:///sha-256;{hashlib.sha256(canonical([event, context])).hexdigest()}?ver=CBV2.0"


def lot(number: int) -> str:
    return f"https://junkan.example/id/lot,{number}"


def movements(count: int) -> Iterator[tuple[str, list[list[Any]]]]:
    """Kinds and entries: each lot is opened, then sent in part to the other; facts without entries between them."""
    for n in range(count):
        match n % 4:
            case 0:
                yield "epcis", [[lot(n), ME, "stock", 1_000_000 + n], [None, ME, "opening", -1_000_000 - n]]
            case 1:
                moved = [[lot(n - 1), ME, "stock", -400_000], [lot(n - 1), YOU, "stock", 399_000]]
                yield "epcis", [*moved, [None, YOU, "transit:difference", 1_000]]
            case 2:
                yield "certificate", []
            case _:
                yield "epcis", []


def fact(index: int, kind: str, entries: list[list[Any]], erased: bool) -> LogRow:
    body = {"type": "ObjectEvent", "note": f"回収 {index}", "quantity": index + 0.5, "place": {"id": ME}}
    context = CONTEXT if kind == "epcis" else None
    text = json.dumps(body, ensure_ascii=False, indent=1) if kind == "epcis" else canonical(body).decode()
    salt = hashlib.sha256(b"salt %d" % index).digest()
    digest = event_hash(body, context)[14:78] if kind == "epcis" else hashlib.sha256(text.encode()).hexdigest()
    fields = {
        "junkan:entries": entries,
        "junkan:outcome": {"outcome": "counted"},
        "junkan:stated": [],
        **received_field(text, context),
    }
    root = commitment_root((*commitments(body, salt), *commitments(fields, salt)))
    payload = None if erased else Payload(text, context, salt, fields)
    return LogRow(index, kind, bytes.fromhex(digest), root, 1_772_334_000_000_000 + index, payload)


def note_over(rows: list[LogRow]) -> str:
    leaves = [leaf_hash(leaf_data(row.kind, row.event_hash, row.root, row.record_time_us)) for row in rows]
    return sign_note(checkpoint_text(ORIGIN, len(rows), Frontier().append(leaves).root()), KEY, ORIGIN)


Log = tuple[list[LogRow], list[EntryLine], list[BalanceLine], str, str]


def small_log(count: int = 10, erased: int = 7) -> Log:
    rows, entries, sums = [], [], {}
    for index, (kind, lines) in enumerate(movements(count)):
        rows.append(fact(index, kind, lines, index == erased))
        for at, holder, account, grams in lines:
            entries.append(EntryLine(index, at, holder, account, grams))
            if at is not None:
                sums[at, holder, account] = sums.get((at, holder, account), 0) + grams
    balances = [BalanceLine(*place, grams - 1_000, 1_000) for place, grams in sorted(sums.items())]
    entries.sort(key=lambda each: (each.event_index, each.lot or "", each.holder, each.account, each.grams))
    return rows, entries, balances, note_over(rows), format_vkey(ORIGIN, KEY.public)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "whole"
    write_bundle(path, *small_log())
    return path


def faults(path: Path) -> list[Finding]:
    return [each for each in check_bundle(path, event_hash) if not each.note]


def altered(whole: Path, tmp_path: Path, file: str, change: Callable[[bytes], bytes]) -> list[Finding]:
    """The faults found after one file was changed; the change must have changed something."""
    path = tmp_path / "altered"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(whole, path)
    before = (path / file).read_bytes()
    (path / file).write_bytes(change(before))
    assert (path / file).read_bytes() != before
    return faults(path)


def lines_of(whole: Path, file: str) -> list[bytes]:
    return (whole / file).read_bytes().splitlines(keepends=True)


def event_of(whole: Path, line: bytes) -> int:
    return int(line.split(b",")[0])


def about(found: list[Finding], whole: Path, file: str, line: int) -> None:
    """The first fault names the file and the row; entries are named by their event, where a sum is what is wrong."""
    assert found, f"nothing was found in {file} line {line}"
    first = found[0]
    assert first.file == file, first
    if file != "entries.csv":
        assert first.line in (line, None), first
        return
    lines = lines_of(whole, file)
    near = lines[max(1, line - 2) : line + 1]
    assert first.line == line or first.index in {event_of(whole, each) for each in near}, first


def test_a_whole_bundle_has_no_fault_and_says_what_was_erased(whole: Path) -> None:
    progress: list[int] = []
    (note,) = check_bundle(whole, event_hash, progress.append)
    assert (note.code, note.index, note.note) == ("ERASED", 7, True)
    assert progress[-1] == 10


def test_a_bundle_is_read_as_it_was_written(whole: Path, tmp_path: Path) -> None:
    bundle = read_bundle(whole)
    write_bundle(tmp_path / "again", bundle.rows, bundle.entries, bundle.balances, bundle.checkpoint, bundle.vkey)
    for file in whole.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


def test_a_log_of_no_facts_has_no_fault(tmp_path: Path) -> None:
    write_bundle(tmp_path / "empty", *small_log(0))
    assert faults(tmp_path / "empty") == []


def test_a_log_longer_than_a_block_has_no_fault_and_one_changed_row_is_named() -> None:
    rows, entries, balances, note, vkey = small_log(1_300, erased=-1)
    assert check_log(rows, entries, balances, note, (vkey,), event_hash) == ()
    rows[700] = fact(700, "epcis", [], erased=False)
    found = check_log(rows, entries, balances, note, (vkey,), event_hash)
    assert (found[0].code, found[0].index) == ("ENTRIES_CHANGED", 700)
    assert "ROOT" in {each.code for each in found}


@pytest.mark.parametrize("file", LINED)
def test_a_removed_line_is_named(file: str, whole: Path, tmp_path: Path) -> None:
    for at in range(len(lines_of(whole, file))):
        found = altered(whole, tmp_path, file, lambda _: b"".join(without(lines_of(whole, file), at)))  # noqa: B023
        about(found, whole, file, at + 1)


def without(lines: list[bytes], at: int) -> list[bytes]:
    return lines[:at] + lines[at + 1 :]


@pytest.mark.parametrize("file", LINED)
def test_a_repeated_line_is_named(file: str, whole: Path, tmp_path: Path) -> None:
    for at, line in enumerate(lines_of(whole, file)):
        lines = lines_of(whole, file)
        lines.insert(at, line)
        found = altered(whole, tmp_path, file, lambda _: b"".join(lines))  # noqa: B023
        about(found, whole, file, at + 2)


@pytest.mark.parametrize("file", LINED)
def test_two_lines_that_changed_places_are_named(file: str, whole: Path, tmp_path: Path) -> None:
    for at in range(len(lines_of(whole, file)) - 1):
        lines = lines_of(whole, file)
        lines[at], lines[at + 1] = lines[at + 1], lines[at]
        found = altered(whole, tmp_path, file, lambda _: b"".join(lines))  # noqa: B023
        assert found
        assert found[0].file == file
        assert found[0].line in (at + 1, at + 2) or found[0].index is not None


def other(value: Any) -> Any:
    """A value of the same kind that is not this one, in the form in which it would have been written."""
    if isinstance(value, str):
        if set(value) <= set("0123456789abcdef"):
            return value[:-1] + ("0" if value[-1] != "0" else "1")
        return value.replace("2026", "2025") if value.endswith("Z") else value.replace("回収", "回數") + "x"
    if isinstance(value, dict | list):
        return {**value, "added": 1} if isinstance(value, dict) else [*value, 1]
    return 1 if value is None else value + 1


@pytest.mark.parametrize("file", ["leaves.jsonl", "payloads.jsonl"])
def test_every_edited_value_is_named(file: str, whole: Path, tmp_path: Path) -> None:
    for at, line in enumerate(lines_of(whole, file)):
        for key in json.loads(line):
            lines = lines_of(whole, file)
            record = json.loads(line)
            record[key] = other(record[key])
            lines[at] = canonical(record) + b"\n"
            found = altered(whole, tmp_path, file, lambda _: b"".join(lines))  # noqa: B023
            assert (found[0].file, found[0].line, found[0].index) == (file, at + 1, at), (key, found[0])


@pytest.mark.parametrize("file", ["entries.csv", "balances.csv"])
def test_every_edited_cell_is_named(file: str, whole: Path, tmp_path: Path) -> None:
    for at, line in enumerate(lines_of(whole, file)):
        (cells,) = csv.reader([line.decode()])
        for column, cell in enumerate(cells):
            lines = lines_of(whole, file)
            changed = [*cells[:column], str(int(cell) + 1) if cell.lstrip("-").isdigit() else f"{cell}x"]
            text = ",".join(f'"{each}"' if "," in each else each for each in [*changed, *cells[column + 1 :]])
            lines[at] = text.encode() + b"\n"
            about(altered(whole, tmp_path, file, lambda _: b"".join(lines)), whole, file, at + 1)  # noqa: B023


@pytest.mark.fault("T17")
@pytest.mark.parametrize("file", [*LINED, "checkpoint", "vkey"])
def test_a_flipped_bit_is_named(file: str, whole: Path, tmp_path: Path) -> None:
    content = (whole / file).read_bytes()
    chance = random.Random(f"{SEED} {file}")
    for at in chance.choices(range(len(content)), k=times(100, 2_000)):
        flipped = bytearray(content)
        flipped[at] ^= 1 << chance.randrange(8)
        found = altered(whole, tmp_path, file, lambda _: bytes(flipped))  # noqa: B023
        assert found, (file, at)
        assert found[0].file in (file, "checkpoint")
        if file in ("leaves.jsonl", "payloads.jsonl"):
            assert found[0].line == content.count(b"\n", 0, at) + 1


@pytest.mark.parametrize("file", [*LINED, "checkpoint", "vkey"])
def test_a_file_cut_off_or_missing_is_named(file: str, whole: Path, tmp_path: Path) -> None:
    size = (whole / file).stat().st_size
    for keep in (0, 1, size // 2, size - 1):
        found = altered(whole, tmp_path, file, lambda content: content[:keep])  # noqa: B023
        assert found[0].file in (file, "checkpoint")
    (tmp_path / "altered" / file).unlink()
    (found_now,) = faults(tmp_path / "altered")
    assert (found_now.code, found_now.file) == ("MALFORMED", file)


def rewritten(change: Callable[[list[LogRow], list[EntryLine], list[BalanceLine]], None]) -> list[str]:
    """The codes found in a log that was altered consistently from within, under the old checkpoint."""
    rows, entries, balances, note, vkey = small_log()
    change(rows, entries, balances)
    return [each.code for each in check_log(rows, entries, balances, note, (vkey,), event_hash) if not each.note]


def test_a_fact_rewritten_with_all_its_hashes_does_not_give_the_signed_root() -> None:
    def change(rows: list[LogRow], entries: list[EntryLine], balances: list[BalanceLine]) -> None:
        rows[3] = fact(3, "epcis", [], erased=False)
        rows[4] = fact(4, "epcis", [[lot(4), ME, "stock", 5], [None, ME, "opening", -5]], erased=False)
        entries[:] = [each for each in entries if each.event_index != 4]
        at = sum(each.event_index < 4 for each in entries)
        entries[at:at] = [EntryLine(4, None, ME, "opening", -5), EntryLine(4, lot(4), ME, "stock", 5)]

    assert "ROOT" in rewritten(change)


def test_facts_removed_from_the_end_are_missed() -> None:
    assert rewritten(lambda rows, *_: rows.__delitem__(slice(9, None))) == ["ENTRY_WITHOUT_FACT", "SIZE"]


def test_mass_made_from_nothing_is_named() -> None:
    def change(rows: list[LogRow], entries: list[EntryLine], balances: list[BalanceLine]) -> None:
        at = next(n for n, each in enumerate(entries) if each.grams == 1_000_004)
        entries[at] = entries[at]._replace(grams=2_000_004)
        place = next(n for n, each in enumerate(balances) if each[:3] == entries[at][1:4])
        balances[place] = balances[place]._replace(free=balances[place].free + 1_000_000)

    assert rewritten(change) == ["ENTRIES_NOT_ZERO", "ENTRIES_CHANGED"]


def test_an_entry_moved_to_another_holder_is_named_though_it_sums_to_zero() -> None:
    def change(rows: list[LogRow], entries: list[EntryLine], balances: list[BalanceLine]) -> None:
        at = next(n for n, each in enumerate(entries) if each.grams == -1_000_000)
        entries[at] = entries[at]._replace(holder=YOU)

    assert rewritten(change)[0] == "ENTRIES_CHANGED"


def test_a_balance_below_zero_is_named() -> None:
    def change(rows: list[LogRow], entries: list[EntryLine], balances: list[BalanceLine]) -> None:
        each = balances[0]
        balances[0] = each._replace(free=-1, reserved=each.free + each.reserved + 1)

    assert rewritten(change) == ["BALANCE_CHANGED"]


def test_a_text_spelled_differently_is_named_though_its_values_are_the_same() -> None:
    def change(rows: list[LogRow], entries: list[EntryLine], balances: list[BalanceLine]) -> None:
        row = rows[4]
        assert row.payload is not None
        body = row.payload.body.replace("4.5", "4.50")
        payload = Payload(body, row.payload.context, row.payload.salt, row.payload.fields)
        rows[4] = LogRow(row.index, row.kind, row.event_hash, row.root, row.record_time_us, payload)

    assert rewritten(change) == ["RECEIVED_CHANGED"]


def test_another_key_does_not_prove_the_log() -> None:
    rows, entries, balances, note, _ = small_log()
    vkey = format_vkey(ORIGIN, signing_key(bytes(32)).public)
    assert check_log(rows, entries, balances, note, (vkey,), event_hash)[0].code == "SIGNATURE"


def test_what_could_not_be_read_back_is_not_written(tmp_path: Path) -> None:
    rows, _, balances, note, vkey = small_log()
    with pytest.raises(ValueError, match="line break"):
        write_bundle(tmp_path / "a", rows, [EntryLine(0, "a\nb", ME, "stock", 1)], balances, note, vkey)
    write_bundle(tmp_path / "b", *small_log())
    with pytest.raises(FileExistsError):
        write_bundle(tmp_path / "b", *small_log())
    with pytest.raises(BadLine, match="missing"):
        read_bundle(tmp_path / "c")
