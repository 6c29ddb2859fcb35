"""Pairing: which receipt answers which shipment of a lot to one receiver, read from the entries alone (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from standards.quantities import shares


@dataclass(frozen=True, slots=True)
class Step:
    """What one counted fact did to a lot on its way to one receiver, in grams.

    `sent` by the sender's weight went into transit, or out of it (`received`, `returned`); `received` is the
    receiver's own weight. `sender` is who shipped, or to whom it was returned; None where a receipt names nobody. An
    amendment adds to the shipment `movement`, which was still wholly on its way (`underway`) or wholly there; a receipt
    answers that one for good once both sides agreed on its figures.
    """

    index: int
    kind: Literal["sent", "received", "returned", "amended"]
    sent: int
    received: int = 0
    sender: int | None = None
    references: frozenset[str] = frozenset()
    movement: int | None = None
    underway: bool = False


@dataclass(slots=True)
class Pair:
    """What both sides say of a lot of one shipment: `stated` by the sender at first, the others as they stand now.

    `came` and `returned` are by the sender's weight, `received` by the receiver's; `answers` are the receiver's facts.
    """

    shipment: int
    sender: int | None
    references: frozenset[str]
    stated: int
    sent: int
    came: int = 0
    received: int = 0
    returned: int = 0
    answers: list[int] = field(default_factory=list)

    @property
    def underway(self) -> int:
        """What is still on its way."""
        return self.sent - self.came - self.returned


def paired(steps: Iterable[Step]) -> dict[int, Pair]:
    """The shipments of one lot to one receiver, by their index; `steps` are the facts that stand.

    A receipt answers what is still on its way: of the sender and under the paper that it names before others, a
    shipment of just its mass before others, the older one first. One that answers several is split by their masses.
    """
    pairs, waiting = dict[int, Pair](), list[Pair]()
    for step in sorted(steps, key=lambda each: each.index):
        match step.kind:
            case "sent":
                pairs[step.index] = Pair(step.index, step.sender, step.references, step.sent, step.sent)
                waiting.append(pairs[step.index])
            case "amended":
                if step.movement is not None and (pair := pairs.get(step.movement)) is not None:
                    pair.sent += step.sent
                    pair.came += 0 if step.underway else step.sent
                    pair.received += step.received
            case "received" | "returned":
                waiting = _answer(step, waiting)
    return pairs


def _answer(step: Step, waiting: list[Pair]) -> list[Pair]:
    """What is still on its way after this."""
    left, taken = step.sent, list[tuple[Pair, int]]()
    while left > 0 and waiting:
        pair = _best(step, waiting, left)
        grams = min(left, pair.underway)
        taken.append((pair, grams))
        left -= grams
        if step.kind == "returned":
            pair.returned += grams
        else:
            pair.came += grams
        waiting = [each for each in waiting if each.underway > 0]
    own = shares(step.received, tuple(grams for _, grams in taken)) if taken else ()
    for (pair, _), grams in zip(taken, own, strict=True):
        pair.received += grams
        pair.answers.append(step.index)
    return waiting


def _best(step: Step, waiting: list[Pair], left: int) -> Pair:
    def fit(pair: Pair) -> tuple[bool, bool, bool, bool, int]:
        other = step.sender is not None and pair.sender != step.sender
        return (
            pair.shipment != step.movement,
            other,
            step.references.isdisjoint(pair.references),
            pair.underway != left,
            pair.shipment,
        )

    return min(waiting, key=fit)
