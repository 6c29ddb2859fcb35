"""Comparing: two laws as data and as lines of text, for the interface and the command line."""

from typing import Any

from app.owing.book import laws_of
from foundation.errors import Invalid
from standards.catalogue import Catalogue
from standards.faults import nearest
from standards.responsibility.comparing import Amount, DueDay, Line, Said
from standards.responsibility.packs import Edition


def edition_named(catalogue: Catalogue, id: str, field: str) -> Edition:
    """An edition by its id, of whichever law. Raises Invalid with what might have been meant."""
    known = {each.id: each for pack in laws_of(catalogue).values() for each in pack.editions}
    if id not in known:
        fix = nearest(id, list(known), "Use")
        raise Invalid("There is no such edition of a law.", field=field, value=id[:80], fix=fix)
    return known[id]


def told_difference(line: Line) -> dict[str, Any]:
    """One subject of two laws as JSON."""
    return {
        "section": line.section, "subject": line.subject, "names": [dict(each) for each in line.names],
        "left": _said(line.left), "right": _said(line.right), "same": line.same,
    }  # fmt: skip


def _said(said: Said | None) -> Any:
    match said:
        case None:
            return None
        case Amount(value, unit):
            return {"value": f"{value:f}", "unit": unit}
        case DueDay(day):
            return {"due_by": str(day)}
        case texts:
            return dict(texts)


def line_of(line: Line) -> str:
    """One subject in a line of plain text: = same, ~ different, < and > where only one side speaks."""
    sign = "=" if line.same else ">" if line.left is None else "<" if line.right is None else "~"
    return f"{sign} {line.section} {line.subject}: {_plain(line.left)} | {_plain(line.right)}"


def _plain(said: Said | None) -> str:
    match said:
        case None:
            return "-"
        case Amount(value, unit):
            return f"{value:f} {unit}"
        case DueDay(day):
            return str(day)
        case texts:
            return texts["en"]
