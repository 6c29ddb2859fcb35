"""Offline: a release that is forged, doubled, altered or of nothing is named, in a log that is signed and sums up."""

import hashlib
from typing import Any

import pytest

from tests.test_bundle import CONTEXT, KEY, ME, ORIGIN, event_hash, lot, note_over
from traceability.bundle import BalanceLine, EntryLine, LogRow, Payload, check_log
from traceability.tree.canonical import canonical
from traceability.tree.checkpoint import format_vkey
from traceability.tree.leaf import commitment_root, commitments, received_field

Lines = list[list[Any]]
STATED = [[lot(1), 5_000]]
OPENED: Lines = [[None, ME, "opening", -5_000], [lot(1), ME, "stock", 5_000]]


def fact(index: int, kind: str, body: dict[str, Any], outcome: str, entries: Lines, stated: Lines) -> LogRow:
    context = CONTEXT if kind == "epcis" else None
    text = canonical(body).decode()
    digest = event_hash(body, context)[14:78] if kind == "epcis" else hashlib.sha256(text.encode()).hexdigest()
    salt = hashlib.sha256(b"salt %d" % index).digest()
    told = {"junkan:outcome": {"outcome": outcome}, "junkan:entries": entries, "junkan:stated": stated}
    fields = {**told, **received_field(text, context)}
    root = commitment_root((*commitments(body, salt), *commitments(fields, salt)))
    return LogRow(
        index, kind, bytes.fromhex(digest), root, 1_772_334_000_000_000 + index, Payload(text, context, salt, fields)
    )


def held(index: int = 0) -> LogRow:
    return fact(index, "epcis", {"type": "ObjectEvent", "quantity": index}, "held", [], STATED)


def release(index: int, of: LogRow, entries: Lines | None = None, **changed: Any) -> LogRow:
    body = {"type": "Release", "decision": "release", "reason": "Seen.", "event": of.index,
            "eventHash": of.event_hash.hex(), **changed}  # fmt: skip
    outcome = "counted" if body["decision"] == "release" else "recorded"
    return fact(index, "release", body, outcome, OPENED if entries is None else entries, [])


def found(*rows: LogRow) -> list[tuple[str, int | None]]:
    """Faults of a log of these facts, with everything else as it should be."""
    told = [row.payload.fields["junkan:entries"] if row.payload else [] for row in rows]
    entries = [EntryLine(row.index, *line) for row, lines in zip(rows, told, strict=True) for line in lines]
    entries.sort(key=lambda each: (each.event_index, each.lot or "", each.holder, each.account, each.grams))
    sums: dict[tuple[str, str, str], int] = {}
    for each in entries:
        if each.lot is not None:
            place = each.lot, each.holder, each.account
            sums[place] = sums.get(place, 0) + each.grams
    balances = [BalanceLine(*place, grams, 0) for place, grams in sorted(sums.items())]
    vkey = format_vkey(ORIGIN, KEY.public)
    findings = check_log(rows, entries, balances, note_over(list(rows)), (vkey,), event_hash)
    return [(each.code, each.index) for each in findings]


def test_a_release_of_a_held_event_has_no_fault() -> None:
    first, second = held(), held(1)
    assert found(first, second, release(2, second), release(3, first, [], decision="reject")) == []


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([held(), release(1, held(7))], ("RELEASE_WITHOUT_HOLD", 1)),
        ([held(), release(1, held(), eventHash="00" * 32)], ("RELEASE_WITHOUT_HOLD", 1)),
        ([held(), release(1, held(), event=False)], ("RELEASE_WITHOUT_HOLD", 1)),
        ([fact(0, "epcis", {"type": "X"}, "recorded", [], []), release(1, held())], ("RELEASE_WITHOUT_HOLD", 1)),
        ([release(0, held(1)), held(1)], ("RELEASE_WITHOUT_HOLD", 0)),
        ([held(), release(1, held()), release(2, held(), reason="Again.")], ("CLEARED_TWICE", 2)),
        ([held(), release(1, held(), [], decision="reject"), release(2, held())], ("CLEARED_TWICE", 2)),
        ([held(), release(1, held(), [[None, ME, "opening", -6_000], [lot(1), ME, "stock", 6_000]])],
         ("RELEASE_CHANGED", 1)),
        ([held(), release(1, held(), [[None, ME, "opening", -5_000], [lot(2), ME, "stock", 5_000]])],
         ("RELEASE_CHANGED", 1)),
        ([held(), fact(1, "release", {"decision": "reject", "event": 0, "eventHash": held().event_hash.hex()},
                       "counted", OPENED, [])], ("REJECTED_ENTERED", 1)),
        ([fact(0, "epcis", {"type": "X"}, "held", OPENED, [])], ("UNCOUNTED_ENTRIES", 0)),
    ],
)  # fmt: skip
def test_a_release_that_cannot_be_is_named(rows: list[LogRow], fault: tuple[str, int]) -> None:
    assert fault in found(*rows)


def test_a_release_of_what_was_erased_is_noted_and_no_fault() -> None:
    first = held()
    gone = LogRow(first.index, first.kind, first.event_hash, first.root, first.record_time_us, None)
    assert found(gone, release(1, first)) == [("ERASED", 0), ("NOT_MATCHED", 1)]
