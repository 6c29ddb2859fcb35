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
    """A law of a dossier for one page; `stages` are (stage, grams counted, grams left out), the largest first."""

    law: Mapping[str, Any]
    name: str
    reference: bool
    period: str
    doubts: tuple[str, ...]
    provisional: bool
    rated: tuple[Rated, ...]
    left: list[list[str]]
    stages: tuple[tuple[str, int, int], ...]

    @property
    def counted_grams(self) -> int:
        return sum(counted for _, counted, _ in self.stages)

    @property
    def left_grams(self) -> int:
        return sum(left for _, _, left in self.stages)


@lru_cache(maxsize=4)
def _packs(catalogue: Catalogue) -> Mapping[str, RulePack]:
    return packs(catalogue)


def law_name(t: Speech, law: Mapping[str, Any]) -> str:
    """What the law calls its rate, in the reader's language where the pack has it."""
    return str(law["names"].get(t.lang) or law["names"]["en"])


def tell(t: Speech, row: DossierRow, law: Mapping[str, Any], catalogue: Catalogue) -> Told:
    """One law's figures in words."""
    edition = _packs(catalogue)[law["pack"]].edition(row.year)
    reference = law["label"] == "reference_not_law_here"
    rated = tuple(_rated(t, row, each, edition, reference=reference) for each in law["rates"])
    doubts = {mark for each in law["rates"] for mark in str(each["caveat"] or "").split(",") if mark}
    return Told(
        law=law, name=law_name(t, law), reference=reference,
        period=f"{t.day(edition.calendar.first_day(row.year))} – {t.day(edition.calendar.last_day(row.year))}",
        doubts=tuple(t.name("caveat", mark) for mark in sorted(doubts)),
        provisional=any(mark.startswith("edition_") for mark in doubts), rated=rated,
        left=[
            [t.name("stage", each["stage"]), t.name("reason", each["reason"]), _material(t, each["material"]),
             tonnes(t, each["grams"])]
            for each in sorted(law["left_out"], key=lambda each: -each["grams"])
        ],
        stages=_stages(law, edition),
    )  # fmt: skip


def tonnes(t: Speech, grams: int) -> str:
    """Masses of a country are told in tonnes, exact."""
    return t.mass(grams, "t")


def _stages(law: Mapping[str, Any], edition: Edition) -> tuple[tuple[str, int, int], ...]:
    """In = counted + left out by this law: what its rates counted at their stages, and what they did not."""
    counted: dict[str, int] = {}
    left: dict[str, int] = {}
    for each in law["rates"]:
        category, stages = edition.materials.get(each["material"]), read_at(edition, each)
        if category is not None and not category.sum_of and len(stages) == 1:  # a total would count twice
            counted[stages[0]] = counted.get(stages[0], 0) + (each["numerator_grams"] or 0)
    for each in law["left_out"]:
        left[each["stage"]] = left.get(each["stage"], 0) + each["grams"]
    both = [(stage, counted.get(stage, 0), left.get(stage, 0)) for stage in {*counted, *left}]
    return tuple(sorted(both, key=lambda each: (-each[1] - each[2], each[0])))


def read_at(edition: Edition, each: Mapping[str, Any]) -> list[str]:
    """The stages of the ledger that the numerator of a rate reads."""
    rate = edition.rate(each["material"], each["rate_id"])
    read = [edition.quantities[name] for name in inputs(rate.numerator) if name in edition.quantities]
    return [stage for quantity in read for stage in quantity.stages]


def _material(t: Speech, code: str | None) -> str:
    return t.name("material", code) if code else t("common.not_stated")


def _rated(t: Speech, row: DossierRow, each: Mapping[str, Any], edition: Edition, *, reference: bool) -> Rated:
    category = edition.materials.get(each["material"])
    stages = read_at(edition, each)
    covers = category.covers if category else ()
    whole = category is not None and category.id == "all"
    href = ""
    if len(stages) == 1 and (whole or len(covers) == 1):
        href = figure_href(row.id, stage=stages[0], material="" if whole else covers[0], law=edition.pack)
    tone, verdict = ("off", t("report.reference")) if reference else _verdict(t, each)
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
    return "–" if grams is None else tonnes(t, grams)


def _verdict(t: Speech, each: Mapping[str, Any]) -> tuple[str, str]:
    """Met, not met, or why no target decides."""
    if each["target_met"] is True:
        return "good", t("report.target_met")
    if each["target_met"] is False:
        return "bad", t("report.target_missed")
    reason = str(each["target_reason"] or "no_target").split(",")[0]
    return ("off" if reason in {"no_target", "no_rate"} else "warn"), t.name("why", reason)


def other_year(t: Speech, row: DossierRow, pack: str, catalogue: Catalogue) -> str:
    """The law's own reporting year in words where it is not the calendar year, else nothing."""
    found = _packs(catalogue).get(pack)
    if found is None:
        return ""
    calendar = found.edition(row.year).calendar
    first, last = calendar.first_day(row.year), calendar.last_day(row.year)
    return "" if (first.month, first.day) == (1, 1) else f"{t.day(first)} – {t.day(last)}"


def figure_href(number: int, **wanted: str) -> str:
    """The address of the events behind a figure."""
    query = urlencode({name: value for name, value in wanted.items() if value})
    return f"/reports/{number}/figure" + (f"?{query}" if query else "")
