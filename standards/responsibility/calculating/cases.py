"""Cases: one case of a law's calculation, exactly, with every step explained and what is unknown named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from standards.dated import least_sure
from standards.responsibility.calculating.answers import Answer, Figure, Missing, Use, text_of
from standards.responsibility.calculating.given import LINES, BadInput, InputProblem, read_given
from standards.responsibility.duties.calculations import Calculation, StepRule
from standards.responsibility.formulas import CONDITIONS, Lookup
from standards.responsibility.packs import Edition
from standards.responsibility.tracing import NoFigure, Trace, Value, Values

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def calculate(edition: Edition, calculation: Calculation, raw: Mapping[str, Any], year: int) -> Answer:
    """One case for a reporting year: tables are read as they stand on the year's last day.

    `raw` as in `read_given`. A step that needs what is not known has no figure and says what is missing; the others
    have theirs. Raises BadInput for what cannot be read, or where a requirement of the law does not hold.
    """
    lines = read_given(calculation, edition.duties.parameters, raw)
    run = _Run(edition, calculation, year, lines)
    run.require(by_line=LINES in raw)
    for rule in calculation.steps:
        if rule.id in run.varying:
            run.figures += [run.step(rule, at, at) for at in range(len(lines))]
        else:
            run.figures.append(run.step(rule, 0, None))
    return Answer(
        edition.id, edition.digest, calculation.id, calculation.names, year, run.day, edition.status,
        edition.duties.standing, len(lines), tuple(run.figures), calculation.answers, edition.doubts(),
    )  # fmt: skip


class _Silent(NoFigure):
    """A table says nothing for these keys on that day."""

    def __init__(self, parameter: str, keys: Mapping[str, str]) -> None:
        super().__init__(f"no_parameter:{parameter}")
        self.parameter, self.keys = parameter, keys


@dataclass
class _Run:
    """One case on its way: `lines` and `figures` grow step by step."""

    edition: Edition
    calculation: Calculation
    year: int
    lines: Sequence[dict[str, Value]]
    figures: list[Figure] = field(default_factory=list)
    looked: list[Use] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.day = self.edition.calendar.last_day(self.year)
        self.varying = self.calculation.line_names(self.edition.duties.parameters)

    def require(self, *, by_line: bool) -> None:
        """Raises BadInput for each requirement that does not hold; what cannot be said does not refuse."""
        wrong = []
        for each in self.calculation.requires:
            for at in range(len(self.lines)):
                try:
                    holds = Trace(self.lines, at, self._look).holds(each.condition)
                except NoFigure:
                    continue
                if not holds:
                    place = f"{LINES}/{at}" if by_line else each.id
                    wrong.append(InputProblem(place, "", f"requirement:{each.id}", each.says["en"], "correct it"))
        if wrong:
            raise BadInput(*wrong)
        self.looked.clear()

    def step(self, rule: StepRule, at: int, line: int | None) -> Figure:
        """Carry out one step on one line, or for the case on its first."""
        self.looked.clear()
        trace, value, missing = Trace(self.lines, at, self._look), None, None
        try:
            found: Fraction | bool | NoFigure = self._value(rule, trace)
            assert not isinstance(found, NoFigure)
            value, text = found, text_of(found, rule)
        except NoFigure as none:
            found, text, missing = none, "", self._missing(none)
        for each in self.lines if line is None else (self.lines[at],):
            each[rule.id] = found
        uses = self._uses(trace)
        certainty = least_sure(rule.certainty, self.edition.certainty, *(u.certainty for u in uses if u.certainty))
        given = any(use.given for use in uses)
        return Figure(rule, line, value, text, uses, tuple(trace.steps), certainty, given, missing)

    def _value(self, rule: StepRule, trace: Trace) -> Fraction | bool:
        if isinstance(rule.formula, CONDITIONS):
            return trace.holds(rule.formula)
        return trace.value(rule.formula)

    def _look(self, wanted: Lookup, values: Values) -> Fraction:
        table = self.edition.duties.parameters[wanted.parameter]
        fixed = dict(wanted.fixed)
        keys = {}
        for key in table.keyed_by:
            code = fixed.get(key) or values.get(key)
            if code is None:
                raise NoFigure(f"no_figure:{key}")
            keys[key] = str(code)
        given = values.get(table.id)
        if isinstance(given, Decimal):
            self.looked.append(Use("table", table.id, table.names, f"{given:f}", table.unit, keys, given=True))
            return Fraction(given)
        row = table.on(tuple(keys.values()), self.day, drafts=self.edition.status == "draft")
        if row is None:
            raise _Silent(table.id, keys)
        self.looked.append(
            Use("table", table.id, table.names, f"{row.value:f}", row.unit, keys, row.since, row.until,
                row.reference, row.certainty)
        )  # fmt: skip
        return Fraction(row.value)

    def _missing(self, none: NoFigure) -> Missing:
        if isinstance(none, _Silent):
            table = self.edition.duties.parameters[none.parameter]
            return Missing(
                none.reason, "table", table.id, table.names, none.keys, self.day, table.missing, table.look
            )  # fmt: skip
        name = none.reason.partition(":")[2]
        wanted = self.calculation.input(name)
        if wanted is None:
            return Missing(none.reason, "denominator", "", None, _NONE, self.day, None, None)
        return Missing(none.reason, "input", name, wanted.names, _NONE, self.day, None, None)

    def _uses(self, trace: Trace) -> tuple[Use, ...]:
        tables = {(each.name, *each.keys.items()): each for each in self.looked}
        read = dict.fromkeys((name, at if name in self.varying else 0) for name, at in trace.reads)
        return (*(self._use(name, at) for name, at in read), *tables.values())

    def _use(self, name: str, at: int) -> Use:
        line = at if name in self.varying and len(self.lines) > 1 else None
        done = next((each for each in self.figures if each.step.id == name and each.line in (None, at)), None)
        if done is not None:
            return Use(
                "step", name, done.step.names, done.text, done.step.unit, _NONE, certainty=done.certainty,
                given=done.given, line=line,
            )  # fmt: skip
        wanted = self.calculation.input(name)
        assert wanted is not None, f"{name} is neither step nor input"
        return Use("input", name, wanted.names, _told(self.lines[at].get(name)), wanted.unit, _NONE, line=line)


def _told(value: Value) -> str:
    match value:
        case None | NoFigure():
            return ""
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)
