"""The lineage page: where a lot's grams came from, what became of them, and who holds them now."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.passports import name_of
from app.pages.rendering import AnyRequest, show
from app.pictures import Link, Node, sankey
from app.words import Speech
from foundation.access import SIGNED_IN, Actor
from foundation.database import Clock
from standards.catalogue import Catalogue
from traceability.genealogy.lineage import Lineage, Related, lineage
from traceability.passport import Passport, find, passport
from traceability.tables import LotRow
from traceability.tree.checkpoint import Verifier

DRAWN: Final = 10
"""Sources drawn one by one; the rest is one band."""

WIDE, NARROW = 1040, 328


@get("/lineage", opt={"access": SIGNED_IN}, include_in_schema=False)
async def lineage_page(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor], verifiers: Given[Sequence[Verifier]],
    catalogue: Given[Catalogue], clock: Given[Clock], lot: FromQuery[str],
) -> Response[str]:  # fmt: skip
    """One lot's grams back to their first lots and forward to whoever holds them, as far as the reader may see."""
    t, row = speech_of(request), await find(record, uri=lot)
    seen = await passport(record, row, actor, verifiers, catalogue, clock().date())
    told = await lineage(record, row, actor, seen.reader)
    title = name_of(t, row.material, row.form)
    return show(
        request, "regulator/lineage.html", title=title, lot=row, may_recall=_may_recall(actor, row, seen),
        told=told, grams=t.mass(told.grams),
        wide=_picture(t, told, title, WIDE), narrow=_picture(t, told, title, NARROW),
        sources=[_row(t, each, told.grams) for each in told.sources],
        made=[_row(t, each, told.grams) for each in told.made],
        held=[(each.organisation or t("lineage.others"), each.lot, t.mass(each.grams)) for each in told.held],
    )  # fmt: skip


def _may_recall(actor: Actor, row: LotRow, seen: Passport) -> bool:
    """Its maker may call a lot back, and an authority of the country where it was made."""
    authority = "regulator" in actor.organisation_roles and seen.country == actor.country
    return "capture" in actor.roles and (authority or row.organisation_id == actor.organisation_id)


def _row(t: Speech, each: Related, whole: int) -> dict[str, Any]:
    """A lot up or down the chain in words, with the way to its event."""
    return {
        "name": name_of(t, each.material, each.form), "who": each.organisation or t("common.hidden_name"),
        "country": t.country(each.country or "ZZ"), "when": t.day(each.made_on) if each.made_on else "",
        "grams": t.mass(each.grams), "share": t.percent(Decimal(each.grams) / whole) if whole else "",
        "leaf": each.leaf_index,
    }  # fmt: skip


def _picture(t: Speech, told: Lineage, title: str, width: int) -> Markup | None:
    """The sources as ribbons into the lot; None where it is its own only source."""
    if len(told.sources) < 2:
        return None
    nodes = [Node(f"s{at}", _source(t, each), "collection") for at, each in enumerate(told.sources[:DRAWN])]
    links = [Link(f"s{at}", "lot", each.grams) for at, each in enumerate(told.sources[:DRAWN]) if each.grams]
    rest = sum(each.grams for each in told.sources[DRAWN:])
    if rest:
        nodes.append(Node("rest", t("lineage.rest", count=t.number(len(told.sources) - DRAWN)), "collection"))
        links.append(Link("rest", "lot", rest))
    nodes.append(Node("lot", title, "product"))
    return sankey(nodes, links, title=t("lineage.from"), description=t("lineage.text"), lang=t.lang, width=width)


def _source(t: Speech, each: Related) -> str:
    return f"{t.country(each.country or 'ZZ')}: {each.organisation or name_of(t, each.material, each.form)}"


ROUTES: Final = [lineage_page]
