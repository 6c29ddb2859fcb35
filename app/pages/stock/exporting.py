"""Exporting: the stock as a file, with its columns named as an import names them, and masses exact in kilograms."""

import asyncio
from decimal import Decimal
from typing import Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.sheets import CSV, XLSX, Cell, csv_of, download, xlsx_of
from foundation.access import SIGNED_IN, Actor
from foundation.errors import NotFound
from foundation.registry import facilities
from traceability.composing import kilograms
from traceability.holdings import Holding, holdings

COLUMNS: Final = (
    "lot", "material", "form", "custody", "day", "facility", "account", "free_kg", "reserved_kg", "claimed_epr_kg",
    "claimed_content_kg", "claimed_credit_kg",
)  # fmt: skip


def _row(each: Holding, places: dict[int, str]) -> list[Cell]:
    masses = (each.free, each.reserved, each.claimed_epr, each.claimed_content, each.claimed_credit)
    exact: list[Decimal] = [kilograms(grams) for grams in masses]
    place = places.get(each.facility_id or 0, "")
    return [
        each.lot,
        each.material,
        each.form,
        each.custody or "",
        each.made_on.isoformat(),
        place,
        each.account,
        *exact,
    ]


@get("/stock/export/{kind:str}", opt={"access": SIGNED_IN}, include_in_schema=False)
async def stock_file(transaction: Given[AsyncSession], actor: Given[Actor], kind: FromPath[str]) -> Response[bytes]:
    """Everything that the organisation holds, and what is on its way to it, as `csv` or `xlsx`."""
    if kind not in {"csv", "xlsx"}:
        raise NotFound("There is no such file.", field="kind", value=kind, fix="Use csv or xlsx.")
    places = {each.id: each.name for each in await facilities(transaction, actor.organisation_id)}
    held = [
        each for account in ("stock", "transit")
        for each in await holdings(transaction, actor.organisation_id, account=account)
    ]  # fmt: skip
    rows = [_row(each, places) for each in held]
    if kind == "csv":
        return download(csv_of(COLUMNS, rows), CSV, "stock.csv")
    return download(await asyncio.to_thread(xlsx_of, "stock", COLUMNS, rows), XLSX, "stock.xlsx")


ROUTES: Final = [stock_file]
