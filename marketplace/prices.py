"""Prices: money per tonne, exact to the fourth decimal place, in a currency of ISO 4217; and what so much costs."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Final

from foundation.errors import Invalid
from standards.catalogue import Catalogue
from standards.codes import Code, codes

PLACES: Final = 4  # as many as the column holds: a fifth would be lost in silence
TOO_MUCH: Final = Decimal(10) ** 10
GRAMS: Final = 6  # decimal places of a gram in a tonne
EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)  # the largest price of the largest mass has 30 digits


@lru_cache(maxsize=4)
def currencies(catalogue: Catalogue) -> Mapping[str, Code]:
    """Every currency by its ISO 4217 code, read once for a catalogue."""
    return codes(catalogue, "currencies")


def home_currency(catalogue: Catalogue, country: str) -> str | None:
    """The own currency of a country, None where the catalogue knows none."""
    return next((code for code, each in currencies(catalogue).items() if country in each.countries), None)


def check_price(price: Decimal) -> None:
    """Raises Invalid for a price that is negative, endless, out of range or finer than we keep."""
    if not price.is_finite() or not 0 <= price < TOO_MUCH:
        raise Invalid(
            f"{price} is no price.", field="price", value=str(price), fix="State a price per tonne, such as 118500.",
        )  # fmt: skip
    if price != price.quantize(Decimal(1).scaleb(-PLACES)):
        raise Invalid(
            f"{price} has more than {PLACES} decimal places.", field="price", value=str(price),
            fix=f"State the price per tonne with at most {PLACES} decimal places.",
        )  # fmt: skip


def minor_units(currency: str, catalogue: Catalogue) -> int:
    """The decimal places of a currency. Raises Invalid for one that the catalogue does not know."""
    known = currencies(catalogue)
    found = known.get(currency)
    if found is None or found.minor_units is None:
        raise Invalid(
            f"{currency} is no currency that we know.", field="currency", value=currency,
            fix=f"Use one of {', '.join(known)} (ISO 4217).",
        )  # fmt: skip
    return found.minor_units


def cost(price: Decimal, currency: str, grams: int, catalogue: Catalogue) -> Decimal:
    """What these grams cost at a price per tonne, to the currency's smallest unit (ISO 4217), half up.

    Raises Invalid for a currency that the catalogue does not know: its smallest unit is not guessed.
    """
    smallest = Decimal(1).scaleb(-minor_units(currency, catalogue))
    whole = EXACT.scaleb(EXACT.multiply(price, grams), -GRAMS)
    return EXACT.quantize(whole, smallest)
