"""Recorded: the controls that hold an event against what the record knows around it, as a closed set of rules."""

from collections.abc import Callable, Mapping
from typing import Final

from standards.plausibility.facts import Facts, Load
from standards.plausibility.reading import Finding, Response, Thresholds
from standards.plausibility.stated import PPM

HOUR: Final = 3_600
KILOMETRE: Final = 1_000


def capacity(limits: Thresholds, facts: Facts) -> Finding | None:
    """C03: no more goes through a facility in a day, in 30 and in a year than its permits allow."""
    hold, reject = (limits.at("C03", name, facts.recorded) for name in ("hold_above", "reject_above"))
    worst: Finding | None = None
    for load in facts.site.loads if facts.site else ():
        if load.per_day is not None and load.today * PPM > load.per_day * reject:
            return _over("REJECT", load.today, load.per_day, "day")
        worst = worst or _held(load, hold)
    return worst


def _held(load: Load, hold: int) -> Finding | None:
    if load.per_day is not None and load.today * PPM > load.per_day * hold:
        return _over("HOLD", load.today, load.per_day, "day")
    if load.per_day is not None and load.thirty * PPM > load.per_day * load.days * hold:
        return _over("HOLD", load.thirty, load.per_day * load.days, "thirty")
    if load.per_year is not None and load.year > load.per_year:
        return _over("HOLD", load.year, load.per_year, "year")
    return None


def _over(response: Response, measured: int, limit: int, hint: str) -> Finding:
    return Finding("C03", "CAPACITY_EXCEEDED", response, hint, measured, limit, "g")


def energy(limits: Thresholds, facts: Facts) -> Finding | None:
    """C05: a plant that makes recyclate uses electricity, and its meter is read."""
    site = facts.site
    if site is None or not site.permitted or site.process not in limits.words("C05", "processes", facts.recorded):
        return None
    last = site.meter.until if site.meter else site.begun or facts.day
    silent, most = (facts.day - last).days, limits.at("C05", "silent_after", facts.recorded)
    if silent > most:
        return Finding("C05", "ENERGY_IMPLAUSIBLE", "HOLD", "silent", silent, most, "d")
    floor = limits.at("C05", "hold_below", facts.recorded)
    if site.meter and site.meter.watt_hours * 1_000 < floor * site.meter.made:
        used = site.meter.watt_hours * 1_000 // site.meter.made
        return Finding("C05", "ENERGY_IMPLAUSIBLE", "HOLD", "low", used, floor, "Wh/kg")
    return None


def movement(limits: Thresholds, facts: Facts) -> Finding | None:
    """C13: nothing arrives before it can."""
    near = limits.at("C13", "near", facts.recorded)
    name = facts.mode if facts.mode in ("sea", "air") else "road"
    hold, reject = limits.at("C13", f"hold_{name}", facts.recorded), limits.at("C13", "reject_above", facts.recorded)
    for leg in facts.legs:
        if leg.metres <= near:
            continue
        speed = leg.metres * HOUR // (max(leg.seconds, 1) * KILOMETRE)
        if leg.seconds <= 0 or speed > reject:
            return Finding("C13", "MOVE_IMPOSSIBLE", "REJECT", None, speed, reject, "km/h")
        if speed > hold:
            return Finding("C13", "MOVE_IMPOSSIBLE", "HOLD", None, speed, hold, "km/h")
    return None


def transport(limits: Thresholds, facts: Facts) -> Finding | None:
    """C18: one box is not at two places at once."""
    hours = limits.at("C18", "turn_round", facts.recorded)
    found = Finding("C18", "TRANSPORT_ID", "HOLD", "container_elsewhere", None, hours, "h")
    return found if facts.container_elsewhere else None


def tariff(limits: Thresholds, facts: Facts) -> Finding | None:
    """C19: goods in this form are not declared under that heading."""
    for goods in facts.goods:
        family = goods.material.partition(".")[0]
        fitting = limits.words("C19", f"{family}/{goods.form}", facts.recorded)
        if fitting and not any(goods.heading.replace(".", "").startswith(each) for each in fitting):
            return Finding("C19", "HS_MISMATCH", "REJECT", f"{goods.form} {goods.heading}")
    return None


def invoice(_: Thresholds, facts: Facts) -> Finding | None:
    """C20: one invoice is one seller's."""
    return Finding("C20", "INVOICE_REUSED", "HOLD") if facts.invoices_foreign else None


def document(_: Thresholds, facts: Facts) -> Finding | None:
    """C21: one weighing ticket or photograph shows one load."""
    return Finding("C21", "DOC_REUSED", "HOLD") if facts.documents_foreign else None


def scope(limits: Thresholds, facts: Facts) -> Finding | None:
    """C22: what a facility with permits processes is within them on that day."""
    site = facts.site
    if site is None or site.permitted is not False:
        return None
    needed = site.process in limits.words("C22", "processes", facts.recorded)
    return Finding("C22", "PERMIT_SCOPE", "HOLD", site.process) if needed else None


def independence(limits: Thresholds, facts: Facts) -> Finding | None:
    """C27: the receipt of a related party confirms nothing."""
    known = [each for each in facts.related if each in limits.words("C27", "marks", facts.recorded)]
    return Finding("C27", "RELATED_PARTY", "HOLD", known[0]) if known else None


def circle(_: Thresholds, facts: Facts) -> Finding | None:
    """C28: a lot does not return to somebody who had it, unchanged."""
    return Finding("C28", "WASH_CYCLE", "HOLD") if facts.held_before else None


def ramp(limits: Thresholds, facts: Facts) -> Finding | None:
    """C30: a plant does not triple within a month, and a new one that nobody visited does not run full."""
    quiet, young = limits.at("C30", "quiet_below", facts.recorded), limits.at("C30", "young_days", facts.recorded)
    for load in facts.site.loads if facts.site else ():
        floor = (load.per_day or 0) * load.days * quiet
        if load.per_day is None or max(load.thirty, load.month) * PPM <= floor:
            continue
        if not load.visited and (facts.day - load.since).days < young:
            return Finding("C30", "RAMP", "HOLD", "young", load.thirty, floor // PPM, "g")
        median = sorted(load.months)[1]
        most = median * limits.at("C30", "times_median", facts.recorded)
        if all(load.months) and load.month > most:
            return Finding("C30", "RAMP", "HOLD", "median", load.month, most, "g")
    return None


def opening(limits: Thresholds, facts: Facts) -> Finding | None:
    """C43: work happens while the facility is open."""
    hours = facts.site.hours if facts.site else None
    if hours is None:
        return None
    slack = limits.at("C43", "tolerance", facts.recorded)
    minute = facts.happened.hour * 60 + facts.happened.minute
    late = facts.exact and not hours.opens - slack <= minute <= hours.closes + slack
    closed = facts.happened.weekday() not in hours.weekdays
    return Finding("C43", "OUTSIDE_HOURS", "FLAG", "weekday" if closed else "hour") if closed or late else None


Rule = Callable[[Thresholds, Facts], Finding | None]
RULES: Final[Mapping[str, Rule]] = {
    "capacity": capacity, "energy": energy, "movement": movement, "transport": transport, "tariff": tariff,
    "invoice": invoice, "document": document, "scope": scope, "independence": independence, "circle": circle,
    "ramp": ramp, "opening": opening,
}  # fmt: skip
"""Every rule that a control of the catalogue may name."""


def in_order(limits: Thresholds) -> tuple[Rule, ...]:
    """The rules of the catalogue's controls, in the order of their ids. ValueError for a rule that nobody wrote."""
    named = [control.rule for control in limits.controls if control.rule is not None]
    if unknown := [name for name in named if name not in RULES]:
        raise ValueError(f"no such rule of a control: {', '.join(unknown)}")
    return tuple(RULES[name] for name in named)


def examine(rules: tuple[Rule, ...], limits: Thresholds, facts: Facts) -> tuple[Finding, ...]:
    """Hold an event against the rules, in order: the flags on the way, and the first that rejects or holds, last."""
    found: list[Finding] = []
    for rule in rules:
        finding = rule(limits, facts)
        if finding is not None:
            found.append(finding)
            if finding.response != "FLAG":
                break
    return tuple(found)
