"""Judges a lot against a standard on a day: scope, time, clauses, grades, verdict, certainty, until when it holds."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple

from standards.conformity.facts import Facts
from standards.conformity.judgement import Judgement
from standards.conformity.lots import Lot
from standards.conformity.outcomes import Outcome, Result, Verdict
from standards.conformity.rules import Certainty, Grade, GradeMode, Standard
from standards.conformity.sheets import MARKS, Sheet, open_to, sheet_of

DecisionRule = Literal["simple", "guard_band"]
VERDICTS = {
    Result.PASS: Verdict.CONFORMING,
    Result.FAIL: Verdict.NONCONFORMING,
    Result.INDETERMINATE: Verdict.INCOMPLETE,
}
VERDICT_RESULTS = {verdict: result for result, verdict in VERDICTS.items()}


class Decision(NamedTuple):
    """The verdict over the outcomes of a sheet, and the rows it rests on."""

    verdict: Verdict
    reason: str | None
    grade: str | None
    best_grade: str | None
    deciding: tuple[int, ...]


def judge(standard: Standard, lot: Lot, as_of: date, decision_rule: DecisionRule = "simple") -> Judgement:
    """What a standard says of a lot on a day; never raises for what the lot shows, only answers.

    `simple` compares the value, `guard_band` the value with its uncertainty on both sides.
    """
    return judge_facts(standard, Facts(lot, guard_band=decision_rule == "guard_band"), as_of)


def judge_facts(standard: Standard, facts: Facts, as_of: date) -> Judgement:
    """The same for a lot that is held against many standards: its facts are made ready once."""
    lot = facts.lot
    if reason := out_of_scope(standard, lot):
        return _undecided(standard, facts, as_of, Verdict.OUT_OF_SCOPE, reason)
    if standard.first_day and as_of < standard.first_day:
        early = _undecided(standard, facts, as_of, Verdict.NOT_IN_FORCE, "STANDARD_NOT_IN_FORCE")
        return early._replace(expires_on=standard.first_day)
    if standard.last_day and as_of > standard.last_day:
        return _undecided(standard, facts, as_of, Verdict.NOT_IN_FORCE, "STANDARD_NOT_IN_FORCE")
    sheet = sheet_of(standard, lot.material)
    outcomes = [row.judge(facts, as_of) for row in sheet.rows]
    decision = decide(sheet, outcomes, lot.claimed_grade)
    certainty, advisory = _sureness(sheet, outcomes, decision)
    return Judgement(
        standard=standard.id,
        edition=standard.edition,
        digest=standard.digest,
        as_of=as_of,
        decision_rule="guard_band" if facts.guard_band else "simple",
        verdict=decision.verdict,
        reason=decision.reason,
        grade=decision.grade,
        best_grade=decision.best_grade,
        certainty=certainty,
        advisory=advisory or standard.status == "draft",
        expires_on=_expires_on(sheet, standard.last_day, facts, as_of, outcomes, decision),
        warnings=_warnings(standard, facts, as_of),
        sheet=sheet,
        outcomes=tuple(outcomes),
        deciding=decision.deciding,
    )


def _sureness(sheet: Sheet, outcomes: Sequence[Outcome], decision: Decision) -> tuple[Certainty | None, bool]:
    """The weakest mark of the clauses that the verdict rests on, and whether none that was read anywhere gave it.

    Of all that decide, those gave it whose result is the verdict's; where none has it (no grade is claimed) all did.
    """
    wanted, marks, turned = VERDICT_RESULTS[decision.verdict], 0, 0
    for at in decision.deciding:
        result = outcomes[at].result
        if result is not Result.NOT_APPLICABLE:
            marks |= sheet.marks[at]
            if result is wanted:
                turned |= sheet.marks[at]
    weakest = next((certainty for certainty, mark in MARKS.items() if marks & mark), None)
    return weakest, not (turned or marks) & ~MARKS[Certainty.UNVERIFIED]


def _undecided(standard: Standard, facts: Facts, as_of: date, verdict: Verdict, reason: str) -> Judgement:
    return Judgement(
        standard=standard.id, edition=standard.edition, digest=standard.digest, as_of=as_of,
        decision_rule="guard_band" if facts.guard_band else "simple", verdict=verdict, reason=reason, grade=None,
        best_grade=None, certainty=None, advisory=standard.status == "draft", expires_on=None,
        warnings=_warnings(standard, facts, as_of),
    )  # fmt: skip


def out_of_scope(standard: Standard, lot: Lot) -> str | None:
    """Why a standard does not speak of a lot, if so: its material first, then its form."""
    if standard.materials is not None and lot.material not in standard.materials:
        return "MATERIAL_OUT_OF_SCOPE"
    if standard.grades and not any(
        open_to(grade, lot.material) for grade in _claimed(standard, lot) or standard.grades
    ):
        return "MATERIAL_OUT_OF_SCOPE"
    if standard.forms is not None and lot.form not in standard.forms:
        return "FORM_OUT_OF_SCOPE"
    return None


def _claimed(standard: Standard, lot: Lot) -> list[Grade]:
    if standard.grade_mode is not GradeMode.CLAIMED or lot.claimed_grade is None:
        return []
    return [grade for grade in standard.grades if grade.code == lot.claimed_grade]


CAUTIONS = {"superseded": ("STANDARD_SUPERSEDED",), "draft": ("STANDARD_DRAFT",)}
SAMPLED_LATER = ("SAMPLED_AFTER_DAY_ASKED",)


def _warnings(standard: Standard, facts: Facts, as_of: date) -> tuple[str, ...]:
    later = facts.last_sampled is not None and facts.last_sampled > as_of
    return CAUTIONS.get(standard.status, ()) + (SAMPLED_LATER if later else ())


def rests_on(
    sheet: Sheet, outcomes: Sequence[Outcome], rows: tuple[int, ...], grade: str | None
) -> tuple[Decision, Certainty | None, bool]:
    """The verdict over these rows alone, as if their grade were claimed; its weakest mark; whether it only advises."""
    decision = _over(outcomes, rows, grade, None)
    return decision, *_sureness(sheet, outcomes, decision)


def decide(sheet: Sheet, outcomes: Sequence[Outcome], claimed: str | None) -> Decision:
    """The verdict of a standard: over its required clauses, and those of the grade that is claimed or reached."""
    common = sheet.common
    if sheet.mode is None:
        return _over(outcomes, common, None, None)
    shared = _result(outcomes, common)
    results = [(grade.code, grade.rows, _result(outcomes, grade.rows)) for grade in sheet.grades]
    passing = next(((code, rows) for code, rows, result in results if result is Result.PASS), None)
    best = passing[0] if passing and shared is Result.PASS else None
    if sheet.mode is GradeMode.CLAIMED:
        chosen = next(((code, rows) for code, rows, _ in results if code == claimed), None)
        if chosen is not None:
            return _over(outcomes, common + chosen[1], chosen[0], best)
        if shared is Result.FAIL:
            return _over(outcomes, common, None, best)
        reason = "GRADE_NOT_CLAIMED" if claimed is None else "GRADE_UNKNOWN"
        return Decision(Verdict.INCOMPLETE, reason, None, best, common)
    if passing is not None:
        return _over(outcomes, common + passing[1], passing[0], best)
    undecided = [at for _, rows, result in results if result is Result.INDETERMINATE for at in rows]
    everything = [at for _, rows, _ in results for at in rows]
    return _over(outcomes, common + tuple(dict.fromkeys(undecided or everything)), None, None)


def _over(outcomes: Sequence[Outcome], rows: tuple[int, ...], grade: str | None, best: str | None) -> Decision:
    result = _result(outcomes, rows)
    reason = (
        None if result is Result.PASS else next(outcomes[at].reason for at in rows if outcomes[at].result is result)
    )
    return Decision(VERDICTS[result], reason, grade, best, rows)


def _result(outcomes: Sequence[Outcome], rows: Sequence[int]) -> Result:
    """Fail before indeterminate before pass; a clause that does not apply stands in nobody's way."""
    found = Result.PASS
    for at in rows:
        result = outcomes[at].result
        if result is Result.FAIL:
            return result
        if result is Result.INDETERMINATE:
            found = result
    return found


def _expires_on(
    sheet: Sheet, last: date | None, facts: Facts, as_of: date, outcomes: Sequence[Outcome], today: Decision
) -> date | None:
    """The first day on which the verdict or grade becomes another; only rows that know dates are judged again."""
    if not sheet.dated and last is None:
        return None
    days = {day for at in sheet.dated if (turns := sheet.rows[at].turns) for day in turns(facts)}
    end = last + timedelta(days=1) if last and last < date.max else None
    for day in sorted(day for day in days if day > as_of and (end is None or day < end)):
        then = list(outcomes)
        for at in sheet.dated:
            then[at] = sheet.rows[at].judge(facts, day)
        decision = decide(sheet, then, facts.lot.claimed_grade)
        if (decision.verdict, decision.grade) != (today.verdict, today.grade):
            return day
    return end
