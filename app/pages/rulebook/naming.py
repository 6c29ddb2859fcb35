"""Naming: what standards ask, in the reader's words: properties, papers, statements, limits, conditions."""

from datetime import date
from typing import Any, Final

from app.formats import LANGUAGES
from app.pages.passports import property_name, unit_shown
from app.words import Speech
from standards.catalogue import Catalogue
from standards.conformity.bounds import Bound
from standards.conformity.comparing import Ask, Subject
from standards.conformity.outcomes import AND, Finding, Missing
from standards.conformity.rules import (
    AllOf,
    AnyOf,
    Attest,
    AttributeIs,
    Condition,
    DocumentRule,
    EachOf,
    Limit,
    OneOf,
    Reported,
    Rule,
    Schedule,
    Standard,
    Sum,
)

SIGNS: Final = {"<=": "≤", ">=": "≥", "<": "<", ">": ">"}
KINDS: Final = {"attest": "statement", "document": "paper", "attribute": "attribute", "statement": "statement"}


def readable(t: Speech, group: str, code: str) -> str:
    """The name of a code; where no word is written for it, the code with spaces."""
    named = t.name(group, code)
    return code.replace("_", " ") if named == code else str(named)


def subject_name(t: Speech, kind: str, subject: str, catalogue: Catalogue) -> str:
    """A property, a sum of some, a paper, a statement or an attribute."""
    if kind in KINDS:
        return readable(t, KINDS[kind], subject)
    return " + ".join(_property(t, code, catalogue) for code in subject.split("+"))


def _property(t: Speech, code: str, catalogue: Catalogue) -> str:
    named = property_name(t, code, catalogue)
    return code.replace("_", " ") if named == code else named


def want_named(t: Speech, want: str, catalogue: Catalogue) -> str:
    """'document:te_scope_certificate' in words; things that are needed together stand together."""
    parts = [part.partition(":") for part in want.split(AND)]
    return " + ".join(subject_name(t, kind, subject, catalogue) for kind, _, subject in parts)


def missing_named(t: Speech, need: Missing, catalogue: Catalogue) -> str:
    """What to supply, any one of several where there is a choice."""
    return f" {t('book.or')} ".join(want_named(t, want, catalogue) for want in need.wants)


def value_named(t: Speech, attribute: str, value: str | bool) -> str:
    """A value of an attribute: yes, no, or its own word."""
    if isinstance(value, bool):
        return t("common.answer_yes") if value else t("common.answer_no")
    if attribute == "chain_of_custody":
        return str(t.name("custody", value))
    return readable(t, "attribute_value", value)


def bound_named(t: Speech, bound: Bound) -> str:
    """A limit as people write it: ≤ 2 %."""
    return f"{SIGNS[bound.op]} {t.number(bound.value)} {unit_shown(bound.unit)}".strip()


def rule_named(t: Speech, rule: Rule, catalogue: Catalogue) -> str:
    """What a rule asks, in one line."""
    if isinstance(rule, AllOf | AnyOf):
        word = t("book.and") if isinstance(rule, AllOf) else t("book.or")
        return f" {word} ".join(rule_named(t, part, catalogue) for part in rule.rules)
    match rule:
        case Limit(found, bound):
            told = f"{_property(t, found.code, catalogue)} {bound_named(t, bound)}"
        case Schedule(found, steps):
            limits = (f"{bound_named(t, bound)} ({t('book.since', day=t.day(day))})" for day, bound in steps)
            told = f"{_property(t, found.code, catalogue)}: {'; '.join(limits)}"
        case EachOf(several, bound):
            names = ", ".join(_property(t, found.code, catalogue) for found in several)
            told = t("book.each_of", names=names, limit=bound_named(t, bound))
        case Sum(several, bound):
            names = " + ".join(_property(t, found.code, catalogue) for found in several)
            told = f"{names} {bound_named(t, bound)}"
        case Reported(found, methods):
            told = t("book.reported", name=_property(t, found.code, catalogue))
            told = f"{told} ({', '.join(methods)})" if methods else told
        case Attest(statement, equals):
            told = t("book.declared", name=readable(t, "statement", statement))
            told = told if equals else f"{told}: {t('common.answer_no')}"
        case DocumentRule(type_):
            told = readable(t, "paper", type_)
        case OneOf(attribute, values):
            words = " / ".join(value_named(t, attribute, value) for value in values)
            told = f"{readable(t, 'attribute', attribute)}: {words}"
    return str(told)


def condition_named(t: Speech, condition: Condition, catalogue: Catalogue) -> str:
    """When a clause concerns a lot."""
    if isinstance(condition, AttributeIs):
        values = " / ".join(value_named(t, condition.attribute, value) for value in condition.values)
        return t("book.when", what=f"{readable(t, 'attribute', condition.attribute)}: {values}")
    limit = f"{_property(t, condition.property.code, catalogue)} {bound_named(t, condition.bound)}"
    return t("book.when", what=limit)


def ask_named(t: Speech, subject: Subject, ask: Ask) -> str:
    """One demand of a comparison: its limit, from which level of evidence on, and where it is only optional."""
    shown = ask.shown
    for sign, nice in SIGNS.items():
        shown = shown.replace(f"{sign} ", f"{nice} ") if shown.startswith(f"{sign} ") else shown
    if subject.kind == "attribute":
        shown = " / ".join(value_named(t, subject.name, value) for value in ask.shown.split(" | "))
    if subject.kind == "statement":
        shown = t("common.answer_yes") if ask.shown == "true" else t("common.answer_no")
    parts = [ask.clause.rpartition("/")[0], shown or t("book.asked"), ask.evidence]
    parts += [] if ask.required else [t("common.optional")]
    return " · ".join(part for part in parts if part)


def finding_named(t: Speech, each: Finding, catalogue: Catalogue) -> dict[str, Any]:
    """One clause in words: what it asks, what was seen, whether it decides, how sure the catalogue is of it."""
    outcome = each.outcome
    return {
        "when": condition_named(t, each.asks.when, catalogue) if each.asks.when else "",
        "clause": each.clause, "asks": rule_named(t, each.asks.rule, catalogue), "text": each.text or "",
        "result": each.result.value, "asked": outcome.asked or "", "observed": outcome.observed or "",
        "margin": outcome.margin or "", "level": t.name("evidence", f"e{each.asks_evidence.value}"),
        "certainty": str(each.certainty), "required": each.required, "decides": each.decides,
        "reason": readable(t, "why", each.reason) if each.reason else "",
        "parts": [
            {"name": subject_name(t, part.rule, part.subject, catalogue), "result": part.result.value,
             "observed": part.observed or "", "reason": readable(t, "why", part.reason) if part.reason else ""}
            for part in outcome.parts
        ],
    }  # fmt: skip


def in_force(t: Speech, standard: Standard, today: date) -> str:
    """'9 October 2011 –', '– 29 June 2025', with what it says of today."""
    first = t.day(standard.first_day) if standard.first_day else ""
    last = t.day(standard.last_day) if standard.last_day else ""
    return f"{first} – {last}".strip() if first or last else t("common.not_stated")


def title_of(t: Speech, standard: Standard) -> str:
    """A standard's title in the reader's language, else in English."""
    assert t.lang in LANGUAGES
    return str(standard.titles.get(t.lang) or standard.titles["en"])
