"""Codes: the closed lists that trade speaks in (currencies, terms of delivery), each code with its facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from standards.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Code:
    """One code: its names by language, and what its list says of it beside.

    `minor_units`: decimal places of a currency (ISO 4217); `countries`: ISO 3166-1 alpha-2 codes of those whose own
    currency it is; `transport`: 'any', or 'sea' for terms of sea and inland waterway only (Incoterms 2020).
    """

    code: str
    names: Mapping[str, str] = field(hash=False)
    minor_units: int | None = None
    countries: tuple[str, ...] = ()
    transport: str | None = None

    def named(self, lang: str) -> str:
        """Its name in a language, in English where the list has none."""
        return self.names.get(lang) or self.names["en"]


def codes(catalogue: Catalogue, id: str) -> Mapping[str, Code]:
    """A list of the catalogue by its id ('currencies'), in the list's own order; LookupError where there is none."""
    listed = catalogue.document("code-list", id).data["codes"]
    return MappingProxyType({each["code"]: Code(**each) for each in listed})
