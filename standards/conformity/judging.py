"""Judges a lot against a standard on a day: scope, time, clauses, grades, verdict, what is missing, until when."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from standards.conformity.clauses import judge_clause
from standards.conformity.lots import Lot
from standards.conformity.measuring import Question
from standards.conformity.outcomes import Finding, Judgement, Missing, Result, Verdict, missing_of
from standards.conformity.rules import (
    AllOf,
    AnyOf,
    Certainty,
    Clause,
    Grade,
    GradeMode,
    Rule,
    Schedule,
    Standard,
)

DecisionRule = Literal["simple", "guard_band"]


def judge(standard: Standard, lot: Lot, as_of: date, decision_rule: DecisionRule = "simple") -> Judgement:
    """What a standard says of a lot on a day; never raises for what the lot shows, only answers.

    `simple` compares the value, `guard_band` the value with its uncertainty on both sides.
    """
    today = _judge_on(standard, lot, as_of, decision_rule)
    for day in sorted(_turning_days(standard, lot)):
        if day > as_of:
            then = _judge_on(standard, lot, day, decision_rule)
            if (then.verdict, then.grade) != (today.verdict, today.grade):
                return replace(today, expires_on=day)
    return today


@dataclass(frozen=True)
class _Graded:
    """A grade and its findings, those of the grades below included where they count too."""

    code: str
    findings: tuple[Finding, ...]

    @property
    def result(self) -> Result:
        return _result(self.findings)


def _judge_on(standard: Standard, lot: Lot, as_of: date, decision_rule: DecisionRule) -> Judgement:
    empty = Judgement(
        standard=standard.id,
        edition=standard.edition,
        as_of=as_of,
        decision_rule=decision_rule,
        verdict=Verdict.OUT_OF_SCOPE,
        reason=_out_of_scope(standard, lot),
        grade=None,
        best_grade=None,
        findings=(),
        missing=(),
        certainty=None,
        expires_on=None,
        warnings=tuple(_warnings(standard, lot, as_of)),
    )
    if empty.reason is not None:
        return empty
    if not (standard.first_day or date.min) <= as_of <= (standard.last_day or date.max):
        return replace(empty, verdict=Verdict.NOT_IN_FORCE, reason="STANDARD_NOT_IN_FORCE")
    question = Question(lot, as_of, decision_rule == "guard_band")
    common = tuple(_finding(clause, question, None) for clause in standard.clauses)
    if standard.grade_mode is None:
        return _decided(empty, common, (), None)
    return _graded(empty, standard, common, tuple(_grades(standard, question)), lot)


def _out_of_scope(standard: Standard, lot: Lot) -> str | None:
    if standard.materials is not None and lot.material not in standard.materials:
        return "MATERIAL_OUT_OF_SCOPE"
    claimed = [g for g in standard.grades if g.code == lot.claimed_grade and standard.grade_mode is GradeMode.CLAIMED]
    if standard.grades and not any(_open_to(g, lot) for g in claimed or standard.grades):
        return "MATERIAL_OUT_OF_SCOPE"
    if standard.forms is not None and lot.form not in standard.forms:
        return "FORM_OUT_OF_SCOPE"
    return None


def _open_to(grade: Grade, lot: Lot) -> bool:
    return grade.materials is None or lot.material in grade.materials


def _warnings(standard: Standard, lot: Lot, as_of: date) -> Iterator[str]:
    if standard.status == "superseded":
        yield "STANDARD_SUPERSEDED"
    if standard.status == "draft":
        yield "STANDARD_DRAFT"
    if any(result.sampled_on is not None and result.sampled_on > as_of for result in lot.measurements):
        yield "SAMPLED_AFTER_DAY_ASKED"


def _finding(clause: Clause, question: Question, grade: Grade | None) -> Finding:
    return Finding(
        clause=f"{grade.code}/{clause.id}" if grade else clause.id,
        outcome=judge_clause(clause, question),
        required=clause.required,
        decides=clause.required and grade is None,
        asks_evidence=clause.evidence,
        certainty=clause.certainty,
        text=clause.text,
        source=clause.source,
    )


def _grades(standard: Standard, question: Question) -> Iterator[_Graded]:
    """The grades open to the lot's material, in the order of the standard (best first)."""
    open_to = [g for g in standard.grades if _open_to(g, question.lot)]
    own = {g.code: tuple(_finding(clause, question, g) for clause in g.clauses) for g in open_to}
    for place, grade in enumerate(open_to):
        counted = open_to[place:] if standard.cumulative else [grade]
        yield _Graded(grade.code, tuple(finding for g in counted for finding in own[g.code]))


def _graded(
    empty: Judgement, standard: Standard, common: tuple[Finding, ...], grades: tuple[_Graded, ...], lot: Lot
) -> Judgement:
    passing = next((g for g in grades if g.result is Result.PASS), None)
    best = passing.code if passing and _result(common) is Result.PASS else None
    everything = tuple(dict.fromkeys(finding for g in grades for finding in g.findings))
    if standard.grade_mode is GradeMode.CLAIMED:
        chosen = next((g for g in grades if g.code == lot.claimed_grade), None)
        if chosen is not None:
            answer = _decided(empty, common + everything, chosen.findings, chosen.code)
        else:
            answer = _unclaimed(empty, common + everything, lot)
    elif passing is not None:
        answer = _decided(empty, common + everything, passing.findings, passing.code)
    else:
        undecided = tuple(f for g in grades if g.result is Result.INDETERMINATE for f in g.findings)
        answer = _without_grade(empty, common + everything, undecided or everything, bool(undecided))
    return replace(answer, best_grade=best)


def _unclaimed(empty: Judgement, findings: tuple[Finding, ...], lot: Lot) -> Judgement:
    """No grade that this standard has is claimed: undecided, unless a common clause fails already."""
    reason = "GRADE_NOT_CLAIMED" if lot.claimed_grade is None else "GRADE_UNKNOWN"
    answer = _decided(empty, findings, (), None)
    if answer.verdict is Verdict.NONCONFORMING:
        return answer
    wanted = Missing("grade", reason, ("attribute:claimed_grade",), min(f.asks_evidence for f in findings))
    return replace(answer, verdict=Verdict.INCOMPLETE, reason=reason, missing=(wanted, *answer.missing))


def _without_grade(
    empty: Judgement, findings: tuple[Finding, ...], deciding: tuple[Finding, ...], undecided: bool
) -> Judgement:
    """No grade is reached: nonconforming by a common clause or by every grade, else undecided."""
    answer = _decided(empty, findings, deciding, None)
    if not undecided or any(f.decides and f.result is Result.FAIL for f in findings):
        return replace(answer, verdict=Verdict.NONCONFORMING)
    first = next(f.reason for f in answer.findings if f.decides and f.result is Result.INDETERMINATE)
    return replace(answer, verdict=Verdict.INCOMPLETE, reason=first)


def _decided(
    empty: Judgement, findings: tuple[Finding, ...], chosen: tuple[Finding, ...], grade: str | None
) -> Judgement:
    """The verdict over the common clauses and the chosen grade's; other grades are told, but do not decide."""
    names = {f.clause for f in chosen}
    told = tuple(replace(f, decides=f.decides or (f.required and f.clause in names)) for f in findings)
    deciding = [f for f in told if f.decides and f.result is not Result.NOT_APPLICABLE]
    verdicts = {
        Result.PASS: Verdict.CONFORMING,
        Result.FAIL: Verdict.NONCONFORMING,
        Result.INDETERMINATE: Verdict.INCOMPLETE,
    }
    result = _result(deciding)
    weakest = min((f.certainty for f in deciding), key=list(Certainty).index, default=None)
    return replace(
        empty,
        verdict=verdicts[result],
        reason=None if result is Result.PASS else next(f.reason for f in deciding if f.result is result),
        grade=grade,
        findings=told,
        missing=tuple(need for f in deciding for need in missing_of(f)),
        certainty=weakest,
    )


def _result(findings: Iterable[Finding]) -> Result:
    """Fail before indeterminate before pass, over required findings."""
    results = {finding.result for finding in findings if finding.required}
    return next((result for result in (Result.FAIL, Result.INDETERMINATE) if result in results), Result.PASS)


def _turning_days(standard: Standard, lot: Lot) -> set[date]:
    """Every day on which something dated changes: limits, certificates, the age of evidence, the standard itself."""
    one = timedelta(days=1)
    clauses = [*standard.clauses, *(clause for grade in standard.grades for clause in grade.clauses)]
    days = {day for clause in clauses for day in _steps(clause.rule)}
    shown = [result.sampled_on for result in lot.measurements] + [said.stated_on for said in lot.statements]
    shown += [document.issued_on or document.valid_from for document in lot.documents]
    ages = {clause.max_age_days for clause in clauses if clause.max_age_days is not None}
    days |= {day + timedelta(days=age + 1) for day in shown if day is not None for age in ages}
    days |= {document.valid_from for document in lot.documents if document.valid_from}
    days |= {
        document.valid_to + one for document in lot.documents if document.valid_to and document.valid_to < date.max
    }
    if standard.first_day:
        days.add(standard.first_day)
    if standard.last_day:
        days.add(standard.last_day + one)
    return days


def _steps(rule: Rule) -> Iterator[date]:
    match rule:
        case Schedule(_, steps):
            yield from (day for day, _ in steps)
        case AllOf(rules) | AnyOf(rules):
            for part in rules:
                yield from _steps(part)
        case _:
            return
