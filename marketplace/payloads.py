"""Payloads: what clients of the market send, checked before anything else."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class In(BaseModel):
    """What a client sends: unknown fields are refused; money is a decimal text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ListingIn(In):
    """A lot to list."""

    lot: str
    price: Decimal
    currency: str = Field(pattern="^[A-Z]{3}$")
    smallest_grams: int = Field(gt=0)
    incoterm: str
    description: str = Field(default="", max_length=2_000)


class OfferIn(In):
    """An offer for some of a listing."""

    grams: int = Field(gt=0)
    price: Decimal
    currency: str = Field(pattern="^[A-Z]{3}$")
    message: str = Field(default="", max_length=2_000)


class BuyIn(In):
    """Grams at the listed price."""

    grams: int = Field(gt=0)


class GoodsIn(In):
    """Where it happens; the receiver's own weight where it receives."""

    facility_id: int
    grams: int | None = Field(default=None, gt=0)
