"""Conditions: what a seller asks of a delivery beside its price, as a listing states them and a trade takes them on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any, ClassVar, Final

from foundation.errors import Invalid
from standards.trade.settlement import Contract, MoistureMethod, SettlementError

PLACES: Final = 4  # of a share in percent: as many as a statement's column holds
MOST: Final = 100


class NotAShare(Invalid):
    """A number of a settlement lies outside of 0 to 100, or has more decimal places than we keep."""

    code: ClassVar[str] = "NOT_A_SHARE"


class MoistureRule(Invalid):
    """An allowance for moisture and the way to take off what exceeds it belong together."""

    code: ClassVar[str] = "MOISTURE_RULE"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a seller asks of a delivery beside the price; shares in percent. Nothing stated: nothing is taken off.

    The names and their meaning are those of `standards.trade.settlement.Contract`.
    """

    tolerance_pct: Decimal = Decimal(0)
    weight_franchise_pct: Decimal = Decimal(0)
    moisture_allowance_pct: Decimal | None = None
    moisture_method: MoistureMethod | None = None
    contamination_allowance_pct: Decimal | None = None
    contamination_multiplier: Decimal = Decimal(1)
    reject_above_pct: Decimal | None = None
    excess_accepted: bool = False

    @property
    def told(self) -> dict[str, Any]:
        """As it is kept and shown: what differs from saying nothing, decimals as text."""
        stated = {name: value for name, value in asdict(self).items() if value != getattr(USUAL, name)}
        return {name: value if isinstance(value, bool) else str(value) for name, value in stated.items()}


USUAL: Final = Conditions()
"""Nothing stated."""

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


def check_conditions(conditions: Conditions) -> None:
    """Raises Invalid for what no delivery could be settled by, a moisture rule with half of it missing among them."""
    for name in NUMBERS:
        check_number(name, getattr(conditions, name))
    if (conditions.moisture_allowance_pct is None) != (conditions.moisture_method is None):
        lacks = "moisture_allowance_pct" if conditions.moisture_allowance_pct is None else "moisture_method"
        raise MoistureRule(
            "An allowance for moisture and the way to take off what exceeds it belong together.", field=lacks,
            fix="State both, or neither.",
        )  # fmt: skip
    try:
        Contract(1, Decimal(0), "XXX", **asdict(conditions))
    except SettlementError as error:
        name = str(error).partition(":")[0]
        raise NotAShare(
            f"{error}.", field=name, value=str(getattr(conditions, name, "")), most=MOST, places=PLACES,
            fix="State less.",
        ) from error  # fmt: skip


def conditions_of(kept: Mapping[str, Any]) -> Conditions:
    """Conditions as they were kept."""
    known: dict[str, Any] = {name: Decimal(kept[name]) for name in NUMBERS if name in kept}
    if "moisture_method" in kept:
        known["moisture_method"] = MoistureMethod(kept["moisture_method"])
    return Conditions(**known, excess_accepted=kept.get("excess_accepted", False))
