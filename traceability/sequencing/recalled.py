"""Recalled: which lots of a batch are called back, and how that follows the mass through what the batch decides."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from traceability.ledger.movements import Movement, Transformation, parts_of
from traceability.refusals import LotRecalled

FLAG: Final = "RECALLED"


@dataclass
class Recalled:
    """The open recalls of each lot by URI, and what is learnt here: (lot, recall), the named lots among them too."""

    under: dict[str, set[int]] = field(default_factory=dict)
    learnt: list[tuple[str, int]] = field(default_factory=list)

    def check(self, lot: str) -> None:
        """Raises LotRecalled: nobody is promised, and no purpose takes, what is called back."""
        if lot in self.under:
            raise LotRecalled(
                f"Lot {lot} is under a recall.", field="lot", value=lot, recall=min(self.under[lot]),
                fix="Answer the recall; once it is over, try again.",
            )  # fmt: skip

    def flags(self, movement: Movement) -> tuple[str, ...]:
        """What is called back may move (back to its maker, into quarantine), but not unseen."""
        return (FLAG,) if self.under and any(part.lot in self.under for part in parts_of(movement)) else ()

    def follow(self, movement: Movement) -> None:
        """What is made of a recalled lot is recalled with it."""
        if self.under and isinstance(movement, Transformation):
            recalls = set[int]().union(*(self.under.get(part.lot, ()) for part in movement.inputs))
            for recall in sorted(recalls):
                self.call_back([new.lot for new in movement.outputs], recall)

    def call_back(self, lots: Iterable[str], recall: int) -> None:
        """These lots are under this recall from here on."""
        for lot in lots:
            if recall not in self.under.get(lot, ()):
                self.under.setdefault(lot, set()).add(recall)
                self.learnt.append((lot, recall))

    def take_back(self, mark: int) -> None:
        """As if nothing had been learnt since `mark`, a length of `learnt`."""
        for lot, recall in self.learnt[mark:]:
            self.under[lot].discard(recall)
            if not self.under[lot]:
                del self.under[lot]
        del self.learnt[mark:]
