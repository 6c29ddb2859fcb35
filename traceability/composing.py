"""Composing: EPCIS events written for people who fill in a form, a spreadsheet or a scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from traceability.identifiers import NAMESPACE
from traceability.ledger.interpretation import OPENING, REJECTING
from traceability.ledger.weighing import FIELD, Weighing

CONTEXT: Final = ("https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"junkan": NAMESPACE})
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")

Composed = dict[str, Any]


@dataclass(frozen=True, slots=True)
class At:
    """When and where: the moment is written in the facility's own zone, so that its day can be read off."""

    moment: datetime
    facility: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Making:
    """A lot that comes into being, with what is known of it.

    `credited`: grams by kind, claimed of its account. `scheme`: the one of a mass-balance lot that comes from outside.
    `split`: its grams by kind, instead of `consumer`.
    """

    lot: str
    grams: int
    material: str
    form: str
    consumer: str | None = None
    country: str | None = None
    custody: str | None = None
    credited: Mapping[str, int] = field(default_factory=dict)
    scheme: str | None = None
    split: Mapping[str, int] = field(default_factory=dict)


def kilograms(grams: int) -> Decimal:
    """Exact kilograms, without trailing zeros and never in exponent form."""
    value = Decimal(grams).scaleb(-3).normalize()
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value


def quantity(lot: str, grams: int) -> Composed:
    """A quantity element in KGM."""
    return {"epcClass": lot, "quantity": kilograms(grams), "uom": "KGM"}


def _event(kind: str, at: At, step: str, disposition: str | None) -> Composed:
    local = at.moment.astimezone(at.zone)
    offset = local.strftime("%z")
    event: Composed = {
        "type": kind,
        "eventTime": local.isoformat(timespec="milliseconds"),
        "eventTimeZoneOffset": f"{offset[:3]}:{offset[3:5]}",
        "bizStep": step,
        "readPoint": {"id": at.facility},
        "bizLocation": {"id": at.facility},
    }
    return event | ({"disposition": disposition} if disposition else {})


def _own(making: Making) -> Composed:
    facts = {
        "material": making.material, "form": making.form,
        "consumer": None if making.split else making.consumer, "country": making.country,
        "custody": making.custody, "scheme": making.scheme,
    }  # fmt: skip
    told: Composed = {f"junkan:{name}": value for name, value in facts.items() if value}
    for name, kinds in (("credited", making.credited), ("split", making.split)):
        if any(kinds.values()):
            told[f"junkan:{name}"] = [
                {"junkan:consumer": kind, "junkan:quantity": kilograms(grams), "junkan:uom": "KGM"}
                for kind, grams in kinds.items() if grams
            ]  # fmt: skip
    return told


def arrived(at: At, made: Making, *, step: str = "collecting") -> Composed:
    """Mass comes into the record: `collecting` from outside, or our opening step for stock that was there before."""
    event = _event("ObjectEvent", at, step, "in_progress")
    return event | {"action": "ADD", "quantityList": [quantity(made.lot, made.grams)], "ilmd": _own(made)}


def opening(at: At, made: Making) -> Composed:
    """Stock that was there before the record began."""
    return arrived(at, made, step=OPENING)


def transformed(
    at: At, step: str, inputs: Mapping[str, int], outputs: Sequence[Making], sinks: Mapping[str, int],
    scheme: str | None = None,
) -> Composed:  # fmt: skip
    """Lots become other lots, losses and residues; what is not stated becomes `loss:unstated`.

    `scheme` names the mass-balance accounts of the facility that take part.
    """
    event = _event("TransformationEvent", at, step, "in_progress")
    event["inputQuantityList"] = [quantity(lot, grams) for lot, grams in inputs.items()]
    event["outputQuantityList"] = [quantity(made.lot, made.grams) for made in outputs]
    event["junkan:lots"] = [{"junkan:lot": made.lot, **_own(made)} for made in outputs]
    if scheme:
        event["junkan:scheme"] = scheme
    if sinks:
        event["junkan:sinks"] = [
            {"junkan:account": account, "junkan:quantity": kilograms(grams), "junkan:uom": "KGM"}
            for account, grams in sinks.items()
        ]
    return event


def _between(sender: str, receiver: str) -> Composed:
    return {
        "sourceList": [{"type": "possessing_party", "source": sender}],
        "destinationList": [{"type": "possessing_party", "destination": receiver}],
    }


def _papers(references: Sequence[str]) -> Composed:
    listed = [{"type": "po", "bizTransaction": reference} for reference in references]
    return {"bizTransactionList": listed} if listed else {}


def shipped(at: At, sender: str, receiver: str, lots: Mapping[str, int], references: Sequence[str] = ()) -> Composed:
    """The sender's statement, with the sender's weights."""
    event = _event("ObjectEvent", at, "shipping", "in_transit")
    event |= {"action": "OBSERVE", "quantityList": [quantity(lot, grams) for lot, grams in lots.items()]}
    return event | _between(sender, receiver) | _papers(references)


def counted(at: At, lots: Mapping[str, int]) -> Composed:
    """What a stock-take found of each lot; 0 g is a lot that is gone."""
    event = _event("ObjectEvent", at, "stock_taking", None)
    return event | {"action": "OBSERVE", "quantityList": [quantity(lot, grams) for lot, grams in lots.items()]}


def received(
    at: At, sender: str, receiver: str, lots: Mapping[str, tuple[int, int]], references: Sequence[str] = ()
) -> Composed:
    """The receiver's statement: per lot (what the sender stated, what the receiver weighed)."""
    event = _event("ObjectEvent", at, "receiving", "in_progress")
    event |= {"action": "OBSERVE", "quantityList": [quantity(lot, own) for lot, (_, own) in lots.items()]}
    event["junkan:dispatched"] = [
        {"junkan:lot": lot, "junkan:quantity": kilograms(sent), "junkan:uom": "KGM"} for lot, (sent, _) in lots.items()
    ]
    return event | _between(sender, receiver) | _papers(references)


def rejected(at: At, sender: str, receiver: str, lots: Mapping[str, int], references: Sequence[str] = ()) -> Composed:
    """The receiver does not take it: it goes back to the sender's stock, by the sender's weight."""
    event = _event("ObjectEvent", at, REJECTING, "returned")
    event |= {"action": "OBSERVE", "quantityList": [quantity(lot, grams) for lot, grams in lots.items()]}
    return event | _between(sender, receiver) | _papers(references)


def weighed(event: Composed, weighing: Weighing | None) -> Composed:
    """The same event with how its mass was found."""
    if weighing is None:
        return event
    told: Composed = {"junkan:basis": weighing.basis}
    if weighing.gross is not None:
        masses = {"gross": weighing.gross, "tare": weighing.tare, "pallet": weighing.pallet}
        told |= {f"junkan:{name}": kilograms(grams) for name, grams in masses.items()} | {"junkan:uom": "KGM"}
    return {**event, f"junkan:{FIELD}": told}


def departed(at: At, step: str, lots: Mapping[str, int], account: str | None = None) -> Composed:
    """Mass leaves the record: placed on the market, exported, burnt, landfilled."""
    event = _event("ObjectEvent", at, step, "inactive")
    event |= {"action": "DELETE", "quantityList": [quantity(lot, grams) for lot, grams in lots.items()]}
    return event | ({"junkan:account": account} if account else {})


def wrong(event: Mapping[str, Any], event_id: str, declared: datetime, correctives: Sequence[str] = ()) -> Composed:
    """The same event once more, declared erroneous (EPCIS 2.0, 7.4.1.2): its entries are reversed."""
    declaration: Composed = {
        "declarationTime": declared.isoformat(timespec="milliseconds"), "reason": "incorrect_data",
    }  # fmt: skip
    if correctives:
        declaration["correctiveEventIDs"] = list(correctives)
    return {**event, "eventID": event_id, "errorDeclaration": declaration}


def document(events: Sequence[Mapping[str, Any]], created: datetime) -> bytes:
    """An EPCIS 2.0 document around these events, ready for capture."""
    return _ENCODER.encode(
        {
            "@context": list(CONTEXT),
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": created.isoformat(timespec="milliseconds"),
            "epcisBody": {"eventList": list(events)},
        }
    )
