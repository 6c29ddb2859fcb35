"""Faults: what a schema refuses, told as a sentence at the key where it stands, with what to write instead."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

import jsonschema_rs

MOST_NAMED = 12


class Fault(NamedTuple):
    """One thing wrong: the way to it (keys and indexes), what it is, and what to do."""

    at: tuple[str | int, ...]
    sentence: str
    fix: str


def faults(validator: jsonschema_rs.Draft202012Validator, schema: dict[str, Any], data: Any) -> list[Fault]:
    """Everything that a schema refuses in a value, in the order of the document, each once."""
    found = [fault for error in validator.iter_errors(data) for fault in _faults(error, schema)]
    return sorted(dict.fromkeys(found), key=lambda fault: tuple(map(str, fault.at)))


def _faults(error: Any, schema: dict[str, Any]) -> Iterator[Fault]:
    at, kind = tuple(error.instance_path), error.kind.as_dict()
    match error.kind.name:
        case "additionalProperties":
            known = _known(schema, tuple(error.schema_path)[:-1])
            for name in kind["unexpected"]:
                yield Fault((*at, name), f"{name!r} is no key here", nearest(name, known, "leave it out, or use"))
        case "propertyNames":
            name, known = kind["error"].instance, kind["error"].kind.as_dict().get("options", ())
            yield Fault((*at, name), f"{name!r} is no key here", nearest(name, known, "use"))
        case "required":
            yield Fault(at, f"the key {kind['property']!r} is missing", f"add {kind['property']}:")
        case "oneOf" | "anyOf":
            yield _alternative(error, kind, at)
        case name:
            yield Fault(at, error.message, _fix(name, kind, error.instance))


def _fix(name: str, kind: dict[str, Any], value: Any) -> str:
    """What to write instead of a value that its schema refuses."""
    if name == "enum":
        return nearest(value, kind["options"], "use")
    if name == "type":
        return _typed(value, kind["types"])
    if "limit" in kind:
        return f"give at {'least' if name.startswith('min') else 'most'} {kind['limit']}"
    wanted = kind.get("pattern") or kind.get("expected_value") or {"date": "YYYY-MM-DD"}.get(kind.get("format", ""))
    return f"write it like {wanted}" if wanted else f"write a {kind.get('format', 'value that the schema allows')}"


def _alternative(error: Any, kind: dict[str, Any], at: tuple[str | int, ...]) -> Fault:
    """Of several ways to write a thing: what the nearest one lacks."""
    ways = [[found.message for found in way] for way in kind.get("context", ())]
    near = min((way for way in ways if way), key=len, default=[error.message])
    return Fault(at, "; ".join(near), "write it in one of the ways that the schema allows")


def _typed(value: Any, types: Sequence[str]) -> str:
    if isinstance(value, str) and {"number", "integer"} & set(types):
        return "write the number without quotes"
    if isinstance(value, int | float) and not isinstance(value, bool) and "string" in types:
        return "put it in quotes"
    return f"write a {' or '.join(types)}"


def nearest(name: object, known: Sequence[object], lead: str) -> str:
    """What might have been meant, else what there is to choose from."""
    names = [str(each) for each in known]
    near = get_close_matches(str(name), names, n=3)
    if near:
        return f"did you mean {' or '.join(map(repr, near))}?"
    listed = ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
    return f"{lead} one of {listed}" if names else "leave it out"


def _known(schema: dict[str, Any], way: Sequence[str | int]) -> list[str]:
    """The keys that the schema at a path knows."""
    here: Any = schema
    for step in way:
        here = _followed(here, schema)
        here = here.get(step, {}) if isinstance(here, dict) else here[int(step)]
    found = _followed(here, schema)
    return list(found.get("properties", {})) if isinstance(found, dict) else []


def _followed(here: Any, schema: dict[str, Any]) -> Any:
    if isinstance(here, dict) and "$ref" in here:
        return schema["$defs"][here["$ref"].rpartition("/")[2]]
    return here
