"""Shapes: a crossing as a client states it; every fact that a rule can ask for, by name, with what it means."""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any, Final, Self, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.formats import country
from standards.borders import Borders, Crossing, Input, Lot, Route, Value, Worth, borders
from standards.catalogue import Catalogue
from standards.materials import Taxonomy, taxonomy

MOST: Final = 50


def _no_float(value: object) -> object:
    """JSON's 0.1 has lost its digits before anybody reads it."""
    if isinstance(value, float | bool):
        raise ValueError('write the number as text, such as "0.3"')  # noqa: TRY004 - pydantic tells a ValueError
    return value


def _state(code: str) -> str:
    if country(code, "en") is None:
        raise ValueError(f"{code} is no country; use ISO 3166-1 alpha-2 codes such as JP or TH")
    return code


State = Annotated[str, Field(pattern="^[A-Z]{2}$"), AfterValidator(_state)]
Code = Annotated[str, Field(min_length=1, max_length=100)]
HsCode = Annotated[str, Field(pattern="^[0-9]{6}$")]
Percent = Annotated[Decimal, BeforeValidator(_no_float), Field(ge=0, le=100, max_digits=30)]
Number = Annotated[Decimal, BeforeValidator(_no_float), Field(ge=0, max_digits=30, decimal_places=20)]
States = Annotated[tuple[State, ...], Field(max_length=MOST)]
Codes = Annotated[tuple[Code, ...], Field(max_length=MOST)]


class In(BaseModel):
    """What a client sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FactsIn(In):
    """What is known of the lot; leave out what is not known: nothing is assumed."""

    hazardous: bool | None = Field(None, description="Holds Basel Annex I constituents so that it is hazardous")
    single_polymer: bool | None = Field(None, description="Almost exclusively one polymer")
    polymers: Codes | None = Field(None, description="Materials of a mixture, by code")
    separately_recycled: bool | None = Field(None, description="Each polymer of a mixture is recycled separately")
    almost_free: bool | None = Field(
        None, description="Almost free from contamination, as the authorities concerned read it"
    )
    contamination_percent: Percent | None = Field(
        None, description="Everything that is not the named polymer or polymers, percent by mass"
    )
    non_plastic_percent: Percent | None = None
    non_paper_percent: Percent | None = None
    polymer_purity_percent: Percent | None = None
    followed_by_r3: bool | None = Field(None, description="After R12 or R13, recycling (R3) follows by contract")
    prepared_to_specification: bool | None = None
    mixed_with_other_waste: bool | None = None
    viscosity_number_ml_g: Number | None = Field(None, description="ISO 1628-5, not the intrinsic viscosity")
    intrinsic_viscosity_dl_g: Number | None = None
    density_g_cm3: Number | None = None
    homopolymer: bool | None = None
    expansible: bool | None = None
    mixed_with_substances: bool | None = None
    plasticised: bool | None = None
    polyamide_type: Code | None = Field(None, description="6, 11, 12, 66, 69, 610, 612 or another")
    turnings: bool | None = None
    alloyed: bool | None = None
    sorted: bool | None = None
    sorted_by_chemistry: bool | None = None
    contains_batteries: bool | None = None
    precious_metal_recovery: bool | None = None
    styrene_predominates: bool | None = None
    collected_in: States | None = Field(None, description="Countries where the waste was collected")
    sorted_in: States | None = None
    recycled_in: States | None = None
    end_of_waste: States | None = Field(None, description="States that accept this lot as no longer waste")
    conforms: Codes | None = Field(None, description="Standards of the catalogue that the lot conforms to")
    waste_entry: Code | None = Field(None, description="The entry of the Basel or OECD lists, where you know it")
    hs_code: HsCode | None = Field(None, description="A tariff code that was ruled on")
    consents: States | None = Field(None, description="States that consented to this shipment in writing")
    permits: Codes | None = Field(None, description="Papers that are held, by their code")
    processes: Codes | None = Field(None, description="What was done in the exporting state, such as extrusion")
    equivalence_collection: bool | None = None
    equivalence_emissions: bool | None = None
    transit_under_customs_control: bool | None = None
    confirmed: Codes | None = Field(None, description="Gates that an authority has confirmed in writing")

    @property
    def stated(self) -> dict[str, Value]:
        """Only what was stated."""
        return {name: value for name, value in self.model_dump(exclude_none=True).items() if value != ()}


class LotIn(In):
    """What is to cross."""

    material: Code
    form: Code
    origin: Code | None = Field(None, description="post_consumer, pre_consumer ... (ISO 14021)")
    facts: FactsIn = FactsIn()


class RouteIn(In):
    """From where to where, and for which operation (R1 to R13, D1 to D15)."""

    exporting: State
    importing: State
    transit: States = ()
    operation: Annotated[str, Field(pattern="^[RD][0-9]{1,2}$")] | None = None


class InputIn(In):
    """A material used in making the lot."""

    hs: HsCode
    value: Number
    collected_in: State | None = None


class WorthIn(In):
    """Values for origin, all in one currency."""

    fob: Annotated[Decimal, BeforeValidator(_no_float), Field(gt=0, max_digits=30, decimal_places=10)]
    inputs: Annotated[tuple[InputIn, ...], Field(max_length=MOST)] = ()


EXAMPLE: Final[dict[str, Any]] = {
    "lot": {
        "material": "plastics.pet", "form": "flake", "origin": "post_consumer",
        "facts": {
            "hazardous": False, "single_polymer": True, "almost_free": True, "contamination_percent": "0.3",
            "collected_in": ["TH"], "recycled_in": ["TH"],
        },
    },
    "route": {"exporting": "TH", "importing": "JP", "transit": [], "operation": "R3"},
    "day": "2026-11-24",
    "arrival": "2026-12-08",
}  # fmt: skip


class CrossingIn(In):
    """A lot on a route on a day of departure; days of arrival and recovery date the papers that follow."""

    # "example" is no key of pydantic's own: the framework reads it for the description of the interface
    model_config = cast(ConfigDict, {"extra": "forbid", "frozen": True, "example": EXAMPLE})

    lot: LotIn
    route: RouteIn
    day: date
    arrival: date | None = None
    recovered: date | None = None
    worth: WorthIn | None = None

    @model_validator(mode="after")
    def _in_reach(self) -> Self:
        for day in (self.day, self.arrival, self.recovered):
            if day is not None and not 1990 <= day.year <= 2100:
                raise ValueError(f"{day.isoformat()} is outside 1990 to 2100")
        return self

    @property
    def crossing(self) -> Crossing:
        """The question as the rule book understands it."""
        lot, route, worth = self.lot, self.route, self.worth
        return Crossing(
            Lot(lot.material, lot.form, lot.origin, MappingProxyType(lot.facts.stated)),
            Route(route.exporting, route.importing, route.transit, route.operation),
            self.day, self.arrival, self.recovered,
            Worth(worth.fob, tuple(Input(each.hs, each.value, each.collected_in) for each in worth.inputs))
            if worth else None,
        )  # fmt: skip


@lru_cache(maxsize=4)
def known_borders(catalogue: Catalogue) -> tuple[Borders, Taxonomy]:
    """The law of borders and the taxonomy, read once for a catalogue."""
    return borders(catalogue), taxonomy(catalogue)
