"""EPC URNs: a GS1 Digital Link written back as the EPC URN that says the same (GS1 Tag Data Standard, section 6)."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final

from traceability.identifiers.canonical import HOST, canonical_link

_LINK: Final = re.compile(rf"{re.escape(HOST)}/([0-9]{{2,4}})/([^/]+)(?:/([0-9]+)/(.+))?")
_PLAIN: Final = re.compile("%(21|28|29|2A|2B|2C|3A)")

Writer = Callable[[str, int, str, str], str | None]


def epc_urn(uri: str, prefixes: Collection[str]) -> str | None:
    """The EPC URN of a Digital Link whose company prefix is one of these; None for all others.

    A Digital Link does not tell where the company prefix ends: only who knows the prefix can write the URN.
    """
    link = canonical_link(uri)
    found = _LINK.fullmatch(link) if link is not None else None
    if found is None:
        return None
    ai, value, qualifier, tail = found[1], found[2], found[3] or "", _plain(found[4] or "")
    write = _WRITERS.get(ai)
    digits = value[1:] if ai in _LED else value
    length = max((len(each) for each in prefixes if 6 <= len(each) <= 12 and digits.startswith(each)), default=0)
    return write(value, length, qualifier, tail) if write is not None and length else None


def _plain(text: str) -> str:
    return _PLAIN.sub(lambda escape: chr(int(escape[1], 16)), text)


_LED: Final = frozenset({"00", "01", "8006", "8003"})


def _item(value: str, length: int, qualifier: str, tail: str) -> str | None:
    """GTIN: the indicator digit goes in front of the item reference."""
    body = f"{value[1 : 1 + length]}.{value[0]}{value[1 + length : 13]}"
    kinds = {"": "idpat:sgtin", "10": "class:lgtin", "21": "id:sgtin", "235": "id:upui"}
    return f"urn:epc:{kinds[qualifier]}:{body}.{tail or '*'}" if qualifier in kinds else None


def _piece(value: str, length: int, qualifier: str, tail: str) -> str | None:
    body = f"{value[1 : 1 + length]}.{value[0]}{value[1 + length : 13]}.{value[14:16]}.{value[16:18]}"
    return f"urn:epc:{'id' if qualifier else 'idpat'}:itip:{body}.{tail or '*'}" if qualifier in {"", "21"} else None


def _unit(value: str, length: int, _: str, __: str) -> str | None:
    return f"urn:epc:id:sscc:{value[1 : 1 + length]}.{value[0]}{value[1 + length : 17]}"


def _place(value: str, length: int, _: str, tail: str) -> str | None:
    return f"urn:epc:id:sgln:{value[:length]}.{value[length:12]}.{tail or '0'}"


def _reference(scheme: str, digits: int) -> Writer:
    """Prefix and reference have so many digits together, then the check digit."""
    return lambda value, length, _, __: f"urn:epc:id:{scheme}:{value[:length]}.{value[length:digits]}"


def _serial(scheme: str, lead: int) -> Writer:
    """A reference of twelve digits, its check digit, and a serial number behind it."""

    def write(value: str, length: int, _: str, __: str) -> str | None:
        digits, serial = value[lead : lead + 12], _plain(value[lead + 13 :])
        return f"urn:epc:{'id' if serial else 'idpat'}:{scheme}:{digits[:length]}.{digits[length:]}.{serial or '*'}"

    return write


def _free(scheme: str) -> Writer:
    return lambda value, length, _, __: f"urn:epc:id:{scheme}:{value[:length]}.{_plain(value[length:])}"


def _part(value: str, length: int, qualifier: str, tail: str) -> str | None:
    body = f"{value[:length]}.{_plain(value[length:])}"
    return f"urn:epc:{'id' if qualifier else 'idpat'}:cpi:{body}.{tail or '*'}"


_WRITERS: Final[Mapping[str, Writer]] = {
    "00": _unit, "01": _item, "8006": _piece, "414": _place, "8018": _reference("gsrn", 17),
    "8017": _reference("gsrnp", 17), "402": _reference("gsin", 16), "417": _reference("pgln", 12),
    "8003": _serial("grai", 1), "253": _serial("gdti", 0), "255": _serial("sgcn", 0), "8004": _free("giai"),
    "401": _free("ginc"), "8010": _part,
}  # fmt: skip
