"""Choices: what a form's lists offer, in the reader's language."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from app.words import Speech
from foundation.registry import Facility
from standards.catalogue import Catalogue
from standards.codes import Code
from standards.materials import Taxonomy, taxonomy

Choice = tuple[str, str]
COUNTRIES: Final = (
    "JP", "TH", "VN", "ID", "MY", "PH", "SG", "BN", "KH", "LA", "MM", "TL", "KR", "CN", "TW", "HK", "IN", "BD", "LK",
    "AU", "NZ", "US", "CA", "MX", "GB", "DE", "FR", "NL", "BE", "IT", "ES", "PL", "SE", "CH", "TR", "AE",
)  # fmt: skip


@lru_cache(maxsize=4)
def known_words(catalogue: Catalogue) -> Taxonomy:
    """The taxonomy, read once for a catalogue."""
    return taxonomy(catalogue)


def materials(t: Speech, catalogue: Catalogue) -> list[Choice]:
    """Every material that a lot can be of, plastics first."""
    found = known_words(catalogue).materials.values()
    ordered = sorted(found, key=lambda each: (not each.code.startswith("plastics."), each.code))
    return [(each.code, str(each.names.get(t.lang) or each.names["en"])) for each in ordered]


def families(t: Speech, catalogue: Catalogue) -> list[Choice]:
    """Every family of materials."""
    found = known_words(catalogue).families.values()
    return [(each.code, str(each.names.get(t.lang) or each.names["en"])) for each in found]


def forms(t: Speech, catalogue: Catalogue) -> list[Choice]:
    """Every form."""
    return [
        (each.code, str(each.names.get(t.lang) or each.names["en"])) for each in known_words(catalogue).forms.values()
    ]


def countries(t: Speech, first: str) -> list[Choice]:
    """Countries by name, the reader's own first."""
    others = sorted(((code, t.country(code)) for code in COUNTRIES if code != first), key=lambda each: each[1])
    return [(first, t.country(first)), *others]


def facilities(places: Iterable[Facility]) -> list[Choice]:
    """The organisation's own facilities."""
    return [(str(each.id), each.name) for each in places]


def listed(t: Speech, codes: Mapping[str, Code]) -> list[Choice]:
    """The codes of a list with their names, in the list's own order."""
    return [(code, f"{code} · {each.named(t.lang)}") for code, each in codes.items()]


def named(t: Speech, group: str, codes: Sequence[str]) -> list[Choice]:
    """Codes with their names of one group of words."""
    return [(code, t.name(group, code)) for code in codes]
