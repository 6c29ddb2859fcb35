"""Correcting: a recorded event is declared erroneous and stated anew with the right weights (EPCIS 2.0, 7.4.1.2)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.errors import Conflict
from standards.quantities import QuantityError, grams_of
from traceability.composing import Composed, kilograms, wrong
from traceability.history.reading import Stated
from traceability.identifiers import NAMESPACE
from traceability.ledger.interpretation import own_prefix
from traceability.tables import BalanceRow, EntryRow, KeyRow

Role = Literal["stated", "input", "output", "dispatched", "sink", "kind"]


class UsedAlready(Conflict):
    """What the event brought was used, sold, reserved or claimed since: taking it back would falsify the ledger."""

    code = "ALREADY_CONSUMED"


@dataclass(frozen=True, slots=True)
class Weight:
    """One mass that an event states: `name` is a lot's identity, a sink's account, or a kind of waste in a lot."""

    role: Role
    place: int
    name: str
    grams: int


_ROLES: Final[Mapping[str, Role]] = {
    "quantityList": "stated", "inputQuantityList": "input", "outputQuantityList": "output",
    "dispatched": "dispatched", "sinks": "sink",
}  # fmt: skip


def event_of(stated: Stated) -> Composed:
    """The event as it was received, its numbers exact."""
    event: Composed = json.loads(stated.body, parse_float=Decimal)
    return event


def weights(stated: Stated) -> list[Weight]:
    """Every mass that the event states, in the order of its text; what is no mass is left out."""
    return [weight for _, _, weight in _found(event_of(stated), own_prefix(stated.context))]


def _found(event: Composed, prefix: str) -> list[tuple[dict[str, Any], str, Weight]]:
    """Each mass with the element that states it and the prefix of its keys."""
    found = []
    for name, role in _ROLES.items():
        own = role in {"dispatched", "sink"}
        keys = f"{prefix}:" if own else ""
        subject = f"{prefix}:account" if role == "sink" else f"{prefix}:lot" if own else "epcClass"
        for place, element in enumerate(event.get(f"{keys}{name}") or ()):
            grams = _grams(element.get(f"{keys}quantity"), element.get(f"{keys}uom", "KGM"))
            if grams is not None:
                found.append((element, keys, Weight(role, place, str(element.get(subject)), grams)))
    for place, row in enumerate(_kinds(event, prefix)):
        grams = _grams(row.get(f"{prefix}:quantity"), row.get(f"{prefix}:uom", "KGM"))
        if grams is not None:
            found.append((row, f"{prefix}:", Weight("kind", place, str(row.get(f"{prefix}:consumer")), grams)))
    return found


def _kinds(event: Composed, prefix: str) -> list[dict[str, Any]]:
    """The rows by which the only lot of an arrival is split into kinds, wherever they stand."""
    if len(event.get("quantityList") or ()) != 1:
        return []
    listed = event.get(f"{prefix}:lots") or ()
    places = (event, event.get("ilmd") or {}, *(listed if isinstance(listed, list) else (listed,)))
    splits = (each.get(f"{prefix}:split") or () for each in places if isinstance(each, dict))
    rows = (row for split in splits for row in (split if isinstance(split, list) else (split,)))
    return [row for row in rows if isinstance(row, dict)]


def _grams(value: object, uom: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    try:
        return grams_of(Decimal(value), str(uom))
    except QuantityError:
        return None


def corrected(
    stated: Stated, right: Mapping[tuple[Role, int], int], declared: datetime, event_id: str, lot: str = ""
) -> tuple[Composed, Composed]:
    """The declaration of error and the event that states the right grams, under an id of its own; a sink of 0 goes.

    Where kinds change, `lot` names what arrived: what a lot is of never changes under its old identity.
    """
    original, event = event_of(stated), event_of(stated)
    for element, keys, weight in _found(event, own_prefix(stated.context)):
        grams = right.get((weight.role, weight.place), weight.grams)
        if grams != weight.grams:
            element[f"{keys}quantity"], element[f"{keys}uom"] = kilograms(grams), "KGM"
    if lot and renames(stated, right):
        _rename(event, own_prefix(stated.context), lot)
    sinks = f"{own_prefix(stated.context)}:sinks"
    if sinks in event:
        event[sinks] = [each for at, each in enumerate(event[sinks]) if right.get(("sink", at), 1)]
    rest = {name: value for name, value in event.items() if name != "eventID"}
    return wrong(original, stated.happened.event_id, declared, [event_id]), {"eventID": event_id, **rest}


def renames(stated: Stated, right: Mapping[tuple[Role, int], int]) -> bool:
    """Whether grams of a kind change, so that the lot becomes another."""
    kinds = [each for each in weights(stated) if each.role == "kind"]
    return any(right.get((each.role, each.place), each.grams) != each.grams for each in kinds)


def _rename(event: Composed, prefix: str, lot: str) -> None:
    element, listed = event["quantityList"][0], event.get(f"{prefix}:lots")
    for row in listed if isinstance(listed, list) else [listed]:
        if isinstance(row, dict) and row.get(f"{prefix}:lot") == element["epcClass"]:
            row[f"{prefix}:lot"] = lot
    element["epcClass"] = lot


def speaks_our_words(context: object) -> bool:
    """Whether the event's document binds `junkan` to our namespace, so that what we compose reads the same."""
    parts: Sequence[object] = context if isinstance(context, list) else [context]
    return any(isinstance(part, Mapping) and part.get("junkan") == NAMESPACE for part in parts)


async def check_untouched(record: AsyncSession, stated: Stated) -> None:
    """What the event brought is all still there, free and unclaimed. Raises UsedAlready, or Conflict if taken back.

    `record` reads with the record scope: a shipment's grams lie at their receiver.
    """
    happened = stated.happened
    if happened.taken_back or happened.declares_error:
        raise Conflict("This event is corrected already.", field="index", value=happened.index)
    entered = [happened.index, *(await record.scalars(select(KeyRow.index).where(KeyRow.releases == happened.index)))]
    brought = await record.execute(
        select(EntryRow.lot_id, EntryRow.holder, EntryRow.account, func.sum(EntryRow.grams))
        .where(EntryRow.event_index.in_(entered), EntryRow.lot_id.is_not(None))
        .group_by(EntryRow.lot_id, EntryRow.holder, EntryRow.account)
        .having(func.sum(EntryRow.grams) > 0)
    )
    for lot_id, holder, account, grams in brought.all():
        had = await record.get(BalanceRow, (lot_id, holder, account))
        left = (had.free + had.reserved - grams) if had else -1
        if had is None or had.free < grams or max(had.claimed_epr, had.claimed_content, had.claimed_credit) > left:
            raise UsedAlready(
                "What this event brought was used since: correct the later steps first.", field="index",
                value=happened.index, fix="Open the lot's history and correct from its newest step backwards.",
            )  # fmt: skip
