"""Models: the five kinds of EPCIS 2.0 event, frozen, with the verdict of the official schema (formats on)."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from traceability.events.elements import (
    LISTED,
    BizTransaction,
    Destination,
    ErrorDeclaration,
    Extended,
    PersistentDisposition,
    Place,
    QuantityElement,
    SensorElement,
    Source,
    spelled,
)
from traceability.events.values import DISTINCT, BizStep, Context, Disposition, Key, Maybe, Moment, Offset, Uri

Action = Literal["ADD", "OBSERVE", "DELETE"]
Uris = Annotated[tuple[Uri, ...], LISTED]
DistinctUris = Annotated[tuple[Uri, ...], LISTED, DISTINCT]
Quantities = Annotated[tuple[QuantityElement, ...], LISTED]
# One certificate may stand alone; inside it is always a list.
Certificates = Annotated[
    tuple[Uri, ...], LISTED, BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
]


def _what_missing(fix: str) -> PydanticCustomError:
    return PydanticCustomError("WHAT_MISSING", "The event does not say what it is about.", {"fix": fix})


class _When(Extended):
    """What every event holds: when, by which id, and whether it takes another one back."""

    event_time: Moment
    event_time_zone_offset: Offset
    context: Maybe[Context] = None
    event_id: Maybe[Uri] = None
    record_time: Maybe[Moment] = None
    certification_info: Maybe[Certificates] = None
    error_declaration: Maybe[ErrorDeclaration] = None


class _Stepped(_When):
    """What the five kinds share beyond that: why and where, between whom, and what sensors said."""

    biz_step: Maybe[BizStep] = None
    disposition: Maybe[Disposition] = None
    read_point: Maybe[Place] = None
    biz_location: Maybe[Place] = None
    source_list: Maybe[Annotated[tuple[Source, ...], LISTED]] = None
    destination_list: Maybe[Annotated[tuple[Destination, ...], LISTED]] = None
    biz_transaction_list: Maybe[Annotated[tuple[BizTransaction, ...], LISTED]] = None
    sensor_element_list: Maybe[Annotated[tuple[SensorElement, ...], LISTED]] = None


class ObjectEvent(_Stepped):
    """Something happened to these items; `ilmd` describes items that come into being (action ADD only)."""

    type: Literal["ObjectEvent"]
    action: Action
    epc_list: Maybe[DistinctUris] = None
    quantity_list: Maybe[Quantities] = None
    persistent_disposition: Maybe[PersistentDisposition] = None
    ilmd: Maybe[dict[Key, Any]] = None

    @model_validator(mode="after")
    def _says_what(self) -> "ObjectEvent":
        if self.epc_list is None and not self.quantity_list and not (self.sensor_element_list and self.read_point):
            raise _what_missing("State epcList or quantityList (or sensorElementList with readPoint).")
        if self.ilmd is not None and self.action != "ADD":
            raise PydanticCustomError(
                "ILMD_MISPLACED", "ilmd describes items that come into being.", {"fix": "Use action ADD or no ilmd."}
            )
        return self


class _OfChildren(_Stepped):
    """What is put to a parent or taken from it: the children may go unsaid only where all of them leave (DELETE)."""

    action: Action
    child_epcs: Maybe[Uris] = None
    child_quantity_list: Maybe[Quantities] = None

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if not self.child_epcs and not self.child_quantity_list and self.action != "DELETE":
            raise _what_missing("State childEPCs or childQuantityList.")
        return self


class AggregationEvent(_OfChildren):
    """Items were put together under a parent, or taken apart."""

    type: Literal["AggregationEvent"]
    parent_id: Maybe[Uri] = None


class AssociationEvent(_OfChildren):
    """Items were fixed to a parent for longer, such as a sensor to a container."""

    type: Literal["AssociationEvent"]
    parent_id: Uri


class TransactionEvent(_Stepped):
    """Items belong to these business papers from now on (or no longer)."""

    type: Literal["TransactionEvent"]
    action: Action
    biz_transaction_list: Annotated[tuple[BizTransaction, ...], Field(strict=False, min_length=1)]
    parent_id: Maybe[Uri] = None
    epc_list: Maybe[Uris] = None
    quantity_list: Maybe[Quantities] = None

    @model_validator(mode="after")
    def _says_what(self) -> "TransactionEvent":
        if self.epc_list is None and not self.quantity_list and self.action != "DELETE":
            raise _what_missing("State epcList or quantityList.")
        return self


class TransformationEvent(_Stepped):
    """Items became other items; several events with one transformation id tell one transformation."""

    type: Literal["TransformationEvent"]
    transformation_id: Maybe[Uri] = None
    input_epc_list: Maybe[DistinctUris] = None
    output_epc_list: Maybe[DistinctUris] = None
    input_quantity_list: Maybe[Quantities] = None
    output_quantity_list: Maybe[Quantities] = None
    persistent_disposition: Maybe[PersistentDisposition] = None
    ilmd: Maybe[dict[Key, Any]] = None

    @model_validator(mode="after")
    def _says_what(self) -> "TransformationEvent":
        inputs = bool(self.input_epc_list or self.input_quantity_list)
        outputs = bool(self.output_epc_list or self.output_quantity_list)
        if not (inputs and outputs) and not (self.transformation_id is not None and (inputs or outputs)):
            raise _what_missing("State inputs and outputs, or one of them with a transformationID.")
        return self


class ExtendedEvent(BaseModel):
    """An event of a kind that others defined: its type is a URI, and we read only when it happened."""

    model_config = ConfigDict(strict=True, frozen=True, extra="allow", alias_generator=spelled)
    type: Uri
    event_time: Moment
    event_time_zone_offset: Offset
    context: Maybe[Context] = None
    event_id: Maybe[Uri] = None
    record_time: Maybe[Moment] = None
    certification_info: Maybe[Certificates] = None
    error_declaration: Maybe[ErrorDeclaration] = None

    @property
    def extensions(self) -> dict[str, Any]:
        """All else that it says."""
        return self.__pydantic_extra__ or {}

    # Not ours to read: whatever stands there is among the extensions.
    biz_step: ClassVar[None] = None
    disposition: ClassVar[None] = None
    read_point: ClassVar[None] = None
    biz_location: ClassVar[None] = None
    source_list: ClassVar[None] = None
    destination_list: ClassVar[None] = None
    biz_transaction_list: ClassVar[None] = None
    sensor_element_list: ClassVar[None] = None


Event = ObjectEvent | AggregationEvent | TransactionEvent | TransformationEvent | AssociationEvent | ExtendedEvent
