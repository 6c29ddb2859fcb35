"""Contributing: a standard that somebody else wrote is read if all of it can be judged; else every fault is told."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from standards.catalogue import CatalogueError, Problem, Read, read_document
from standards.conformity.reading import StandardError, standard_from
from standards.conformity.rules import Standard
from standards.faults import Fault, nearest
from standards.materials import Taxonomy
from standards.properties import Property
from standards.quantities import QuantityError, base_of, unit_named

ONE_PROPERTY = frozenset({"limit", "schedule", "reported"})
SEVERAL = frozenset({"each_of", "sum"})
JOINS = frozenset({"all_of", "any_of"})


def linted(raw: bytes, path: str, known: Mapping[str, Property], materials: Taxonomy) -> Standard:
    """A standard from a stranger's YAML. CatalogueError tells every fault of form, and if none, every one of sense."""
    read = read_document(raw, path, trusted=False)
    document = read.document
    if document.kind != "standard":
        raise CatalogueError(read.problem(["kind"], f"this is a {document.kind}", "write kind: standard"))
    problems = tuple(read.problem(*fault) for fault in senseless(document.data, known, materials))
    if problems:
        raise CatalogueError(*problems)
    try:
        return standard_from(document.data, known, materials, document.digest)
    except (StandardError, QuantityError) as error:  # nothing that was looked for above, and still not to be judged
        raise CatalogueError(read.problem([], str(error), "write it as the other standards do")) from None


def sense_problems(read: Read, known: Mapping[str, Property], materials: Taxonomy) -> list[Problem]:
    """What makes no sense in a standard's document that keeps its schema."""
    return [read.problem(*fault) for fault in senseless(read.document.data, known, materials)]


def senseless(data: Mapping[str, Any], known: Mapping[str, Property], materials: Taxonomy) -> Iterator[Fault]:
    """Everything in a standard that keeps the schema and still cannot be judged, in order."""
    first, last = data["effective"]["from"], data["effective"]["to"]
    if first and last and last < first:
        yield Fault(("effective", "to"), f"it ends on {last} before it begins on {first}", "exchange the two days")
    yield from _scope(data["applicability"], materials)
    sources = data["sources"]
    if "grade_clause_defaults" in data and (name := data["grade_clause_defaults"]["source"]) not in sources:
        yield Fault(("grade_clause_defaults", "source"), *_no_source(name, sources))
    for part in ("clauses", "common_clauses"):
        yield from _clauses((part,), data.get(part, ()), data, known)
    yield from _twice(("clauses",), [*data.get("common_clauses", ()), *data.get("clauses", ())], "id")
    yield from _twice(("grades",), data.get("grades", ()), "code")
    for at, grade in enumerate(data.get("grades", ())):
        yield from _clauses(("grades", at, "clauses"), grade["clauses"], data, known)
        yield from _twice(("grades", at, "clauses"), grade["clauses"], "id")
        yield from _materials(("grades", at, "materials"), grade.get("materials", ()), materials)


def _scope(applies: Mapping[str, Any], materials: Taxonomy) -> Iterator[Fault]:
    if "any" not in applies["materials"]:
        yield from _materials(("applicability", "materials"), applies["materials"], materials)
    if applies["forms"] != "any":
        for at, form in enumerate(applies["forms"]):
            if form not in materials.forms:
                fix = nearest(form, list(materials.forms), "use")
                yield Fault(("applicability", "forms", at), f"there is no form {form!r}", fix)


def _materials(at: tuple[str | int, ...], codes: tuple[str, ...], materials: Taxonomy) -> Iterator[Fault]:
    known = [*materials.families, *materials.materials]
    for place, code in enumerate(codes):
        if code not in known:
            yield Fault((*at, place), f"there is no material or family {code!r}", nearest(code, known, "use"))


def _twice(at: tuple[str | int, ...], items: Any, key: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, item in enumerate(items):
        if item[key] in seen:
            yield Fault((*at, place, key), f"{item[key]!r} stands twice", f"give each its own {key}")
        seen.add(item[key])


def _no_source(name: str, sources: Mapping[str, Any]) -> tuple[str, str]:
    return f"the source {name!r} is not listed under sources", nearest(name, list(sources), "use")


def _clauses(
    at: tuple[str | int, ...], items: Any, data: Mapping[str, Any], known: Mapping[str, Property]
) -> Iterator[Fault]:
    for place, clause in enumerate(items):
        here = (*at, place)
        if "source" in clause and clause["source"] not in data["sources"]:
            yield Fault((*here, "source"), *_no_source(clause["source"], data["sources"]))
        yield from _rule((*here, "rule"), clause["rule"], known)
        if "property" in (when := clause.get("when", {})):
            yield from _bound((*here, "when"), when, when["value"], when["property"], known)


def _rule(at: tuple[str | int, ...], rule: Mapping[str, Any], known: Mapping[str, Property]) -> Iterator[Fault]:
    ((name, body),) = rule.items()
    here = (*at, name)
    if name in JOINS:
        for place, part in enumerate(body):
            yield from _rule((*here, place), part, known)
    elif name == "reported":
        yield from _property((*here, "property"), body["property"], known)
    elif name == "limit":
        yield from _bound(here, body, body["value"], body["property"], known)
    elif name == "schedule":
        for place, step in enumerate(body["steps"]):
            yield from _bound(here, body, step["value"], body["property"], known, ("steps", place, "value"))
        yield from _twice((*here, "steps"), body["steps"], "from")
    elif name in SEVERAL:
        for place, code in enumerate(body["properties"]):
            yield from _bound(here, body, body["value"], code, known, at_property=("properties", place))


def _property(at: tuple[str | int, ...], code: str, known: Mapping[str, Property]) -> Iterator[Fault]:
    if code not in known:
        yield Fault(at, f"there is no property {code!r}", nearest(code, list(known), "use"))


def _bound(
    at: tuple[str | int, ...], body: Mapping[str, Any], value: Any, code: str, known: Mapping[str, Property],
    at_value: tuple[str | int, ...] = ("value",), at_property: tuple[str | int, ...] = ("property",),
) -> Iterator[Fault]:  # fmt: skip
    """A limit: a known property that is measured, a unit of its kind, a value that can be."""
    faults = list(_property((*at, *at_property), code, known))
    yield from faults
    if faults:
        return
    found, unit = known[code], body["unit"]
    if found.unit is None or found.kind is None:
        yield Fault((*at, *at_property), f"{code} is told in words and has no limit", "ask for it with reported:")
        return
    try:
        kind = unit_named(unit).kind
    except QuantityError as error:
        yield Fault((*at, "unit"), str(error), f"use {found.unit} or another unit of {found.kind}")
        return
    if kind != found.kind:
        sentence = f"{unit!r} measures {kind}, and {code} is {found.kind}"
        yield Fault((*at, "unit"), sentence, f"use {found.unit} or another unit of {found.kind}")
    elif not found.possible(base_of(Decimal(value), unit, found.kind)):
        yield Fault(
            (*at, *at_value), f"{value} {unit} is outside of what {code} can be", "check the value and its unit"
        )
