"""Checks: a whole log proved against its signed checkpoint, row by row, naming the first one that is wrong."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from traceability.bundle.files import in_order, read_bundle
from traceability.bundle.holds import Holds
from traceability.bundle.report import Report
from traceability.bundle.rows import (
    BALANCES,
    CHECKPOINT,
    ENTRIES,
    LEAVES,
    PAYLOADS,
    BadLine,
    BalanceLine,
    EntryLine,
    Finding,
    LogRow,
    Payload,
)
from traceability.tree.checkpoint import BadNote, Checkpoint, open_checkpoint, parse_vkey
from traceability.tree.leaf import RECEIVED, commitment_root, commitments, leaf_data, received_field
from traceability.tree.merkle import Frontier, leaf_hash

ENTERED: Final = "junkan:entries"
BLOCK: Final = 512

EventHash = Callable[[Mapping[str, Any], Any], str]
"""The CBV event hash of an event under a JSON-LD context, as `ni:///sha-256;<hex>?ver=CBV2.0`."""

Progress = Callable[[int], None]
"""Told now and then how many facts have been checked."""
_Place = tuple[str, str, str]


def check_bundle(
    path: Path, event_hash: EventHash, progress: Progress = lambda _: None, vkeys: Sequence[str] = ()
) -> tuple[Finding, ...]:
    """Check an exported folder under `vkeys`, the log's keys known from elsewhere (else its own one is believed).

    Without a fault among the findings, nothing in it was altered, removed or added.
    """
    try:
        bundle = read_bundle(path)
    except BadLine as bad:
        return (bad.finding(),)
    keys = vkeys or (bundle.vkey,)
    return check_log(bundle.rows, bundle.entries, bundle.balances, bundle.checkpoint, keys, event_hash, progress)


def check_log(
    rows: Iterable[LogRow],
    entries: Iterable[EntryLine],
    balances: Iterable[BalanceLine],
    checkpoint: str,
    vkeys: Sequence[str],
    event_hash: EventHash,
    progress: Progress = lambda _: None,
) -> tuple[Finding, ...]:
    """Check a whole log: of each kind of fault the first, in the order found, then notes on what was not checkable.

    `rows` by index from 0, `entries` by event index, `balances` in order. Reads each once; keeps one sum per lot,
    holder and account. The keys must be known from elsewhere: whoever can replace them too can sign another log.
    """
    report = Report()
    signed = _signed(report, checkpoint, vkeys)
    ledger = _Ledger(enumerate(entries, start=2))
    try:
        tree = _rows(report, rows, ledger, event_hash, progress)
        ledger.take(report, None)
        if signed is not None:
            _covered(report, signed, tree)
        _balances(report, balances, ledger.sums)
    except BadLine as bad:
        report.add(bad.finding())
    return report.findings()


@dataclass
class _Ledger:
    """The entry lines, taken event by event, and their sums by lot, holder and account."""

    lines: Iterator[tuple[int, EntryLine]]
    sums: dict[_Place, int] = field(default_factory=dict)
    waiting: tuple[int, EntryLine] | None = None
    last: tuple[int, str, str, str, int] | None = None
    line: int = 1
    start: int = 2  # the line on which the event's entries begin

    def take(self, report: Report, index: int | None) -> list[EntryLine]:
        """The entries of this event; lines for another one before it (all that are left for None) are faults."""
        taken: list[EntryLine] = []
        self.start = self.line + 1
        while True:
            self.waiting = self.waiting or next(self.lines, None)
            if self.waiting is None or (index is not None and self.waiting[1].event_index > index):
                return taken
            line, entry = self.waiting
            self.line, self.waiting = line, None
            self._order(report, line, entry)
            if entry.event_index == index:
                taken.append(entry)
            else:
                sentence = f"An entry names fact {entry.event_index}, which the log does not have at this place."
                report.add(Finding("ENTRY_WITHOUT_FACT", ENTRIES, line, entry.event_index, sentence))
            if entry.lot is not None:
                place = (entry.lot, entry.holder, entry.account)
                self.sums[place] = self.sums.get(place, 0) + entry.grams

    def _order(self, report: Report, line: int, entry: EntryLine) -> None:
        if self.last is not None and in_order(entry) < self.last:
            sentence = "This entry stands behind one that comes after it."
            report.add(Finding("ENTRY_ORDER", ENTRIES, line, entry.event_index, sentence))
        self.last = in_order(entry)


def _signed(report: Report, note: str, vkeys: Sequence[str]) -> Checkpoint | None:
    try:
        return open_checkpoint(note, [parse_vkey(each) for each in vkeys])
    except ValueError as bad:
        kind = "" if isinstance(bad, BadNote) else "it cannot be read: "
        report.add(Finding("SIGNATURE", CHECKPOINT, None, None, f"The checkpoint does not hold: {kind}{bad}."))
        return None


def _rows(
    report: Report, rows: Iterable[LogRow], ledger: _Ledger, event_hash: EventHash, progress: Progress
) -> Frontier:
    """Every fact by itself; the tree over the leaves as they stand."""
    tree, block, expected, holds = Frontier(), [], 0, Holds()
    for row in rows:
        if row.index != expected:
            sentence = f"Index {expected} is due here, but index {row.index} follows."
            report.add(Finding("INDEX_GAP", LEAVES, expected + 1, expected, sentence))
        leaf = leaf_hash(leaf_data(row.kind, row.event_hash, row.root, row.record_time_us))
        if row.leaf is not None and row.leaf != leaf:
            report.row("LEAF_CHANGED", row, LEAVES, "kind, hash, root or time are not those of its leaf.")
        block.append(leaf)
        entries = ledger.take(report, row.index)
        if sum(entry.grams for entry in entries):
            report.row("ENTRIES_NOT_ZERO", row, ENTRIES, "the grams of its entries do not sum to zero.", ledger.start)
        if row.payload is None:
            holds.erased.add(row.index)
            why = f"is in the archive of {row.away}, which is not at hand" if row.away else "was erased"
            code = "ARCHIVED" if row.away else "ERASED"
            report.note(code, row.index, f"The payload {why}, so only its hashes could be checked.")
        else:
            check_payload(report, row, row.payload, event_hash)
            holds.check(report, row, row.payload, entries)
            if _entered(row, row.payload.fields) != sorted(entries, key=in_order):
                report.row("ENTRIES_CHANGED", row, ENTRIES, "its entries are not those committed to.", ledger.start)
        expected = row.index + 1
        if len(block) == BLOCK:
            tree, block = tree.append(block), []
            progress(tree.size)
    tree = tree.append(block)
    progress(tree.size)
    return tree


def check_payload(report: Report, row: LogRow, payload: Payload, event_hash: EventHash) -> None:
    """Text, salt and added fields against the leaf: field by field, then the event's own hash, then every byte."""
    try:
        body = json.loads(payload.body, parse_float=Decimal)
        made = (*commitments(body, payload.salt), *commitments(payload.fields, payload.salt))
        if commitment_root(made) != row.root:
            report.row("PAYLOAD_CHANGED", row, PAYLOADS, "text, salt or fields are not those committed to.")
        if _hash_of(row.kind, payload, body, event_hash) != row.event_hash:
            report.row("EVENT_HASH_CHANGED", row, PAYLOADS, "the text does not have the hash in its leaf.")
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as fault:
        report.row("PAYLOAD_CHANGED", row, PAYLOADS, f"the text cannot be read: {fault}.")
        return
    if RECEIVED in payload.fields:
        if received_field(payload.body, payload.context)[RECEIVED] != payload.fields[RECEIVED]:
            report.row("RECEIVED_CHANGED", row, PAYLOADS, "text or context are not byte for byte as received.")
    elif row.kind == "epcis":
        report.note("NOT_BOUND", row.index, "The values are proved, but not the spelling of the text and its context.")


def _hash_of(kind: str, payload: Payload, body: Mapping[str, Any], event_hash: EventHash) -> bytes:
    """An EPCIS event has the CBV hash; every other fact is its canonical text, without a context."""
    if kind == "epcis":
        return bytes.fromhex(event_hash(body, payload.context).removeprefix("ni:///sha-256;").partition("?")[0])
    if payload.context is not None:
        raise ValueError("only an EPCIS event has a context")
    return hashlib.sha256(payload.body.encode()).digest()


def _entered(row: LogRow, fields: Mapping[str, Any]) -> list[EntryLine] | None:
    """The entries that the leaf commits to; None where the field is not of their shape."""
    try:
        found = [EntryLine(row.index, lot, holder, account, grams) for lot, holder, account, grams in fields[ENTERED]]
        return sorted(found, key=in_order)
    except (KeyError, TypeError, ValueError):
        return [] if ENTERED not in fields else None


def _covered(report: Report, signed: Checkpoint, tree: Frontier) -> None:
    if tree.size != signed.size:
        line = min(tree.size, signed.size) + 1
        sentence = f"The checkpoint covers {signed.size} facts, the log has {tree.size}."
        report.add(Finding("SIZE", LEAVES, line, line - 1, sentence))
    elif tree.root() != signed.root:
        sentence = "The leaves do not give the root that was signed: at least one of them is another."
        report.add(Finding("ROOT", CHECKPOINT, None, None, sentence))


def _balances(report: Report, balances: Iterable[BalanceLine], sums: dict[_Place, int]) -> None:
    """Each balance is the sum of its entries; every place that entries name has a balance, once."""
    last: BalanceLine | None = None
    for line, balance in enumerate(balances, start=2):
        where = f"{balance.lot} at {balance.holder} ({balance.account})"
        if last is not None and balance[:3] <= last[:3]:
            report.add(Finding("BALANCE_ORDER", BALANCES, line, None, f"{where} stands twice or out of order."))
        last = balance
        due = sums.pop(balance[:3], None)
        if due is None:
            report.add(Finding("BALANCE_WITHOUT_ENTRIES", BALANCES, line, None, f"No entries give {where} a balance."))
        elif balance.free + balance.reserved != due or min(balance.free, balance.reserved) < 0:
            sentence = f"{where}: {balance.free} + {balance.reserved} g, but its entries sum to {due} g."
            report.add(Finding("BALANCE_CHANGED", BALANCES, line, None, sentence))
    if sums:
        lot, holder, account = min(sums)
        sentence = f"{lot} at {holder} ({account}) has entries but no balance."
        report.add(Finding("BALANCE_MISSING", BALANCES, None, None, sentence))
