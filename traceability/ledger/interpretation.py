"""Interpretation: what an EPCIS event says about mass, read without knowing the record."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from traceability.events import (
    AggregationEvent,
    AssociationEvent,
    Event,
    ObjectEvent,
    TransactionEvent,
    TransformationEvent,
)
from traceability.identifiers import NAMESPACE
from traceability.ledger.book import OUTSIDE
from traceability.ledger.movements import (
    Arrival,
    Departure,
    ErrorDeclared,
    Movement,
    Receipt,
    Rejection,
    Shipment,
    StockTake,
    Transformation,
    Unmoved,
)
from traceability.ledger.stating import Own

# Our own business steps, where CBV has no word.
OPENING: Final = NAMESPACE + "BizStep-opening"
SORTING: Final = NAMESPACE + "BizStep-sorting"
REPROCESSING: Final = NAMESPACE + "BizStep-reprocessing"
RECYCLING: Final = NAMESPACE + "BizStep-recycling"
REJECTING: Final = NAMESPACE + "BizStep-rejecting"
PLACING: Final = NAMESPACE + "BizStep-placing"
EXPORTING: Final = NAMESPACE + "BizStep-exporting"
IMPORTING: Final = NAMESPACE + "BizStep-importing"

ARRIVALS: Final[Mapping[str, str]] = {OPENING: "opening", IMPORTING: "imported", "collecting": "collected"}
DEPARTURES: Final[Mapping[str, str]] = {
    PLACING: "placed", EXPORTING: "exported", "destroying": "landfill", "decommissioning": "landfill",
}  # fmt: skip


def own_prefix(context: object) -> str:
    """The prefix that this document binds to our namespace (`junkan` where it binds none)."""
    for part in context if isinstance(context, list) else [context]:
        if isinstance(part, Mapping):
            for prefix, iri in part.items():
                if iri == NAMESPACE:
                    return str(prefix)
    return "junkan"


def movement_of(event: Event, prefix: str = "junkan") -> Movement:
    """What this event says about mass. Raises Incomplete or UnitRefused where it speaks of our ledger, but badly."""
    if event.error_declaration is not None:
        return ErrorDeclared(event.event_id) if event.event_id else Unmoved("no_event_id")
    own = Own(prefix, event)
    match event:
        case TransformationEvent():
            return _transformation(event, own)
        case ObjectEvent():
            return _object(event, own)
        case AggregationEvent() | AssociationEvent():
            return Unmoved("containment_only")
        case TransactionEvent():
            return Unmoved("ownership_only")
        case _:
            return Unmoved("unknown_kind")


def _object(event: ObjectEvent, own: Own) -> Movement:  # noqa: PLR0911 - one line per kind of movement
    step, elements = event.biz_step or "", event.quantity_list or ()
    if not elements:
        return Unmoved("no_quantity")
    if event.action == "ADD":
        account = ARRIVALS.get(step)
        if account is None or not own.speaks:
            return Unmoved("material_unknown" if account else "no_mass_movement")
        return Arrival(account, own.new_lots(elements, "/quantityList"))
    counts = step == "stock_taking" and event.action == "OBSERVE"  # a lot that is gone is counted, too
    parts = own.parts(elements, "/quantityList", least=0 if counts else 1)
    if parts is None:
        return Unmoved("no_mass")
    if event.action == "DELETE":
        account = own.text("account") or DEPARTURES.get(step)
        if account not in OUTSIDE:
            return Unmoved("no_mass_movement")
        return Departure(account, parts)
    match step:
        case "shipping" | "departing":
            references = tuple(each.biz_transaction for each in event.biz_transaction_list or ())
            return Shipment(_party(event.destination_list), parts, references)
        case "receiving" | "accepting":
            return Receipt(parts, own.dispatched())
        case "stock_taking":
            return StockTake(parts)
        case _ if step == REJECTING:
            return Rejection(_party(event.source_list), parts)
        case _ if step in DEPARTURES and step.startswith(NAMESPACE):
            return Departure(DEPARTURES[step], parts)
        case _:
            return Unmoved("no_mass_movement")


def _transformation(event: TransformationEvent, own: Own) -> Movement:
    inputs = own.parts(event.input_quantity_list or (), "/inputQuantityList")
    if not (inputs and event.output_quantity_list):
        return Unmoved("partial_transformation" if event.transformation_id else "no_mass")
    if not own.speaks:
        return Unmoved("material_unknown")
    made = own.new_lots(event.output_quantity_list, "/outputQuantityList")
    return Transformation(inputs, made, own.sinks(), own.text("scheme"))


def _party(places: Iterable[Any] | None) -> str | None:
    """The possessing party (CBV source/destination type), else the owning one."""
    found = {each.type: each.source if hasattr(each, "source") else each.destination for each in places or ()}
    return found.get("possessing_party") or found.get("owning_party")
