"""Scope and transaction certificates as their holder, their body and a buyer see them, with how they stand today."""

from typing import Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.rendering import AnyRequest, show
from foundation.access import Actor, May
from foundation.database import Clock
from foundation.registry import Organisation
from standards.catalogue import Catalogue
from traceability.certificates.papers import state_of
from traceability.certificates.reading import transactions
from traceability.certificates.scopes import standings


@get("/evidence/scopes", opt={"access": May("capture")}, include_in_schema=False)
async def scopes_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    clock: Given[Clock],
) -> Response[str]:  # fmt: skip
    """Every scope and transaction certificate that this organisation holds, issued or received."""
    t, today = speech_of(request), clock().date()
    found = await standings(transaction)
    wanted = select(Organisation.uri, Organisation.name).where(Organisation.uri.in_([each.row.body for each in found]))
    names = {row.uri: row.name for row in await transaction.execute(wanted)}
    scopes = [
        (each.row.scheme, each.row.number, each.row.fact_index, names.get(each.row.body, each.row.body),
         t.day(each.row.valid_from), t.day(each.row.valid_to),
         each.evidence, state_of(each, catalogue, today))
        for each in found
    ]  # fmt: skip
    papers = [
        (row.number, t.mass(row.grams), t.mass(row.used), t.day(row.shipped_on), row.cancelled_index is not None)
        for row in await transactions(transaction)
    ]
    return show(request, "recycler/scopes.html", scopes=scopes, papers=papers, may="capture" in actor.roles)


ROUTES: Final = [scopes_page]
