"""Wastehood: is a lot waste or a product, as each state sees it; unknown is waste, the stricter view prevails."""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from standards.borders.conditions import Sight, holds
from standards.borders.gates import Gate, Outcome, Source
from standards.borders.rules import Borders, EndOfWaste, in_force

Status = Literal["waste", "product"]


@dataclass(frozen=True, slots=True)
class View:
    """How one state sees the lot; `basis`: its law, what is stated about an authority's acceptance, or no ground."""

    state: str
    status: Status
    basis: Literal["law", "stated", "unknown"]
    rules: tuple[EndOfWaste, ...] = ()


def view(book: Borders, sight: Sight, state: str) -> View:
    """A state's view: product only where its law, or a stated acceptance by it, says so."""
    accepted = sight.facts.get("end_of_waste", ())
    conforms = sight.facts.get("conforms", ())
    open_rules = tuple(
        rule
        for rule in book.end_of_waste
        if in_force(rule.source, sight.day)
        and rule.binds.covers(state, sight.day, book.bodies).holds
        and holds(rule.when, sight).holds
    )
    met = tuple(rule for rule in open_rules if isinstance(conforms, tuple) and rule.standard in conforms)
    if met:
        return View(state, "product", "law", met)
    if isinstance(accepted, tuple) and state in accepted:
        return View(state, "product", "stated")
    return View(state, "waste", "unknown", open_rules)


def stricter(statuses: Iterable[Status]) -> Status:
    """What a shipment is when states see it differently: waste if any of them says so; waste if nobody says."""
    said = set(statuses)
    return "product" if said == {"product"} else "waste"


def gates(views: Iterable[View]) -> tuple[Gate, ...]:
    """One gate for each end; a view opens or closes the gates behind it and decides nothing itself."""
    return tuple(
        Gate(
            code=f"status:{seen.state}",
            outcome=Outcome.NOTED,
            reason=f"{seen.status}_{seen.basis}",
            facts=MappingProxyType({"state": seen.state, "standard": ", ".join(rule.standard for rule in seen.rules)}),
            sources=_sources(seen),
            missing=(f"end_of_waste:{seen.state}",) if seen.status == "waste" else (),
            names=seen.rules[0].names if seen.rules else MappingProxyType({}),
        )
        for seen in views
    )


def _sources(seen: View) -> tuple[Source, ...]:
    return tuple(rule.source for rule in seen.rules)
