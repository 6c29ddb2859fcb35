"""Plausibility: the controls as dated values, and pure functions that hold a movement or a claim against them."""

from standards.plausibility.claimed import claim_finding
from standards.plausibility.distance import Position, metres_apart
from standards.plausibility.facts import Claim, Facts, Goods, Hours, Leg, Load, Meter, Site
from standards.plausibility.reading import Band, Control, Finding, Parameter, Response, Thresholds, backing, thresholds
from standards.plausibility.recorded import RULES, Rule, examine, in_order
from standards.plausibility.stated import (
    PPM,
    container_finding,
    date_finding,
    late_finding,
    load_finding,
    receipt_finding,
    surplus_allowed,
    yield_finding,
)

__all__ = [
    "PPM", "RULES", "Band", "Claim", "Control", "Facts", "Finding", "Goods", "Hours", "Leg", "Load", "Meter",
    "Parameter", "Position", "Response", "Rule", "Site", "Thresholds", "backing", "claim_finding", "container_finding",
    "date_finding", "examine", "in_order", "late_finding", "load_finding", "metres_apart", "receipt_finding",
    "surplus_allowed", "thresholds", "yield_finding",
]  # fmt: skip
