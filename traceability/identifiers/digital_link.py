"""Digital Link: a GS1 key with its qualifiers and attributes as a web address (GS1 Digital Link URI syntax)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from traceability.identifiers.application import APPLICATION_IDENTIFIERS, QUALIFIERS, is_path
from traceability.identifiers.elements import Elements, KeyInvalid, check_element, element_string

_ADDRESS: Final = re.compile(
    r"(?P<stem>(?:https?|HTTPS?)://(?:[A-Za-z0-9._~%!$&'()*+,;=-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?)"
    r"(?P<path>/[^?#]*)(?:\?(?P<query>[^#]*))?(?:#.*)?"
)
_CHARACTERS: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_BYTES: Final = "latin-1"

WORDS: Final[Mapping[str, str]] = {
    "gtin": "01", "itip": "8006", "cpid": "8010", "gln": "414", "payTo": "415", "partyGln": "417", "gsrnp": "8017",
    "gsrn": "8018", "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401", "gsin": "402", "grai": "8003",
    "giai": "8004", "cpv": "22", "lot": "10", "ser": "21", "cpsn": "8011", "glnx": "254", "refno": "8020",
    "srin": "8019",
}  # fmt: skip
"""Words for AIs in the path, which older versions of the standard allowed."""


@dataclass(frozen=True, slots=True)
class DigitalLink:
    """`path` begins with the primary key; `attributes` come from the query. `stem` is all before the key."""

    stem: str
    path: Elements
    attributes: Elements = ()

    @property
    def key(self) -> tuple[str, str]:
        """The primary key: AI and value."""
        return self.path[0]

    @property
    def elements(self) -> Elements:
        return self.path + self.attributes

    def element_string(self) -> str:
        """As a barcode holds it."""
        return element_string(self.elements)

    def uri(self, stem: str | None = None) -> str:
        """The address, on this stem or another."""
        path = "".join(f"/{ai}/{path_escaped(value)}" for ai, value in self.path)
        query = "&".join(f"{ai}={query_escaped(value)}" for ai, value in self.attributes)
        return (self.stem if stem is None else stem).rstrip("/") + path + (f"?{query}" if query else "")


def path_escaped(value: str) -> str:
    """Percent-encoded for a path: all but letters, digits and `-._~`."""
    return quote(value, safe="", encoding=_BYTES, errors="strict")


def path_plain(text: str) -> str:
    """Percent-decoded once; a plus sign is a plus sign, broken escapes stay."""
    return unquote(text, encoding=_BYTES)


def query_escaped(value: str) -> str:
    """Percent-encoded for a query, a space as a plus sign."""
    return quote_plus(value, encoding=_BYTES, errors="strict")


def query_plain(text: str) -> str:
    """Percent-decoded once, a plus sign as a space; broken escapes stay."""
    return unquote_plus(text, encoding=_BYTES)


def parse_link(uri: str, *, short_gtin: bool = False, words: bool = False) -> DigitalLink:
    """The parts of a Digital Link. Raises KeyInvalid.

    `short_gtin` accepts GTIN-8, -12 and -13 and fills them up; `words` accepts /gtin/, /lot/ and so on for the AIs.
    """
    found = _ADDRESS.fullmatch(uri)
    if found is None or not _CHARACTERS.fullmatch(uri):
        raise KeyInvalid(f"not a web address: {uri!r}")
    segments = found["path"][1:].split("/")
    start = _start(segments, words=words)
    path = tuple(_filled(pair, short=short_gtin) for pair in _pairs(segments[start:], words=words))
    attributes = tuple(_filled(pair, short=short_gtin) for pair in _attributes(found["query"] or ""))
    link = DigitalLink("/".join((found["stem"], *segments[:start])), path, attributes)
    _check(link)
    return link


def build_link(stem: str, elements: Sequence[tuple[str, str]]) -> DigitalLink:
    """The link for these pairs: the first primary key and its qualifiers in the path, all else in the query.

    Attributes whose length is known in advance come first. Raises KeyInvalid.
    """
    values: dict[str, str] = {}
    for ai, value in elements:
        if values.setdefault(ai, value) != value:
            raise KeyInvalid(f"AI {ai} with two values")
    key = next((ai for ai in values if ai in QUALIFIERS), None)
    if key is None:
        raise KeyInvalid("no primary key among the AIs: " + ", ".join(values))
    failure = KeyInvalid("no key")
    for row in QUALIFIERS[key]:
        path = tuple((ai, values[ai]) for ai in (key, *row) if ai in values)
        others = [pair for pair in values.items() if pair not in path]
        others.sort(key=lambda pair: pair[0] in APPLICATION_IDENTIFIERS and not APPLICATION_IDENTIFIERS[pair[0]].fixed)
        link = DigitalLink(stem, path, tuple(others))
        try:
            _check(link)
        except KeyInvalid as error:
            failure = error
        else:
            return link
    raise failure


def _start(segments: Sequence[str], *, words: bool) -> int:
    """Where the key begins: the last AI of a primary key, an even number of segments before the end."""
    for at in range(len(segments) - 2, -1, -2):
        ai = WORDS.get(segments[at], segments[at]) if words else segments[at]
        if ai in QUALIFIERS:
            return at
        if ai not in APPLICATION_IDENTIFIERS:
            break
    raise KeyInvalid(f"no GS1 key in the path: /{'/'.join(segments)}")


def _pairs(segments: Sequence[str], *, words: bool) -> Iterator[tuple[str, str]]:
    for ai, value in zip(segments[::2], segments[1::2], strict=True):
        yield (WORDS.get(ai, ai) if words else ai), path_plain(value)


def _attributes(query: str) -> Iterator[tuple[str, str]]:
    """The AIs of a query; whatever is no number, or has no value, is not ours."""
    for part in re.split("[&;]", query):
        name, equals, value = part.partition("=")
        if equals and name.isascii() and name.isdigit():
            yield name, query_plain(value)


def _filled(pair: tuple[str, str], *, short: bool) -> tuple[str, str]:
    ai, value = pair
    return (ai, value.zfill(14)) if short and ai == "01" and len(value) in {8, 12, 13} else pair


def _check(link: DigitalLink) -> None:
    ais = [ai for ai, _ in link.path]
    if not is_path(ais):
        raise KeyInvalid(f"AIs in a wrong order or place: {'/'.join(ais)}")
    for ai, value in link.elements:
        check_element(ai, value)
    seen = set(ais)
    for ai, _ in link.attributes:
        if ai in seen:
            raise KeyInvalid(f"AI {ai} stands twice")
        if not APPLICATION_IDENTIFIERS[ai].attribute:
            raise KeyInvalid(f"AI {ai} may not stand in the query")
        if any(is_path([*ais[:at], ai, *ais[at:]]) for at in range(1, len(ais) + 1)):
            raise KeyInvalid(f"AI {ai} belongs into the path")
        seen.add(ai)
