"""Flows: a dossier's mass as pictures with their tables: what counted and what not, from stage to stage, by month."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from markupsafe import Markup

from app.pages.auditing.figures import Told, linked, tonnes
from app.pictures import Bar, Line, Link, Node, NodeKind, bars, lines, sankey
from app.words import Speech
from reports.behind import Figure
from reports.tables import DossierRow

WIDE, NARROW = 1040, 328
ARRIVED: Final = ("collected", "imported", "opening")
LEVELS: Final = ("sorted", "recycling_input", "recycling_output")
LEFT: Final = ("residue", "loss", "exported", "energy", "landfill")
KINDS: Final[Mapping[str, NodeKind]] = {
    "collected": "collection", "imported": "transport", "opening": "stock", "came_in": "collection",
    "sorted": "sorting", "recycling_input": "recycling", "recycling_output": "product", "residue": "loss",
    "loss": "loss", "exported": "transport", "energy": "loss", "landfill": "loss", "aside": "other", "waiting": "stock",
    "before": "stock",
}  # fmt: skip
DRAWN: Final = ("collected", "sorted", "recycling_input", "recycling_output", "residue", "loss")


def by_stage(law: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Per stage: grams counted, and grams left out."""
    found: dict[str, tuple[int, int]] = {}
    for each in law["stages"]:
        counted, left = found.get(each["stage"], (0, 0))
        found[each["stage"]] = (counted + each["grams"], left) if each["counted"] else (counted, left + each["grams"])
    return found


def balance_bars(t: Speech, told: Told, width: int) -> Markup:
    """In = counted + left out by a law, stage by stage."""
    rows = [Bar(t.name("stage", stage), counted, left) for stage, counted, left in told.stages]
    return bars(rows, title=t("report.in_equals"), description=t("report.bars_text"), lang=t.lang, width=width)


def balance_rows(t: Speech, row: DossierRow, law: Mapping[str, Any]) -> list[list[Any]]:
    """Every stage and reason with its grams and events, each linked to them."""
    return [
        [
            t.name("stage", each["stage"]), t("report.counted") if each["counted"] else t("report.left_out"),
            t.name("reason", each["reason"]) if each["reason"] else "", t.number(each["events"]),
            linked(t, row, _at(law, each), each["grams"]),
        ]
        for each in law["stages"]
    ]  # fmt: skip


def _at(law: Mapping[str, Any], each: Mapping[str, Any]) -> Figure:
    of = "moved" if each["counted"] else "not_counted"
    return Figure(law["pack"], of, stage=each["stage"], reason=each["reason"] or "")


def flows(law: Mapping[str, Any]) -> list[Link]:
    """The law's year's counted mass from arrival to recycling as exact links; what is in neither level is aside.

    Every node's inflow equals its outflow: where a level has more than the one before it, the rest came from stock.
    """
    counted = {stage: grams for stage, (grams, _) in by_stage(law).items() if grams}
    sources = [stage for stage in ARRIVED if stage in counted]
    links = [Link(stage, "came_in", counted[stage]) for stage in sources] if len(sources) > 1 else []
    level: str = "came_in" if len(sources) > 1 else (sources[0] if sources else "before")
    mass, aside = sum(counted[stage] for stage in sources), 0
    for stage in LEVELS:
        if stage not in counted:
            continue
        grams = counted[stage]
        links += _links(
            (level, stage, min(mass, grams)), ("before", stage, grams - mass), (level, "aside", mass - grams)
        )
        aside += max(mass - grams, 0)
        level, mass = stage, grams
    if level not in {"recycling_output", "before"}:
        links += _links((level, "waiting", mass))
    known = [(stage, counted[stage]) for stage in LEFT if stage in counted]
    waiting = aside - sum(grams for _, grams in known)
    links += _links(*(("aside", stage, grams) for stage, grams in known))
    return links + _links(("aside", "waiting", waiting), ("before", "aside", -waiting))


def _links(*wanted: tuple[str, str, int]) -> list[Link]:
    return [Link(source, target, grams) for source, target, grams in wanted if grams > 0 and source != target]


def flow_picture(t: Speech, law: Mapping[str, Any], width: int) -> Markup | None:
    """The flows as ribbons; None where nothing moved."""
    links = flows(law)
    if not links:
        return None
    names = list(dict.fromkeys([name for link in links for name in (link.source, link.target)]))
    nodes = [Node(name, t.name("stage", name), KINDS[name]) for name in names]
    told = "; ".join(f"{t.name('stage', a.source)} → {t.name('stage', a.target)}: {tonnes(t, a.grams)}" for a in links)
    return sankey(nodes, links, title=t("report.flows"), description=told, lang=t.lang, width=width)


def flow_rows(t: Speech, law: Mapping[str, Any]) -> list[list[str]]:
    """The same flows as a table."""
    return [[t.name("stage", a.source), t.name("stage", a.target), tonnes(t, a.grams)] for a in flows(law)]


def month_picture(t: Speech, law: Mapping[str, Any], width: int) -> Markup | None:
    """Counted grams per month and stage."""
    series = []
    for stage in DRAWN:
        points = [(first_of(each["month"]), each["grams"]) for each in law["months"] if each["stage"] == stage]
        if points:
            series.append(Line(t.name("stage", stage), points))
    if not series:
        return None
    return lines(
        series, title=t("report.months"), description=t("report.months_text"), lang=t.lang, period="month", width=width
    )


def first_of(month: str) -> date:
    """The first day of a month written as 2026-03. Raises ValueError."""
    return date.fromisoformat(f"{month}-01")


def month_rows(t: Speech, row: DossierRow, law: Mapping[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows of the months: each mass leads to its events."""
    stages: Sequence[str] = [s for s in DRAWN if any(each["stage"] == s for each in law["months"])]
    grams = {(each["month"], each["stage"]): each["grams"] for each in law["months"]}
    columns = [t("common.month"), *("#" + t.name("stage", stage) for stage in stages)]

    def cell(month: str, stage: str) -> Markup:
        if (month, stage) not in grams:
            return Markup()
        return linked(t, row, Figure(law["pack"], "moved", stage=stage, month=month), grams[month, stage])

    return columns, [[month, *(cell(month, s) for s in stages)] for month in sorted({month for month, _ in grams})]
