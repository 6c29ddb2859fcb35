"""Packs: an EPR law as editions of data, chosen by reporting year; what counts, by which formula, towards what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from standards.dated import Certainty, Dated, InForce, Reference, Status, least_sure
from standards.responsibility.duties.provisions import Duties
from standards.responsibility.formulas import Formula
from standards.responsibility.periods import YearCalendar

# Where a law stands towards a country: its own law, a total over members, or only a yardstick from elsewhere.
Label = Literal["law", "aggregate", "reference_not_law_here"]


class NoEdition(ValueError):
    """No edition of this pack speaks for that reporting year."""


class PackError(ValueError):
    """A pack contradicts itself; the sentence names file and place."""


@dataclass(frozen=True, slots=True)
class QuantitySource:
    """Where a quantity comes from: declarations, stages of the ledger, a publisher's code."""

    id: str
    means: str
    declared: bool
    stages: tuple[str, ...]
    codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Category:
    """A material or class of materials that the law counts by.

    `covers`: materials and families of our taxonomy; `sum_of`: categories it is the total of; `part_of`: a share of
    another category that is shown apart and never added to it.
    """

    id: str
    names: Mapping[str, str]
    codes: Mapping[str, str]
    covers: tuple[str, ...]
    sum_of: tuple[str, ...]
    part_of: str | None


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate for some categories: the two exact masses and the figure that is shown."""

    id: str
    materials: tuple[str, ...]
    numerator: Formula
    denominator: Formula
    figure: Formula
    reference: Reference
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class Deferral:
    """A later deadline: the targets that begin on `target_from` are not judged in these countries through `until`."""

    geos: tuple[str, ...]
    target_from: date
    until: date
    reference: Reference
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class Territory:
    """Where the law is law, and since when; `aliases` are codes that others use for the same country."""

    members: frozenset[str]
    aliases: Mapping[str, str]
    joined: Mapping[str, date]
    left: Mapping[str, date]
    aggregates: frozenset[str]
    certainty: Certainty

    def label_for(self, country: str, on: date) -> Label:
        """How a figure for this country must be labelled on that day."""
        code = self.aliases.get(country, country)
        if country in self.aggregates:
            return "aggregate"
        began, ended = self.joined.get(code, date.min), self.left.get(code, date.max)
        return "law" if code in self.members and began <= on <= ended else "reference_not_law_here"

    def codes_of(self, countries: Iterable[str]) -> tuple[str, ...]:
        """These countries with all the codes that others use for them."""
        own = set(countries)
        return tuple(sorted(own | {alias for alias, code in self.aliases.items() if code in own}))


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a law as it speaks for the reporting years from `first_year` to `last_year` (None: open)."""

    id: str
    pack: str
    names: Mapping[str, str]
    jurisdiction: str
    law: str
    status: Status
    certainty: Certainty
    years_certainty: Certainty
    valid_from: date | None
    valid_until: date | None
    first_year: int
    last_year: int | None
    calendar: YearCalendar
    time_zone: str
    calculation_point: str
    territory: Territory
    quantities: Mapping[str, QuantitySource]
    columns: Mapping[str, str]
    materials: Mapping[str, Category]
    assumes: tuple[str, ...]
    rates: tuple[Rate, ...]
    targets: Mapping[tuple[str, str], Dated[Decimal]]
    deferrals: tuple[Deferral, ...]
    duties: Duties
    digest: str = field(repr=False)

    def speaks_for(self, year: int) -> bool:
        return self.first_year <= year and (self.last_year is None or year <= self.last_year)

    def rate(self, material: str, rate_id: str | None = None) -> Rate:
        """The rate of a category; LookupError when this edition has none."""
        for rate in self.rates:
            if material in rate.materials and rate_id in (None, rate.id):
                return rate
        raise LookupError(f"{self.id} has no rate {rate_id or ''} for {material!r}")

    def target(self, material: str, *, on: date, rate_id: str | None = None) -> InForce[Decimal]:
        """The target in force that day, in percent; NotInForce when there is none, LookupError for unknown ones."""
        rate = self.rate(material, rate_id)
        if (rate.id, material) not in self.targets:
            raise LookupError(f"{self.id} sets no target for {rate.id} of {material!r}")
        return self.targets[rate.id, material].on(on)

    def deferral(self, geo: str, target_from: date, on: date) -> Deferral | None:
        """The later deadline that holds for a country on that day, if any."""
        code = self.territory.aliases.get(geo, geo)
        for deferral in self.deferrals:
            if code in deferral.geos and deferral.target_from == target_from and on <= deferral.until:
                return deferral
        return None

    def doubts(self, rate: Rate | None = None) -> tuple[str, ...]:
        """Codes that mark every figure of this edition (of this rate), and because of which no target is decided."""
        sure = (self.certainty, self.years_certainty, *((rate.certainty,) if rate else ()))
        unsure = least_sure(*sure) == "unverified"
        draft = ("edition_draft",) if self.status == "draft" else ()
        return (*draft, "edition_unverified") if unsure else draft

    def label_for(self, country: str, year: int) -> Label:
        """How a figure for this country and reporting year must be labelled: judged on the year's last day."""
        return self.territory.label_for(country, self.calendar.last_day(year))

    def by_code(self, scheme: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """The publisher's codes of this scheme: code -> category, and code -> quantity."""
        return (
            {category.codes[scheme]: category.id for category in self.materials.values() if scheme in category.codes},
            {source.codes[scheme]: source.id for source in self.quantities.values() if scheme in source.codes},
        )

    def totals(self) -> Mapping[str, frozenset[str]]:
        """Each category that is a total -> the categories below it that hold mass of their own."""
        return MappingProxyType({c.id: frozenset(self._below(c.id)) for c in self.materials.values() if c.sum_of})

    def _below(self, category: str) -> Iterable[str]:
        parts = self.materials[category].sum_of
        return (leaf for part in parts for leaf in self._below(part)) if parts else (category,)


@dataclass(frozen=True, slots=True)
class RulePack:
    """All editions of one law, in the order of their reporting years; they never overlap.

    Either all of them give rates or none does: a law without a rate has calculations only.
    """

    id: str
    editions: tuple[Edition, ...]

    def edition(self, year: int) -> Edition:
        """The edition that speaks for a reporting year; NoEdition otherwise."""
        for edition in self.editions:
            if edition.speaks_for(year):
                return edition
        raise NoEdition(f"{self.id} has no edition for the reporting year {year}")

    def label_for(self, country: str, year: int) -> Label:
        """How a figure for this country and reporting year must be labelled (a code; pages translate it)."""
        return self.edition(year).label_for(country, year)

    @property
    def digests(self) -> Mapping[str, str]:
        """Edition id -> sha256 of its file: what a figure names as the law that it was made by."""
        return {edition.id: edition.digest for edition in self.editions}
