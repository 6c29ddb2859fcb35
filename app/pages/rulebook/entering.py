"""Entering: the fields that the standards of a material ask for, and what was typed into them as a lot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from app.pages.forms.filling import Filled
from app.pages.passports import unit_shown
from app.pages.rulebook.naming import readable, subject_name, value_named
from app.words import Speech
from standards.catalogue import Catalogue
from standards.conformity.lots import Evidence, HeldDocument, Lot, Measurement, Qualifier, Statement
from standards.conformity.rules import Standard
from standards.conformity.shelf import Shelf
from standards.conformity.wanting import Wanted, wanted
from standards.properties import Property
from standards.quantities import UNITS

LEVELS: Final = tuple(level.name for level in Evidence)
SIGNS: Final = ("<", ">")
LONGEST: Final = 200
ORIGIN: Final = "origin"


@dataclass(frozen=True)
class Field:
    """One fact that can be entered; `choices` are units of a property, values of an attribute, levels of a paper."""

    name: str
    label: str
    hint: str
    choices: Sequence[tuple[str, str]]
    methods: Sequence[str] = ()
    condition: bool = False
    words: bool = False


@dataclass(frozen=True)
class Sheet:
    """Everything that the standards which speak of a lot ask for, as fields."""

    results: list[Field]
    statements: list[Field]
    papers: list[Field]
    attributes: list[Field]
    grades: list[tuple[str, str]]
    standards: int


def sheet(t: Speech, shelf: Shelf, catalogue: Catalogue, material: str, form: str, day: date) -> Sheet:
    """The fields for a material and form on a day."""
    speaking = [each for each in shelf.applicable(Lot(material, form)) if _in_force(each, day)]
    asks = wanted(speaking, material)
    return Sheet(
        results=[_result(t, shelf.properties[code], asks, catalogue) for code in asks.most(asks.properties)],
        statements=[
            Field(name, readable(t, "statement", name), _asked_by(t, asks.statements[name]), ())
            for name in asks.most(asks.statements)
        ],
        papers=[
            Field(name, readable(t, "paper", name), _asked_by(t, asks.documents[name]), ())
            for name in asks.most(asks.documents)
        ],
        attributes=[_attribute(t, shelf, name, values) for name, values in sorted(asks.attributes.items())],
        grades=[(code, f"{standard}: {code}") for standard, code in asks.grades],
        standards=len(speaking),
    )


def _in_force(standard: Standard, day: date) -> bool:
    return (standard.first_day or date.min) <= day <= (standard.last_day or date.max)


def _asked_by(t: Speech, count: int) -> str:
    return t("book.asked_by", count=count)


def _result(t: Speech, found: Property, asks: Wanted, catalogue: Catalogue) -> Field:
    units = [found.unit or ""] + [
        unit.symbol for unit in dict.fromkeys(UNITS.values()) if unit.kind == found.kind and unit.symbol != found.unit
    ]
    shown = [(unit, unit_shown(unit) or "–") for unit in units] if found.unit else []
    name = subject_name(t, "reported", found.code, catalogue)
    hint = _asked_by(t, asks.properties[found.code])
    return Field(found.code, name, hint, shown, found.methods, found.condition_required, found.unit is None)


def _attribute(t: Speech, shelf: Shelf, name: str, values: list[str | bool]) -> Field:
    if name == ORIGIN:
        named = [
            (each.code, str(each.names.get(t.lang) or each.names["en"])) for each in shelf.materials.origins.values()
        ]
        return Field(name, readable(t, "attribute", name), "", named)
    known: list[str | bool] = [True, False] if any(isinstance(value, bool) for value in values) else values
    told = [(str(value).lower(), value_named(t, name, value)) for value in known]
    others = [] if any(isinstance(value, bool) for value in values) else [("another", t("book.another"))]
    return Field(name, readable(t, "attribute", name), "", [*told, *others])


def entered(form: Filled, fields: Sheet, material: str, form_code: str) -> Lot:
    """The lot that was typed; what cannot be read is said on the form."""
    attributes = {each.name: form.get(f"a.{each.name}") for each in fields.attributes if form.get(f"a.{each.name}")}
    words: dict[str, str | bool] = {
        name: value == "true" if value in {"true", "false"} else value[:LONGEST] for name, value in attributes.items()
    }
    origin = words.pop(ORIGIN, None)
    shared = _shared(form)
    results = [_measurement(form, each, *shared) for each in fields.results if form.get(f"p.{each.name}")]
    return Lot(
        material=material, form=form_code, origin=str(origin) if origin else None, attributes=words,
        measurements=tuple(each for each in results if each is not None),
        statements=tuple(
            Statement(each.name, form.get(f"s.{each.name}") == "yes")
            for each in fields.statements if form.get(f"s.{each.name}") in {"yes", "no"}
        ),
        documents=tuple(_paper(form, each) for each in fields.papers if form.get(f"d.{each.name}") in LEVELS),
        claimed_grade=form.get("grade") or None, name=form.get("name")[:LONGEST] or None,
    )  # fmt: skip


def _shared(form: Filled) -> tuple[str, date | None]:
    """The level of evidence and the day of sampling of all results that state none of their own."""
    level = form.get("level") if form.get("level") in LEVELS else "E0"
    return level, form.day("sampled", form.t("book.sampled")) if form.get("sampled") else None


def _measurement(form: Filled, field: Field, level: str, sampled: date | None) -> Measurement | None:
    typed = form.get(f"p.{field.name}")
    own = form.get(f"e.{field.name}")
    evidence = Evidence[own if own in LEVELS else level]
    if field.words:
        return Measurement(field.name, typed[:LONGEST], evidence=evidence, sampled_on=sampled)
    sign = typed[:1] if typed[:1] in SIGNS else ""
    value = _number(form, f"p.{field.name}", field.label, typed[len(sign) :].strip())
    spread = form.get(f"x.{field.name}")
    uncertainty = _number(form, f"x.{field.name}", field.label, spread) if spread else None
    unit = form.get(f"u.{field.name}")
    if value is None:
        return None
    return Measurement(
        field.name, value, unit if unit in dict(field.choices) else field.choices[0][0], Qualifier(sign or "="),
        abs(uncertainty) if uncertainty is not None else None, form.get(f"m.{field.name}")[:LONGEST] or None,
        form.get(f"c.{field.name}")[:LONGEST] or None, evidence, sampled,
    )  # fmt: skip


def _number(form: Filled, name: str, label: str, typed: str) -> Any:
    """A number in the reader's way of writing; what is wrong is said at its own field."""
    one = Filled(form.request, form.t, {name: typed})
    value = one.number(name, label)
    form.errors += one.errors
    return value


def _paper(form: Filled, field: Field) -> HeldDocument:
    until = form.day(f"v.{field.name}", field.label) if form.get(f"v.{field.name}") else None
    issued = form.day(f"i.{field.name}", field.label) if form.get(f"i.{field.name}") else None
    return HeldDocument(field.name, Evidence[form.get(f"d.{field.name}")], "valid", issued, None, until)
