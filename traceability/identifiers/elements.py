"""Element strings: AIs and their values one after the other, as a barcode or a person writes them."""

import re
from collections.abc import Iterable
from typing import Final

from traceability.identifiers.application import APPLICATION_IDENTIFIERS, ai_at, wrong_with

SEPARATOR: Final = "^"
"""How we write FNC1."""

Elements = tuple[tuple[str, str], ...]
"""Pairs of AI and value."""

_BRACKETED: Final = re.compile(r"\(([0-9]{2,4})\)((?:[^(\\]|\\.)+)")


class KeyInvalid(ValueError):
    """This is no GS1 key, value or Digital Link: the text says why."""


def check_element(ai: str, value: str) -> None:
    """Raises KeyInvalid for an unknown AI and for a value that it may not have."""
    identifier = APPLICATION_IDENTIFIERS.get(ai)
    if identifier is None:
        raise KeyInvalid(f"unknown AI: {ai!r}")
    wrong = wrong_with(identifier, value)
    if wrong is not None:
        raise KeyInvalid(wrong)


def read_bracketed(text: str) -> Elements:
    r"""`(01)...(10)...` as pairs; `\(` is a bracket in a value. Raises KeyInvalid."""
    elements = tuple((ai, re.sub(r"\\(.)", r"\1", value)) for ai, value in _BRACKETED.findall(text))
    if not elements or _BRACKETED.sub("", text):
        raise KeyInvalid(f"not AIs in brackets with their values: {text!r}")
    for ai, value in elements:
        check_element(ai, value)
    return elements


def read_elements(text: str) -> Elements:
    """`^01...10...^21...` as pairs. Raises KeyInvalid."""
    if not text.startswith(SEPARATOR) or len(text) == 1:
        raise KeyInvalid(f"an element string begins with FNC1 (^): {text!r}")
    elements: list[tuple[str, str]] = []
    rest = text[1:]
    while rest:
        identifier = ai_at(rest)
        if identifier is None:
            raise KeyInvalid(f"unknown AI: {rest[:4]!r}")
        rest = rest[len(identifier.ai) :]
        value = rest[: identifier.length] if identifier.fixed else rest.partition(SEPARATOR)[0]
        rest = rest[len(value) :]
        if identifier.fixed:
            value, _, more = value.partition(SEPARATOR)
            rest = more + rest
        check_element(identifier.ai, value)
        elements.append((identifier.ai, value))
        rest = rest.removeprefix(SEPARATOR)
    return tuple(elements)


def element_string(elements: Iterable[tuple[str, str]]) -> str:
    """Pairs as `^01...10...^21...`: FNC1 first, and after each value whose length is not known in advance."""
    text = ""
    open_ended = True
    for ai, value in elements:
        text += (SEPARATOR if open_ended else "") + ai + value
        open_ended = not APPLICATION_IDENTIFIERS[ai].fixed
    return text
