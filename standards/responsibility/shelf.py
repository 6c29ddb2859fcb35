"""Shelf: the rule packs that the catalogue holds, read and checked against themselves."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from standards.catalogue import Catalogue, Document
from standards.dated import Dated, NotDated, dated, reference
from standards.responsibility.duties.reading import duties
from standards.responsibility.formulas import NotAFormula, RatioPercent, Rounded
from standards.responsibility.packs import (
    Category,
    Deferral,
    Edition,
    PackError,
    QuantitySource,
    Rate,
    RulePack,
    Territory,
)
from standards.responsibility.periods import YearCalendar
from standards.responsibility.reading import Names, formula
from standards.responsibility.sizes import checked, decimals


def laws(catalogue: Catalogue) -> Mapping[str, RulePack]:
    """Every rule pack by id; PackError where a document contradicts itself or two editions overlap."""
    found: dict[str, list[Edition]] = {}
    for document in catalogue.documents("rule-pack"):
        read = edition(document)
        found.setdefault(read.pack, []).append(read)
    return MappingProxyType({id: RulePack(id, _in_order(id, editions)) for id, editions in found.items()})


def packs(catalogue: Catalogue) -> Mapping[str, RulePack]:
    """The rule packs that give rates on a table of masses: what a recovery report is made by."""
    return MappingProxyType({id: pack for id, pack in laws(catalogue).items() if pack.editions[0].rates})


def pack(catalogue: Catalogue, id: str) -> RulePack:
    """One rule pack; LookupError names the packs there are."""
    known = laws(catalogue)
    if id not in known:
        raise LookupError(f"no rule pack {id!r} in the catalogue; known: {', '.join(sorted(known)) or 'none'}")
    return known[id]


def _in_order(id: str, editions: list[Edition]) -> tuple[Edition, ...]:
    ordered = sorted(editions, key=lambda edition: edition.first_year)
    for earlier, later in pairwise(ordered):
        if earlier.last_year is None or earlier.last_year >= later.first_year:
            raise PackError(f"{id}: {earlier.id} and {later.id} both speak for {later.first_year}")
    if len({bool(edition.rates) for edition in ordered}) > 1:
        raise PackError(f"{id}: some editions give rates and some do not; give them two packs")
    return tuple(ordered)


def edition(document: Document) -> Edition:
    """One document as an edition; PackError names the file and what contradicts what."""
    data = document.data
    try:
        edition = _read(document, data)
        _check(edition)
    except (NotAFormula, NotDated, LookupError, PackError) as error:
        raise PackError(f"{document.path}: {error}") from error
    return edition


def _read(document: Document, data: Mapping[str, Any]) -> Edition:
    sources, years, starts = data["sources"], data["reporting_years"], str(data["period"]["starts"])
    quantities = MappingProxyType({item["id"]: _quantity(item) for item in data.get("quantities", ())})
    targets = MappingProxyType({(t["rate"], t["material"]): _target(t, sources) for t in data.get("targets", ())})
    read_rate = partial(_rate, sources=sources, quantities=frozenset(quantities))
    return Edition(
        id=document.id,
        pack=data["pack"],
        names=data["names"],
        jurisdiction=data["jurisdiction"],
        law=data["law"],
        status=data["status"],
        certainty=data["certainty"],
        years_certainty=years["certainty"],
        valid_from=data["valid"].get("from"),
        valid_until=data["valid"].get("until"),
        first_year=years["from"],
        last_year=years.get("until"),
        calendar=YearCalendar(int(starts[:2]), int(starts[3:])),
        time_zone=data["period"]["time_zone"],
        calculation_point=data.get("calculation_point", ""),
        territory=_territory(data["territory"]),
        quantities=quantities,
        columns=data.get("columns", MappingProxyType({})),
        materials=MappingProxyType({item["id"]: _category(item) for item in data["materials"]}),
        assumes=data.get("assumes", ()),
        rates=tuple(map(read_rate, data.get("rates", ()))),
        targets=targets,
        deferrals=tuple(_deferral(item, sources) for item in data.get("deferrals", ())),
        duties=duties(data, targets),
        digest=document.digest,
    )


def _quantity(item: Mapping[str, Any]) -> QuantitySource:
    stages, codes = item.get("stages", ()), item.get("codes", MappingProxyType({}))
    return QuantitySource(item["id"], item["means"], item.get("declared", False), stages, codes)


def _category(item: Mapping[str, Any]) -> Category:
    codes = item.get("codes", MappingProxyType({}))
    below, covers = item.get("sum_of", ()), item.get("covers", ())
    return Category(item["id"], item["names"], codes, covers, below, item.get("part_of"))


def _rate(item: Mapping[str, Any], *, sources: Mapping[str, Any], quantities: frozenset[str]) -> Rate:
    names = Names(quantities)
    numerator = checked(formula(item["numerator"], names))
    denominator = checked(formula(item["denominator"], names))
    if decimals(numerator) or decimals(denominator):
        raise PackError(f"the rate {item['id']}: both terms are masses in whole grams, thresholds are decided on them")
    rounding, name = item["rounding"], f"rate {item['id']}"
    reference(f"rounding of the {name}", rounding["source"], sources)
    return Rate(
        item["id"],
        item["materials"],
        numerator,
        denominator,
        checked(Rounded(RatioPercent(numerator, denominator), rounding["mode"], rounding["decimals"])),
        reference(name, item["source"], sources),
        item["certainty"],
    )


def _target(item: Mapping[str, Any], sources: Mapping[str, Any]) -> Dated[Decimal]:
    return dated(f"target of {item['rate']} of {item['material']}", item["values"], sources, Decimal)


def _deferral(item: Mapping[str, Any], sources: Mapping[str, Any]) -> Deferral:
    source = reference("deferral", item["source"], sources)
    return Deferral(item["geos"], item["target_from"], item["until"], source, item["certainty"])


def _territory(item: Mapping[str, Any]) -> Territory:
    none: Mapping[str, Any] = MappingProxyType({})
    joined: Mapping[str, date] = item.get("joined", none)
    left: Mapping[str, date] = item.get("left", none)
    members, aggregates = frozenset(item["members"]), frozenset(item.get("aggregates", ()))
    return Territory(members, item.get("aliases", none), joined, left, aggregates, item["certainty"])


def _check(edition: Edition) -> None:
    for category in edition.materials.values():
        for other in (*category.sum_of, *filter(None, [category.part_of])):
            if other not in edition.materials:
                raise PackError(f"the material {category.id} speaks of {other!r}, which is not there")
    for rate in edition.rates:
        if unknown := set(rate.materials) - edition.materials.keys():
            raise PackError(f"the rate {rate.id} speaks of unknown materials {', '.join(sorted(unknown))}")
    for rate_id, material in edition.targets:
        edition.rate(material, rate_id)
    if unknown := set(edition.columns.values()) - edition.quantities.keys():
        raise PackError(f"columns speak of unknown quantities {', '.join(sorted(unknown))}")
