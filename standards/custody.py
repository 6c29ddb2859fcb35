"""Custody: the five models of ISO 22095, what each lets be mixed, and what recycled share a mix may then carry."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from standards.quantities import shares


class CustodyError(ValueError):
    """A lot claims more recycled mass than it has mass, or a mix has no mass; `code` is stable."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class CustodyModel(StrEnum):
    """Chain-of-custody models of ISO 22095, strongest first; a claim may only stay or get weaker along this order."""

    IDENTITY_PRESERVED = "identity_preserved"
    SEGREGATED = "segregated"
    CONTROLLED_BLENDING = "controlled_blending"
    MASS_BALANCE = "mass_balance"
    BOOK_AND_CLAIM = "book_and_claim"

    @property
    def rank(self) -> int:
        """0 is the strongest."""
        return _RANKS[self]


_RANKS: Final = MappingProxyType({model: rank for rank, model in enumerate(CustodyModel)})


class LotModel(StrEnum):
    """What the maker of a lot may state of its custody: a model, for mass balance with its method.

    Neither method of mass balance is stronger than the other. Of book and claim there is no lot.
    """

    IDENTITY_PRESERVED = "identity_preserved"
    SEGREGATED = "segregated"
    CONTROLLED_BLENDING = "controlled_blending"
    MASS_BALANCE_ROLLING = "mass_balance_rolling"
    MASS_BALANCE_CREDIT = "mass_balance_credit"

    @property
    def model(self) -> CustodyModel:
        """The model of ISO 22095."""
        methods = {LotModel.MASS_BALANCE_ROLLING, LotModel.MASS_BALANCE_CREDIT}
        return CustodyModel.MASS_BALANCE if self in methods else CustodyModel(self.value)

    @property
    def booked(self) -> bool:
        """Whether its content is what an account says, not what is physically in the lot."""
        return self.model is CustodyModel.MASS_BALANCE


@dataclass(frozen=True)
class Source:
    """One lot about to be mixed: where it was made, what is claimed of it, under which certificate's scope."""

    lot: str
    facility: str
    model: CustodyModel
    claims: frozenset[str] = frozenset()
    scope: str | None = None


@dataclass(frozen=True)
class Mixing:
    """Whether lots may be mixed under a model; `reason` is a stable code when they may not."""

    reason: str | None = None

    @property
    def allowed(self) -> bool:
        """Whether they may."""
        return self.reason is None

    def __bool__(self) -> bool:
        return self.allowed


def may_weaken(of: CustodyModel, to: CustodyModel) -> bool:
    """Whether what was held under one model may be passed on under another: the same or a weaker one."""
    return to.rank >= of.rank


def weakest(models: Sequence[CustodyModel]) -> CustodyModel:
    """The model that a chain through all of these may still claim. ValueError for none."""
    return max(models, key=lambda model: model.rank)


def allows_mixing(model: CustodyModel, sources: Sequence[Source]) -> Mixing:
    """Whether these lots may become one lot that claims `model` (ISO 22095; identity: one lot of one facility).

    A lot held under a weaker model cannot strengthen by mixing; segregated lots share claims and scope.
    """
    if any(not may_weaken(source.model, model) for source in sources):
        return Mixing("CUSTODY_STRENGTHENED")
    match model:
        case CustodyModel.IDENTITY_PRESERVED:
            one = len({(source.lot, source.facility) for source in sources}) <= 1
            return Mixing() if one else Mixing("IDENTITY_LOST")
        case CustodyModel.SEGREGATED:
            same = len({(source.claims, source.scope) for source in sources}) <= 1
            return Mixing() if same else Mixing("CLAIMS_DIFFER")
        case CustodyModel.CONTROLLED_BLENDING | CustodyModel.MASS_BALANCE:
            return Mixing()
        case CustodyModel.BOOK_AND_CLAIM:
            # certificates travel without the material, so no lot is ever made of them
            return Mixing("NO_PHYSICAL_LOT")


PHYSICAL: Final = (CustodyModel.IDENTITY_PRESERVED, CustodyModel.SEGREGATED, CustodyModel.CONTROLLED_BLENDING)


def strongest(sources: Sequence[Source | None]) -> CustodyModel | None:
    """The strongest model that a lot made of these may state; None for a lot of which nothing is stated gives nothing.

    What nothing is stated of may still be blended in (controlled blending, mass balance), it only adds no content.
    """
    stated = [source for source in sources if source is not None]
    if not stated:
        return None
    whole = len(stated) == len(sources)
    candidates = CustodyModel if whole else (CustodyModel.CONTROLLED_BLENDING, CustodyModel.MASS_BALANCE)
    return next((model for model in candidates if allows_mixing(model, stated)), None)


@dataclass(frozen=True)
class Input:
    """What one lot brings into a mix, in grams; pre- and post-consumer grams are parts of `grams`."""

    grams: int
    model: CustodyModel
    pre_grams: int
    post_grams: int

    def __post_init__(self) -> None:
        if min(self.grams, self.pre_grams, self.post_grams) < 0 or self.pre_grams + self.post_grams > self.grams:
            sentence = f"{self.pre_grams} + {self.post_grams} g recycled do not fit into {self.grams} g"
            raise CustodyError("CONTENT_ABOVE_MASS", sentence)


@dataclass(frozen=True)
class Blend:
    """A mix: its grams, the weakest model in it, the recycled grams physically in it, and what only the books carry.

    `booked_*` come from book-and-claim inputs: they never raise the physical content.
    """

    grams: int
    model: CustodyModel
    pre_grams: int
    post_grams: int
    booked_pre_grams: int = 0
    booked_post_grams: int = 0

    @property
    def recycled_share(self) -> Fraction:
        """The exact physical recycled share, for comparing; round it only for display."""
        return Fraction(self.pre_grams + self.post_grams, self.grams)

    def outputs(self, grams: Sequence[int]) -> tuple["Blend", ...]:
        """What output lots of these grams carry: whole grams in proportion; what is lost takes its share with it.

        The parts never add up to more recycled mass than went in, also where scales show a small surplus.
        """
        lost = max(0, self.grams - sum(grams))
        weights = (*grams, lost)
        kinds = (self.pre_grams, self.post_grams, self.booked_pre_grams, self.booked_post_grams)
        split = [shares(total, weights) for total in kinds]
        return tuple(_fitted(mass, self.model, *(part[place] for part in split)) for place, mass in enumerate(grams))


def _fitted(grams: int, model: CustodyModel, pre: int, post: int, booked_pre: int, booked_post: int) -> Blend:
    """Two roundings up may exceed a small lot by a gram: the pre-consumer gram gives way."""
    return Blend(grams, model, min(pre, grams - min(post, grams)), min(post, grams), booked_pre, booked_post)


def recycled_content_of_blend(inputs: Sequence[Input]) -> Blend:
    """The mix of inputs: sums of whole grams, exact (controlled blending: sum of parts over sum of masses)."""
    grams = sum(part.grams for part in inputs)
    if grams == 0:
        raise CustodyError("EMPTY_MIX", "a mix without mass has no recycled share")
    physical = [part for part in inputs if part.model is not CustodyModel.BOOK_AND_CLAIM]
    booked = [part for part in inputs if part.model is CustodyModel.BOOK_AND_CLAIM]
    return Blend(
        grams=grams,
        model=weakest([part.model for part in inputs]),
        pre_grams=sum(part.pre_grams for part in physical),
        post_grams=sum(part.post_grams for part in physical),
        booked_pre_grams=sum(part.pre_grams for part in booked),
        booked_post_grams=sum(part.post_grams for part in booked),
    )
