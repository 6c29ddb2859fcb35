"""Conditions: what a seller asks of a delivery beside its price, as a listing states them and a trade takes them on."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any, ClassVar, Final

from foundation.errors import Invalid
from standards.trade.settlement import Conditions, MoistureMethod, SettlementError

PLACES: Final = 4  # of a share in percent: as many as a statement's column holds
MOST: Final = 100


class NotAShare(Invalid):
    """A number of a settlement lies outside of 0 to 100, or has more decimal places than we keep."""

    code: ClassVar[str] = "NOT_A_SHARE"


class MoistureRule(Invalid):
    """An allowance for moisture and the way to take off what exceeds it belong together."""

    code: ClassVar[str] = "MOISTURE_RULE"


USUAL: Final = Conditions()
"""Nothing stated: nothing is taken off."""

NUMBERS: Final = tuple(
    each.name for each in fields(Conditions) if each.name not in {"moisture_method", "excess_accepted"}
)


def check_number(name: str, value: Decimal | None) -> None:
    """A share in percent, or how many times something is taken off. Raises NotAShare."""
    if value is None:
        return
    known = value.is_finite() and 0 <= value <= MOST
    if not known or value != value.quantize(Decimal(1).scaleb(-PLACES)):
        raise NotAShare(
            f"{value} is no such number.", field=name, value=str(value), most=MOST, places=PLACES,
            fix=f"State a number from 0 to {MOST} with at most {PLACES} decimal places.",
        )  # fmt: skip


def stated(values: Mapping[str, Any]) -> Conditions:
    """Conditions by their names. Raises Invalid for what no delivery could be settled by.

    A moisture rule with half of it missing is one such; the settlement itself would only find it incomplete.
    """
    for name in NUMBERS:
        check_number(name, values.get(name))
    if (values.get("moisture_allowance_pct") is None) != (values.get("moisture_method") is None):
        lacks = "moisture_allowance_pct" if values.get("moisture_allowance_pct") is None else "moisture_method"
        raise MoistureRule(
            "An allowance for moisture and the way to take off what exceeds it belong together.", field=lacks,
            fix="State both, or neither.",
        )  # fmt: skip
    try:
        return Conditions(**values)
    except SettlementError as error:
        name = str(error).partition(":")[0]
        raise NotAShare(
            f"{error}.", field=name, value=str(values.get(name, "")), most=MOST, places=PLACES, fix="State less.",
        ) from error  # fmt: skip


def told(conditions: Conditions) -> dict[str, Any]:
    """As they are kept and shown: what differs from saying nothing, decimals as text."""
    found = {name: value for name, value in asdict(conditions).items() if value != getattr(USUAL, name)}
    return {name: value if isinstance(value, bool) else str(value) for name, value in found.items()}


def conditions_of(kept: Mapping[str, Any]) -> Conditions:
    """Conditions as they were kept."""
    known: dict[str, Any] = {name: Decimal(kept[name]) for name in NUMBERS if name in kept}
    if "moisture_method" in kept:
        known["moisture_method"] = MoistureMethod(kept["moisture_method"])
    return Conditions(**known, excess_accepted=kept.get("excess_accepted", False))
