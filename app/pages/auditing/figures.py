"""Figures: the rates of a dossier in words, each with the way to the events behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from app import formats
from app.words import Speech
from reports.behind import Figure
from reports.counting import DECLARED
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
    counted: Markup
    counted_means: str
    placed: Markup
    recovered: Markup
    target: str
    tone: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Told:
    """A law of a dossier for one page; `stages` are (stage, grams counted, grams left out), the largest first.

    `declared` are the grams declared that the law counts, and those that it does not: never added to what moved.
    """

    law: Mapping[str, Any]
    name: str
    reference: bool
    period: str
    doubts: tuple[str, ...]
    provisional: bool
    rated: tuple[Rated, ...]
    left: list[list[str]]
    stages: tuple[tuple[str, int, int], ...]
    declared: tuple[int, int]

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
        law=law, name=law_name(t, law), reference=reference, period=period(t, law),
        doubts=tuple(t.name("caveat", mark) for mark in sorted(doubts)),
        provisional=any(mark.startswith("edition_") for mark in doubts), rated=rated,
        left=[
            [t.name("stage", each["stage"]), t.name("reason", each["reason"]), _material(t, each["material"]),
             linked(t, row, _left_out(law, each), each["grams"])]
            for each in sorted(law["left_out"], key=lambda each: -each["grams"])
        ],
        stages=tuple(each for each in _stages(law) if each[0] != DECLARED),
        declared=next(((counted, left) for stage, counted, left in _stages(law) if stage == DECLARED), (0, 0)),
    )  # fmt: skip


def period(t: Speech, law: Mapping[str, Any]) -> str:
    """The law's own reporting year, from its first day to its last."""
    return f"{t.day(date.fromisoformat(law['first_day']))} – {t.day(date.fromisoformat(law['last_day']))}"


def _left_out(law: Mapping[str, Any], each: Mapping[str, Any]) -> Figure:
    return Figure(law["pack"], "left_out", material=each["material"] or "", stage=each["stage"], reason=each["reason"])


def tonnes(t: Speech, grams: int) -> str:
    """Masses of a country are told in tonnes, exact."""
    return t.mass(grams, "t")


def _stages(law: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """In = counted + left out by this law, at every stage."""
    found: dict[str, tuple[int, int]] = {}
    for at, rows in enumerate((law["counted"], law["left_out"])):
        for each in rows:
            counted, left = found.get(each["stage"], (0, 0))
            found[each["stage"]] = (counted + each["grams"], left) if at == 0 else (counted, left + each["grams"])
    both = [(stage, counted, left) for stage, (counted, left) in found.items()]
    return sorted(both, key=lambda each: (-each[1] - each[2], each[0]))


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

    def mass(of: str) -> Markup:
        figure = Figure(edition.pack, of, rate=each["rate_id"], material=each["material"])
        return linked(t, row, figure, each[f"{of}_grams"])

    tone, verdict = ("off", t("report.reference")) if reference else _verdict(t, each)
    return Rated(
        material=each["material"], name=_category(t, category) if category else each["material"],
        rate=f"{t.number(Decimal(each['rate']))}%" if each["rate"] is not None else "–",
        note=t.name("why", each["rate_reason"].partition(":")[0]) if each["rate_reason"] else "",
        counted=mass("numerator"), counted_means=", ".join(t.name("stage", stage) for stage in stages),
        placed=mass("denominator"), recovered=mass("recovered"),
        target=f"{t.number(Decimal(each['target']))}%" if each["target"] else "–", tone=tone, verdict=verdict,
    )  # fmt: skip


def _category(t: Speech, category: Category) -> str:
    return str(category.names.get(t.lang) or category.names["en"])


def linked(t: Speech, row: DossierRow, figure: Figure, grams: int | None) -> Markup:
    """A mass of a dossier that leads to the facts behind it; a dash where there is none."""
    if grams is None:
        return Markup("–")
    return Markup('<a href="{}">{}</a>').format(figure_href(row.id, figure), tonnes(t, grams))


def _verdict(t: Speech, each: Mapping[str, Any]) -> tuple[str, str]:
    """Met, not met, or why no target decides."""
    if each["target_met"] is True:
        return "good", t("report.target_met")
    if each["target_met"] is False:
        return "bad", t("report.target_missed")
    reason = str(each["target_reason"] or "no_target").split(",")[0]
    return ("off" if reason in {"no_target", "no_rate"} else "warn"), t.name("why", reason)


def figure_href(number: int, figure: Figure, start: int = 0) -> str:
    """The address of the facts behind a figure."""
    more = {"start": str(start)} if start else {}
    return f"/reports/{number}/figure?{urlencode({**figure.query, **more})}"


def figure_title(t: Speech, figure: Figure, law: Mapping[str, Any], catalogue: Catalogue, year: int) -> str:
    """What a figure is of, in words: under which law, which mass, of what, where and why."""
    category = _packs(catalogue)[figure.law].edition(year).materials.get(figure.material or "")
    material = _category(t, category) if category and figure.rate else _material(t, figure.material)
    told = [
        law_name(t, law), t(f"report.{figure.of}"), material if figure.material is not None else "",
        t.name("stage", figure.stage) if figure.stage else "", t.name("reason", figure.reason) if figure.reason else "",
        formats.month(date.fromisoformat(f"{figure.month}-01"), t.lang) if figure.month else "",
    ]  # fmt: skip
    return " · ".join(filter(None, told))
