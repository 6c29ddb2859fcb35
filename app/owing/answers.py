"""Answers: a case as JSON and as lines of text: every step, what it was made of, where it is read, what is missing."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from app.formats import decimal_mark
from app.owing.writing import chosen, last_day, names_of, written
from app.words import Speech
from standards.dated import Reference, least_sure
from standards.responsibility.calculating.answers import Answer, Figure, Missing, Use
from standards.responsibility.duties.calculations import Calculation
from standards.responsibility.packs import Edition

Told = dict[str, Any]


def told_answer(t: Speech, edition: Edition, calculation: Calculation, answer: Answer, catalogue: str) -> Told:
    """A case as JSON. Figures are exact text (7/3 stays 7/3), null where there is none; names in all languages."""
    names = names_of(edition, calculation, t.lang)
    asked = [figure for id in answer.answers for figure in answer.of(id)]
    return {
        "pack": edition.pack, "edition": answer.edition, "sha256": answer.digest, "catalogue": catalogue,
        "calculation": answer.calculation, "names": dict(answer.names), "year": answer.year,
        "period": {"from": edition.calendar.first_day(answer.year).isoformat(), "to": answer.day.isoformat()},
        "status": answer.status, "standing": answer.standing,
        "certainty": least_sure(*(figure.certainty for figure in asked)), "doubts": list(answer.doubts),
        "lines": answer.lines, "answers": list(answer.answers), "complete": not answer.missing,
        "missing": [_missing(each) for each in answer.missing],
        "steps": [{**_step(each), "formula": written(t, each.step.formula, names.__getitem__)}
                  for each in answer.figures],
        "calendar": deadlines(edition, answer.year),
    }  # fmt: skip


def deadlines(edition: Edition, year: int) -> list[Told]:
    """What is due for a reporting year, by day; where a law was read to the month only, by month (2026-02)."""
    found = [
        {"id": each.id, "names": dict(each.names), "who": list(each.who),
         "due_by": str(each.due.on(year, edition.calendar)), "source": told_source(each.read.reference),
         "certainty": each.read.certainty}
        for each in edition.duties.deadlines if each.holds(year)
    ]  # fmt: skip
    return sorted(found, key=lambda each: str(each["due_by"]))


def told_source(reference: Reference | None) -> dict[str, str] | None:
    """Where something is read."""
    return {"title": reference.title, "href": reference.href} if reference else None


def _step(figure: Figure) -> Told:
    rule = figure.step
    return {
        "id": rule.id, "line": figure.line, "names": dict(rule.names), "unit": rule.unit,
        "value": figure.text if figure.missing is None else None, "certainty": figure.certainty,
        "given": figure.given, "made_of": [_use(each) for each in figure.uses],
        "operations": [{"operation": each.operation, "inputs": list(each.inputs), "result": each.result}
                       for each in figure.operations],
        "source": told_source(rule.reference), "note": dict(rule.note) if rule.note else None,
        "missing": _missing(figure.missing) if figure.missing else None,
    }  # fmt: skip


def _use(use: Use) -> Told:
    told: Told = {"kind": use.kind, "name": use.name, "names": dict(use.names), "value": use.text or None,
                  "unit": use.unit, "line": use.line, "given": use.given}  # fmt: skip
    if use.kind == "table":
        told |= {"keys": dict(use.keys), "from": _day(use.since), "until": _day(use.until),
                 "source": told_source(use.reference)}  # fmt: skip
    return told | {"certainty": use.certainty}


def _missing(each: Missing) -> Told:
    return {
        "reason": each.reason, "kind": each.kind, "name": each.name, "keys": dict(each.keys),
        "day": each.day.isoformat(), "says": dict(each.says) if each.says else None, "look": told_source(each.look),
    }  # fmt: skip


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def lines(t: Speech, edition: Edition, calculation: Calculation, answer: Answer) -> Iterator[str]:
    """A case for a terminal: the answers first, then every step, what is missing, what is due, the doubts."""
    names = names_of(edition, calculation, t.lang)
    yield f"{chosen(answer.names, t.lang)}, {answer.year} ({answer.edition})"
    for id in answer.answers:
        for figure in answer.of(id):
            yield f"= {_line(t, figure)}{chosen(figure.step.names, t.lang)}: {amount(t, figure)}"
    for each in answer.missing:
        yield f"? {wanted(t, each)}"
        if each.look:
            yield f"    {each.look.title} {each.look.href}"
    for figure in answer.figures:
        sure = t.name("certainty", figure.certainty)
        yield f"- {_line(t, figure)}{chosen(figure.step.names, t.lang)}: {amount(t, figure)} ({sure})"
        yield f"    {written(t, figure.step.formula, names.__getitem__)}"
        for use in figure.uses:
            yield f"    {chosen(use.names, t.lang)}: {_made(t, use)}"
        yield f"    {figure.step.reference.title} {figure.step.reference.href}"
    for due in deadlines(edition, answer.year):
        yield f"> {t('owing.due_by', day=last_day(t, due['due_by']))}: {chosen(due['names'], t.lang)}"
    for mark in marks(t, answer):
        yield f"! {mark}"


def amount(t: Speech, figure: Figure) -> str:
    """A figure with its unit, or that there is none."""
    return figure_text(t, figure.text, figure.step.unit) if figure.missing is None else t("owing.no_figure")


def figure_text(t: Speech, text: str, unit: str) -> str:
    """Exact text with its unit in the reader's manner; an exact fraction stays one."""
    if unit == "yes_no" or text in ("true", "false"):
        return t("common.answer_yes") if text == "true" else t("common.answer_no")
    whole, point, rest = text.partition(".")
    if not whole.lstrip("-").isdigit():
        return f"{text}\u00a0{unit_text(unit)}".rstrip()
    shown = t.number(int(whole)) + (decimal_mark(t.lang) + rest if point else "")
    sign = "-" if text.startswith("-0") else ""
    return f"{sign}{shown}{'' if unit in ('1', '') else chr(0xA0) + unit_text(unit)}"


def unit_text(unit: str) -> str:
    """A unit as it is written after a number."""
    return {"percent": "%", "1": "", "count": "", "m2": "m²"}.get(unit, unit)


def _line(t: Speech, figure: Figure) -> str:
    return "" if figure.line is None else f"{t('owing.line', number=figure.line + 1)}: "


def _made(t: Speech, use: Use) -> str:
    text = value_text(t, use.text, use.unit) if use.text else t("owing.not_given")
    if use.line is not None:
        text = f"{t('owing.line', number=use.line + 1)}: {text}"
    if use.kind != "table":
        return text
    since = t("owing.given_here") if use.given else t("owing.since", day=t.day(use.since)) if use.since else ""
    where = f"; {use.reference.title}" if use.reference else ""
    return f"{text} ({since}{where})"


def value_text(t: Speech, text: str, unit: str) -> str:
    """What went in: a number with its unit, yes or no, or a code as it is."""
    return figure_text(t, text, unit) if unit else text


def wanted(t: Speech, each: Missing) -> str:
    """What is missing, in words."""
    if each.kind == "denominator":
        return t("owing.divided_by_zero")
    name = chosen(each.names, t.lang) if each.names else each.name
    if each.says is not None:
        keys = f" ({', '.join(each.keys.values())})" if each.keys else ""
        return f"{name}{keys}: {chosen(each.says, t.lang)}"
    if each.kind == "input":
        return t("owing.give_input", name=name)
    keyed: Mapping[str, str] = each.keys
    return t("owing.table_silent", name=name, keys=", ".join(keyed.values()) or "–", day=t.day(each.day))


def marks(t: Speech, answer: Answer) -> list[str]:
    """What a reader must know before trusting the figures: draft, not checked, no law, values of one's own."""
    own = any(figure.given for figure in answer.figures)
    return [
        *(t.name("caveat", code) for code in answer.doubts),
        *([t(f"owing.standing_{answer.standing}")] if answer.standing != "law" else []),
        *([t("owing.own_values")] if own else []),
    ]
