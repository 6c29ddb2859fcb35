"""Matching: what the MATCH parameters mean by an EPC, an EPC class or a pattern of them (EPCIS 2.0, 8.2.7.1.1)."""

import re
from collections.abc import Sequence
from typing import Final

from traceability.identifiers.canonical import canonical_link
from traceability.querying.canonical import Names, canonical
from traceability.querying.extensions import hashed
from traceability.querying.given import Given
from traceability.querying.plan import Condition, Facet, Range

_PATTERN: Final = re.compile(r"urn:epc:idpat:([a-z]+):(.+)")
_AI: Final = {
    "sgtin": "01", "lgtin": "01", "sscc": "00", "grai": "8003", "gdti": "253", "sgcn": "255", "gsrn": "8018",
    "gsrnp": "8017", "gsin": "402", "itip": "8006", "giai": "8004", "ginc": "401", "cpi": "8010", "sgln": "414",
    "pgln": "417", "upui": "01",
}  # fmt: skip


def match(given: Given, names: Names, fields: Sequence[str]) -> Condition:
    """One of the given identities stands in one of the fields.

    An identity matches itself however it is written (EPC URN or Digital Link), and whatever it qualifies: a GTIN
    matches its lots and serial numbers. A pattern (`urn:epc:idpat:...`) matches the identities it stands for.
    """
    keys: set[int] = set()
    ranges: list[Range] = []
    for text in given.texts():
        for uri in names.expand(text):
            found = _PATTERN.fullmatch(uri)
            if found is not None and canonical_link(uri) is None:
                ranges.append(_range(given, uri, found[1], found[2], fields))
                continue
            keys.add(hashed(canonical(uri)))
    held = {hashed(f"{name}{of}") for name in fields for of in ("", " of")} if keys else set()
    return Facet(tuple(sorted(held)), tuple(sorted(keys)), ranges=tuple(ranges))


def _range(given: Given, uri: str, scheme: str, text: str, fields: Sequence[str]) -> Range:
    """A pattern that leaves more than the serial number open, as a range of keys with the company prefix first."""
    parts = text.split(".")
    first = parts.index("*") if "*" in parts else len(parts)
    if first == len(parts) or any(each != "*" for each in parts[first:]) or any("*" in each for each in parts[:first]):
        raise given.wrong(
            "This is no pattern of EPCs.", "Stars stand for whole parts at the end: urn:epc:idpat:sgtin:0614141.*.*.",
            uri,
        )  # fmt: skip
    ai = _AI.get(scheme)
    if ai is None:
        kind, prefix = scheme, "".join(f"{each}." for each in parts[:first])
    else:
        kind, prefix = ai, "".join(parts[:first][:1]) + "".join(_turned(ai, each) for each in parts[1:first])
    return Range(tuple(sorted(hashed(f"{name} of {kind}") for name in fields)), prefix, prefix + "\x7f")


def _turned(ai: str, reference: str) -> str:
    """A reference as `company_order` writes it: its leading indicator digit behind the rest."""
    return reference[1:] + reference[:1] if ai in {"00", "01", "8006"} else reference
