"""Shapes: what a client of the market sends and is told; money is a decimal text, mass grams or a quantity."""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlencode

from litestar import Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from foundation.errors import Invalid
from marketplace import conditions
from marketplace.listings import LONGEST_TEXT, Seller
from marketplace.negotiation import MOST_GRAMS
from marketplace.settling import Account
from marketplace.tables import ListingPropertyRow, ListingRow, OfferRow, StatementRow
from marketplace.trades import Trade
from standards.quantities import QuantityError, grams_of
from standards.trade.settlement import Conditions, MoistureMethod


def _no_float(value: object) -> object:
    """JSON's 0.1 has lost its digits before anybody reads it."""
    if isinstance(value, float | bool):
        raise ValueError('write the number as text, such as "118500.50"')  # noqa: TRY004 - pydantic tells a ValueError
    return value


def _whole(value: object) -> object:
    """The framework's own parsing is lax: it would read `true` as one gram."""
    if isinstance(value, float | bool):
        raise ValueError("write whole grams, such as 1250000")  # noqa: TRY004 - pydantic tells a ValueError
    return value


Exact = Annotated[Decimal, BeforeValidator(_no_float)]
Grams = Annotated[int, BeforeValidator(_whole), Field(gt=0, le=MOST_GRAMS)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
LongText = Annotated[str, Field(max_length=LONGEST_TEXT)]
AnyRequest = Request[Any, Any, Any]


class In(BaseModel):
    """What a client sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MassIn(In):
    """A mass: whole `grams`, or an exact `quantity` with its `unit`; never both."""

    grams: Grams | None = None
    quantity: Exact | None = None
    unit: Literal["kg", "t"] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.quantity is None) != (self.unit is None) or (self.grams is not None and self.quantity is not None):
            raise ValueError("state either grams, or quantity and unit")
        return self

    @property
    def stated(self) -> int | None:
        """The grams, None where no mass was sent. Raises Invalid for a part of a gram or what is no mass."""
        if self.quantity is None or self.unit is None:
            return self.grams
        try:
            grams = grams_of(self.quantity, self.unit)
        except QuantityError as error:
            raise Invalid(
                f"{self.quantity} {self.unit} is no whole number of grams.", field="quantity", value=str(self.quantity),
                fix="State kilograms with at most three decimal places, tonnes with at most six.",
            ) from error  # fmt: skip
        if not 0 < grams <= MOST_GRAMS:
            raise Invalid(
                "This is no quantity.", field="quantity", value=str(self.quantity), fix="State a mass above 0."
            )
        return grams

    @property
    def mass(self) -> int:
        """The grams. Raises Invalid where no mass was sent."""
        grams = self.stated
        if grams is None:
            raise Invalid("A mass is missing.", field="grams", fix="State grams, or quantity and unit.")
        return grams


class ConditionsIn(In):
    """How a delivery is settled; shares in percent, as text. What is left out takes nothing off."""

    tolerance_pct: Exact = Decimal(0)
    weight_franchise_pct: Exact = Decimal(0)
    moisture_allowance_pct: Exact | None = None
    moisture_method: MoistureMethod | None = None
    contamination_allowance_pct: Exact | None = None
    contamination_multiplier: Exact = Decimal(1)
    reject_above_pct: Exact | None = None
    excess_accepted: bool = False

    @property
    def stated(self) -> Conditions:
        """As the market reads them. Raises Invalid."""
        return conditions.stated(self.model_dump())


class FindingsIn(In):
    """What one's own side found of a delivery; shares in percent, as text."""

    moisture_pct: Exact | None = None
    contamination_pct: Exact | None = None
    excess_accepted: bool = False
    statement: Annotated[str, Field(max_length=1_000)] = ""


class ListingIn(In):
    """A lot to list, with the standards that it is to be judged against today."""

    lot: str
    price: Exact
    currency: Currency
    smallest_grams: Grams | None = None
    smallest: MassIn | None = None
    incoterm: str
    description: LongText = ""
    conditions: ConditionsIn = ConditionsIn()
    standards: tuple[str, ...] | None = Field(default=None, max_length=50)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.smallest_grams is None) == (self.smallest is None):
            raise ValueError("state either smallest_grams, or smallest with quantity and unit")
        return self

    @property
    def smallest_mass(self) -> int:
        """The smallest quantity sold, in grams. Raises Invalid."""
        return self.smallest.mass if self.smallest is not None else self.smallest_grams or 0


class OfferIn(MassIn):
    """An offer for some of a listing."""

    price: Exact
    currency: Currency
    message: LongText = ""


class BuyIn(MassIn):
    """So much at the listed price."""


def shown_listing(
    row: ListingRow, free: int | None, seller: Seller | None = None, measured: list[ListingPropertyRow] | None = None
) -> dict[str, Any]:
    """A listing as JSON; what is free comes from the ledger, None where nothing is offered any more."""
    return {
        "id": row.id, "lot": row.lot_uri, "material": row.material, "form": row.form, "country": row.country,
        "pricePerTonne": plain(row.price), "currency": row.currency, "smallestGrams": row.smallest_grams,
        "incoterm": row.incoterm, "description": row.description, "conditions": row.conditions,
        "verdicts": row.verdicts,
        "judgedOn": row.judged_on.isoformat(), "state": row.state, "freeGrams": free,
        "seller": seller.shown if seller else None,
        "properties": [
            {"property": each.property, "value": plain(each.value), "unit": each.unit} for each in measured or ()
        ],
    }  # fmt: skip


def shown_offer(row: OfferRow) -> dict[str, Any]:
    """An offer as JSON."""
    return {
        "id": row.id, "listing": row.listing_id, "grams": row.grams, "pricePerTonne": plain(row.price),
        "currency": row.currency, "state": row.state, "message": row.message,
        "createdAt": row.created_at.isoformat(),
        "answeredAt": row.answered_at.isoformat() if row.answered_at else None,
    }  # fmt: skip


def shown_trade(told: Trade) -> dict[str, Any]:
    """A trade as JSON, with the state of its goods as both sides' events say."""
    row, goods = told.row, told.goods
    return {
        "reference": row.reference, "seller": told.seller.name, "buyer": told.buyer.name, "lot": row.lot_uri,
        "grams": row.grams, "pricePerTonne": plain(row.price), "currency": row.currency,
        "agreedAt": row.agreed_at.isoformat(), "conditions": row.conditions,
        "goods": {
            "state": goods.state, "reservedGrams": goods.reserved, "shippedGrams": goods.shipped,
            "inTransitGrams": goods.in_transit, "receivedGrams": goods.received,
            "leafIndexes": [index for index, _, _, _ in goods.events],
        },
    }  # fmt: skip


def shown_account(told: Trade, account: Account) -> dict[str, Any]:
    """A settlement as JSON: every step with its facts, and what each side stated last."""
    result = account.result
    return {
        "trade": told.row.reference, "conditions": conditions.told(account.conditions), "progress": account.progress,
        "result": None if result is None else {
            "status": result.status, "flags": list(result.flags), "missing": list(result.missing),
            "steps": [{"name": each.name, "facts": dict(each.facts), "kg": each.kg} for each in result.steps],
            "settlementWeightKg": _text(result.settlement_weight_kg), "payableKg": _text(result.payable_kg),
            "amount": _text(result.amount), "currency": result.currency,
        },
        "seller": _shown_statement(account.seller), "buyer": _shown_statement(account.buyer),
    }  # fmt: skip


def _shown_statement(row: StatementRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "moisturePct": None if row.moisture_pct is None else plain(row.moisture_pct),
        "contaminationPct": None if row.contamination_pct is None else plain(row.contamination_pct),
        "excessAccepted": row.excess_accepted, "amount": plain(row.amount), "statement": row.statement,
        "statedAt": row.stated_at.isoformat(),
    }  # fmt: skip


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def plain(value: Decimal) -> str:
    """A decimal as people write it: no exponent, no zeros that say nothing."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def paged(request: AnyRequest, body: Any, following: str | None) -> Response[Any]:
    """A page of a list, with the address of the next one in its Link header."""
    if following is None:
        return Response(body)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    query = urlencode([*kept, ("cursor", following)])
    return Response(body, headers={"Link": f'<{request.url.path}?{query}>; rel="next"'})
