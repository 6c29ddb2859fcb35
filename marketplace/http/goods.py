"""Goods as a client states and reads them: where they move, what was weighed there, and how."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from foundation.errors import Invalid
from marketplace.http.shapes import Grams, MassIn
from traceability.ledger.weighing import Basis, Weighing, check

Packing = Annotated[int, Field(ge=0, lt=2**53, strict=True)]


class GoodsIn(MassIn):
    """Where it happens; what was weighed there (nothing said: all that can move, by the sender's weight)."""

    facility_id: int = Field(gt=0, lt=2**63)
    basis: Basis | None = None
    gross_grams: Grams | None = None
    tare_grams: Packing = 0
    pallet_grams: Packing = 0

    @property
    def weighing(self) -> Weighing | None:
        """How it was weighed; None where nothing is said of it. Raises WeightsDisagree or Invalid."""
        if self.gross_grams is None and (self.tare_grams or self.pallet_grams):
            raise Invalid("Tare is nothing without gross.", field="gross_grams", fix="State gross_grams too.")
        if self.basis is None and self.gross_grams is None:
            return None
        found = Weighing(self.basis or "weighed", self.gross_grams, self.tare_grams, self.pallet_grams)
        if found.net is not None:
            check(found, found.net if self.stated is None else self.stated)
        return found

    @property
    def moved(self) -> int | None:
        """The net grams: as stated, else what gross less tare and pallets leaves. Raises as `weighing`."""
        found = self.weighing
        return found.net if found is not None and found.net is not None else self.stated


def shown_weighings(found: Mapping[int, Weighing]) -> list[dict[str, Any]]:
    """How each side weighed, by the leaf of its event."""
    return [
        {"leafIndex": index, "basis": each.basis, "grossGrams": each.gross, "tareGrams": each.tare,
         "palletGrams": each.pallet, "netGrams": each.net}
        for index, each in sorted(found.items())
    ]  # fmt: skip
