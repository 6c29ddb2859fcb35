"""Weighing: how a side came to its mass: gross, tare and pallets as a scale showed them, or an estimate."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal, get_args

from standards.quantities import QuantityError, grams_of
from traceability.events import Event
from traceability.ledger.movements import Arrival, Movement, Transformation, parts_of
from traceability.refusals import Incomplete, WeightsDisagree

Basis = Literal["weighed", "estimated"]
BASES: Final[tuple[Basis, ...]] = get_args(Basis)
FIELD: Final = "weighing"


@dataclass(frozen=True, slots=True)
class Weighing:
    """What a side states of its own mass, in grams; without `gross` only whether it is weighed or estimated."""

    basis: Basis
    gross: int | None = None
    tare: int = 0
    pallet: int = 0

    @property
    def net(self) -> int | None:
        """What is left of the gross mass."""
        return None if self.gross is None else self.gross - self.tare - self.pallet


def check(weighing: Weighing, net: int, field: str = "gross_grams") -> None:
    """Gross less tare and pallets is the net mass, to the gram. Raises WeightsDisagree."""
    if weighing.net is not None and (weighing.net != net or net <= 0):
        raise WeightsDisagree(
            f"{weighing.gross} g gross less {weighing.tare} g tare and {weighing.pallet} g of pallets leave "
            f"{weighing.net} g, not {net} g.", field=field, value=weighing.net,
            fix=f"Read the ticket again: gross must be {net + weighing.tare + weighing.pallet} g.", net_grams=net,
        )  # fmt: skip


def weighing_of(event: Event, prefix: str) -> Weighing | None:
    """`<prefix>:weighing` = {basis, gross, tare, pallet, uom} of an event, None where it states none.

    Raises Incomplete for a basis or a mass that is none.
    """
    stated = event.extensions.get(f"{prefix}:{FIELD}")
    if not isinstance(stated, Mapping):
        return None
    told = {name: stated.get(f"{prefix}:{name}") for name in ("basis", "gross", "tare", "pallet", "uom")}
    pointer = f"/{prefix}:{FIELD}"
    if told["basis"] not in BASES:
        raise Incomplete(
            "A weighing is weighed or estimated.", field=f"{pointer}/{prefix}:basis", value=str(told["basis"])[:40],
            fix=f"Use {' or '.join(BASES)}.",
        )  # fmt: skip
    masses = {name: _grams(told, name, f"{pointer}/{prefix}:{name}") for name in ("gross", "tare", "pallet")}
    if masses["gross"] is None and (masses["tare"] or masses["pallet"]):
        raise Incomplete("Tare is nothing without gross.", field=f"{pointer}/{prefix}:gross", fix="State gross too.")
    return Weighing(told["basis"], masses["gross"], masses["tare"] or 0, masses["pallet"] or 0)


def _grams(told: Mapping[str, Any], name: str, pointer: str) -> int | None:
    value, uom = told[name], told["uom"]
    if value is None:
        return None
    with contextlib.suppress(QuantityError):
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and value >= 0:
            return grams_of(Decimal(value), str(uom))
    raise Incomplete(
        "This is no mass exact to the gram.", field=pointer, value=str(value)[:40],
        fix="State numbers, with uom KGM (kilograms), TNE (tonnes) or GRM (grams).",
    )  # fmt: skip


def check_weighing(event: Event, prefix: str, movement: Movement) -> None:
    """What an event states of its weighing fits the mass that it moves. Raises Incomplete or WeightsDisagree."""
    weighing = weighing_of(event, prefix)
    moved = movement.lots if isinstance(movement, Arrival) else parts_of(movement)
    if weighing is None or isinstance(movement, Transformation) or not moved:
        return
    check(weighing, sum(part.grams for part in moved), f"/{prefix}:{FIELD}/{prefix}:gross")
