"""Held: what an organisation has, by what the ledger says now, and what is on its way to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from litestar import Response, get
from litestar.di import NamedDependency as Given
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.passports import name_of
from app.pages.rendering import AnyRequest, show
from app.words import Speech
from foundation.access import SIGNED_IN, Actor
from traceability.holdings import Holding, holdings

MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Held:
    """A holding in words; masses of nothing are empty, so that a card shows only what there is."""

    holding: Holding
    name: str
    day: str
    free: str
    reserved: str
    claimed: str
    code: str
    href: str


def lot_page(lot: str) -> str:
    """The address of a lot's own page."""
    return f"/stock/lot?uri={quote(lot, safe='')}"


def held_of(t: Speech, each: Holding) -> Held:
    """One holding in words."""
    return Held(
        each, name_of(t, each.material, each.form), t.day(each.made_on), t.mass(each.free),
        t.mass(each.reserved) if each.reserved else "", t.mass(each.claimed_content) if each.claimed_content else "",
        each.lot[-6:], lot_page(each.lot),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sum:
    """All lots of one material and form together."""

    name: str
    code: str
    free: str
    lots: int


def sums(t: Speech, held: Sequence[Holding]) -> list[Sum]:
    """Free mass by material and form, the largest first."""
    found: dict[tuple[str, str], list[int]] = {}
    for each in held:
        found.setdefault((each.material, each.form), []).append(each.free)
    ordered = sorted(found.items(), key=lambda row: -sum(row[1]))
    return [
        Sum(name_of(t, material, form), f"{material}/{form}", t.mass(sum(free)), len(free))
        for (material, form), free in ordered
    ]


@get("/stock", opt={"access": SIGNED_IN}, include_in_schema=False)
async def stock_page(request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor]) -> Response[str]:
    """Free and total mass, the sums by material, every lot; `of` narrows to one material and form."""
    t, wanted = speech_of(request), request.query_params.get("of", "")
    everything = await holdings(transaction, actor.organisation_id)
    held = [each for each in everything if not wanted or wanted == f"{each.material}/{each.form}"]
    coming = await holdings(transaction, actor.organisation_id, account="transit")
    return show(
        request, "recycler/stock.html", lots=[held_of(t, each) for each in held[:MOST]], more=len(held[MOST:]),
        coming=[held_of(t, each) for each in coming], sums=sums(t, everything), wanted=wanted,
        free=t.mass(sum(each.free for each in everything)),
        total=t.mass(sum(each.free + each.reserved for each in everything)),
    )  # fmt: skip


ROUTES: Final = [stock_page]
