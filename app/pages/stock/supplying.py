"""Supplying: what firms said of a lot, and for each thing that a standard still lacks the form that takes it."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from app.pages.rulebook.naming import KINDS, readable, subject_name, value_named
from app.words import Speech
from foundation.access import Actor
from standards.catalogue import Catalogue
from standards.conformity.outcomes import AND, Missing
from traceability.statements import GRADE, KNOWN_OTHERWISE, StatementRow


def value_shown(t: Speech, name: str, value: bool | str) -> str:
    """An answer in words; the code of a grade is its name."""
    return str(value) if name == GRADE else value_named(t, name, value)


def statement_name(t: Speech, name: str) -> str:
    """What is stated: a sentence of a standard, or an attribute."""
    named = readable(t, "statement", name)
    return named if named != name.replace("_", " ") else readable(t, "attribute", name)


def told_standing(t: Speech, rows: Sequence[StatementRow], actor: Actor) -> list[dict[str, Any]]:
    """What stands of a lot, in words; only the firm's own can be withdrawn."""
    return [
        {"index": row.fact_index, "name": statement_name(t, row.name), "day": t.day(row.stated_on),
         "value": value_shown(t, row.name, row.words or "" if row.said is None else row.said),
         "own": row.organisation_id == actor.organisation_id}
        for row in rows
    ]  # fmt: skip


def ways(t: Speech, lot: str, need: Missing, catalogue: Catalogue) -> list[list[tuple[str, str]]]:
    """The ways to supply what is missing, any one enough: each as (name, address of its form; '' where none takes it).

    Things of one way are needed together.
    """
    return [[way for part in want.split(AND) for way in _ways(t, lot, part, catalogue)] for want in need.wants]


def _ways(t: Speech, lot: str, part: str, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    kind, _, subject = part.partition(":")
    if kind == "document":
        yield subject_name(t, kind, subject, catalogue), _address("certificate", lot=lot, standard=subject)
    elif kind in KINDS:
        address = "" if subject in KNOWN_OTHERWISE else _address("statement", lot=lot, name=subject)
        yield subject_name(t, kind, subject, catalogue), address
    else:
        for code in subject.split("+"):
            yield subject_name(t, kind, code, catalogue), _address("measurement", lot=lot, property=code)


def _address(form: str, **named: str) -> str:
    return f"/evidence/{form}?{urlencode(named)}"
