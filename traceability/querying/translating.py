"""Translating: an event's EPCs as Digital Links or as EPC URNs, only where the client asks for it."""

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Any, Final

from traceability.identifiers import canonical_link
from traceability.identifiers.urn import epc_urn
from traceability.querying.facts import CLASSES, EPCS


class EpcFormat(StrEnum):
    """GS1-EPC-Format (EPCIS 2.0 REST bindings)."""

    NO_PREFERENCE = "No_Preference"
    DIGITAL_LINK = "Always_GS1_Digital_Link"
    URN = "Always_EPC_URN"
    AS_RECEIVED = "Never_Translates"


Written = Callable[[str], str]

_PAIRS: Final = {"bizTransactionList": "bizTransaction", "sourceList": "source", "destinationList": "destination"}


def writer_of(wanted: EpcFormat, prefixes: Collection[str] = ()) -> Written | None:
    """How one address is written; None where nothing changes. What has no other form stays as it is.

    `prefixes`: GS1 company prefixes that are known; without its prefix a Digital Link has no EPC URN.
    """
    match wanted:
        case EpcFormat.DIGITAL_LINK:
            return lambda uri: (canonical_link(uri) or uri) if uri.startswith("urn:epc:") else uri
        case EpcFormat.URN:
            return lambda uri: uri if uri.startswith("urn:") else epc_urn(uri, prefixes) or uri
        case _:
            return None


def translated(event: Mapping[str, Any], write: Written) -> dict[str, Any]:
    """The event with every EPC, EPC class, place, party and paper written so; all else as it was."""
    found = dict(event)
    for name in (*EPCS, "parentID"):
        if name in found:
            found[name] = _each(found[name], write)
    for name in CLASSES:
        if isinstance(found.get(name), list):
            found[name] = [_under("epcClass", each, write) for each in found[name]]
    for name, member in _PAIRS.items():
        if isinstance(found.get(name), list):
            found[name] = [_under(member, each, write) for each in found[name]]
    for name in ("readPoint", "bizLocation"):
        if name in found:
            found[name] = _under("id", found[name], write)
    return found


def _each(value: Any, write: Written) -> Any:
    if isinstance(value, list):
        return [write(each) if isinstance(each, str) else each for each in value]
    return write(value) if isinstance(value, str) else value


def _under(name: str, value: Any, write: Written) -> Any:
    if not isinstance(value, Mapping) or not isinstance(value.get(name), str):
        return value
    return {**value, name: write(value[name])}
