"""Asking: the crossing that a form states; an address, so that it can be kept, sent and asked again."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from app.crossings.shapes import CrossingIn
from app.pages.forms.filling import Filled
from app.pages.rendering import AnyRequest, errors_of
from app.words import Speech
from foundation.errors import Refusal
from standards.borders import FACTS, Kind

YES_NO: Final = tuple(name for name, kind in FACTS.items() if kind is Kind.YES_NO)
NUMBERS: Final = tuple(name for name, kind in FACTS.items() if kind is Kind.NUMBER)
TEXTS: Final = tuple(name for name, kind in FACTS.items() if kind is Kind.TEXT)
# What an asker may have in writing: the page offers these where an answer waits for them.
HANDS: Final = ("end_of_waste", "consents", "permits", "confirmed")
STATES: Final = ("transit", "collected_in", "sorted_in", "recycled_in", "end_of_waste", "consents")
MANY: Final = ("transit", *(name for name, kind in FACTS.items() if kind is Kind.LIST))
ONE: Final = (
    "material", "form", "origin", "exporting", "importing", "operation", "day", "arrival", *YES_NO, *NUMBERS, *TEXTS,
    "fob", "foreign_value", "foreign_hs", "foreign_from",
)  # fmt: skip
# What most plastics ask for; the page keeps the rest folded.
USUAL: Final = ("hazardous", "single_polymer", "almost_free", "separately_recycled")
MEASURES: Final = tuple(name for name in NUMBERS if name != "contamination_percent")
POLYMERS: Final = (
    "plastics.pet", "plastics.pe", "plastics.pp", "plastics.ps", "plastics.pvc", "plastics.abs",
)  # fmt: skip
PROCESSES: Final = ("sorting", "simple_grinding", "washing", "extrusion", "compounding", "smelting", "pulping")
# What stands folded until it is used: more facts of the lot, and what origin by value needs.
MORE: Final = ("polymers", "conforms", "sorted_in", *TEXTS, *MEASURES, *(name for name in YES_NO if name not in USUAL))
VALUE: Final = ("processes", "fob", "foreign_value", "foreign_hs", "foreign_from")
OPERATIONS: Final = ("R1", "R3", "R4", "R5", "R12", "R13", "D1", "D10")
# Where a field's label stands under another key than its own.
LABELS: Final = {"material": "common.material", "form": "common.form"}
SHORT: Final = 40
_STATE: Final = re.compile("[A-Z]{2}")


@dataclass(frozen=True)
class Asked:
    """The fields of the form as they were typed: single ones, and those that may stand several times."""

    one: Mapping[str, str]
    many: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, request: AnyRequest) -> "Asked":
        """From the address; what the form does not know is passed over."""
        items = [(name, value.strip()[:200]) for name, value in request.query_params.multi_items()]
        many = {name: tuple(dict.fromkeys(v for n, v in items if n == name and v))[:SHORT] for name in MANY}
        return cls({name: next((v for n, v in items if n == name), "") for name in ONE}, many)

    def filled(self, known: "Asked") -> "Asked":
        """The same, with what is known where nothing was typed."""
        one = {name: self.one[name] or known.one.get(name, "") for name in ONE}
        return Asked(one, {name: self.many[name] or known.many.get(name, ()) for name in MANY})

    @property
    def complete(self) -> bool:
        """Whether the form was sent: a destination is what no lot can fill in by itself."""
        return bool(self.one["importing"])

    def touches(self, names: Iterable[str]) -> bool:
        """Whether any of these fields holds something."""
        return any(self.one.get(name) or self.many.get(name) for name in names)

    @property
    def states(self) -> frozenset[str]:
        """Every two-letter code that was asked with."""
        single = (self.one[name] for name in ("exporting", "importing", "foreign_from"))
        several = (code for name in STATES for code in self.many[name])
        return frozenset(code for code in (*single, *several) if _STATE.fullmatch(code))


def crossing_of(form: Filled, asked: Asked) -> CrossingIn | None:
    """The question, or None with everything that is wrong said at its field."""
    t = form.t
    day = form.day("day", t("crossing.day"))
    arrival = form.day("arrival", t("crossing.arrival")) if asked.one["arrival"] else None
    for name in ("material", "form", "exporting", "importing"):
        form.text(name, label(t, name))
    facts: dict[str, Any] = {**_facts(form, asked), **{name: asked.many[name] for name in MANY if name != "transit"}}
    worth = _worth(form, asked)
    if form.errors or day is None:
        return None
    said = {
        "lot": {"material": asked.one["material"], "form": asked.one["form"], "origin": asked.one["origin"] or None,
                "facts": {name: value for name, value in facts.items() if value not in ("", (), None)}},
        "route": {"exporting": asked.one["exporting"], "importing": asked.one["importing"],
                  "transit": asked.many["transit"], "operation": asked.one["operation"] or None},
        "day": day, "arrival": arrival, "worth": worth,
    }  # fmt: skip
    try:
        return CrossingIn.model_validate(said)
    except ValidationError as wrong:
        _say(form, wrong)
        return None


def _facts(form: Filled, asked: Asked) -> dict[str, bool | Decimal | str]:
    found: dict[str, bool | Decimal | str] = {name: asked.one[name] for name in TEXTS if asked.one[name]}
    found |= {name: asked.one[name] == "yes" for name in YES_NO if asked.one[name] in {"yes", "no"}}
    for name in NUMBERS:
        number = form.number(name, form.t.name("crossing_fact", name), needed=False)
        if number is not None:
            found[name] = number
    return found


def _worth(form: Filled, asked: Asked) -> dict[str, Any] | None:
    fob = form.number("fob", form.t("crossing.fob"), needed=False)
    foreign = form.number("foreign_value", form.t("crossing.foreign_value"), needed=False)
    if fob is None:
        return None
    one = {"hs": asked.one["foreign_hs"], "value": foreign, "collected_in": asked.one["foreign_from"] or None}
    return {"fob": fob, "inputs": [one] if foreign is not None and asked.one["foreign_hs"] else []}


_FIELD: Final = {"hs": "foreign_hs", "value": "foreign_value"}


def refuse(form: Filled, refusal: Refusal) -> None:
    """What the rules refuse, at the field where it was typed."""
    for each in errors_of(form.request, refusal):
        field = (refusal.field or "").rpartition(".")[2]
        form.say(field if field in {*ONE, *MANY} else "", each["text"])


def _say(form: Filled, wrong: ValidationError) -> None:
    """What the shape refuses, at the field where it was typed."""
    for each in wrong.errors(include_url=False, include_context=False):
        names = [part for part in each["loc"] if isinstance(part, str)]
        last = names[-1] if names else ""
        field = "foreign_from" if names[:1] == ["worth"] and last == "collected_in" else _FIELD.get(last, last)
        form.say(field if field in {*ONE, *MANY} else "", form.t("crossing.wrong", field=label(form.t, field)))


def label(t: Speech, field: str) -> str:
    """What a field is called."""
    keys = (LABELS.get(field, ""), f"crossing.{field}", f"crossing_fact.{field}")
    return next((str(t(key)) for key in keys if t.words.has(key)), field)
