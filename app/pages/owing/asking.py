"""Asking: the case that a form states; the address holds it whole, so that it can be kept, sent and printed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.owing.writing import chosen
from app.pages.forms.filling import Filled
from app.pages.rendering import AnyRequest
from app.words import Speech
from standards.responsibility.calculating.given import LINES, BadInput, InputProblem
from standards.responsibility.duties.calculations import Calculation, Input
from standards.responsibility.duties.parameters import Parameter
from standards.responsibility.packs import Edition

MOST_LINES: Final = 30
SAID: Final = frozenset({"MISSING_INPUT", "NEGATIVE", "TOO_LONG"})


@dataclass(frozen=True)
class Asked:
    """What was typed, which button was pressed, and how many lines the form shows."""

    typed: Mapping[str, str]
    lines: int
    step: str

    @classmethod
    def of(cls, request: AnyRequest, calculation: Calculation) -> "Asked":
        """From the address: one line more where the reader asked for one, a line less where it was taken out."""
        typed = {name: value.strip()[:200] for name, value in request.query_params.multi_items()}
        count = typed.get("count", "")
        lines = min(int(count), MOST_LINES) if count.isascii() and count.isdigit() and len(count) < 4 else 1
        step = typed.get("step", "")
        gone = step.removeprefix("drop-")
        if step == "add":
            lines = min(lines + 1, MOST_LINES)
        elif gone.isascii() and gone.isdigit() and int(gone[:4]) < lines and lines > 1:
            typed, lines = _without(typed, int(gone)), lines - 1
        return cls(typed, max(lines, 1) if calculation.by_line else 0, step)


def _without(typed: Mapping[str, str], gone: int) -> dict[str, str]:
    """The fields with one line taken out and the later ones moved up."""
    kept: dict[str, str] = {}
    for name, value in typed.items():
        group, _, rest = name.partition(".")
        at, dot, field = rest.partition(".")
        if group != LINES or not dot or not at.isdigit():
            kept[name] = value
        elif int(at) != gone:
            kept[f"{LINES}.{int(at) - (int(at) > gone)}.{field}"] = value
    return kept


def tables_by_line(calculation: Calculation, edition: Edition) -> Mapping[str, bool]:
    """The tables that may be given in the law's stead, and whether each line may have its own value."""
    return {id: calculation.by_line for id in calculation.parameters() if id in edition.duties.parameters}


def given_of(form: Filled, asked: Asked, calculation: Calculation, edition: Edition) -> dict[str, Any]:
    """What is given, with numbers read as this reader writes them; everything unreadable is said at its field."""
    tables = edition.duties.parameters
    found: dict[str, Any] = {}
    for each in calculation.inputs:
        if each.per == "case":
            _put(found, form, each.id, each.id, each)
    for id, by_line in tables_by_line(calculation, edition).items():
        if not by_line:
            _put(found, form, id, id, tables[id])
    if asked.lines:
        found[LINES] = [_line(form, at, calculation, edition) for at in range(asked.lines)]
    return found


def _line(form: Filled, at: int, calculation: Calculation, edition: Edition) -> dict[str, Any]:
    line: dict[str, Any] = {}
    for each in calculation.inputs:
        if each.per == "line":
            _put(line, form, f"{LINES}.{at}.{each.id}", each.id, each)
    for id in tables_by_line(calculation, edition):
        _put(line, form, f"{LINES}.{at}.{id}", id, edition.duties.parameters[id])
    return line


def _put(found: dict[str, Any], form: Filled, field: str, id: str, wanted: Input | Parameter) -> None:
    if isinstance(wanted, Input) and wanted.kind != "number":
        value: Any = form.get(field) or None
    else:
        value = form.number(field, chosen(wanted.names, form.t.lang), needed=False)
    if value is not None:
        found[id] = value


def refuse(form: Filled, bad: BadInput, calculation: Calculation) -> None:
    """What the calculation refuses, at the field where it was typed."""
    for each in bad.problems:
        field = each.field.replace("/", ".")
        own = next((one for one in calculation.requires if each.code == f"requirement:{one.id}"), None)
        if own is not None:
            place = f"{field}.{_first(calculation)}" if field.startswith(f"{LINES}.") else ""
            form.say(place, chosen(own.says, form.t.lang))
        elif not (each.code == "MISSING_INPUT" and any(error["field"] == field for error in form.errors)):
            form.say(field, sentence_of(form.t, each, calculation))


def _first(calculation: Calculation) -> str:
    return next((each.id for each in calculation.inputs if each.per == "line"), "")


def sentence_of(t: Speech, each: InputProblem, calculation: Calculation) -> str:
    """What is wrong with one input, in the reader's words where there are some."""
    own = next((one for one in calculation.requires if each.code == f"requirement:{one.id}"), None)
    if own is not None:
        return str(chosen(own.says, t.lang))
    wanted = calculation.input(each.field.rpartition("/")[2])
    label = chosen(wanted.names, t.lang) if wanted else each.field
    if each.code in SAID:
        return t(f"owing.{each.code.lower()}", label=label)
    return f"{label}: {each.sentence}; {each.fix}."
