"""Papers: the scope and transaction certificates that speak of a lot, and how each stands on a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.registry import Facility, Organisation
from standards.catalogue import Catalogue
from standards.conformity import Evidence, HeldDocument
from standards.trade.certifying import holds_edition
from traceability.certificates.scopes import Standing, standings
from traceability.certificates.tables import CertifiedLotRow, ScopeRow, TransactionRow
from traceability.tables import LotRow

State = Literal["stands", "suspended", "withdrawn", "outside"]
# A withdrawal outweighs a suspension, and that the dates.
STATES: Final[dict[str, State]] = {
    "SCOPE_WITHDRAWN": "withdrawn", "SCOPE_SUSPENDED_ON_SHIPMENT_DATE": "suspended",
    "SHIPMENT_OUTSIDE_SCOPE_VALIDITY": "outside",
}  # fmt: skip

DOUBTS: Final = {True: None, False: "EDITION_NOT_IN_SCOPE", None: "EDITION_NOT_STATED"}


@dataclass(frozen=True, slots=True)
class Paper:
    """A certificate of the record that covers a lot by maker, site and material; `whole`: a transaction certificate,
    together with the others of its scope, speaks of all that may be certified of the lot."""

    kind: Literal["scope", "transaction"]
    scheme: str
    number: str
    body: str
    state: State
    confirmed: bool
    valid_from: date
    valid_to: date | None
    editions: tuple[str, ...] | None
    whole: bool = True

    def documents(self, edition: str) -> tuple[HeldDocument, ...]:
        """As an edition of this scheme's standard reads it, under every name that it may ask for it by.

        A certificate of another edition, or of one that nobody stated, is shown and satisfies nothing.
        """
        doubt = DOUBTS[holds_edition(self.editions, edition)]
        names = {self.kind, f"{self.kind}_certificate", f"te_{self.kind}_certificate"}
        level = Evidence.E4 if self.confirmed else Evidence.E1
        status = "valid" if self.state in {"stands", "outside"} else self.state  # the dates speak for themselves
        return tuple(
            HeldDocument(name, level, status, self.valid_from, self.valid_from, self.valid_to, self.number, doubt)
            for name in sorted(names)
        )


TEXTILE_EXCHANGE: Final = ("grs", "rcs")
"""Schemes whose standards carry their owner's prefix in the catalogue."""


def standard_of(scheme: str) -> str:
    """The catalogue's standard of a scheme."""
    return f"te-{scheme}" if scheme in TEXTILE_EXCHANGE else scheme


def state_of(scope: Standing, catalogue: Catalogue, on: date) -> State:
    """How a scope certificate stands that day for what it covers."""
    row = scope.row
    reasons = scope.against(catalogue, on, row.materials[0], row.sites[0], row.editions[0] if row.editions else None)
    return next((state for reason, state in STATES.items() if reason in reasons), "stands")


async def papers_of(
    record: AsyncSession, catalogue: Catalogue, lots: Sequence[LotRow], on: date
) -> dict[int, tuple[Paper, ...]]:
    """By lot id, in a fixed number of statements; `record` reads with the record scope. Lots without any are left out.

    Which reader may be told of a transaction certificate is the caller's to know.
    """
    makers = {each.organisation_id for each in lots}
    scopes = await standings(record, ScopeRow.holder_id.in_(makers), most=None) if makers else []
    if not scopes:
        return {}
    names = await _bodies(record, scopes)
    sites = await _sites(record, lots)
    sold = await _transactions(record, lots)
    held: dict[int, list[Standing]] = {}
    for each in scopes:
        held.setdefault(each.row.holder_id, []).append(each)
    found: dict[int, tuple[Paper, ...]] = {}
    for lot in lots:
        mine = held.get(lot.organisation_id, ())
        covering = [each for each in mine if _covers(each, catalogue, lot, sites.get(lot.facility_id or 0), on)]
        own = [_scope_paper(each, catalogue, names, on) for each in covering]
        own += [paper for each in covering for paper in _sold(each, catalogue, names, sold, lot, on)]
        if own:
            found[lot.id] = tuple(own)
    return found


def _covers(scope: Standing, catalogue: Catalogue, lot: LotRow, site: str | None, on: date) -> bool:
    if site is None:
        return False
    edition = scope.row.editions[0] if scope.row.editions else None
    outside = {"MATERIAL_NOT_IN_SCOPE", "SITE_NOT_IN_SCOPE"}
    return outside.isdisjoint(scope.against(catalogue, on, lot.material, site, edition))


def _scope_paper(scope: Standing, catalogue: Catalogue, names: dict[str, str], on: date) -> Paper:
    row = scope.row
    return Paper(
        "scope", row.scheme, row.number, names.get(row.body, row.body), state_of(scope, catalogue, on),
        scope.evidence == "certifier", row.valid_from, row.valid_to, _editions(row),
    )  # fmt: skip


def _sold(
    scope: Standing, catalogue: Catalogue, names: dict[str, str], sold: Sequence[tuple[TransactionRow, int]],
    lot: LotRow, on: date,
) -> Iterable[Paper]:  # fmt: skip
    """The scope's transaction certificates of this lot; together they speak of the whole lot, or of a part of it."""
    mine = [(row, grams) for row, grams in sold if row.lot_id == lot.id and row.scope == scope.row.fact_index]
    whole = bool(mine) and sum(row.grams for row, _ in mine) >= mine[0][1]
    for row, _ in mine:
        yield Paper(
            "transaction", scope.row.scheme, row.number, names.get(scope.row.body, scope.row.body),
            state_of(scope, catalogue, row.shipped_on), True, row.shipped_on, None, _editions(scope.row), whole,
        )  # fmt: skip


def _editions(row: ScopeRow) -> tuple[str, ...] | None:
    return None if row.editions is None else tuple(row.editions)


async def _bodies(record: AsyncSession, scopes: Sequence[Standing]) -> dict[str, str]:
    wanted = select(Organisation.uri, Organisation.name).where(Organisation.uri.in_({each.row.body for each in scopes}))
    return {row.uri: row.name for row in await record.execute(wanted)}


async def _sites(record: AsyncSession, lots: Sequence[LotRow]) -> dict[int, str]:
    wanted = {each.facility_id for each in lots if each.facility_id is not None}
    rows = await record.execute(select(Facility.id, Facility.uri).where(Facility.id.in_(wanted)))
    return {row.id: row.uri for row in rows}


async def _transactions(record: AsyncSession, lots: Sequence[LotRow]) -> list[tuple[TransactionRow, int]]:
    """Those that stand, each with the grams of its lot."""
    rows = await record.execute(
        select(TransactionRow, CertifiedLotRow.lot_grams)
        .join(
            CertifiedLotRow,
            (CertifiedLotRow.lot_id == TransactionRow.lot_id) & (CertifiedLotRow.scope == TransactionRow.scope),
        )
        .where(TransactionRow.lot_id.in_([each.id for each in lots]), TransactionRow.cancelled_index.is_(None))
        .order_by(TransactionRow.fact_index)
    )
    return [(row[0], row[1]) for row in rows]
