"""Lots: what is known of a quantity of one material, and which claims its grams can bear."""

from dataclasses import dataclass
from typing import Final, Literal

from standards.custody import LotModel
from traceability.ledger.origins import NOT_VIRGIN, RECYCLED, Origins

Purpose = Literal["epr", "content", "credit"]
PURPOSES: Final[tuple[Purpose, ...]] = ("epr", "content", "credit")
Claims = tuple[int, int, int]
CONTENT: Final = PURPOSES.index("content")
UNCLAIMED: Final[Claims] = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Lot:
    """A quantity of one material with one identity; what it is never changes after it was made.

    `custody` is what its maker stated, None where nothing was; `source` the lot that a preserved identity goes back to;
    `scheme` the one whose account the content of a mass-balance lot is claimed of.
    """

    uri: str
    maker: int
    material: str
    form: str
    custody: LotModel | None
    origins: Origins
    facility: int | None = None
    source: str | None = None
    scheme: str | None = None

    @property
    def told(self) -> tuple[object, ...]:
        """What its maker says beside material and form, and what follows of it."""
        return self.origins.shares, self.custody, self.source, self.scheme

    def claimable(self, grams: int) -> int:
        """How many of these grams may be claimed as recycled content: with a model those that are, else that may be."""
        return self.origins.least_of(RECYCLED if self.custody is not None else NOT_VIRGIN, grams)

    def bears(self, claimed: Claims, grams: int) -> Claims:
        """What of these claims so many grams of the lot can bear: one on its content lies on what is recycled."""
        epr, content, credit = claimed
        return min(epr, grams), min(content, self.claimable(grams)), min(credit, grams)
