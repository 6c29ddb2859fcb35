"""Showing: an answer as the page tells it: picture, chain of gates with sources, papers, and what would open it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from markupsafe import Markup

from app.crossings.telling import TONES, gate_title, says, titles, want
from app.pages.crossing.asking import HANDS, Asked
from app.pictures import GateMark, crossing
from app.words import Speech
from standards.borders import Answer, Gate, Outcome, Source

WIDE: Final = 720
NARROW: Final = 300
WAITING: Final = frozenset({Outcome.NEEDS_DATA, Outcome.NEEDS_CONSENT})


@dataclass(frozen=True, slots=True)
class ShownSource:
    """Where a rule stands; `href` is empty where there is nothing to open."""

    title: str
    href: str
    sure: str


@dataclass(frozen=True, slots=True)
class ShownGate:
    """One gate as the page tells it."""

    title: str
    tone: str
    outcome: str
    text: str
    missing: tuple[str, ...]
    sources: tuple[ShownSource, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer in words and pictures."""

    tone: str
    title: str
    text: str
    sure: str
    wide: Markup
    narrow: Markup
    rows: list[list[str]]
    deciding: list[ShownGate]
    informing: list[ShownGate]
    missing: list[str]
    papers: list[list[str]]
    changes: list[tuple[str, str, str]]
    caveats: list[str]


def shown(t: Speech, answer: Answer, asked: Asked) -> Told:
    """Everything that the page says of an answer."""
    gates = titles(t, answer)
    deciding = [_gate(t, gate, gates) for gate in answer.gates if gate.decides]
    return Told(
        tone=TONES[answer.outcome],
        title=t.name("crossing_outcome", answer.outcome.value),
        text=t(f"crossing.answer_{answer.outcome.value}"),
        sure=t("crossing.how_sure", certainty=t.name("certainty", answer.certainty)),
        wide=_picture(t, answer, asked, WIDE),
        narrow=_picture(t, answer, asked, NARROW),
        rows=[[each.title, each.outcome] for each in deciding],
        deciding=deciding,
        informing=[_gate(t, gate, gates) for gate in answer.gates if not gate.decides],
        missing=[want(t, code, gates) for code in answer.missing if not _in_hand(code)],
        papers=_papers(t, answer),
        changes=[_change(t, gate) for gate in answer.changes],
        caveats=[t(f"crossing_caveat.{code}") for code in answer.caveats],
    )


def hand(t: Speech, asked: Asked, answer: Answer | None) -> list[tuple[str, str, str, bool]]:
    """Consents, permits and confirmations to tick: (field, value, words, ticked), those that are held first."""
    gates = titles(t, answer) if answer else {}
    held = [f"{name}:{value}" for name in HANDS for value in asked.many[name]]
    views = [
        code for gate in (answer.gates if answer else ()) if gate.code.startswith("status:") for code in gate.missing
    ]
    wanted = [code for code in (*(answer.missing if answer else ()), *views) if _in_hand(code)]
    return [
        (*_split(code), want(t, code, gates), code in held) for code in dict.fromkeys((*held, *wanted))
    ]  # fmt: skip


def _in_hand(code: str) -> bool:
    return _split(code)[0] in HANDS


def _split(code: str) -> tuple[str, str]:
    kind, _, subject = code.partition(":")
    return kind, subject


def _gate(t: Speech, gate: Gate, gates: Mapping[str, str]) -> ShownGate:
    needs = gate.missing if gate.outcome in WAITING else ()
    return ShownGate(
        gates[gate.code], TONES[gate.outcome], t.name("crossing_outcome", gate.outcome.value), says(t, gate),
        tuple(want(t, code, gates) for code in needs), tuple(_source(t, each) for each in gate.sources),
    )  # fmt: skip


def _source(t: Speech, source: Source) -> ShownSource:
    article = f", {source.article}" if source.article else ""
    days = [t("crossing.from_day", day=t.day(source.since))] if source.since else []
    days += [t("crossing.until_day", day=t.day(source.until))] if source.until else []
    href = source.reference.href if source.reference.href.startswith(("https://", "http://")) else ""
    sure = " · ".join([t.name("certainty", source.certainty), *days])
    return ShownSource(source.reference.title + article, href, sure)


def _papers(t: Speech, answer: Answer) -> list[list[str]]:
    return [
        [
            t.name("crossing_paper", each.paper.paper), t.name("crossing_by", each.paper.by),
            _when(t, each.last_day, each.waits_for), each.paper.source.article or each.paper.source.reference.title,
        ]
        for each in answer.papers
    ]  # fmt: skip


def _when(t: Speech, day: date | None, waits: Sequence[str]) -> str:
    events = ", ".join(t.name("crossing_event", each) for each in waits)
    said = [t.day(day)] if day else []
    return " · ".join([*said, *([t("crossing.after", event=events)] if events and not day else [])])


def _change(t: Speech, gate: Gate) -> tuple[str, str, str]:
    since = gate.sources[0].since
    return (t.day(since) if since else ""), gate_title(t, gate), says(t, gate)


def _picture(t: Speech, answer: Answer, asked: Asked, width: int) -> Markup:
    states = [t.country(code) for code in (asked.one["exporting"], *asked.many["transit"], asked.one["importing"])]
    marks = [
        GateMark(gate_title(t, gate), TONES[gate.outcome], t.name("crossing_outcome", gate.outcome.value))
        for gate in answer.gates
        if gate.decides and gate.outcome is not Outcome.NOTED
    ]
    said = "; ".join(f"{mark.title}: {mark.outcome}" for mark in marks)
    return crossing(states, marks, title=t("crossing.picture"), description=said, width=width)
