"""Drafting: what a draft law would change for given cases, beside the law in force; it never decides."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from standards.catalogue import CatalogueError, Problem, Read, read_document
from standards.quantities import QuantityError
from standards.responsibility.calculating.cases import calculate
from standards.responsibility.calculating.given import BadInput
from standards.responsibility.packs import Edition, PackError
from standards.responsibility.shelf import edition

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200
_QUOTED: Final = re.compile(r"'([^']{1,80})'")
_SECTIONS: Final = {"calculation": "calculations", "parameter": "parameters", "rate": "rates", "role": "roles"}
FIX: Final = "write it as the other laws do"


class Case(NamedTuple):
    """One case to try: what it says, of which calculation, for which reporting year, given what."""

    says: str
    calculation: str
    year: int
    given: Mapping[str, Any]


class Beside(NamedTuple):
    """One step (on one line) of a case under both laws: the figure, or why there is none; None where it has no such
    step."""

    case: str
    calculation: str
    year: int
    step: str
    line: int | None
    now: str | None
    then: str | None

    @property
    def changed(self) -> bool:
        return self.now != self.then


def linted(raw: bytes, path: str = "draft") -> Edition:
    """An edition from a stranger's YAML, always as a draft. CatalogueError names line, key and fix of each fault, also
    of each of its own cases that does not come out as it tells."""
    read = read_document(raw, path, trusted=False)
    if read.document.kind != "rule-pack":
        raise CatalogueError(read.problem(["kind"], f"this is a {read.document.kind}", "write kind: rule-pack"))
    found = sense(read)
    if isinstance(found, Problem):
        raise CatalogueError(found)
    if wrong := list(wrong_cases(read, found)):
        raise CatalogueError(*wrong)
    return replace(found, status="draft")


def sense(read: Read) -> Edition | Problem:
    """The edition, or what of a document that keeps its schema cannot be calculated with."""
    try:
        return edition(read.document)
    except (PackError, QuantityError, LookupError, ValueError, TypeError, ArithmeticError) as error:
        sentence = str(error).removeprefix(f"{read.document.path}: ") or type(error).__name__
        return read.problem(_place(read, sentence), sentence, FIX)


def _place(read: Read, sentence: str) -> list[str | int]:
    """Where what the sentence quotes is written, else where the part stands that it names ('calculation fee: ...')."""
    for quoted in _QUOTED.findall(sentence):
        if (found := next(_written(read.document.data, quoted), None)) is not None:
            return found
    kind, _, rest = sentence.partition(" ")
    section, name = _SECTIONS.get(kind, ""), rest.partition(":")[0]
    parts = enumerate(read.document.data.get(section, ()))
    return next(([section, at] for at, each in parts if isinstance(each, Mapping) and each.get("id") == name), [])


def _written(value: Any, text: str) -> Iterator[list[str | int]]:
    """The ways to a value that is this text, in the order of the document."""
    parts: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, list | tuple):
        parts = enumerate(value)
    elif value == text:
        yield []
    for step, part in parts:
        yield from ([step, *rest] for rest in _written(part, text))


def wrong_cases(read: Read, found: Edition) -> Iterator[Problem]:
    """Each case that the document tells of itself and that comes out otherwise."""
    for at, calculation in enumerate(found.duties.calculations):
        for number, case in enumerate(calculation.cases):
            place: list[str | int] = ["calculations", at, "cases", number]
            told = figures(found, Case(case.says, calculation.id, case.year, case.given))
            for step, expected in case.expect.items():
                came = tuple(text for (name, _), text in told.items() if name == step)
                shown = tuple("" if text.startswith("|") else text for text in came)
                if shown != expected:
                    sentence = f"{step} comes to {', '.join(came) or 'nothing'}, not to {', '.join(expected)}"
                    yield read.problem(place, sentence, "correct the formula or the case")


def cases_of(found: Edition) -> Iterator[Case]:
    """The cases that a law tells of itself."""
    for calculation in found.duties.calculations:
        for case in calculation.cases:
            yield Case(case.says, calculation.id, case.year, case.given)


def figures(found: Edition, case: Case) -> dict[tuple[str, int | None], str]:
    """Every step of a case with its figure; `|reason` where there is none, or where it cannot be taken at all."""
    known = {each.id: each for each in found.duties.calculations}
    if case.calculation not in known:
        return {}
    if not FIRST_YEAR <= case.year <= LAST_YEAR:
        return {("", None): f"|year:{case.year}"}
    try:
        answer = calculate(found, known[case.calculation], case.given, case.year)
    except BadInput as bad:
        return {("", None): f"|{'; '.join(f'{each.field}: {each.sentence}' for each in bad.problems)}"}
    return {
        (each.step.id, each.line): f"|{each.missing.reason}" if each.missing else each.text for each in answer.figures
    }


def side_by_side(draft: Edition, current: Edition, cases: Iterable[Case]) -> Iterator[Beside]:
    """Each step of each case under the law in force and under the draft."""
    for case in cases:
        now, then = figures(current, case), figures(draft, case)
        for step, line in dict.fromkeys((*now, *then)):
            yield Beside(
                case.says, case.calculation, case.year, step, line, now.get((step, line)), then.get((step, line))
            )
