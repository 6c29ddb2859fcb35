"""Identifiers: GS1 keys and Digital Link, EPC URNs, and our own addresses for firms without GS1 keys (pure)."""

from traceability.identifiers.canonical import canonical_key, canonical_link
from traceability.identifiers.checks import check_digit, checks
from traceability.identifiers.digital_link import DigitalLink, build_link, parse_link
from traceability.identifiers.elements import KeyInvalid, element_string, read_bracketed, read_elements
from traceability.identifiers.own import (
    NAMESPACE,
    PREFIX,
    human_code,
    lot_uri,
    named_token,
    new_token,
    read_human_code,
    token_of,
)

__all__ = [
    "NAMESPACE",
    "PREFIX",
    "DigitalLink",
    "KeyInvalid",
    "build_link",
    "canonical_key",
    "canonical_link",
    "check_digit",
    "checks",
    "element_string",
    "human_code",
    "lot_uri",
    "named_token",
    "new_token",
    "parse_link",
    "read_bracketed",
    "read_elements",
    "read_human_code",
    "token_of",
]
