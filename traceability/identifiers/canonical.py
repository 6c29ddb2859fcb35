"""Canonical links: one GS1 Digital Link for every way to write the same GS1 key, for event hashes and the ledger."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from traceability.identifiers.checks import check_digit
from traceability.identifiers.digital_link import parse_link, path_escaped
from traceability.identifiers.elements import Elements, KeyInvalid

HOST: Final = "https://id.gs1.org"

_URN: Final = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):([0-9]{6,12})\.(.*)")
_UNIT: Final = r"(?:%[2-7][0-9A-Fa-f]|[!'()*+,.0-9:;=A-Za-z_-])"
_ESCAPED: Final = str.maketrans({each: f"%{ord(each):02X}" for each in "!()*+,:"})


@dataclass(frozen=True, slots=True)
class _Scheme:
    """A kind of EPC URN: company prefix and reference have `digits` together (None: free, as the tail)."""

    ai: str
    digits: int | None
    tail: str
    qualifier: str = ""
    first: bool = False
    lead: str = ""


def _units(most: int) -> str:
    return f"{_UNIT}{{1,{most}}}"


_SCHEMES: Final[Mapping[str, _Scheme]] = {
    "id:sgtin": _Scheme("01", 13, _units(20), "21", first=True),
    "id:upui": _Scheme("01", 13, _units(28), "235", first=True),
    "class:lgtin": _Scheme("01", 13, _units(20), "10", first=True),
    "idpat:sgtin": _Scheme("01", 13, r"\*", first=True),
    "idpat:upui": _Scheme("01", 13, r"\*", first=True),
    "id:itip": _Scheme("8006", 13, rf"[0-9]{{2}}\.[0-9]{{2}}\.{_units(20)}", "21", first=True),
    "idpat:itip": _Scheme("8006", 13, r"[0-9]{2}\.[0-9]{2}\.\*", first=True),
    "id:sscc": _Scheme("00", 17, "", first=True),
    "id:gsrn": _Scheme("8018", 17, ""),
    "id:gsrnp": _Scheme("8017", 17, ""),
    "id:gsin": _Scheme("402", 16, ""),
    "id:pgln": _Scheme("417", 12, ""),
    "id:sgln": _Scheme("414", 12, _units(20), "254"),
    "id:grai": _Scheme("8003", 12, _units(16), lead="0"),
    "idpat:grai": _Scheme("8003", 12, r"\*", lead="0"),
    "id:gdti": _Scheme("253", 12, _units(20)),
    "idpat:gdti": _Scheme("253", 12, r"\*"),
    "id:sgcn": _Scheme("255", 12, "[0-9]{1,12}"),
    "idpat:sgcn": _Scheme("255", 12, r"\*"),
    "id:giai": _Scheme("8004", None, _units(24)),
    "id:ginc": _Scheme("401", None, _units(24)),
    "id:cpi": _Scheme("8010", None, r"(?:%[2-5][0-9A-Fa-f]|[0-9A-Z-]){1,24}\.[0-9]{1,12}", "8011"),
    "idpat:cpi": _Scheme("8010", None, r"(?:%[2-5][0-9A-Fa-f]|[0-9A-Z-]){1,24}\.\*", "8011"),
}

# Words that earlier versions of the Digital Link standard allowed for AIs.
_WORDS: Final[Mapping[str, str]] = {
    "gtin": "01", "itip": "8006", "cpid": "8010", "gln": "414", "party": "417", "gsrnp": "8017", "gsrn": "8018",
    "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401", "gsin": "402", "grai": "8003", "giai": "8004",
    "cpv": "22", "lot": "10", "ser": "21",
}  # fmt: skip
_KEYS: Final = ("00", "01", "253", "255", "401", "402", "414", "417", "8003", "8004", "8006", "8010", "8017", "8018")
_WORD: Final = re.compile(rf"(?<=/)(?:{'|'.join(_WORDS)})(?=/)")
_LINK: Final = re.compile(rf"https?:[^?#]*/(?:{'|'.join((*_KEYS, *list(_WORDS)[:14]))})/[0-9]{{4}}[^/]")
_FREE: Final = r"[\"'\-.0-9;<=>?A-Z_a-z]"
_VALID: Final = re.compile(
    r"/(?:00/[0-9]{18}|01/[0-9]{14}(?:/(?:21|10)/X{0,20}|/235/X{0,28})?|253/[0-9]{13}X{0,17}|255/[0-9]{13,25}"
    r"|401/X{0,30}|402/[0-9]{17}|414/[0-9]{13}(?:/254/X{0,20})?|417/[0-9]{13}|8003/[0-9]{14}X{0,16}|8004/X{0,30}"
    r"|8006/[0-9]{18}(?:/(?:21|10)/X{0,20})?|8010/[#\-/0-9A-Z]{0,30}(?:/8011/[0-9]{0,12})?"
    r"|801[78]/[0-9]{18})".replace("X", _FREE)
)  # fmt: skip
_GTIN: Final = re.compile(r"/01/([0-9]{8}|[0-9]{12,13})(?![0-9])")
_VARIANT: Final = re.compile(r"(?<=^/01/[0-9]{14})/22/[^/]*|(?<=^/8006/[0-9]{18})/22/[^/]*")
_LOT: Final = re.compile(r"(?<=[0-9]{14})/10/[^/]*(?=/21/)")


def canonical_link(uri: str) -> str | None:
    """The canonical, constrained Digital Link of an EPC URN, a pattern or any Digital Link; None for other URIs.

    Constrained: on id.gs1.org, AIs as digits, GTIN of 14 digits, the finest qualifier only, no query
    (CBV 2.0, section 8.9.2).
    """
    if uri.startswith("urn:epc:"):
        return _of_urn(uri)
    return _of_link(uri) if "." in uri and _LINK.match(uri) else None


def canonical_key(uri: str) -> str:
    """The one spelling of what a URI names: of a valid GS1 key the constrained Digital Link, of all else itself.

    Like `canonical_link`, but check digits must hold (an address that only looks like a Digital Link stays itself)
    and every character is escaped in one way, so that any two spellings of a key meet.
    """
    link = _of_urn(uri) if uri.startswith("urn:epc:") else uri
    if link is None or not _LINK.match(link):
        return uri
    try:
        parts = parse_link(link, short_gtin=True, words=True).path
    except KeyInvalid:
        return uri
    return HOST + "".join(f"/{ai}/{path_escaped(value)}" for ai, value in _constrained(parts))


def _constrained(parts: Elements) -> Elements:
    """The key and its finest qualifier: a serial number needs no batch, and neither needs the product variant (22)."""
    return parts if len(parts) == 1 or parts[-1][0] == "22" else (parts[0], parts[-1])


def _of_urn(uri: str) -> str | None:
    found = _URN.fullmatch(uri)
    scheme = _SCHEMES.get(f"{found[1]}:{found[2]}") if found else None
    if found is None or scheme is None:
        return None
    prefix, rest = found[3], found[4]
    if scheme.digits is None:
        return _of_free(scheme, prefix, rest)
    reference, dot, tail = rest.partition(".")
    if len(prefix) + len(reference) != scheme.digits or re.search("[^0-9]", reference):
        return None
    if bool(dot) != bool(scheme.tail) or not re.fullmatch(scheme.tail, tail):
        return None
    body = reference[0] + prefix + reference[1:] if scheme.first else scheme.lead + prefix + reference
    key = f"{HOST}/{scheme.ai}/{body}{check_digit(body)}"
    if scheme.ai == "8006":
        key, tail = key + tail[:2] + tail[3:5], tail[6:]
    if tail in {"", "*"} or (scheme.ai == "414" and tail == "0"):
        return key
    return key + (f"/{scheme.qualifier}/" if scheme.qualifier else "") + tail.translate(_ESCAPED)


def _of_free(scheme: _Scheme, prefix: str, rest: str) -> str | None:
    if not re.fullmatch(scheme.tail, rest):
        return None
    if not scheme.qualifier:
        return f"{HOST}/{scheme.ai}/{prefix}{rest.translate(_ESCAPED)}"
    reference, _, serial = rest.rpartition(".")
    key = f"{HOST}/{scheme.ai}/{prefix}{reference.translate(_ESCAPED)}"
    return key if serial == "*" else f"{key}/{scheme.qualifier}/{serial}"


def _of_link(uri: str) -> str | None:
    path = _WORD.sub(lambda word: _WORDS[word[0]], uri.partition("?")[0])
    start = next((at for key in _KEYS if (at := path.find(f"/{key}/")) >= 0), -1)
    if path.startswith(HOST + "/") and path.split("/", 4)[3] in _KEYS:
        start = len(HOST)
    path = _GTIN.sub(lambda gtin: f"/01/{gtin[1]:0>14}", path[start:])
    path = _LOT.sub("", _VARIANT.sub("", path))
    return HOST + path if _VALID.fullmatch(path) else None
