"""Certified: offers narrowed to those that a scheme's certificate covers today, by its body's own account."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Invalid
from marketplace.reading import reading_record
from marketplace.search import Page, Search, search
from marketplace.tables import ListingRow
from standards.catalogue import Catalogue
from traceability.certificates.papers import Paper, papers_of
from traceability.certificates.scopes import SCHEME
from traceability.certificates.tables import ScopeRow, TransactionRow
from traceability.tables import LotRow


class Shown(StrEnum):
    """What a certificate speaks of: what its firm may do, or this very lot."""

    SCOPE = "scope"
    TRANSACTION = "transaction"


@dataclass(frozen=True, slots=True)
class Certified:
    """The certificate that a buyer asks for; without a scheme, none."""

    scheme: str = ""
    kind: Shown = Shown.SCOPE


async def search_certified(
    session: AsyncSession, actor: Actor, catalogue: Catalogue, wanted: Search, asked: Certified, today: date,
    cursor: str = "", limit: int = 20,
) -> Page:  # fmt: skip
    """`search` among the lots that a certificate of the scheme covers today; among all where none is asked for.

    Raises Invalid as `search` does, and for what is no scheme's code.
    """
    if asked.scheme:
        wanted = replace(wanted, lots=await certified(session, actor, catalogue, asked, today))
    return await search(session, wanted, cursor, limit)


async def certified(
    session: AsyncSession, actor: Actor, catalogue: Catalogue, asked: Certified, today: date
) -> frozenset[int]:
    """The ids of the offered lots whose maker's scope certificate stands today for their site and material.

    Or those with a transaction certificate of the whole lot, as far as the actor is told of it: the body, the seller
    and the buyer are. A certificate that is only its holder's word finds nothing. Raises Invalid.
    """
    if not SCHEME.fullmatch(asked.scheme):
        raise Invalid(
            "This is no scheme's code.", field="scheme", value=asked.scheme[:80], fix="Write one such as grs or rcs.",
        )  # fmt: skip
    holders = select(ScopeRow.holder_id).where(ScopeRow.scheme == asked.scheme)
    offered = select(ListingRow.lot_id).where(ListingRow.state == "published")
    async with reading_record(session, actor):
        rows = await session.scalars(
            select(LotRow).where(LotRow.id.in_(offered), LotRow.organisation_id.in_(holders)).order_by(LotRow.id)
        )
        papers = await papers_of(session, catalogue, rows.all(), today)
    found = frozenset(lot for lot, held in papers.items() if any(_stands(each, asked) for each in held))
    return found if asked.kind is Shown.SCOPE else await _told(session, found)


def _stands(paper: Paper, asked: Certified) -> bool:
    stands = paper.state == "stands" and paper.confirmed and paper.whole
    return stands and paper.scheme == asked.scheme and paper.kind == asked.kind.value


async def _told(session: AsyncSession, lots: frozenset[int]) -> frozenset[int]:
    """Those of whose transaction certificate the reader of this session may know."""
    rows = select(TransactionRow.lot_id).where(TransactionRow.cancelled_index.is_(None))
    return lots & frozenset(await session.scalars(rows))


async def certified_schemes(session: AsyncSession, actor: Actor) -> Sequence[str]:
    """The schemes of which anyone recorded a scope certificate, in order."""
    async with reading_record(session, actor):
        return (await session.scalars(select(ScopeRow.scheme).distinct().order_by(ScopeRow.scheme))).all()
