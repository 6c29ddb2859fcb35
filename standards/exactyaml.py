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
    """The safe loader without YAML 1.1's guesses: what a plain word is, is decided below."""

    def resolve(self, kind: type[yaml.Node], value: str, implicit: Any) -> str:
        return PLAIN if kind is yaml.ScalarNode and implicit[0] else TEXT


PLAIN, TEXT = "plain", "text"
MOST_LEVELS, MOST_NODES = 40, 50_000  # of a stranger's file: a deeper one would exhaust the parser's own stack
_SIGNED = frozenset("-+0123456789.")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?")


def _plain(node: yaml.ScalarNode) -> str | int | Decimal | bool | date | None:
    """What an unquoted word is: nothing, true, a whole or exact number, a day, else a text."""
    text: str = node.value
    if text[:1] not in _SIGNED:
        return _WORDS.get(text, text)
    if _INTEGER.fullmatch(text):
        if len(text) > MOST_LEVELS:
            raise _at(node, "the number has too many digits", "write a number that somebody can read")
        return int(text)
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    if not _DAY.fullmatch(text):
        return text
    try:
        if len(text) == len("YYYY-MM-DD"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _at(node, f"{text!r} is not a day", "write YYYY-MM-DD; a time of day has no place here")


def _value(node: yaml.Node, seen: set[int]) -> Any:
    if node.tag not in {PLAIN, TEXT}:
        raise _at(node, f"the tag {node.tag} has no meaning here", "leave it out")
    match node:
        case yaml.ScalarNode():
            return _plain(node) if node.tag == PLAIN else node.value
        case _ if id(node) in seen:
            raise _at(node, "an alias repeats what stands here", "write it out where it is used")
        case yaml.SequenceNode():
            seen.add(id(node))
            return [_value(item, seen) for item in node.value]
        case yaml.MappingNode():
            seen.add(id(node))
            return _mapping(node, seen)


def _mapping(node: yaml.MappingNode, seen: set[int]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = _value(key_node, seen)
        if not isinstance(key, str):
            raise _at(key_node, f"the key {key_node.value!r} is not text", "put the key in quotes")
        if key in result:
            raise _at(key_node, f"the key {key!r} stands twice", "keep one of them")
        result[key] = _value(value_node, seen)
    return result


def _at(node: yaml.Node, sentence: str, fix: str) -> Unreadable:
    key = node.value if isinstance(node, yaml.ScalarNode) else ""
    return Unreadable(node.start_mark.line + 1, str(key), sentence, fix)


def read(text: str, *, trusted: bool = True) -> tuple[dict[str, Any], yaml.Node]:
    """Read one YAML mapping: plain dicts and lists of str, int, Decimal, bool, date, None; and its node tree.

    Raises Unreadable for anything that is not exactly one such mapping; a stranger's text (not `trusted`) also for
    one that is nested or long beyond reason.
    """
    try:
        if not trusted:
            _measure(text)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable(mark.line + 1 if mark else 1, "", str(error.problem), "correct the YAML") from None
    except yaml.YAMLError as error:
        raise Unreadable(1, "", str(error), "save the file as plain text in UTF-8") from None
    data = None if node is None else _value(node, set())
    if node is None or not isinstance(data, dict):
        raise Unreadable(1, "", "the document is not a mapping", "begin with kind: and id:")
    return data, node


def _measure(text: str) -> None:
    """Refuse what would take the parser too deep or too long; events come one by one, so this itself is safe."""
    level = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if level > MOST_LEVELS or count > MOST_NODES:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise Unreadable(line, "", "the document is too deep or too long", "split it")


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
