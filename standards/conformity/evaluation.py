"""Evaluation: a judgement as an unchangeable snapshot that names the standard's bytes and the hash of every input."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

import rfc8785

from standards.conformity.judgement import Judgement
from standards.conformity.lots import Evidence, HeldDocument, Lot, Measurement, Statement
from standards.conformity.outcomes import Finding, Outcome

# Grows whenever the same inputs could be judged otherwise, so that an old snapshot says by which rules it was made.
ENGINE = "conformity/1"


@dataclass(frozen=True)
class Evaluation:
    """A snapshot: `body` is its canonical JSON (RFC 8785), `sha256` the hash of that; equal inputs give equal bytes.

    It is never changed: judging again makes another, which differs where anything it rests on does.
    """

    document: Mapping[str, Any]
    body: bytes
    sha256: str


def evaluations(judgements: Iterable[Judgement], lot: Lot) -> list[Evaluation]:
    """The snapshots of what standards say of a lot; `lot` is the one that was judged."""
    identity = hashlib.sha256(canonical(_identity(lot))).hexdigest()
    inputs = list(_inputs(lot))
    return [_made(judgement, lot, identity, inputs) for judgement in judgements]


def evaluation(judgement: Judgement, lot: Lot) -> Evaluation:
    """The snapshot of one."""
    (made,) = evaluations([judgement], lot)
    return made


def _made(judgement: Judgement, lot: Lot, identity: str, inputs: list[dict[str, str]]) -> Evaluation:
    document = {
        "engine": ENGINE,
        "standard": {"id": judgement.standard, "edition": judgement.edition, "sha256": judgement.digest},
        "as_of": judgement.as_of.isoformat(),
        "decision_rule": judgement.decision_rule,
        "lot": {"material": lot.material, "form": lot.form, "sha256": identity},
        "inputs": inputs,
        "verdict": judgement.verdict.value,
        "reason": judgement.reason,
        "grade": judgement.grade,
        "best_grade": judgement.best_grade,
        "certainty": judgement.certainty.value if judgement.certainty else None,
        "advisory": judgement.advisory,
        "expires_on": judgement.expires_on.isoformat() if judgement.expires_on else None,
        "warnings": list(judgement.warnings),
        "missing": [
            {"clause": each.clause, "reason": each.reason, "wants": list(each.wants), "evidence": each.evidence.name}
            for each in judgement.missing
        ],
        "findings": [_finding(each) for each in judgement.findings],
    }
    body = _ENCODER.encode(document).encode()
    return Evaluation(document, body, hashlib.sha256(body).hexdigest())


def _finding(found: Finding) -> dict[str, Any]:
    return {
        "clause": found.clause,
        "required": found.required,
        "decides": found.decides,
        "asks_evidence": found.asks_evidence.name,
        "certainty": found.certainty.value,
        "source": found.source,
        "text": found.text,
        **told_outcome(found.outcome),
    }


def told_outcome(outcome: Outcome) -> dict[str, Any]:
    """An outcome with its parts as plain values."""
    return {
        "rule": outcome.rule,
        "subject": outcome.subject,
        "result": outcome.result.value,
        "reason": outcome.reason,
        "observed": outcome.observed,
        "asked": outcome.asked,
        "margin": outcome.margin,
        "evidence": outcome.evidence.name if outcome.evidence is not None else None,
        "parts": [told_outcome(part) for part in outcome.parts],
    }


def _identity(lot: Lot) -> dict[str, Any]:
    """What the lot is, apart from what is shown of it."""
    return {
        "material": lot.material, "form": lot.form, "origin": lot.origin, "claimed_grade": lot.claimed_grade,
        "attributes": {**lot.own, **lot.attributes},
    }  # fmt: skip


def _inputs(lot: Lot) -> Iterator[dict[str, str]]:
    """Every input in the order given (which decides between results that are otherwise alike), with its hash."""
    for result in lot.measurements:
        yield {"kind": "measurement", "of": result.property, "sha256": _hash(_plain(result))}
    for said in lot.statements:
        yield {"kind": "statement", "of": said.name, "sha256": _hash(_plain(said))}
    for document in lot.documents:
        yield {"kind": "document", "of": document.type, "sha256": _hash(_plain(document))}


def _plain(fact: Measurement | Statement | HeldDocument) -> dict[str, Any]:
    return {name: _json(value) for name, value in fact._asdict().items() if value is not None}


def _json(value: object) -> str | bool:
    match value:
        case Evidence():
            return value.name
        case Enum():
            return str(value.value)
        case date():
            return value.isoformat()
        case bool() | str():
            return value
        case Decimal():
            return str(value)
        case _:
            raise TypeError(f"{value!r} ({type(value).__name__}) is no fact of a lot")


def told_lot(lot: Lot) -> dict[str, Any]:
    """A lot as plain values, as `lot_from` reads them."""
    told: dict[str, Any] = {"name": lot.name, **_identity(lot)}
    told["measurements"] = [_plain(each) for each in lot.measurements]
    said = ((each.name, _plain(each)) for each in lot.statements if each.value is not None)
    told["statements"] = {name: {key: value for key, value in one.items() if key != "name"} for name, one in said}
    told["documents"] = [_plain(each) for each in lot.documents]
    return {name: value for name, value in told.items() if value not in (None, {}, [])}


def _hash(value: dict[str, Any]) -> str:
    return hashlib.sha256(_ENCODER.encode(value).encode()).hexdigest()


# Of texts, truth values, nothing, lists and objects the standard library writes the bytes of RFC 8785, many times
# faster, while all names are ASCII: only beyond the first plane do UTF-16 (the RFC's order) and code points differ.
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def canonical(value: dict[str, Any]) -> bytes:
    """JSON by RFC 8785, whatever the names in it are."""
    ours = all(name.isascii() for name in _names(value))
    return _ENCODER.encode(value).encode() if ours else rfc8785.dumps(value)


def _names(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for inside in value.values():
            yield from _names(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from _names(inside)
