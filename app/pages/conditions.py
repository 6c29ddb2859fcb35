"""Conditions in words: what a seller asks of a delivery beside its price, read from a form and told on a page."""

from decimal import Decimal
from typing import Any

from app.pages.forms.filling import Filled
from app.words import Speech
from foundation.errors import Invalid
from marketplace.conditions import NUMBERS, USUAL, stated, told
from standards.trade.settlement import Conditions, MoistureMethod


def share(t: Speech, value: Decimal) -> str:
    """A share in percent as people write it: no zeros that say nothing."""
    return f"{t.number(value.normalize() + 0)}%"


def conditions_told(t: Speech, conditions: Conditions) -> list[tuple[str, str]]:
    """What was asked of a delivery, in words; empty where nothing was."""
    rows = []
    for name, value in told(conditions).items():
        match name:
            case "moisture_method":
                shown = str(t(f"settling.method.{value}"))
            case "excess_accepted":
                shown = str(t("common.answer_yes"))
            case "contamination_multiplier":
                shown = t.number(Decimal(value))
            case _:
                shown = share(t, Decimal(value))
        rows.append((str(t(f"settling.{name}")), shown))
    return rows


def conditions_filled(form: Filled) -> Conditions:
    """The conditions of a listing's form; fields that are left empty ask for nothing."""
    known: dict[str, Any] = {}
    for name in NUMBERS:
        value = form.number(name, form.t(f"settling.{name}"), needed=False)
        if value is not None:
            known[name] = value
    method = form.choice("moisture_method", form.t("settling.moisture_method"), list(MoistureMethod), needed=False)
    known["moisture_method"] = MoistureMethod(method) if method else None
    known["excess_accepted"] = bool(form.get("excess_accepted"))
    try:
        return stated(known)
    except Invalid as refusal:
        form.refuse(refusal)
        return USUAL
