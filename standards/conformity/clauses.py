"""Makes a clause into the function that judges it: its condition, then its rule, into one three-valued outcome."""

from collections.abc import Callable
from datetime import date
from typing import assert_never

from standards.conformity.bounds import Bound
from standards.conformity.facts import NOTHING, Facts
from standards.conformity.lots import Evidence, HeldDocument, Statement
from standards.conformity.measuring import FAIL, OPEN, PASS, Asks, Judge, keeps, limit, total, unfit
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
from standards.properties import Property

NOT_APPLICABLE = Result.NOT_APPLICABLE
Holds = Callable[[Facts], bool | None]


def clause_judge(clause: Clause) -> Judge:
    """The function that judges a clause for a lot's facts on a day."""
    judge = rule_judge(clause.rule, Asks(clause.evidence, clause.max_age_days))
    if clause.when is None:
        return judge
    kind, subject = _subject(clause.when)
    holds = condition_holds(clause.when)
    unknown = Outcome(kind, subject, OPEN, "CONDITION_UNKNOWN")
    not_met = Outcome(kind, subject, NOT_APPLICABLE, "CONDITION_NOT_MET")

    def judge_if(facts: Facts, today: date) -> Outcome:
        applies = holds(facts)
        return judge(facts, today) if applies else unknown if applies is None else not_met

    return judge_if


def condition_holds(condition: Condition) -> Holds:
    """Whether a condition holds; None where it cannot be decided."""
    match condition:
        case AttributeIs(attribute, values):
            kinds = {type(value) for value in values}

            def said(facts: Facts) -> bool | None:
                value = facts.attribute(attribute)
                # "yes" where true or false is asked for decides nothing: it must not switch a limit off
                return None if value is None or type(value) not in kinds else value in values

            return said
        case PropertyIs(found, bound):

            def measured(facts: Facts) -> bool | None:
                reading = facts.read(found)
                kept = OPEN if reading.fault is not None else keeps(reading, bound)
                return None if kept is OPEN else kept is PASS

            return measured


def _subject(condition: Condition) -> tuple[str, str]:
    match condition:
        case AttributeIs(attribute):
            return "attribute", attribute
        case PropertyIs(found):
            return "reported", found.code


def rule_judge(rule: Rule, asks: Asks) -> Judge:
    """The function that judges one rule, with the outcomes of its parts."""
    judge: Judge
    match rule:
        case Limit(found, bound, methods, condition):
            judge = limit(found, bound, asks, "limit", methods, condition)
        case Schedule(found, steps):
            judge = _schedule(found, steps, asks)
        case EachOf(several, bound):
            judge = _joint(all_of, [limit(found, bound, asks) for found in several], "each_of", _named(several))
        case Sum(several, bound):
            judge = total(several, bound, asks)
        case Reported(found, methods, condition):
            judge = _reported(found, methods, condition, asks)
        case Attest(statement, equals):
            judge = _attest(statement, equals, asks)
        case DocumentRule(type_):
            judge = _documents(type_, asks)
        case OneOf(attribute, values):
            judge = _one_of(attribute, values, asks)
        case AllOf(rules):
            judge = _joint(all_of, [rule_judge(part, asks) for part in rules], "all_of", "")
        case AnyOf(rules):
            judge = _joint(any_of, [rule_judge(part, asks) for part in rules], "any_of", "")
        case _:
            assert_never(rule)
    return judge


def _named(several: tuple[Property, ...]) -> str:
    return "+".join(found.code for found in several)


Join = Callable[[list[Outcome], str, str], Outcome]


def _joint(join: Join, parts: list[Judge], rule: str, subject: str) -> Judge:
    def judge(facts: Facts, today: date) -> Outcome:
        return join([part(facts, today) for part in parts], rule, subject)

    return judge


def _schedule(found: Property, steps: tuple[tuple[date, Bound], ...], asks: Asks) -> Judge:
    """The step with the latest first day not after today."""
    dated = [(day, limit(found, bound, asks, "schedule")) for day, bound in reversed(steps)]
    unset = Outcome("schedule", found.code, NOT_APPLICABLE, "LIMIT_NOT_YET_SET")

    def judge(facts: Facts, today: date) -> Outcome:
        for day, step in dated:
            if day <= today:
                return step(facts, today)
        return unset

    return judge


def _reported(found: Property, methods: tuple[str, ...], condition: bool, asks: Asks) -> Judge:
    code = found.code
    nothing = Outcome("reported", code, OPEN, NOTHING.fault)

    def judge(facts: Facts, today: date) -> Outcome:
        reading = facts.read(found)
        result, reason = reading.result, unfit(reading, methods, condition)
        if result is None:
            return nothing
        reason = reason or asks.uncounted(result.evidence, result.sampled_on, today)
        kept = PASS if reason is None else OPEN
        return Outcome("reported", code, kept, reason, reading.shown, evidence=result.evidence)

    return judge


def _attest(statement: str, equals: bool, asks: Asks) -> Judge:
    asked = str(equals).lower()
    missing = Outcome("attest", statement, OPEN, "STATEMENT_MISSING", limit=asked)

    def judge(facts: Facts, today: date) -> Outcome:
        said = facts.statements.get(statement)
        if not said:
            return missing
        false = [each for each in said if each.value is not equals]
        decider: Statement = (false or sorted(said, key=lambda each: each.evidence))[-1]
        reason = "STATEMENT_FALSE" if false else asks.uncounted(decider.evidence, decider.stated_on, today)
        kept = FAIL if false else PASS if reason is None else OPEN
        seen = str(decider.value).lower()
        return Outcome("attest", statement, kept, reason, seen, asked, evidence=decider.evidence)

    return judge


def _documents(type_: str, asks: Asks) -> Judge:
    """Of several documents of one type one good one is enough."""
    missing = Outcome("document", type_, OPEN, "DOCUMENT_MISSING")

    def judge(facts: Facts, today: date) -> Outcome:
        held = facts.documents.get(type_)
        if not held:
            return missing
        if len(held) == 1:
            return _document(held[0], asks, today)
        return any_of([_document(each, asks, today) for each in held], "document", type_)

    return judge


def _document(held: HeldDocument, asks: Asks, today: date) -> Outcome:
    failed: str | None = None
    if held.status != "valid":
        failed = "DOCUMENT_NOT_VALID"
    elif held.valid_from is not None and today < held.valid_from:
        failed = "DOCUMENT_NOT_YET_VALID"
    elif held.valid_to is not None and today > held.valid_to:
        failed = "DOCUMENT_EXPIRED"
    reason = failed or held.doubt or asks.uncounted(held.evidence, held.issued_on or held.valid_from, today)
    kept = FAIL if failed else PASS if reason is None else OPEN
    return Outcome("document", held.type, kept, reason, held.reference or held.status, evidence=held.evidence)


def _one_of(attribute: str, values: tuple[str | bool, ...], asks: Asks) -> Judge:
    asked = " | ".join(map(str, values))
    missing = Outcome("attribute", attribute, OPEN, "ATTRIBUTE_MISSING", limit=asked)

    def judge(facts: Facts, today: date) -> Outcome:
        value = facts.attribute(attribute)
        if value is None:
            return missing
        if value not in values:
            return Outcome("attribute", attribute, FAIL, "NOT_IN_LIST", str(value), asked)
        # an attribute is the seller's own word, which is what a signed declaration is
        reason = asks.uncounted(Evidence.E1, today, today)
        kept = PASS if reason is None else OPEN
        return Outcome("attribute", attribute, kept, reason, str(value), asked, evidence=Evidence.E1)

    return judge
