"""Weighing: the fields gross, tare, pallet and estimated of a form, as what a side states of its own mass."""

from app.pages.forms.filling import Filled
from traceability.ledger.weighing import Weighing, check
from traceability.refusals import WeightsDisagree

MASSES = ("gross", "tare", "pallet")


def weighing_in(form: Filled) -> Weighing | None:
    """What the form says of it; None where it says nothing. What is wrong is said at its field."""
    gross, tare, pallet = (form.grams(name, form.t(f"weighing.{name}"), needed=False) for name in MASSES)
    estimated = form.get("estimated") == "yes"
    if not gross:
        if tare or pallet:
            form.say("gross", form.t("errors.enter", label=form.t("weighing.gross")))
        return Weighing("estimated") if estimated else None
    return Weighing("estimated" if estimated else "weighed", gross, tare, pallet)


def net_of(form: Filled, weighing: Weighing | None, typed: int) -> int:
    """The net grams: what gross less tare and pallets leaves, where it is stated; else what was typed."""
    net = weighing.net if weighing is not None else None
    if net is not None and net <= 0:
        form.say("gross", form.t("errors.positive", label=form.t("weighing.net")))
    return typed if net is None or net <= 0 else net


def fits(form: Filled, weighing: Weighing | None, net: int) -> None:
    """Gross less tare and pallets is this net mass; else said at the field."""
    try:
        if weighing is not None:
            check(weighing, net, "gross")
    except WeightsDisagree as refusal:
        form.refuse(refusal)


def facts(form: Filled, weighing: Weighing | None) -> list[tuple[str, str]]:
    """What is stated of the weighing, for the check page."""
    if weighing is None:
        return []
    t = form.t
    told: list[tuple[str, str]] = [(t("weighing.title"), t(f"weighing.{weighing.basis}"))]
    if weighing.gross is not None:
        told += [(t(f"weighing.{name}"), t.mass(getattr(weighing, name))) for name in MASSES]
    return told
