"""Exact YAML: numbers as written, days as days, no surprises; law that was misread is worse than law unread."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import yaml


class Unreadable(ValueError):
    """The text cannot be read exactly: at which line (from 1) and key, what is wrong, what to do."""

    def __init__(self, line: int, key: str, sentence: str, fix: str) -> None:
        super().__init__(f"line {line}: {key or 'document'}: {sentence} - {fix}")
        self.line, self.key, self.sentence, self.fix = line, key, sentence, fix


class _Loader(yaml.CSafeLoader):
    """The safe loader without YAML 1.1's guesses: no yes/no, octal, sexagesimal, float or timestamp."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own contract


_TAG = "tag:yaml.org,2002:"
_NUMBER = r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
_PLAIN = (
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false", list("tf")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", _NUMBER, list("-+.0123456789")),
    ("timestamp", r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?", list("0123456789")),
    ("merge", r"<<", ["<"]),
)
for _name, _pattern, _first in _PLAIN:
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"^(?:{_pattern})$"), _first)


def _day(loader: _Loader, node: yaml.ScalarNode) -> date:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", node.value):
        try:
            return date.fromisoformat(node.value)
        except ValueError:
            pass
    raise _at(node, f"{node.value!r} is not a day", "write YYYY-MM-DD; a time of day has no place here")


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int:
    return int(node.value)


def _decimal(loader: _Loader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(node.value)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    loader.flatten_mapping(node)
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise _at(key_node, f"the key {key_node.value!r} is not text", "put the key in quotes")
        if key in result:
            raise _at(key_node, f"the key {key!r} stands twice", "keep one of them")
        result[key] = loader.construct_object(value_node, deep=True)
    return result


_Loader.add_constructor(_TAG + "timestamp", _day)
_Loader.add_constructor(_TAG + "int", _integer)
_Loader.add_constructor(_TAG + "float", _decimal)
_Loader.add_constructor(_TAG + "map", _mapping)


def _at(node: yaml.Node, sentence: str, fix: str) -> Unreadable:
    return Unreadable(node.start_mark.line + 1, str(node.value), sentence, fix)


def read(text: str) -> tuple[dict[str, Any], yaml.Node]:
    """Read one YAML mapping: plain dicts and lists of str, int, Decimal, bool, date, None; and its node tree.

    Raises Unreadable for anything that is not exactly one such mapping.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        data = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable(mark.line + 1 if mark else 1, "", str(error.problem), "correct the YAML") from None
    finally:
        loader.dispose()
    if node is None or not isinstance(data, dict):
        raise Unreadable(1, "", "the document is not a mapping", "begin with kind: and id:")
    return data, node


def line_of(node: yaml.Node, at: Sequence[str | int]) -> int:
    """The line (from 1) of the node at a path of keys and indexes, or of the nearest existing thing above it."""
    for step in at:
        node = next(_children(node, step), node)
    return int(node.start_mark.line) + 1


def _children(node: yaml.Node, step: str | int) -> Iterator[yaml.Node]:
    match node:
        case yaml.MappingNode():
            yield from (value for key, value in node.value if key.value == step)
        case yaml.SequenceNode() if isinstance(step, int):
            yield from node.value[step : step + 1]


def json_view(value: Any) -> Any:
    """The same shape with days as text: JSON knows no days (a schema's `format: date` checks them)."""
    match value:
        case dict():
            return {key: json_view(item) for key, item in value.items()}
        case list():
            return [json_view(item) for item in value]
        case date():
            return value.isoformat()
        case _:
            return value


def frozen(value: Any) -> Any:
    """The same shape that nobody can change: read-only mappings and tuples."""
    match value:
        case Mapping():
            return MappingProxyType({key: frozen(item) for key, item in value.items()})
        case list() | tuple():
            return tuple(map(frozen, value))
        case _:
            return value
