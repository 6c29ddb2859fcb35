"""Reading duties: what an edition's YAML says of roles, tables, calculations and deadlines, checked against itself."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from standards.dated import Dated, dated, reference
from standards.quantities import QuantityError
from standards.responsibility.duties.calculations import (
    Calculation,
    Code,
    Input,
    Kind,
    LawCase,
    Requirement,
    StepRule,
)
from standards.responsibility.duties.parameters import Parameter
from standards.responsibility.duties.provisions import (
    Counting,
    Deadline,
    Due,
    Duties,
    Paper,
    Read,
    Remark,
    Role,
)
from standards.responsibility.duties.units import YES_NO, unit_of
from standards.responsibility.formulas import (
    FirstKnown,
    Largest,
    MeanOfPreceding,
    Node,
    NotAFormula,
    Quantity,
    Total,
    parts,
)
from standards.responsibility.reading import Names, condition, formula, within_reason
from standards.responsibility.sizes import fitting

Data = Mapping[str, Any]
Codes = Mapping[str, tuple[Code, ...]]
_EMPTY: Final[Data] = MappingProxyType({})


def duties(data: Data, targets: Mapping[tuple[str, str], Dated[Decimal]]) -> Duties:
    """Read the sections of one edition; its rates' targets are tables too, `target_<rate>` by material.

    Raises NotAFormula, NotDated or LookupError with a sentence that names the place.
    """
    sources = data["sources"]
    roles = tuple(_role(each, sources) for each in data.get("roles", ()))
    codes = _codes(data, roles)
    tables = {each["id"]: _parameter(each, sources, codes) for each in data.get("parameters", ())}
    tables |= _target_tables(targets)
    read_calculations = [_calculation(each, sources, codes, tables) for each in data.get("calculations", ())]
    return Duties(
        standing=data.get("standing", "law"),
        codes=codes,
        parameters=MappingProxyType(tables),
        calculations=tuple(read_calculations),
        roles=roles,
        counting=tuple(_counting(each, sources) for each in data.get("counting", ())),
        deadlines=tuple(_deadline(each, sources, codes) for each in data.get("calendar", ())),
        papers=tuple(_paper(each, sources, codes) for each in data.get("evidence", ())),
        remarks=tuple(Remark(each["says"], _read("remark", each, sources)) for each in data.get("remarks", ())),
    )


def _read(name: str, item: Data, sources: Data) -> Read:
    return Read(reference(name, item["source"], sources), item["certainty"])


def _role(item: Data, sources: Data) -> Role:
    return Role(item["id"], item["names"], item["does"], _read(f"role {item['id']}", item, sources))


def _counting(item: Data, sources: Data) -> Counting:
    return Counting(item["aspect"], item["is"], item["says"], _read(f"counting {item['aspect']}", item, sources))


def _codes(data: Data, roles: Sequence[Role]) -> Codes:
    groups = {
        name: tuple(Code(each["id"], each["names"]) for each in group) for name, group in data.get("codes", {}).items()
    }
    materials = tuple(Code(each["id"], each["names"]) for each in data["materials"])
    return MappingProxyType(
        {**groups, "materials": materials, "roles": tuple(Code(role.id, role.names) for role in roles)}
    )


def _who(item: Data, codes: Codes, place: str) -> tuple[str, ...]:
    who = tuple(item.get("who", ()))
    if unknown := set(who) - {role.id for role in codes["roles"]}:
        raise LookupError(f"{place} speaks of unknown roles {', '.join(sorted(unknown))}")
    return who


def _deadline(item: Data, sources: Data, codes: Codes) -> Deadline:
    due, place = item["due"], f"deadline {item['id']}"
    try:
        when = Due(due.get("month"), due.get("day"), due.get("years_after", 0), due.get("months_after_end"))
    except LookupError as fault:
        raise LookupError(f"{place}: {fault}") from None
    return Deadline(
        item["id"], item["names"], _who(item, codes, place), when, item.get("from_year"), item.get("until_year"),
        _read(place, item, sources),
    )  # fmt: skip


def _paper(item: Data, sources: Data, codes: Codes) -> Paper:
    place = f"evidence {item['id']}"
    return Paper(item["id"], item["names"], _who(item, codes, place), _read(place, item, sources))


def _parameter(item: Data, sources: Data, codes: Codes) -> Parameter:
    name, keys = item["id"], tuple(each["id"] for each in item.get("keyed_by", ()))
    unit_of(item["unit"])
    rows: dict[tuple[str, ...], list[Data]] = {}
    for table in item["values"]:
        for key, value in _leaves(table["of"] if keys else table["value"], len(keys), name):
            rows.setdefault(key, []).append({**table, "value": value, "unit": item["unit"]})
    for each, place in zip(item.get("keyed_by", ()), range(len(keys)), strict=True):
        known = {code.id for code in codes[each["of"]]} if each["of"] in codes else set()
        if unknown := {key[place] for key in rows} - known:
            raise LookupError(f"parameter {name}: {', '.join(sorted(unknown))} is not among {each['of']}")
    values = {key: dated(f"{name} {'/'.join(key)}", each, sources, within_reason) for key, each in rows.items()}
    look = reference(name, item["look"], sources) if "look" in item else None
    return Parameter(
        name, item["names"], item["unit"], keys, MappingProxyType(values), item.get("missing"), look,
        tuple(each["of"] for each in item.get("keyed_by", ())),
    )  # fmt: skip


def _leaves(value: Any, depth: int, name: str) -> list[tuple[tuple[str, ...], Any]]:
    """A table nested by its keys, as rows of keys and value."""
    if depth == 0:
        return [((), value)]
    if not isinstance(value, Mapping):
        raise NotAFormula(f"parameter {name}: {value!r} should be nested by {depth} more keys")
    return [((key, *rest), leaf) for key, below in value.items() for rest, leaf in _leaves(below, depth - 1, name)]


def _target_tables(targets: Mapping[tuple[str, str], Dated[Decimal]]) -> dict[str, Parameter]:
    by_rate: dict[str, dict[tuple[str, ...], Dated[Decimal]]] = {}
    for (rate, material), values in targets.items():
        by_rate.setdefault(rate, {})[(material,)] = values
    names = MappingProxyType({"en": "Target", "ja": "目標"})
    return {
        f"target_{rate}": Parameter(
            f"target_{rate}", names, "percent", ("material",), values, None, None, ("materials",)
        )
        for rate, values in by_rate.items()
    }


def _input(item: Data, codes: Codes) -> Input:
    kind: Kind = "code" if "choose" in item else "yes_no" if "yes_no" in item else "number"
    if kind == "code" and item["choose"] not in codes:
        raise LookupError(f"input {item['id']} chooses among {item['choose']!r}, which is no group of codes")
    chosen = codes[item["choose"]] if kind == "code" else ()
    if only := item.get("only"):
        chosen = tuple(code for code in chosen if code.id in only)
    unit = unit_of(item["unit"]).symbol if kind == "number" else YES_NO if kind == "yes_no" else ""
    return Input(
        item["id"], item["names"], kind, unit, item.get("per", "case"), item.get("absent", "refused"), chosen,
        item.get("hint"),
    )  # fmt: skip


def _calculation(item: Data, sources: Data, codes: Codes, tables: Mapping[str, Parameter]) -> Calculation:
    place = f"calculation {item['id']}"
    try:
        given = tuple(_input(each, codes) for each in item["inputs"])
        names = Names(
            frozenset(each.id for each in given if each.kind == "number"),
            MappingProxyType({each.id: frozenset(c.id for c in each.codes) for each in given if each.kind == "code"}),
            frozenset(each.id for each in given if each.kind == "yes_no"),
            MappingProxyType({id: table.keyed_by for id, table in tables.items()}),
        )
        requires = tuple(
            Requirement(each["id"], condition(each["holds"], names), each["says"]) for each in item.get("requires", ())
        )
        steps, names = _steps(item["steps"], names, sources)
        found = Calculation(
            item["id"], item["names"], _who({"who": item.get("for", ())}, codes, place), given, requires, steps,
            tuple(item["answers"]), tuple(_case(each) for each in item["cases"]),
        )  # fmt: skip
        _check(found, tables)
    except (NotAFormula, LookupError, QuantityError) as error:
        raise NotAFormula(f"{place}: {error}") from error
    return found


def _steps(items: Sequence[Data], names: Names, sources: Data) -> tuple[tuple[StepRule, ...], Names]:
    steps = []
    for item in items:
        id, decided = item["id"], "holds" in item
        try:
            node = condition(item["holds"], names) if decided else formula(item["formula"], names)
        except NotAFormula as error:
            raise NotAFormula(f"step {id}: {error}") from error
        unit = YES_NO if decided else unit_of(item["unit"]).symbol
        read = reference(f"step {id}", item["source"], sources)
        steps.append(StepRule(id, item["names"], unit, node, read, item["certainty"], item.get("note")))
        numbers, flags = (names.quantities, names.flags | {id}) if decided else (names.quantities | {id}, names.flags)
        names = Names(numbers, names.codes, flags, names.tables)
    return tuple(steps), names


def _case(item: Data) -> LawCase:
    expect = {step: tuple(map(str, value)) if isinstance(value, tuple) else (str(value),)
              for step, value in item["expect"].items()}  # fmt: skip
    return LawCase(item["says"], item["year"], item["given"], MappingProxyType(expect))


def _check(found: Calculation, tables: Mapping[str, Parameter]) -> None:
    ids = [*(each.id for each in found.inputs), *(each.id for each in found.steps), *found.parameters()]
    if twice := {id for id in ids if ids.count(id) > 1}:
        raise LookupError(f"{', '.join(sorted(twice))} stands for two things")
    if unknown := set(found.answers) - {step.id for step in found.steps}:
        raise LookupError(f"answers {', '.join(sorted(unknown))} are no steps")
    known = found.sizes(tables)
    nodes = {each.id: each.condition for each in found.requires} | {each.id: each.formula for each in found.steps}
    for id, node in nodes.items():
        try:
            _check_vocabulary(node)
            fitting(node, known)
        except NotAFormula as error:
            raise NotAFormula(f"{id}: {error}") from error


def _check_vocabulary(node: Node) -> None:
    """A case has no earlier periods of its own, and what may be left out is said once, at the input."""
    match node:
        case MeanOfPreceding() | FirstKnown() | Quantity(absent_is_zero=True):
            raise NotAFormula("in a calculation write mean, if/known, and absent: zero at the input")
        case Total(of) | Largest(of) if any(isinstance(part, Total | Largest) for part in parts(of)):
            raise NotAFormula("a total over lines inside of another")
    for part in parts(node):
        _check_vocabulary(part)
