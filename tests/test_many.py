"""A hundred thousand lots are told what each would be told alone, whatever was remembered of those before."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from standards.catalogue import load
from standards.conformity import lot_from
from standards.conformity.judging import DecisionRule
from standards.conformity.lots import Lot
from standards.conformity.many.batch import Batch, short
from standards.conformity.rules import Limit, PropertyIs, Reported, Schedule, Standard, leaves, measured
from standards.conformity.shelf import Shelf, judge_lot, shelf_of
from standards.conformity.wanting import wanted
from tests.published import cases
from tests.shared import needs_shared

DAY = date(2026, 11, 23)
DAYS = (DAY, date(2020, 1, 1), date(2027, 6, 1))


@cache
def shelf() -> Shelf:
    return shelf_of(load())


@cache
def batch(day: date, rule: DecisionRule) -> Batch:
    """Kept over all examples, so that what was remembered of one lot meets the next."""
    return Batch(shelf(), day, rule)


def alone(lot: Lot, day: date, rule: DecisionRule) -> list[dict[str, Any]]:
    return [short(each) for each in judge_lot(shelf(), lot, day, rule)]


@cache
def limits() -> Mapping[str, list[tuple[Decimal, str]]]:
    """The limits that any standard sets on a property, as they are printed."""
    found: dict[str, list[tuple[Decimal, str]]] = {code: [] for code in shelf().properties}
    for standard in shelf().standards.values():
        for _, clause in standard.every_clause:
            for rule in (*leaves(clause.rule), *([clause.when] if isinstance(clause.when, PropertyIs) else [])):
                steps = rule.steps if isinstance(rule, Schedule) else ()
                bounds = [bound for _, bound in steps] or [b for b in [getattr(rule, "bound", None)] if b]
                named = [rule.property] if isinstance(rule, PropertyIs) else measured(rule)
                for each in named:
                    found[each.code] += [(bound.value, bound.unit) for bound in bounds]
    return found


@cache
def methods() -> Mapping[str, tuple[str, ...]]:
    """The methods that some clause accepts."""
    clauses = [clause for each in shelf().standards.values() for _, clause in each.every_clause]
    rules = [rule for clause in clauses for rule in leaves(clause.rule)]
    return {rule.property.code: rule.methods for rule in rules if isinstance(rule, Limit | Reported) and rule.methods}


@st.composite
def shown(draw: st.DrawFn, code: str) -> dict[str, Any]:
    """A result on, or next to, some standard's limit."""
    told: dict[str, Any] = {"property": code, "evidence": draw(st.sampled_from(["E0", "E1", "E2", "E3", "E4"]))}
    if limits()[code]:
        value, told["unit"] = draw(st.sampled_from(limits()[code]))
        value += draw(st.sampled_from([Decimal(0), Decimal("0.001"), Decimal("-0.001"), Decimal(5), Decimal(-50)]))
        told["value"] = f"{draw(st.sampled_from(['', '', '< ', '> ']))}{value}"
        told["uncertainty"] = draw(st.sampled_from([None, "0", "0.001", "2"]))
    else:
        told |= {"value": draw(st.sampled_from(["12", "clear", " "])), "unit": shelf().properties[code].unit}
        told["value"] = "12" if told["unit"] else told["value"]
    told["method"] = draw(st.sampled_from([None, "EN 15358", *methods().get(code, ())]))
    told["condition"] = draw(st.sampled_from([None, "190 C, 2.16 kg"]))
    told["sampled_on"] = draw(st.sampled_from([None, DAY, DAY - timedelta(200), DAY + timedelta(1)]))
    return told


@st.composite
def lots(draw: st.DrawFn) -> list[Lot]:
    """A lot with all that some standard asks for, and others that differ from it in one fact each."""
    standard: Standard = draw(st.sampled_from(list(shelf().standards.values())))
    material = draw(st.sampled_from(sorted(standard.materials or {"plastics.pet"})))
    asks = wanted([standard], material)
    facts: dict[tuple[str, str], st.SearchStrategy[Any]] = {
        **{("attributes", name): st.sampled_from([True, "yes", *values]) for name, values in asks.attributes.items()},
        **{("measurements", name): shown(name) for name in asks.properties},
        **{("statements", name): said() for name in asks.statements},
        **{("documents", name): held(name) for name in asks.documents},
    }
    told = {at: draw(one) for at, one in facts.items() if draw(st.integers(0, 9))}
    grade = draw(st.sampled_from([None, "?", *(grade.code for grade in standard.grades)]))
    form = draw(st.sampled_from(sorted(standard.forms or {"bale"})))
    changed = draw(st.lists(st.sampled_from(sorted(told)), max_size=6)) if told else []
    several = [told, *({**told, at: draw(facts[at])} for at in changed)]
    return [described({"material": material, "form": form, "claimed_grade": grade}, each) for each in several]


def described(lot: dict[str, Any], told: Mapping[tuple[str, str], Any]) -> Lot:
    words = {
        kind: {name: one for (of, name), one in told.items() if of == kind} for kind in ("attributes", "statements")
    }
    lists = {kind: [one for (of, _), one in told.items() if of == kind] for kind in ("measurements", "documents")}
    return lot_from({**lot, **words, **lists})


@st.composite
def said(draw: st.DrawFn) -> dict[str, Any]:
    day = draw(st.sampled_from([None, DAY - timedelta(200)]))
    return {"value": draw(st.booleans()), "stated_on": day, "evidence": draw(st.sampled_from(["E1", "E3", "E4"]))}


@st.composite
def held(draw: st.DrawFn, name: str) -> dict[str, Any]:
    return {
        "type": name, "evidence": draw(st.sampled_from(["E1", "E4", "E5"])),
        "status": draw(st.sampled_from(["valid", "valid", "suspended"])),
        "valid_from": draw(st.sampled_from([None, DAY, DAY + timedelta(2)])),
        "valid_to": draw(st.sampled_from([None, DAY, DAY + timedelta(1)])),
        "issued_on": draw(st.sampled_from([None, DAY - timedelta(300), DAY - timedelta(1200)])),
        "doubt": draw(st.sampled_from([None, None, "EDITION_NOT_STATED"])),
    }  # fmt: skip


@settings(deadline=None)
@given(lots(), st.sampled_from(DAYS), st.sampled_from(["simple", "guard_band"]))
def test_a_batch_tells_every_lot_what_it_would_be_told_alone(few: list[Lot], day: date, rule: DecisionRule) -> None:
    assert [batch(day, rule).verdicts(lot) for lot in few] == [alone(lot, day, rule) for lot in few]


@needs_shared
def test_the_published_cases_are_told_the_same_in_a_batch() -> None:
    for rule in ("simple", "guard_band"):
        for day in DAYS:
            many = Batch(shelf(), day, rule)
            for lot in 2 * [lot_from(case["lot"]) for case in cases()]:
                assert many.verdicts(lot) == alone(lot, day, rule)


def test_only_what_a_standard_can_tell_apart_is_judged_again() -> None:
    told = {"material": "plastics.pet", "form": "flake", "attributes": {"contains_recovered_material": True}}
    many, seen = Batch(shelf(), DAY), []
    for value in ("60", "61.5", "100", "101"):
        lead = {"property": "lead", "value": value, "unit": "mg/kg", "evidence": "E3", "sampled_on": "2026-02-01"}
        verdicts = many.verdicts(lot_from({**told, "measurements": [lead]}))
        seen.append({each["standard"]: each for each in verdicts}["eu-packaging-heavy-metals"])
    assert seen[0] is seen[1] is seen[2]
    assert [each["verdict"] for each in seen] == ["incomplete", "incomplete", "incomplete", "nonconforming"]


def test_forgetting_changes_no_answer() -> None:
    narrow = Batch(shelf(), DAY, kinds=1, kept=1)
    told = {"material": "plastics.pet", "form": "flake"}
    for form in ("flake", "pellet", "flake"):
        for value in ("99", "101", "99"):
            lead = {"property": "lead", "value": value, "unit": "mg/kg", "evidence": "E3"}
            lot = lot_from({**told, "form": form, "measurements": [lead]})
            assert narrow.verdicts(lot) == alone(lot, DAY, "simple")


def test_two_results_that_differ_in_their_method_alone_are_told_apart() -> None:
    many = Batch(shelf(), DAY)
    for method in (None, "ISO 1183-1", "ISO 1183-2"):
        density = {"property": "density", "value": "0.91", "unit": "g/cm3", "evidence": "E3", "method": method}
        lot = lot_from({"material": "plastics.pp", "form": "pellet", "measurements": [density]})
        verdicts = {each["standard"]: each for each in many.verdicts(lot)}
        assert ("reported:density" in verdicts["en-15345"]["missing"]) is (method != "ISO 1183-1")
