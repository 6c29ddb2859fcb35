"""Judges one clause: its condition, then its rule, each of the closed set, into one three-valued outcome."""

from datetime import timedelta
from typing import assert_never

from standards.conformity.lots import Evidence, HeldDocument, Statement
from standards.conformity.measuring import Question, best, hold, interval, shown, unusable
from standards.conformity.outcomes import Outcome, Result, all_of, any_of
from standards.conformity.rules import (
    AllOf,
    AnyOf,
    Attest,
    AttributeIs,
    Clause,
    Condition,
    DocumentRule,
    EachOf,
    Limit,
    OneOf,
    PropertyIs,
    Reported,
    Rule,
    Schedule,
    Sum,
)


def judge_clause(clause: Clause, question: Question) -> Outcome:
    """The outcome of a clause for the question's lot and day; its own evidence demands replace the question's."""
    asked = Question(question.lot, question.as_of, question.guard_band, clause.evidence, clause.max_age_days)
    if clause.when is not None:
        applies = holds(clause.when, asked)
        kind, subject = _subject(clause.when)
        if applies is None:
            return Outcome(kind, subject, Result.INDETERMINATE, "CONDITION_UNKNOWN")
        if not applies:
            return Outcome(kind, subject, Result.NOT_APPLICABLE, "CONDITION_NOT_MET")
    return judge_rule(clause.rule, asked)


def holds(condition: Condition, question: Question) -> bool | None:
    """Whether a condition holds; None where it cannot be decided."""
    match condition:
        case AttributeIs(attribute, values):
            value = question.lot.attribute(attribute)
            return None if value is None else value in values
        case PropertyIs(found, bound):
            result = best(question.lot, found.code)
            if result is None or unusable(found, result) is not None:
                return None
            kept = interval(found, result, False).keeps(bound)
            return None if kept is Result.INDETERMINATE else kept is Result.PASS


def judge_rule(rule: Rule, question: Question) -> Outcome:
    """The outcome of one rule, with the outcomes of its parts."""
    match rule:
        case Limit(found, bound, methods, condition):
            outcome = hold(question, (found,), bound, "limit", methods, condition)
        case Schedule():
            outcome = _schedule(rule, question)
        case EachOf(several, bound):
            parts = [hold(question, (found,), bound, "limit") for found in several]
            outcome = all_of(parts, "each_of", "+".join(found.code for found in several))
        case Sum(several, bound):
            outcome = hold(question, several, bound, "sum")
        case Reported():
            outcome = _reported(rule, question)
        case Attest():
            outcome = _attest(rule, question)
        case DocumentRule(type_):
            outcome = _documents(type_, question)
        case OneOf():
            outcome = _one_of(rule, question)
        case AllOf(rules):
            outcome = all_of([judge_rule(part, question) for part in rules], "all_of", "")
        case AnyOf(rules):
            outcome = any_of([judge_rule(part, question) for part in rules], "any_of", "")
        case _:
            assert_never(rule)
    return outcome


def _subject(condition: Condition) -> tuple[str, str]:
    match condition:
        case AttributeIs(attribute):
            return "attribute", attribute
        case PropertyIs(found):
            return "reported", found.code


def _schedule(rule: Schedule, question: Question) -> Outcome:
    reached = [bound for day, bound in rule.steps if day <= question.as_of]
    if not reached:
        return Outcome("schedule", rule.property.code, Result.NOT_APPLICABLE, "LIMIT_NOT_YET_SET")
    return hold(question, (rule.property,), reached[-1], "schedule")


def _reported(rule: Reported, question: Question) -> Outcome:
    result = best(question.lot, rule.property.code)
    reason = unusable(rule.property, result, rule.methods, rule.condition_required)
    if result is not None and reason is None:
        reason = question.uncounted(result.evidence, result.sampled_on)
    verdict = Result.PASS if reason is None else Result.INDETERMINATE
    level = result.evidence if result else None
    return Outcome("reported", rule.property.code, verdict, reason, shown(result), evidence=level)


def _attest(rule: Attest, question: Question) -> Outcome:
    said = [statement for statement in question.lot.statements if statement.name == rule.statement]
    if not said:
        return Outcome("attest", rule.statement, Result.INDETERMINATE, "STATEMENT_MISSING")
    false = [statement for statement in said if statement.value is not rule.equals]
    decider: Statement = (false or sorted(said, key=lambda statement: statement.evidence))[-1]
    reason = "STATEMENT_FALSE" if false else question.uncounted(decider.evidence, decider.stated_on)
    verdict = Result.FAIL if false else Result.PASS if reason is None else Result.INDETERMINATE
    seen = str(decider.value).lower()
    return Outcome("attest", rule.statement, verdict, reason, seen, str(rule.equals).lower(), evidence=decider.evidence)


def _documents(type_: str, question: Question) -> Outcome:
    """Of several documents of one type one good one is enough."""
    held = [_document(document, question) for document in question.lot.documents if document.type == type_]
    if not held:
        return Outcome("document", type_, Result.INDETERMINATE, "DOCUMENT_MISSING")
    return held[0] if len(held) == 1 else any_of(held, "document", type_)


def _document(document: HeldDocument, question: Question) -> Outcome:
    failed: str | None = None
    if document.status != "valid":
        failed = "DOCUMENT_NOT_VALID"
    elif document.valid_from is not None and question.as_of < document.valid_from:
        failed = "DOCUMENT_NOT_YET_VALID"
    elif document.valid_to is not None and question.as_of >= document.valid_to + timedelta(days=1):
        failed = "DOCUMENT_EXPIRED"
    reason = failed or question.uncounted(document.evidence, document.issued_on or document.valid_from)
    verdict = Result.FAIL if failed else Result.PASS if reason is None else Result.INDETERMINATE
    seen = document.reference or document.status
    return Outcome("document", document.type, verdict, reason, seen, evidence=document.evidence)


def _one_of(rule: OneOf, question: Question) -> Outcome:
    value, asked = question.lot.attribute(rule.attribute), " | ".join(map(str, rule.values))
    if value is None:
        return Outcome("attribute", rule.attribute, Result.INDETERMINATE, "ATTRIBUTE_MISSING", asked=asked)
    if value not in rule.values:
        return Outcome("attribute", rule.attribute, Result.FAIL, "NOT_IN_LIST", str(value), asked)
    # an attribute is the seller's own word, which is what a signed declaration is
    reason = question.uncounted(Evidence.E1, question.as_of)
    verdict = Result.PASS if reason is None else Result.INDETERMINATE
    return Outcome("attribute", rule.attribute, verdict, reason, str(value), asked, evidence=Evidence.E1)
