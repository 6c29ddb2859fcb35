"""Reads a standard's document into rules, once, and refuses what no rule can judge."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from standards.catalogue import Catalogue
from standards.conformity.bounds import Bound, Op
from standards.conformity.lots import Evidence
from standards.conformity.rules import (
    AllOf,
    AnyOf,
    Attest,
    AttributeIs,
    Certainty,
    Clause,
    Condition,
    DocumentRule,
    EachOf,
    Grade,
    GradeMode,
    Limit,
    OneOf,
    PropertyIs,
    Related,
    Reported,
    Rule,
    Schedule,
    Standard,
    Sum,
)
from standards.materials import Taxonomy, taxonomy
from standards.properties import Property, properties
from standards.quantities import QuantityError, base_of


class StandardError(ValueError):
    """A standard's document asks for what cannot be judged: an unknown property, material, rule or unit."""


def standards(catalogue: Catalogue) -> Mapping[str, Standard]:
    """Every standard of the catalogue by id."""
    known, materials = properties(catalogue), taxonomy(catalogue)
    documents = catalogue.documents("standard")
    return MappingProxyType({d.id: standard_from(d.data, known, materials, d.digest) for d in documents})


def standard_from(
    data: Mapping[str, Any], known: Mapping[str, Property], materials: Taxonomy, digest: str = ""
) -> Standard:
    """One standard from its document's data; StandardError names the clause that cannot be read."""
    reader = _Reader(known, materials)
    applies, defaults = data["applicability"], data.get("grade_clause_defaults", {})
    children = applies.get("include_children", True)
    common = [*data.get("common_clauses", ()), *data.get("clauses", ())]
    return Standard(
        id=data["id"],
        edition=data["edition"],
        titles=data["title"],
        issuer=data["issuer"]["name"],
        about=data["about"],
        grants=data["grants"],
        status=data["status"],
        superseded_by=data.get("superseded_by"),
        first_day=data["effective"]["from"],
        last_day=data["effective"]["to"],
        jurisdictions=tuple(data["jurisdictions"]),
        used_in=tuple(data.get("used_in", ())),
        related=tuple(Related(item["in"], item["standard"], item["relation"]) for item in data.get("related", ())),
        materials=None if "any" in applies["materials"] else reader.scope(applies["materials"], children),
        forms=None if applies["forms"] == "any" else frozenset(applies["forms"]),
        clauses=tuple(reader.clause(item, {}) for item in common),
        grades=tuple(reader.grade(item, defaults, children) for item in data.get("grades", ())),
        grade_mode=GradeMode(data["grade_mode"]) if "grade_mode" in data else None,
        cumulative=data.get("cumulative", False),
        digest=digest,
    )


@dataclass(frozen=True)
class _Reader:
    """Resolves codes against the property list and the taxonomy while a standard is read."""

    known: Mapping[str, Property]
    materials: Taxonomy

    def scope(self, codes: tuple[str, ...], children: bool) -> frozenset[str]:
        try:
            return self.materials.covered(codes, children=children)
        except LookupError as error:
            raise StandardError(f"applicability: {error}") from None

    def grade(self, item: Mapping[str, Any], defaults: Mapping[str, Any], children: bool) -> Grade:
        clauses = tuple(self.clause(clause, defaults) for clause in item["clauses"])
        materials = self.scope(item["materials"], children) if "materials" in item else None
        return Grade(item["code"], item.get("title"), materials, clauses, item.get("rejectable", False))

    def clause(self, item: Mapping[str, Any], defaults: Mapping[str, Any]) -> Clause:
        evidence = item.get("evidence", defaults.get("evidence", {"min": "E0"}))
        try:
            return Clause(
                id=item["id"],
                required=item["obligation"] == "required",
                rule=self.rule(item["rule"]),
                when=self.condition(item["when"]) if "when" in item else None,
                evidence=Evidence[evidence["min"]],
                max_age_days=evidence.get("max_age_days"),
                certainty=Certainty(item.get("certainty", defaults.get("certainty", Certainty.UNVERIFIED))),
                text=item.get("text"),
                source=item.get("source", defaults.get("source")),
                per=evidence.get("per"),
                downgrade_to=item.get("downgrade_to"),
                settlement=item.get("settlement"),
            )
        except (StandardError, QuantityError, KeyError, ValueError) as error:
            raise StandardError(f"clause {item['id']}: {error}") from None

    def rule(self, item: Mapping[str, Any]) -> Rule:
        if len(item) != 1:
            raise StandardError(f"exactly one rule is expected, found {', '.join(item) or 'none'}")
        ((name, body),) = item.items()
        match name:
            case "limit" | "reported" | "schedule":
                return self._of_one(name, body)
            case "each_of" | "sum":
                several = tuple(map(self.property, body["properties"]))
                bound = self.bound(body, several[0])
                _same_kind(several)
                return EachOf(several, bound) if name == "each_of" else Sum(several, bound)
            case "attest":
                return Attest(body["statement"], body["equals"])
            case "document":
                return DocumentRule(body["type"])
            case "one_of":
                return OneOf(body["attribute"], tuple(body["values"]))
            case "all_of" | "any_of":
                rules = tuple(map(self.rule, body))
                return AllOf(rules) if name == "all_of" else AnyOf(rules)
            case _:
                raise StandardError(f"the rule {name!r} is not one of the ten")

    def _of_one(self, name: str, body: Mapping[str, Any]) -> Rule:
        found, methods = self.property(body["property"]), tuple(body.get("methods", ()))
        condition = body.get("condition") == "required"
        if name == "limit":
            return Limit(found, self.bound(body, found), methods, condition)
        if name == "reported":
            return Reported(found, methods, condition)
        steps = sorted(body["steps"], key=lambda step: step["from"])
        return Schedule(found, tuple((step["from"], self.bound({**body, **step}, found)) for step in steps))

    def condition(self, item: Mapping[str, Any]) -> Condition:
        if "attribute" in item:
            return AttributeIs(item["attribute"], tuple(item["in"]) if "in" in item else (item["equals"],))
        found = self.property(item["property"])
        return PropertyIs(found, self.bound(item, found))

    def property(self, code: str) -> Property:
        if (found := self.known.get(code)) is None:
            raise StandardError(f"the property {code!r} is not in the property list")
        return found

    def bound(self, body: Mapping[str, Any], of: Property) -> Bound:
        if of.kind is None:
            raise StandardError(f"{of.code} is told in words and has no limit")
        value = Decimal(str(body["value"]))
        return Bound(Op(body["op"]), value, body["unit"], base_of(value, body["unit"], of.kind))


def _same_kind(several: tuple[Property, ...]) -> None:
    if len({found.kind for found in several}) > 1:
        raise StandardError(f"{', '.join(found.code for found in several)} are not of one kind")
