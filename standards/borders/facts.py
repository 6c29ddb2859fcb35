"""Facts: what may be stated of a lot, its route and its value before a border, under names that rules can ask for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

Value = bool | Decimal | str | tuple[str, ...]


class Kind(StrEnum):
    """How a fact is told."""

    YES_NO = "yes_no"
    NUMBER = "number"
    TEXT = "text"
    LIST = "list"


_YES_NO: Final = (
    "hazardous",  # holds Annex I constituents so that it shows an Annex III characteristic (Basel Convention)
    "single_polymer",  # almost exclusively one polymer
    "separately_recycled",  # each polymer of a mixture is to be recycled separately
    "almost_free",  # almost free from contamination and other wastes, as the authorities concerned read it
    "followed_by_r3",  # storage or sorting (R12, R13) once, then recycling (R3), by contract
    "prepared_to_specification",
    "mixed_with_other_waste",
    "homopolymer",
    "expansible",
    "mixed_with_substances",
    "plasticised",
    "turnings",  # turnings, shavings, chips, milling waste, filings, trimmings, stampings
    "alloyed",
    "sorted",
    "sorted_by_chemistry",
    "contains_batteries",  # batteries, mercury switches, activated glass or other hazardous components
    "precious_metal_recovery",
    "styrene_predominates",
    "equivalence_collection",  # collection abroad under conditions equivalent to the Union's, shown by evidence
    "equivalence_emissions",  # the plant abroad under conditions equivalent to the Union's, shown by evidence
    "transit_under_customs_control",  # not entered into trade, only unloaded, reloaded or kept in good condition
)
_NUMBERS: Final = (
    "contamination_percent",  # all that is not the named polymer or the named polymers, percent by mass
    "non_plastic_percent",
    "non_paper_percent",
    "polymer_purity_percent",
    "viscosity_number_ml_g",  # ISO 1628-5; never taken from the intrinsic viscosity
    "intrinsic_viscosity_dl_g",
    "density_g_cm3",
)
_TEXTS: Final = ("polyamide_type", "waste_entry", "hs_code")
_LISTS: Final = (
    "polymers",  # materials of a mixture
    "collected_in",  # countries
    "sorted_in",
    "recycled_in",
    "end_of_waste",  # states whose authority or law accepts this lot as no longer waste
    "conforms",  # standards that the lot was judged to conform to
    "consents",  # states that have consented in writing to this shipment
    "permits",  # papers that are held, by code
    "processes",  # what was done to the material in the exporting state
    "confirmed",  # gates whose unsure or unknown rule an authority has confirmed in writing
)
FACTS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        **dict.fromkeys(_YES_NO, Kind.YES_NO),
        **dict.fromkeys(_NUMBERS, Kind.NUMBER),
        **dict.fromkeys(_TEXTS, Kind.TEXT),
        **dict.fromkeys(_LISTS, Kind.LIST),
    }
)
# What the check itself finds out on the way, and rules may ask for like for a stated fact.
FOUND: Final = frozenset({"waste", "operation", "entry", "controlled", "hs_heading"})
PLACES: Final = frozenset({"exporting", "importing", "transit", "collected_in", "sorted_in", "recycled_in"})


class CrossingError(ValueError):
    """A fact cannot be used; `field` says where, the sentence what, `fix` what to do."""

    def __init__(self, field: str, value: object, sentence: str, fix: str) -> None:
        super().__init__(f"{field}: {sentence} {fix}")
        self.field, self.value, self.sentence, self.fix = field, value, sentence, fix


@dataclass(frozen=True, slots=True)
class Lot:
    """What is to cross: material and form of the taxonomy, class of origin, and the facts that are stated of it."""

    material: str
    form: str
    origin: str | None = None
    facts: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Route:
    """From where, through where, to where (ISO 3166-1 alpha-2), and what is done there (R1..R13, D1..D15)."""

    exporting: str
    importing: str
    transit: tuple[str, ...] = ()
    operation: str | None = None

    @property
    def states(self) -> tuple[str, ...]:
        """Every state on the way, each once."""
        return tuple(dict.fromkeys((self.exporting, *self.transit, self.importing)))


@dataclass(frozen=True, slots=True)
class Input:
    """A material used in the exporting state: its HS code, its value, where it was collected (None: not known)."""

    hs: str
    value: Decimal
    collected_in: str | None = None


@dataclass(frozen=True, slots=True)
class Worth:
    """What origin by value is computed from: the FOB value, and the inputs in the same currency."""

    fob: Decimal
    inputs: tuple[Input, ...] = ()


@dataclass(frozen=True, slots=True)
class Crossing:
    """A question: this lot on this route on this day (of departure); the other days date the papers."""

    lot: Lot
    route: Route
    day: date
    arrival: date | None = None
    recovered: date | None = None
    worth: Worth | None = None
