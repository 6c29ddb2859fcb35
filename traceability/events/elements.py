"""Elements: the parts that EPCIS 2.0 events are made of (quantities, places, papers, parties, sensors), frozen."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from traceability.events.values import (
    DISTINCT,
    Alert,
    Component,
    Disposition,
    ErrorReason,
    Hex,
    Key,
    Maybe,
    Measurement,
    Moment,
    Number,
    PartyType,
    TransactionType,
    Uom,
    Uri,
)

_IRREGULAR: Final = {
    "context": "@context",
    "event_id": "eventID",
    "parent_id": "parentID",
    "child_epcs": "childEPCs",
    "input_epc_list": "inputEPCList",
    "output_epc_list": "outputEPCList",
    "transformation_id": "transformationID",
    "corrective_event_ids": "correctiveEventIDs",
    "device_id": "deviceID",
    "subscription_id": "subscriptionID",
}

# JSON arrays come as lists; frozen models keep tuples.
LISTED: Final = Field(strict=False)


def spelled(name: str) -> str:
    """How the standard spells a field: `epc_list` -> `epcList`."""
    return _IRREGULAR.get(name) or to_camel(name)


# An object with no fields but its own: half the cost of a model, and an event has ten of them.
_CLOSED: Final = ConfigDict(extra="forbid", alias_generator=spelled)


class Extended(BaseModel):
    """An object that may also hold fields of others, whose names are URIs or `prefix:name`."""

    model_config = ConfigDict(strict=True, frozen=True, extra="allow", alias_generator=spelled)
    __pydantic_extra__: dict[Key, Any]

    @property
    def extensions(self) -> dict[str, Any]:
        """Fields of others by their full name; numbers are int or Decimal."""
        return self.__pydantic_extra__ or {}


class Place(BaseModel):
    """A read point or business location; may hold anything beside its id."""

    model_config = ConfigDict(strict=True, frozen=True, extra="allow", alias_generator=spelled)
    id: Uri


@dataclass(frozen=True, slots=True, config=_CLOSED)
class QuantityElement:
    """So much of one class of items: `uom` is a UN/ECE Rec 20 code (KGM is kilograms), None counts pieces."""

    epc_class: Uri
    quantity: Maybe[Number] = None
    uom: Maybe[Uom] = None


@dataclass(frozen=True, slots=True, config=_CLOSED)
class BizTransaction:
    """A business paper (order, invoice, despatch advice...) that the event belongs to."""

    biz_transaction: Uri
    type: Maybe[TransactionType] = None


@dataclass(frozen=True, slots=True, config=_CLOSED)
class Source:
    """Who or where the items come from."""

    type: PartyType
    source: Uri


@dataclass(frozen=True, slots=True, config=_CLOSED)
class Destination:
    """Who or where the items go to."""

    type: PartyType
    destination: Uri


@dataclass(frozen=True, slots=True, config=_CLOSED)
class PersistentDisposition:
    """States that last until they are unset."""

    set: Maybe[Annotated[tuple[Disposition, ...], Field(strict=False, min_length=1), DISTINCT]] = None
    unset: Maybe[Annotated[tuple[Disposition, ...], Field(strict=False, min_length=1), DISTINCT]] = None

    @model_validator(mode="after")
    def _says_something(self) -> "PersistentDisposition":
        if self.set is None and self.unset is None:
            raise PydanticCustomError("MISSING", "It sets nothing and unsets nothing.", {"fix": "State set or unset."})
        return self


class ErrorDeclaration(Extended):
    """This event declares an earlier one, the same in all else, to be erroneous."""

    declaration_time: Moment
    reason: Maybe[ErrorReason] = None
    corrective_event_ids: Maybe[Annotated[tuple[Uri, ...], LISTED]] = None


class SensorMetadata(Extended):
    """What holds for all reports of one sensor element."""

    time: Maybe[Moment] = None
    device_id: Maybe[Uri] = None
    device_metadata: Maybe[Uri] = None
    raw_data: Maybe[Uri] = None
    start_time: Maybe[Moment] = None
    end_time: Maybe[Moment] = None
    data_processing_method: Maybe[Uri] = None
    biz_rules: Maybe[Uri] = None


class SensorReport(Extended):
    """One thing measured; `uom` is free text in the standard (UN/ECE Rec 20 by advice)."""

    type: Measurement
    exception: Maybe[Alert] = None
    device_id: Maybe[Uri] = None
    device_metadata: Maybe[Uri] = None
    raw_data: Maybe[Uri] = None
    data_processing_method: Maybe[Uri] = None
    biz_rules: Maybe[Uri] = None
    time: Maybe[Moment] = None
    microorganism: Maybe[Uri] = None
    chemical_substance: Maybe[Uri] = None
    coordinate_reference_system: Maybe[Uri] = None
    value: Maybe[Number] = None
    component: Maybe[Component] = None
    string_value: Maybe[str] = None
    boolean_value: Maybe[bool] = None
    hex_binary_value: Maybe[Hex] = None
    uri_value: Maybe[Uri] = None
    min_value: Maybe[Number] = None
    max_value: Maybe[Number] = None
    mean_value: Maybe[Number] = None
    s_dev: Maybe[Number] = None
    perc_rank: Maybe[Number] = None
    perc_value: Maybe[Number] = None
    uom: Maybe[str] = None


class SensorElement(Extended):
    """What sensors said, with what holds for all of it."""

    sensor_report: Annotated[tuple[SensorReport, ...], Field(strict=False, min_length=1)]
    sensor_metadata: Maybe[SensorMetadata] = None
