"""Answers: what a check comes to, as JSON and as lines of text, each gate with its sentence, sources and certainty."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from app.crossings.shapes import CrossingIn, known_borders
from app.crossings.telling import gate_title, says, titles, want
from app.words import Speech
from foundation.errors import Invalid
from standards.borders import Answer, CrossingError, Dated, Gate, Source, check
from standards.borders.origin import Origin
from standards.catalogue import Catalogue


def checked(catalogue: Catalogue, asked: CrossingIn) -> Answer:
    """The answer to a crossing. Raises Invalid for what nobody can know."""
    book, words = known_borders(catalogue)
    try:
        return check(book, words, asked.crossing)
    except CrossingError as error:
        raise Invalid(error.sentence, field=error.field, value=str(error.value), fix=error.fix) from error


def shown(t: Speech, answer: Answer, digest: str) -> dict[str, Any]:
    """The answer as JSON; `says` is in the reader's language, codes and facts are stable."""
    governed, gates = answer.governed, titles(t, answer)
    return {
        "outcome": answer.outcome.value, "certainty": answer.certainty, "waste": answer.waste,
        "missing": [{"code": code, "says": want(t, code, gates)} for code in answer.missing],
        "entry": {
            "candidates": [each.code for each in answer.entry.candidates],
            "decided": answer.entry.decided.code if answer.entry.decided else None,
            "controlled": answer.entry.controlled, "missing": list(answer.entry.missing),
        },
        "regime": governed.regime.id if governed and governed.regime else None,
        "procedure": governed.procedure.id if governed and governed.procedure else None,
        "gates": [_gate(t, gate) for gate in answer.gates],
        "papers": [_paper(t, each) for each in answer.papers],
        "tariff": {
            "candidates": list(answer.tariff.candidates), "certainty": answer.tariff.certainty,
            "edition": answer.tariff.edition, "missing": list(answer.tariff.missing),
        },
        "origins": [_origin(each) for each in answer.origins],
        "changes": [{**_gate(t, gate), "from": _day(gate.sources[0].since)} for gate in answer.changes],
        "caveats": [{"code": code, "says": t(f"crossing_caveat.{code}")} for code in answer.caveats],
        "catalogue": digest,
    }  # fmt: skip


def _gate(t: Speech, gate: Gate) -> dict[str, Any]:
    return {
        "gate": gate.code, "title": gate_title(t, gate), "outcome": gate.outcome.value, "decides": gate.decides,
        "reason": gate.reason, "says": says(t, gate), "facts": dict(gate.facts), "missing": list(gate.missing),
        "certainty": gate.certainty if gate.sources else None, "sources": [_source(each) for each in gate.sources],
    }  # fmt: skip


def _source(source: Source) -> dict[str, Any]:
    return {
        "title": source.reference.title, "href": source.reference.href, "article": source.article,
        "certainty": source.certainty, "from": _day(source.since), "until": _day(source.until),
    }  # fmt: skip


def _paper(t: Speech, each: Dated) -> dict[str, Any]:
    return {
        "paper": each.paper.paper, "name": t.name("crossing_paper", each.paper.paper), "by": each.paper.by,
        "lastDay": _day(each.last_day), "waitsFor": list(each.waits_for), "source": _source(each.paper.source),
    }  # fmt: skip


def _origin(each: Origin) -> dict[str, Any]:
    return {
        "agreement": each.agreement.id, "available": each.available, "basis": each.basis, "reason": each.reason,
        "missing": list(each.missing), "regionalValueContent": str(each.rvc) if each.rvc is not None else None,
        "proofs": list(each.agreement.proofs) if each.available else [],
    }  # fmt: skip


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def lines(t: Speech, answer: Answer) -> Iterator[str]:
    """The answer for a terminal: what it comes to, every gate, what is missing, the papers, the caveats."""
    yield f"{t.name('crossing_outcome', answer.outcome.value)} ({t.name('certainty', answer.certainty)})"
    for gate in answer.gates:
        mark = t.name("crossing_outcome", gate.outcome.value)
        yield f"  [{mark}] {gate_title(t, gate)}: {says(t, gate)}"
        for source in gate.sources:
            article = f", {source.article}" if source.article else ""
            yield f"      {source.reference.title}{article} ({t.name('certainty', source.certainty)})"
    for code in answer.missing:
        yield f"  ? {want(t, code, titles(t, answer))}"
    for each in answer.papers:
        when = t.day(each.last_day) if each.last_day else ""
        yield f"  - {t.name('crossing_paper', each.paper.paper)} {when}".rstrip()
    for gate in answer.changes:
        since = gate.sources[0].since
        yield f"  > {t('crossing.from_day', day=t.day(since) if since else '')}: {gate_title(t, gate)}"
    for code in answer.caveats:
        yield f"  ! {t(f'crossing_caveat.{code}')}"
