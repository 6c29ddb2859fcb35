"""Interpretation: what an EPCIS event says about mass, read without knowing the record; lots by their one key."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from standards.quantities import QuantityError, grams_of
from traceability.events import (
    AggregationEvent,
    AssociationEvent,
    Event,
    ObjectEvent,
    QuantityElement,
    TransactionEvent,
    TransformationEvent,
)
from traceability.identifiers import NAMESPACE, canonical_key
from traceability.ledger.accounts import Grams
from traceability.ledger.book import OUTSIDE
from traceability.ledger.movements import (
    Arrival,
    Departure,
    ErrorDeclared,
    Movement,
    NewLot,
    Part,
    Receipt,
    Rejection,
    Shipment,
    StockTake,
    Transformation,
    Unmoved,
)
from traceability.ledger.origins import consumer_of
from traceability.refusals import Incomplete, UnitRefused

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
SINKS: Final = frozenset(a for a in OUTSIDE if a.split(":")[0] in {"loss", "residue", "energy", "landfill"})


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
    own = _Own(prefix, event)
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


def _object(event: ObjectEvent, own: "_Own") -> Movement:  # noqa: PLR0911 - one line per kind of movement
    step, elements = event.biz_step or "", event.quantity_list or ()
    if not elements:
        return Unmoved("no_quantity")
    if event.action == "ADD":
        account = ARRIVALS.get(step)
        if account is None or not own.speaks:
            return Unmoved("material_unknown" if account else "no_mass_movement")
        return Arrival(account, own.new_lots(elements, "/quantityList"))
    parts = own.parts(elements, "/quantityList")
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


def _transformation(event: TransformationEvent, own: "_Own") -> Movement:
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


class _Own:
    """Our extension of one event: facts that EPCIS has no field for, under the document's prefix for our namespace."""

    def __init__(self, prefix: str, event: Event) -> None:
        self.prefix = prefix
        self.extensions: Mapping[str, Any] = event.extensions
        self.ilmd: Mapping[str, Any] = getattr(event, "ilmd", None) or {}
        rows = _rows(self.extensions.get(f"{prefix}:lots"))
        self.lots = {canonical_key(str(row.get(f"{prefix}:lot"))): row for row in rows}
        # Whether this event means to enter our ledger: it states a material or a form.
        keys = {f"{prefix}:material", f"{prefix}:form", f"{prefix}:lots"}
        self.speaks = not keys.isdisjoint(self.ilmd) or not keys.isdisjoint(self.extensions)

    def text(self, name: str, lot: str = "") -> str | None:
        """A word stated for this lot, else for the whole event."""
        key = f"{self.prefix}:{name}"
        for facts in (self.lots.get(lot, {}), self.ilmd, self.extensions):
            value = facts.get(key)
            if isinstance(value, str) and value:
                return value
        return None

    def grams(self, element: QuantityElement, pointer: str) -> int | None:
        if element.quantity is None or element.uom is None:
            return None
        return _grams(element.quantity, element.uom, pointer, refuse=self.speaks)

    def parts(self, elements: Sequence[QuantityElement], pointer: str) -> tuple[Part, ...] | None:
        """All quantities in grams, summed per lot; None where one of them is no mass."""
        sums: dict[str, int] = {}
        for at, element in enumerate(elements):
            grams = self.grams(element, f"{pointer}/{at}")
            if grams is None or grams <= 0:
                return None
            lot = canonical_key(element.epc_class)
            sums[lot] = sums.get(lot, 0) + grams
        return tuple(Part(lot, grams) for lot, grams in sums.items())

    def new_lots(self, elements: Sequence[QuantityElement], pointer: str) -> tuple[NewLot, ...]:
        lots = []
        for at, element in enumerate(elements):
            lot = canonical_key(element.epc_class)
            grams = self.grams(element, f"{pointer}/{at}")
            if not grams or grams < 0:
                raise Incomplete(
                    "A lot comes into being without a mass.", field=f"{pointer}/{at}/quantity",
                    value=element.quantity, fix="State its mass, for example quantity 1250 with uom KGM.",
                )  # fmt: skip
            try:
                consumer = consumer_of(self.text("consumer", lot) or "unknown")
            except ValueError as error:
                raise Incomplete(
                    f"{error}.", field=f"{self.prefix}:consumer", value=self.text("consumer", lot),
                    fix="Use post, pre, virgin or unknown.",
                ) from error  # fmt: skip
            material, form, custody = (self.text(name, lot) for name in ("material", "form", "custody"))
            country, scheme, credited = self.text("country", lot), self.text("scheme", lot), self.credited(lot)
            lots.append(NewLot(lot, grams, material, form, custody, consumer, country, credited, scheme))
        return tuple(lots)

    def credited(self, lot: str) -> Grams:
        """What a lot claims of its account: `<prefix>:credited` = [{consumer, quantity, uom}], post or pre."""
        sums = {"pre": 0, "post": 0}
        for at, row in enumerate(_rows(self.lots.get(lot, {}).get(f"{self.prefix}:credited"))):
            kind = str(row.get(f"{self.prefix}:consumer"))
            if kind not in sums:
                sentence = "A claim on an account is of one kind."
                raise Incomplete(sentence, field="credited", lot=lot, value=kind, fix="Use post or pre.")
            sums[kind] += self.mass(row, f"credited/{at}")
        return Grams(**sums)

    def sinks(self) -> tuple[tuple[str, int], ...]:
        """Stated losses and residues: `<prefix>:sinks` = [{account, quantity, uom}]."""
        sums: dict[str, int] = {}
        for at, row in enumerate(_rows(self.extensions.get(f"{self.prefix}:sinks"))):
            pointer, account = f"/{self.prefix}:sinks/{at}", row.get(f"{self.prefix}:account")
            if account not in SINKS:
                raise Incomplete(
                    "A loss or residue needs an account.", field=pointer, value=str(account),
                    fix=f"Use one of {', '.join(sorted(SINKS))}.",
                )  # fmt: skip
            sums[account] = sums.get(account, 0) + self.mass(row, pointer)
        return tuple((account, grams) for account, grams in sums.items() if grams)

    def dispatched(self) -> Mapping[str, int]:
        """The sender's weights that a receipt answers: `<prefix>:dispatched` = [{lot, quantity, uom}]."""
        sums: dict[str, int] = {}
        for at, row in enumerate(_rows(self.extensions.get(f"{self.prefix}:dispatched"))):
            lot = canonical_key(str(row.get(f"{self.prefix}:lot")))
            sums[lot] = sums.get(lot, 0) + self.mass(row, f"/{self.prefix}:dispatched/{at}")
        return sums

    def mass(self, row: Mapping[str, Any], pointer: str) -> int:
        """The grams that a row of ours states; below zero they would make mass of nothing."""
        value = row.get(f"{self.prefix}:quantity")
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
            fix = "State a quantity, not below zero."
            raise Incomplete("A mass is missing.", field=pointer, value=str(value)[:40], fix=fix)
        return _grams(Decimal(value), str(row.get(f"{self.prefix}:uom", "KGM")), pointer, refuse=True) or 0


def _rows(listed: object) -> Sequence[Mapping[str, Any]]:
    """The rows of a list of ours; one alone is a list of one, and what is no row states nothing."""
    rows = listed if isinstance(listed, Sequence) and not isinstance(listed, str) else (listed,)
    return [row if isinstance(row, Mapping) else {} for row in rows if row is not None]


def _grams(value: Decimal, uom: str, pointer: str, *, refuse: bool) -> int | None:
    try:
        return grams_of(value, uom)
    except QuantityError as error:
        if not refuse:
            return None
        raise UnitRefused(
            f"{value} {uom} is no mass exact to the gram.", field=f"{pointer}/uom", value=uom,
            fix="State the mass in KGM (kilograms), TNE (tonnes) or GRM (grams).",
        ) from error  # fmt: skip
