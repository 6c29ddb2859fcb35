"""Holds: a held event moved nothing, and one release at most, of that very event, carries what it stated."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from traceability.bundle.report import Report
from traceability.bundle.rows import ENTRIES, PAYLOADS, EntryLine, LogRow, Payload
from traceability.ledger.outcomes import COUNTED, HELD

RELEASE: Final = "release"
OUTCOME: Final = "junkan:outcome"
STATED: Final = "junkan:stated"


@dataclass(frozen=True, slots=True)
class _Held:
    event_hash: bytes
    stated: tuple[tuple[str, int], ...]


@dataclass
class Holds:
    """The held events met so far, each with what a release of it must match."""

    held: dict[int, _Held] = field(default_factory=dict)
    cleared: set[int] = field(default_factory=set)
    erased: set[int] = field(default_factory=set)

    def check(self, report: Report, row: LogRow, payload: Payload, entries: Sequence[EntryLine]) -> None:
        """Hold one fact with its entries against the holds before it."""
        try:
            outcome = payload.fields[OUTCOME]["outcome"]
            stated = tuple((str(lot), int(grams)) for lot, grams in payload.fields[STATED])
            body = json.loads(payload.body) if row.kind == RELEASE else None
        except (KeyError, TypeError, ValueError):
            report.row("OUTCOME_MISSING", row, PAYLOADS, "what came of it is not told.")
            return
        if entries and outcome != COUNTED:
            report.row("UNCOUNTED_ENTRIES", row, ENTRIES, f"it has entries, but its outcome is {outcome}.")
        if outcome == HELD:
            self.held[row.index] = _Held(row.event_hash, stated)
        if body is not None:
            self._release(report, row, body, entries)

    def _release(self, report: Report, row: LogRow, body: Any, entries: Sequence[EntryLine]) -> None:
        index = body.get("event") if isinstance(body, dict) else None
        if type(index) is int and index in self.erased:
            report.note(
                "NOT_MATCHED", row.index, "What this clears has no payload here, so they could not be compared."
            )
            return
        held = self.held.get(index) if type(index) is int else None
        if index is None or held is None or body.get("eventHash") != held.event_hash.hex():
            report.row("RELEASE_WITHOUT_HOLD", row, PAYLOADS, "it clears no event that was held before it.")
            return
        if index in self.cleared:
            report.row("CLEARED_TWICE", row, PAYLOADS, f"fact {index} was cleared before it.")
        self.cleared.add(index)
        moved = {(entry.lot, abs(entry.grams)) for entry in entries}
        if body.get("decision") != RELEASE and entries:
            report.row("REJECTED_ENTERED", row, ENTRIES, f"it rejects fact {index}, and yet has entries.")
        elif entries and not moved.issuperset(held.stated):
            report.row("RELEASE_CHANGED", row, ENTRIES, f"it does not move what fact {index} stated.")
