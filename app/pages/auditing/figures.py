"""Figures: the rates of a dossier in words, each with the way to the events behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from app.words import Speech
from reports.tables import DossierRow
from standards.catalogue import Catalogue
from standards.responsibility.formulas import inputs
from standards.responsibility.packs import Category, Edition, RulePack
from standards.responsibility.shelf import packs


@dataclass(frozen=True, slots=True)
class Rated:
    """One rate of one category of the law; masses and rate in words, links to the events behind them."""

    material: str
    name: str
    rate: str
    note: str
    counted: str
    counted_means: str
    counted_href: str
    placed: str
    recovered: str
    target: str
    tone: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Told:
    """A law of a dossier for one page."""

    law: Mapping[str, Any]
    name: str
    reference: bool
    doubts: tuple[str, ...]
    rated: tuple[Rated, ...]
    left: list[list[str]]
    left_total: str


@lru_cache(maxsize=4)
def _packs(catalogue: Catalogue) -> Mapping[str, RulePack]:
    return packs(catalogue)


def law_name(t: Speech, law: Mapping[str, Any]) -> str:
    """What the law calls its rate, in the reader's language where the pack has it."""
    return str(law["names"].get(t.lang) or law["names"]["en"])


def tell(t: Speech, row: DossierRow, law: Mapping[str, Any], catalogue: Catalogue) -> Told:
    """One law's figures in words."""
    edition = _packs(catalogue)[law["pack"]].edition(row.year)
    rated = tuple(_rated(t, row, each, edition) for each in law["rates"])
    doubts = {mark for each in law["rates"] for mark in str(each["caveat"] or "").split(",") if mark}
    return Told(
        law=law, name=law_name(t, law), reference=law["label"] == "reference_not_law_here",
        doubts=tuple(t.name("caveat", mark) for mark in sorted(doubts)), rated=rated,
        left=[
            [t.name("stage", each["stage"]), t.name("reason", each["reason"]), _material(t, each["material"]),
             t.mass(each["grams"])]
            for each in sorted(law["left_out"], key=lambda each: -each["grams"])
        ],
        left_total=t.mass(sum(each["grams"] for each in law["left_out"])),
    )  # fmt: skip


def _material(t: Speech, code: str | None) -> str:
    return t.name("material", code) if code else t("common.not_stated")


def _rated(t: Speech, row: DossierRow, each: Mapping[str, Any], edition: Edition) -> Rated:
    category = edition.materials.get(each["material"])
    rate = edition.rate(each["material"], each["rate_id"])
    read = [edition.quantities[name] for name in inputs(rate.numerator) if name in edition.quantities]
    stages = [stage for quantity in read for stage in quantity.stages]
    covers = category.covers if category else ()
    whole = category is not None and category.id == "all"
    href = ""
    if len(stages) == 1 and (whole or len(covers) == 1):
        href = figure_href(row.id, stage=stages[0], material="" if whole else covers[0])
    tone, verdict = _verdict(t, each)
    return Rated(
        material=each["material"], name=_category(t, category) if category else each["material"],
        rate=f"{t.number(Decimal(each['rate']))}%" if each["rate"] is not None else "–",
        note=t.name("why", each["rate_reason"].partition(":")[0]) if each["rate_reason"] else "",
        counted=_mass(t, each["numerator_grams"]), counted_means=", ".join(t.name("stage", stage) for stage in stages),
        counted_href=href, placed=_mass(t, each["denominator_grams"]), recovered=_mass(t, each["recovered_grams"]),
        target=f"{t.number(Decimal(each['target']))}%" if each["target"] else "–", tone=tone, verdict=verdict,
    )  # fmt: skip


def _category(t: Speech, category: Category) -> str:
    return str(category.names.get(t.lang) or category.names["en"])


def _mass(t: Speech, grams: int | None) -> str:
    return "–" if grams is None else t.mass(grams)


def _verdict(t: Speech, each: Mapping[str, Any]) -> tuple[str, str]:
    """Met, not met, or why no target decides."""
    if each["target_met"] is True:
        return "good", t("report.target_met")
    if each["target_met"] is False:
        return "bad", t("report.target_missed")
    reason = str(each["target_reason"] or "no_target").split(",")[0]
    return ("off" if reason in {"no_target", "no_rate"} else "warn"), t.name("why", reason)


def figure_href(number: int, **wanted: str) -> str:
    """The address of the events behind a figure."""
    query = urlencode({name: value for name, value in wanted.items() if value})
    return f"/reports/{number}/figure" + (f"?{query}" if query else "")
