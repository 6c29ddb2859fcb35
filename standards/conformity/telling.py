"""Telling: a standard and the shelf as plain values for machines: numbers as text, days as ISO days."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from standards.catalogue import Document
from standards.conformity.comparing import Ask, Line, changes
from standards.conformity.rules import Certainty, Standard


def plain(value: Any, key: str = "") -> Any:
    """Catalogue data as JSON holds them; every `value` and every exact number is text, so that no reader rounds it."""
    match value:
        case Mapping():
            return {name: plain(item, name) for name, item in value.items()}
        case tuple() | list():
            return [plain(item, key) for item in value]
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case int() if key == "value" and not isinstance(value, bool):
            return str(value)
        case _:
            return value


def told_standard(document: Document, standard: Standard) -> dict[str, Any]:
    """A standard whole, with the hash of its document and the days on which it changes."""
    days = [{"day": day.isoformat(), "what": what, "clause": clause} for day, what, clause in changes(standard)]
    return {**plain(document.data), "sha256": document.digest, "changes": days, "certainties": certainties(standard)}


def told_short(standard: Standard) -> dict[str, Any]:
    """A standard as one entry of a list."""
    return {
        "id": standard.id, "edition": standard.edition, "title": dict(standard.titles), "issuer": standard.issuer,
        "about": standard.about, "grants": standard.grants, "status": standard.status,
        "effective": {"from": plain(standard.first_day), "to": plain(standard.last_day)},
        "jurisdictions": list(standard.jurisdictions), "used_in": list(standard.used_in),
        "grades": [grade.code for grade in standard.grades], "certainties": certainties(standard),
        "sha256": standard.digest,
    }  # fmt: skip


def certainties(standard: Standard) -> dict[str, int]:
    """How many clauses the catalogue is how sure of."""
    marks = [clause.certainty for _, clause in standard.every_clause]
    return {certainty.value: marks.count(certainty) for certainty in reversed(Certainty)}


def told_line(line: Line) -> dict[str, Any]:
    """One subject of a comparison."""
    return {
        "kind": line.subject.kind, "subject": line.subject.name, "same": line.same,
        "left": [_ask(each) for each in line.left], "right": [_ask(each) for each in line.right],
    }  # fmt: skip


def _ask(ask: Ask) -> dict[str, Any]:
    return {
        "clause": ask.clause, "asks": ask.shown, "required": ask.required, "evidence": ask.evidence,
        "max_age_days": ask.max_age_days, "when": ask.when, "certainty": ask.certainty,
    }  # fmt: skip
