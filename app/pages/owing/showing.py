"""Showing: the form's fields and the answer as the page tells them, each text marked with the language it is in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.owing.answers import amount, deadlines, marks, value_text, wanted
from app.owing.writing import chosen, last_day, names_of, written
from app.pages.owing.asking import Asked, tables_by_line
from app.words import Speech, Text
from standards.dated import Reference
from standards.responsibility.calculating.answers import Answer, Figure, Missing, Use
from standards.responsibility.calculating.given import LINES
from standards.responsibility.duties.calculations import Calculation, Input
from standards.responsibility.packs import Edition, RulePack

MOST_SHOWN: Final = 30
"""Lines of which each step is explained; of more the file says all."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form; `options` where it is chosen from."""

    name: str
    label: Text
    unit: str
    hint: Text | str
    options: tuple[tuple[str, str], ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of the whole case, of each line, and the values that may be given in the law's stead."""

    case: list[Field]
    own: list[Field]
    lines: list[tuple[list[Field], list[Field], bool]]
    open: bool


def years_told(pack: RulePack) -> str:
    """The years that a law speaks for, in no language: 2024, 2025–."""
    spans = [(each.first_year, each.last_year) for each in pack.editions]
    return ", ".join(str(a) if a == b else f"{a}–{b or ''}" for a, b in spans)


def fields_of(t: Speech, edition: Edition, rule: Calculation, asked: Asked, answer: Answer | None) -> Fields:
    """Everything that can be typed; own values stand open where one was given or is missing."""
    lacking = {each.name for each in answer.missing if each.kind == "table"} if answer else set()
    tables = tables_by_line(rule, edition)
    lines = []
    for at in range(asked.lines):
        own = [_table(t, edition, id, f"{LINES}.{at}.{id}") for id in tables]
        opened = bool(lacking & set(tables)) or any(asked.typed.get(each.name) for each in own)
        lines.append(
            ([_field(t, each, f"{LINES}.{at}.{each.id}") for each in rule.inputs if each.per == "line"], own, opened)
        )
    own = [_table(t, edition, id, id) for id, by_line in tables.items() if not by_line]
    opened = bool(lacking) or any(asked.typed.get(each.name) for each in own)
    return Fields([_field(t, each, each.id) for each in rule.inputs if each.per == "case"], own, lines, opened)


def _field(t: Speech, each: Input, name: str) -> Field:
    yes_no = (("yes", str(t("common.answer_yes"))), ("no", str(t("common.answer_no"))))
    options = yes_no if each.kind == "yes_no" else tuple((code.id, chosen(code.names, t.lang)) for code in each.codes)
    unit = each.unit if each.kind == "number" else ""
    hint = chosen(each.hint, t.lang) if each.hint else ""
    return Field(name, chosen(each.names, t.lang), _unit(unit), hint, options, each.absent != "refused")


def _table(t: Speech, edition: Edition, id: str, name: str) -> Field:
    table = edition.duties.parameters[id]
    return Field(name, chosen(table.names, t.lang), _unit(table.unit), "", (), True)


def columns_of(edition: Edition, rule: Calculation) -> tuple[str, ...]:
    """What a line of a file may say: its inputs, and the law's values that each line may replace."""
    tables = tables_by_line(rule, edition)
    inputs = (each.id for each in rule.inputs if each.per == "line")
    return (*inputs, *(id for id, by_line in tables.items() if by_line))


def _unit(unit: str) -> str:
    return "" if unit in ("1", "count") else "%" if unit == "percent" else unit


def shown(t: Speech, edition: Edition, rule: Calculation, answer: Answer) -> dict[str, Any]:
    """The answer: large figures, a table of lines, every step, what is missing, what is due, who has to do what."""
    figures = [figure for id in answer.answers for figure in answer.of(id)]
    codes = _codes(t, rule)
    roles = {each.id: each for each in edition.duties.roles}
    calendar = edition.calendar
    return {
        "big": [(chosen(each.step.names, t.lang), amount(t, each)) for each in reversed(figures) if each.line is None],
        "by_line": _by_line(t, answer),
        "steps": list(_steps(t, edition, rule, answer, codes)),
        "missing": [_missing(t, each, answer) for each in answer.missing],
        "marks": marks(t, answer),
        "period": t("owing.year_period", year=answer.year, first=t.day(calendar.first_day(answer.year)),
                    last=t.day(calendar.last_day(answer.year))),
        "due": [
            {"by": t("owing.due_by", day=last_day(t, str(each.due.on(answer.year, calendar)))),
             "name": chosen(each.names, t.lang), "sure": each.read.certainty,
             "who": [chosen(roles[one].names, t.lang) for one in each.who], "source": _source(each.read.reference)}
            for each in sorted((d for d in edition.duties.deadlines if d.holds(answer.year)),
                               key=lambda d: str(d.due.on(answer.year, calendar)))
        ],
        "roles": [{"name": chosen(each.names, t.lang), "does": chosen(each.does, t.lang),
                   "own": each.id in rule.for_roles} for each in edition.duties.roles],
        "data": deadlines(edition, answer.year),
    }  # fmt: skip


def _codes(t: Speech, rule: Calculation) -> dict[tuple[str, str], Text]:
    return {(each.id, code.id): chosen(code.names, t.lang) for each in rule.inputs for code in each.codes}


def _by_line(t: Speech, answer: Answer) -> tuple[list[Text], list[list[str]]] | None:
    """The answers that differ by line: their names, and a row for each line."""
    steps = [id for id in answer.answers if any(each.line is not None for each in answer.of(id))]
    if not steps:
        return None
    columns = [answer.of(id) for id in steps]
    names = [chosen(column[0].step.names, t.lang) for column in columns]
    rows = [
        [str(t("owing.line", number=at + 1)), *(amount(t, column[at]) for column in columns)]
        for at in range(answer.lines)
    ]
    return names, rows


def _steps(
    t: Speech, edition: Edition, rule: Calculation, answer: Answer, codes: dict[tuple[str, str], Text]
) -> Iterator[dict[str, Any]]:  # fmt: skip
    names = names_of(edition, rule, t.lang)
    for step in rule.steps:
        figures = answer.of(step.id)
        yield {
            "name": chosen(step.names, t.lang), "written": written(t, step.formula, names.__getitem__),
            "source": _source(step.reference), "sure": figures[0].certainty,
            "note": chosen(step.note, t.lang) if step.note else "",
            "tone": "warn" if any(each.missing for each in figures) else "done",
            "figures": [_figure(t, each, codes) for each in figures[:MOST_SHOWN]],
            "more": max(len(figures) - MOST_SHOWN, 0),
        }  # fmt: skip


def _figure(t: Speech, figure: Figure, codes: dict[tuple[str, str], Text]) -> dict[str, Any]:
    line = "" if figure.line is None else t("owing.line", number=figure.line + 1)
    return {"line": line, "amount": amount(t, figure), "uses": [_use(t, each, codes) for each in figure.uses]}


def _use(t: Speech, use: Use, codes: dict[tuple[str, str], Text]) -> dict[str, Any]:
    text = value_text(t, use.text, use.unit) if use.text else t("owing.not_given")
    since = [t("owing.since", day=t.day(use.since))] if use.since else []
    until = [t("owing.until", day=t.day(use.until))] if use.until else []
    own = [t("owing.given_here")] if use.given and use.kind == "table" else []
    line = [t("owing.line", number=use.line + 1)] if use.line is not None else []
    return {
        "name": chosen(use.names, t.lang), "text": codes.get((use.name, use.text), text),
        "when": ", ".join(map(str, [*line, *own, *since, *until])), "source": _source(use.reference),
        "sure": use.certainty if use.kind == "table" and use.certainty else "",
    }  # fmt: skip


def _missing(t: Speech, each: Missing, answer: Answer) -> dict[str, Any]:
    at = [figure.line for figure in answer.figures if figure.missing == each]
    line = next((one for one in at if one is not None), None)
    field = each.name if line is None and not answer.lines > 1 else f"{LINES}.{line or 0}.{each.name}"
    return {"text": wanted(t, each), "field": field if each.kind != "denominator" else "",
            "look": _source(each.look)}  # fmt: skip


def _source(reference: Reference | None) -> Sequence[str]:
    """Title and address; no address where there is nothing to open."""
    if reference is None:
        return ()
    return (reference.title, reference.href if reference.href.startswith(("https://", "http://")) else "")
