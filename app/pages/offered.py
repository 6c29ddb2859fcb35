"""Offered: listings as a buyer reads them: price, what is free, what it meets, what is measured, who certifies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.conditions import conditions_told
from app.pages.passports import name_of, property_name, standard_name, unit_shown
from app.pages.rulebook.naming import want_named
from app.words import Speech
from foundation.registry import Organisation
from marketplace.conditions import conditions_of
from marketplace.tables import ListingPropertyRow, ListingRow
from standards.catalogue import Catalogue
from standards.materials import Taxonomy, taxonomy
from traceability.certificates.papers import Paper, papers_of, standard_of
from traceability.tables import CertificateRow, LotRow

ON_A_CARD: Final = 3


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict of the listing day: the standard by name, its grade, and what is missing in words."""

    standard: str
    verdict: str
    grade: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offered:
    """A listing in the reader's words; `free` is asked of the ledger now, None where nothing is offered any more."""

    row: ListingRow
    title: str
    price: str
    free_grams: int
    free: str
    smallest: str
    country: str
    seller: str
    incoterm: str
    judged: tuple[Judged, ...]
    certificate: str
    lost: str
    measured: tuple[tuple[str, str], ...]
    conditions: tuple[tuple[str, str], ...]

    @property
    def short(self) -> tuple[tuple[str, str], ...]:
        """The first few measured properties, for a card."""
        return self.measured[:ON_A_CARD]


async def told(
    t: Speech, record: AsyncSession, rows: Sequence[ListingRow], free: Mapping[int, int], catalogue: Catalogue,
    today: date,
) -> list[Offered]:  # fmt: skip
    """Listings in words. `record` reads with the record scope: certificates and public names of the sellers."""
    measured = await _measured(record, rows)
    papers = await _certificates(record, rows, today)
    scopes = await _scopes(record, rows, catalogue, today)
    firms = await record.scalars(select(Organisation).where(Organisation.id.in_({row.organisation_id for row in rows})))
    sellers = {each.id: each for each in firms}
    return [
        Offered(
            row=row, title=name_of(t, row.material, row.form), price=priced(t, row.price, row.currency),
            free_grams=free.get(row.id, 0), free=t.mass(free.get(row.id, 0)), smallest=t.mass(row.smallest_grams),
            country=t.country(row.country), seller=firm_named(t, sellers[row.organisation_id]), incoterm=row.incoterm,
            judged=tuple(_judged(t, each, catalogue) for each in row.verdicts),
            certificate=_paper(t, papers.get(row.id), catalogue) or _standing(t, scopes.get(row.lot_id, ()), catalogue),
            lost=_lost(t, scopes.get(row.lot_id, ()), catalogue),
            measured=tuple(
                (property_name(t, each.property, catalogue), f"{t.number(each.value)} {unit_shown(each.unit)}".strip())
                for each in measured.get(row.id, ())
            ),
            conditions=tuple(conditions_told(t, conditions_of(row.conditions))),
        )
        for row in rows
    ]  # fmt: skip


def priced(t: Speech, amount: Decimal, currency: str) -> str:
    """Money without the zeros that say nothing: 'JPY 118,500', 'USD 0.25'."""
    whole = amount.to_integral_value()
    if amount == whole:
        return f"{currency}\u00a0{t.number(int(whole))}"
    return t.money(amount.normalize(), currency)


def firm_named(t: Speech, firm: Organisation | None) -> str:
    """A firm as the other side of the market is told of it: by name where that is public, else by role and country."""
    if firm is None:
        return t("common.hidden_name")
    if firm.name_public:
        return firm.name
    return t.party(firm.roles[0], firm.country, verified=True) if firm.roles else t("common.hidden_name")


def _judged(t: Speech, verdict: Mapping[str, Any], catalogue: Catalogue) -> Judged:
    wants = [want for each in verdict.get("missing") or () for want in each.get("wants") or ()]
    return Judged(
        standard_name(t, verdict["standard"], catalogue), str(verdict["verdict"]), str(verdict.get("grade") or ""),
        tuple(dict.fromkeys(want_named(t, want, catalogue) for want in wants)),
    )  # fmt: skip


def _paper(t: Speech, row: CertificateRow | None, catalogue: Catalogue) -> str:
    return (
        "" if row is None else t("market.certified", name=_short(t, row.standard, catalogue), day=t.day(row.valid_to))
    )


def _standing(t: Speech, papers: Sequence[Paper], catalogue: Catalogue) -> str:
    """The scope certificate of a body's own account that stands today, where there is one."""
    for each in papers:
        if each.state == "stands" and each.confirmed and each.valid_to:
            name = _short(t, standard_of(each.scheme), catalogue)
            return str(t("market.certified", name=name, day=t.day(each.valid_to)))
    return ""


def _lost(t: Speech, papers: Sequence[Paper], catalogue: Catalogue) -> str:
    """The scope certificates that do not stand any more, each with what became of it."""
    gone = [each for each in papers if each.state in {"suspended", "withdrawn"}]
    words = {
        f"{_short(t, standard_of(each.scheme), catalogue)}: {t(f'scope_certificate.{each.state}')}" for each in gone
    }
    return "; ".join(sorted(words))


def schemes_named(t: Speech, schemes: Sequence[str], catalogue: Catalogue) -> list[tuple[str, str]]:
    """Schemes to choose from, by the names of their standards."""
    return [(each, _short(t, standard_of(each), catalogue)) for each in schemes]


def _short(t: Speech, code: str, catalogue: Catalogue) -> str:
    """The short name in brackets where a standard's title has one: 'GRS'."""
    name = standard_name(t, code, catalogue)
    head, bracket, tail = name.replace("（", "(").replace("）", ")").rpartition("(")
    return tail.removesuffix(")") if head and bracket and tail.endswith(")") else name


async def _measured(record: AsyncSession, rows: Sequence[ListingRow]) -> dict[int, list[ListingPropertyRow]]:
    found = await record.scalars(
        select(ListingPropertyRow)
        .where(ListingPropertyRow.listing_id.in_([row.id for row in rows]))
        .order_by(ListingPropertyRow.listing_id, ListingPropertyRow.property)
    )
    grouped: dict[int, list[ListingPropertyRow]] = {}
    for each in found:
        grouped.setdefault(each.listing_id, []).append(each)
    return grouped


async def _scopes(
    record: AsyncSession, rows: Sequence[ListingRow], catalogue: Catalogue, on: date
) -> dict[int, list[Paper]]:
    """The scope certificates of the listed lots' makers as they stand today, by lot."""
    lots = (await record.scalars(select(LotRow).where(LotRow.id.in_([row.lot_id for row in rows])))).all()
    found = await papers_of(record, catalogue, lots, on)
    return {lot: [each for each in papers if each.kind == "scope"] for lot, papers in found.items()}


async def _certificates(record: AsyncSession, rows: Sequence[ListingRow], on: date) -> dict[int, CertificateRow]:
    """One valid certificate per listing: of the lot itself before one of the seller's scope."""
    found = await record.scalars(
        select(CertificateRow)
        .where(CertificateRow.valid_from <= on, CertificateRow.valid_to >= on)
        .where(
            or_(
                CertificateRow.lot_id.in_([row.lot_id for row in rows]),
                CertificateRow.lot_id.is_(None)
                & CertificateRow.organisation_id.in_([row.organisation_id for row in rows]),
            )
        )
        .order_by(CertificateRow.id)
    )
    papers = found.all()
    of_lot = {each.lot_id: each for each in papers if each.lot_id is not None}
    of_firm = {each.organisation_id: each for each in papers if each.lot_id is None}
    chosen = {row.id: of_lot.get(row.lot_id) or of_firm.get(row.organisation_id) for row in rows}
    return {number: paper for number, paper in chosen.items() if paper is not None}


@lru_cache(maxsize=4)
def _taxonomy(catalogue: Catalogue) -> Taxonomy:
    return taxonomy(catalogue)


def materials(t: Speech, catalogue: Catalogue) -> list[tuple[str, str]]:
    """Every material as a choice, families first within themselves."""
    known = _taxonomy(catalogue)
    families = [(code, str(each.names.get(t.lang) or each.names["en"])) for code, each in known.families.items()]
    below = [(code, str(each.names.get(t.lang) or each.names["en"])) for code, each in known.materials.items()]
    return sorted(families + below, key=lambda each: each[0])


def forms(t: Speech, catalogue: Catalogue) -> list[tuple[str, str]]:
    """Every form as a choice."""
    return [
        (code, str(each.names.get(t.lang) or each.names["en"])) for code, each in _taxonomy(catalogue).forms.items()
    ]
