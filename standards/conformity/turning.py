"""Turning days: when something dated that a clause rests on changes; only then can the same facts judge otherwise."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from standards.conformity.facts import Facts
from standards.conformity.rules import (
    Attest,
    Clause,
    DocumentRule,
    EachOf,
    Limit,
    Reported,
    Rule,
    Schedule,
    Sum,
    leaves,
)

ONE = timedelta(days=1)
Turning = Callable[[Facts], Iterator[date]]


def turning(clause: Clause) -> Turning | None:
    """The days on which a clause's outcome may change for given facts; None where no day can change it."""
    parts = tuple(leaves(clause.rule))
    steps = {day for part in parts if isinstance(part, Schedule) for day, _ in part.steps}
    papers = {part.type for part in parts if isinstance(part, DocumentRule)}
    if not steps and not papers and clause.max_age_days is None:
        return None
    measured = {code for part in parts for code in _measured(part)}
    said = {part.statement for part in parts if isinstance(part, Attest)}
    age = None if clause.max_age_days is None else timedelta(days=clause.max_age_days)

    def days(facts: Facts) -> Iterator[date]:
        yield from steps
        held = [each for paper in papers for each in facts.documents.get(paper, ())]
        for each in held:
            yield from filter(None, (each.valid_from, _after(each.valid_to, ONE)))
        if age is None:
            return
        shown = [facts.results[code].sampled_on for code in measured if code in facts.results]
        shown += [each.stated_on for name in said for each in facts.statements.get(name, ())]
        shown += [each.issued_on or each.valid_from for each in held]
        yield from filter(None, (_after(day, age + ONE) for day in shown))

    return days


def _measured(rule: Rule) -> tuple[str, ...]:
    match rule:
        case Limit(found) | Schedule(found) | Reported(found):
            return (found.code,)
        case EachOf(several) | Sum(several):
            return tuple(found.code for found in several)
        case _:
            return ()


def _after(day: date | None, age: timedelta) -> date | None:
    """So long after a day; None beyond the last day there is."""
    try:
        return None if day is None else day + age
    except OverflowError:
        return None
