"""Writing: a law's formula as its reader would write it, with the names of what goes in and the words of a language."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias

from app.formats import Lang
from app.words import FALLBACK, Speech, Text
from standards.responsibility.duties.calculations import Calculation
from standards.responsibility.duties.parameters import Texts
from standards.responsibility.formulas import (
    Among,
    Choice,
    Compare,
    Constant,
    Contrary,
    Difference,
    Either,
    Every,
    FirstKnown,
    Holds,
    Known,
    Largest,
    Lookup,
    Maximum,
    Mean,
    MeanOfPreceding,
    Minimum,
    Node,
    Product,
    Quantity,
    Quotient,
    RatioPercent,
    Rounded,
    Sum,
    Total,
)
from standards.responsibility.packs import Edition

Name: TypeAlias = Callable[[str], str]
SIGNS: Final = {"at_least": "≥", "above": ">", "at_most": "≤", "below": "<", "equal": "="}
# What binds tighter than what: a part that binds less stands in parentheses.
_LOOSE: Final = (Sum, Difference, Every, Either, Compare, Choice, Rounded, Total, Largest, RatioPercent)
_TIGHT: Final = (Product, Quotient)


def last_day(t: Speech, day: str) -> str:
    """By when something is due (2026-03-31); of a law that was read to the month only (2026-02), that it was."""
    known = date.fromisoformat(f"{day}-01" if day.count("-") == 1 else day)
    return t.day(known) if day.count("-") > 1 else t("owing.day_unknown", month=t.month(known))


def chosen(texts: Texts, lang: Lang) -> Text:
    """A law's own text in the reader's language, else in English; it says which."""
    spoken = lang if lang in texts else FALLBACK
    return Text(texts[spoken], spoken)


def names_of(edition: Edition, calculation: Calculation, lang: Lang) -> Mapping[str, Text]:
    """What inputs, steps and tables of a calculation are called."""
    tables = {id: edition.duties.parameters[id].names for id in calculation.parameters()}
    given = {each.id: each.names for each in calculation.inputs}
    made = {each.id: each.names for each in calculation.steps}
    return {id: chosen(texts, lang) for id, texts in {**tables, **given, **made}.items()}


def written(t: Speech, node: Node, name: Name) -> str:  # noqa: PLR0911 - one answer per operation
    """A formula or condition in a line of text; `name` says what an input, a step or a table is called."""

    def inner(part: Node) -> str:
        text = written(t, part, name)
        return f"({text})" if isinstance(part, _LOOSE) else text

    match node:
        case Quantity(id) | Holds(id):
            return f"[{name(id)}]"
        case Constant(value):
            return t.number(value)
        case Sum(terms):
            return " + ".join(map(inner, terms))
        case Difference(of, less):
            return f"{inner(of)} − {inner(less)}"
        case Product(terms):
            return " × ".join(map(inner, terms))
        case Quotient(of, by):
            return f"{inner(of)} ÷ {_divisor(by, inner)}"
        case RatioPercent(of, by):
            return f"100 × {inner(of)} ÷ {_divisor(by, inner)}"
        case Compare(relation, left, right):
            return f"{inner(left)} {SIGNS[relation]} {inner(right)}"
        case Every(of):
            return f" {t('owing.op_and')} ".join(map(inner, of))
        case Either(of):
            return f" {t('owing.op_or')} ".join(map(inner, of))
        case _:
            return _worded(t, node, name, inner)


def _worded(t: Speech, node: Node, name: Name, inner: Callable[[Node], str]) -> str:  # noqa: PLR0911 - as above
    """What has no sign of its own is said in words."""
    match node:
        case Minimum(terms):
            return t("owing.op_min", of="; ".join(map(inner, terms)))
        case Maximum(terms):
            return t("owing.op_max", of="; ".join(map(inner, terms)))
        case Mean(terms):
            return t("owing.op_mean", of="; ".join(map(inner, terms)))
        case Rounded(of, mode, decimals):
            size = t.number(Decimal(1).scaleb(-decimals))
            return t("owing.op_round", of=inner(of), size=size, mode=t(f"owing.mode_{mode}"))
        case Total(of):
            return t("owing.op_total", of=inner(of))
        case Largest(of):
            return t("owing.op_largest", of=inner(of))
        case Choice(when, then, otherwise):
            return t("owing.op_choice", when=inner(when), then=inner(then), otherwise=inner(otherwise))
        case Contrary(of):
            return t("owing.op_not", of=inner(of))
        case _:
            return _named(t, node, name)


def _named(t: Speech, node: Node, name: Name) -> str:
    """What reads a name, and is no plain quantity."""
    match node:
        case Lookup(parameter, fixed):
            keys = f": {', '.join(code for _, code in fixed)}" if fixed else ""
            return f"[{name(parameter)}{keys}]"
        case Among(id, codes):
            return t("owing.op_among", name=f"[{name(id)}]", codes=", ".join(codes))
        case Known(id):
            return t("owing.op_known", name=f"[{name(id)}]")
        case MeanOfPreceding(id, periods):
            return t("owing.op_preceding", name=f"[{name(id)}]", periods=periods)
        case FirstKnown(names):
            return t("owing.op_first_known", of="; ".join(f"[{name(id)}]" for id in names))
        case _:
            raise TypeError(f"{type(node).__name__} has no writing")


def _divisor(node: Node, inner: Callable[[Node], str]) -> str:
    """a ÷ (b × c) is not a ÷ b × c."""
    return f"({inner(node)})" if isinstance(node, _TIGHT) else inner(node)
