"""Prices: money per tonne, exact to the fourth decimal place, in a currency told by its ISO 4217 code."""

import re
from decimal import Decimal
from typing import Final

from foundation.errors import Invalid

PLACES: Final = 4  # as many as the column holds: a fifth would be lost in silence
TOO_MUCH: Final = Decimal(10) ** 10
_CURRENCY: Final = re.compile("[A-Z]{3}")


def check_price(price: Decimal, currency: str) -> None:
    """Raises Invalid for a price that is negative, endless, out of range or finer than we keep, or for no currency."""
    if not price.is_finite() or not 0 <= price < TOO_MUCH:
        raise Invalid(
            f"{price} is no price.", field="price", value=str(price), fix="State a price per tonne, such as 118500.",
        )  # fmt: skip
    if price != price.quantize(Decimal(1).scaleb(-PLACES)):
        raise Invalid(
            f"{price} has more than {PLACES} decimal places.", field="price", value=str(price),
            fix=f"State the price per tonne with at most {PLACES} decimal places.",
        )  # fmt: skip
    if not _CURRENCY.fullmatch(currency):
        raise Invalid(
            f"{currency} is no currency.", field="currency", value=currency, fix="Use a code of ISO 4217, such as JPY."
        )
