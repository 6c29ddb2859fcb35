"""Settlement: what a delivery comes to under its contract, from the weighbridge to the amount, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final, Literal, assert_never

from standards.quantities import QuantityError, Rounding, exact, rounded

Status = Literal["payable", "rejected", "incomplete"]
KG: Final = 1000


class MoistureMethod(StrEnum):
    """How moisture above the allowance is taken off; contracts choose, because both are in use."""

    EXCESS_SUBTRACTION = "excess_subtraction"
    """W x (1 - (m - m0)): point for point."""
    DRY_BASIS = "dry_basis"
    """W x (1 - m) / (1 - m0): the dry matter at the moisture that was allowed."""


class SettlementError(ValueError):
    """A contract or delivery cannot be what it says; the sentence names the figure."""


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What is asked of a delivery beside its price; shares in percent.

    Without an allowance nothing is taken off for it. `moisture_method` has no default: the two pay differently.
    """

    tolerance_pct: Decimal = Decimal(0)
    weight_franchise_pct: Decimal = Decimal(0)
    moisture_allowance_pct: Decimal | None = None
    moisture_method: MoistureMethod | None = None
    contamination_allowance_pct: Decimal | None = None
    contamination_multiplier: Decimal = Decimal(1)
    reject_above_pct: Decimal | None = None
    excess_accepted: bool = False

    def __post_init__(self) -> None:
        _not_below_zero("contamination_multiplier", self.contamination_multiplier)
        for name in ("tolerance_pct", "weight_franchise_pct", "moisture_allowance_pct", "contamination_allowance_pct",
                     "reject_above_pct"):  # fmt: skip
            _share(name, getattr(self, name))
        if self.moisture_allowance_pct == 100:
            raise SettlementError("moisture_allowance_pct: 100 % moisture leaves nothing to pay for")


@dataclass(frozen=True, kw_only=True)
class Contract(Conditions):
    """The terms that a settlement reads: how much for which price a tonne, under which conditions."""

    quantity_grams: int
    price_per_t: Decimal
    currency: str

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.quantity_grams <= 0:
            raise SettlementError(f"quantity_grams: {self.quantity_grams} is no quantity to deliver")
        _not_below_zero("price_per_t", self.price_per_t)


@dataclass(frozen=True)
class Delivery:
    """What was weighed and found; net grams, shares in percent, None where nobody measured.

    `excess_accepted`: the buyer took what came above the tolerance, though the contract did not say so beforehand.
    """

    loading_grams: int
    discharge_grams: int
    moisture_pct: Decimal | None = None
    contamination_pct: Decimal | None = None
    excess_accepted: bool = False

    def __post_init__(self) -> None:
        if min(self.loading_grams, self.discharge_grams) < 0:
            raise SettlementError("a weight is not below zero")
        _share("moisture_pct", self.moisture_pct)
        _share("contamination_pct", self.contamination_pct)


@dataclass(frozen=True)
class Step:
    """One step: its stable name, the facts that decided it as exact text, the kilograms after it."""

    name: str
    facts: Mapping[str, str]
    kg: str


@dataclass(frozen=True)
class Settlement:
    """What is to be paid for; masses in whole kilograms, None unless `payable`; flags in the order of the steps.

    `incomplete` keeps the steps and flags that were already decided; `missing` names the fields to fill in.
    """

    status: Status
    flags: tuple[str, ...]
    steps: tuple[Step, ...]
    currency: str
    settlement_weight_kg: Decimal | None = None
    payable_kg: Decimal | None = None
    amount: Decimal | None = None
    missing: tuple[str, ...] = ()


def settle(contract: Contract, delivery: Delivery, minor_units: int) -> Settlement:
    """Weight basis, quantity tolerance, rejection, moisture, contamination, then rounding once (half up).

    `minor_units`: decimal places of the contract's currency (ISO 4217). A figure that the contract asks for and nobody
    gave leaves the settlement incomplete, and is named; what is rejected needs no other figure. The formulas are the
    platform's; contracts choose.
    """
    steps: list[Step] = []
    weight, flags = _within(contract, delivery, _weight(contract, delivery, steps), steps)
    found = delivery.contamination_pct
    if contract.reject_above_pct is not None and found is not None and found > contract.reject_above_pct:
        steps.append(_step("rejection", weight, found=found, above=contract.reject_above_pct))
        return Settlement("rejected", (*flags, "REJECTED_CONTAMINATION"), tuple(steps), contract.currency)
    if missing := _missing(contract, delivery):
        return Settlement("incomplete", flags, tuple(steps), contract.currency, missing=missing)
    payable = _clean(contract, delivery, _dry(contract, delivery, weight, steps), steps)
    kg = rounded(payable, 0, Rounding.HALF_UP)
    amount = rounded(exact(kg) * exact(contract.price_per_t) / KG, minor_units, Rounding.HALF_UP)
    steps.append(_step("rounding", exact(kg), price_per_t=contract.price_per_t, amount=amount))
    whole = rounded(weight, 0, Rounding.HALF_UP)
    return Settlement("payable", flags, tuple(steps), contract.currency, whole, kg, amount)


def _missing(contract: Contract, delivery: Delivery) -> tuple[str, ...]:
    """What the contract needs and nobody measured or agreed; moisture needs both a method and an allowance."""
    dry = contract.moisture_allowance_pct is not None or contract.moisture_method is not None
    clean = contract.contamination_allowance_pct is not None or contract.reject_above_pct is not None
    asked = {
        "moisture_allowance_pct": dry and contract.moisture_allowance_pct is None,
        "moisture_method": dry and contract.moisture_method is None,
        "moisture_pct": dry and delivery.moisture_pct is None,
        "contamination_pct": clean and delivery.contamination_pct is None,
    }
    return tuple(name for name, lacks in asked.items() if lacks)


def _weight(contract: Contract, delivery: Delivery, steps: list[Step]) -> Fraction:
    """The loading weight stands where the discharge weight differs by at most the franchise, of the loading weight."""
    loading, discharge = delivery.loading_grams, delivery.discharge_grams
    franchise = exact(contract.weight_franchise_pct)
    stands = 100 * abs(loading - discharge) <= franchise * loading
    weight, basis = Fraction(loading if stands else discharge, KG), "loading" if stands else "discharge"
    told = {"loading": _kg(loading), "discharge": _kg(discharge)}
    steps.append(_step("weight", weight, basis=basis, franchise_pct=contract.weight_franchise_pct, **told))
    return weight


def _within(
    contract: Contract, delivery: Delivery, weight: Fraction, steps: list[Step]
) -> tuple[Fraction, tuple[str, ...]]:
    """Above the tolerance nothing is payable unless it was accepted; below it the delivery is short, and paid."""
    agreed, tolerance = Fraction(contract.quantity_grams, KG), exact(contract.tolerance_pct) / 100
    most, least = agreed * (1 + tolerance), agreed * (1 - tolerance)
    flag = "EXCESS_DELIVERY" if weight > most else "SHORT_DELIVERY" if weight < least else None
    accepted = contract.excess_accepted or delivery.excess_accepted
    settled = weight if accepted else min(weight, most)
    steps.append(_step("tolerance", settled, agreed=_kg(contract.quantity_grams), tolerance_pct=contract.tolerance_pct))
    return settled, (flag,) if flag else ()


def _dry(contract: Contract, delivery: Delivery, weight: Fraction, steps: list[Step]) -> Fraction:
    """Drier than allowed brings no bonus."""
    if contract.moisture_allowance_pct is None or contract.moisture_method is None or delivery.moisture_pct is None:
        return weight
    allowed, found = exact(contract.moisture_allowance_pct) / 100, exact(delivery.moisture_pct) / 100
    match contract.moisture_method:
        case MoistureMethod.EXCESS_SUBTRACTION:
            factor = 1 - (found - allowed)
        case MoistureMethod.DRY_BASIS:
            factor = (1 - found) / (1 - allowed)
        case _:
            assert_never(contract.moisture_method)
    dried = weight * min(factor, Fraction(1))
    steps.append(
        _step("moisture", dried, method=contract.moisture_method.value, allowed=contract.moisture_allowance_pct,
              found=delivery.moisture_pct)
    )  # fmt: skip
    return dried


def _clean(contract: Contract, delivery: Delivery, weight: Fraction, steps: list[Step]) -> Fraction:
    """The multiplier times what exceeds the allowance, off the weight that moisture has left; never below nothing."""
    if contract.contamination_allowance_pct is None or delivery.contamination_pct is None:
        return weight
    excess = max(exact(delivery.contamination_pct) - exact(contract.contamination_allowance_pct), Fraction(0)) / 100
    cleaned = max(weight * (1 - exact(contract.contamination_multiplier) * excess), Fraction(0))
    steps.append(
        _step("contamination", cleaned, allowed=contract.contamination_allowance_pct,
              found=delivery.contamination_pct, multiplier=contract.contamination_multiplier)
    )  # fmt: skip
    return cleaned


def _step(name: str, kg: Fraction, **facts: Decimal | str) -> Step:
    """Kilograms to the milligram in a step that is shown; the reckoning itself goes on exactly."""
    return Step(name, {key: str(value) for key, value in facts.items()}, str(rounded(kg, 6, Rounding.HALF_UP)))


def _kg(grams: int) -> str:
    return str(Decimal(grams).scaleb(-3))


def _number(name: str, value: Decimal) -> Fraction:
    try:
        return exact(value)
    except QuantityError as error:
        raise SettlementError(f"{name}: {error}") from None


def _not_below_zero(name: str, value: Decimal) -> None:
    if _number(name, value) < 0:
        raise SettlementError(f"{name}: {value} is below zero")


def _share(name: str, value: Decimal | None) -> None:
    if value is not None and not 0 <= _number(name, value) <= 100:
        raise SettlementError(f"{name}: {value} is no share between 0 and 100 %")
