"""A regulator's pages: reports of the country's rates, and from each figure the way to the events behind it."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.auditing import figures, flows
from app.pages.rendering import AnyRequest, errors_of, form_of, show
from app.words import Speech
from foundation.access import SIGNED_IN, Actor, Organisation
from foundation.database import Clock
from foundation.errors import Refusal
from foundation.registry import Organisation as Firm
from foundation.settings import Settings
from reports.api import snapshots
from reports.behind import FactBehind, Figure, explain
from reports.dossier import Asked, dossier, dossiers, make
from reports.tables import DossierRow
from reports.years import year_typed
from standards.catalogue import Catalogue

REGULATOR: Final = Organisation("regulator")
ON_A_PAGE: Final = 50


def link(href: str, text: str) -> Markup:
    """A cell that leads somewhere."""
    return Markup('<a href="{}">{}</a>').format(href, text)


@get("/reports", opt={"access": SIGNED_IN}, include_in_schema=False)
async def reports_page(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor], clock: Given[Clock]
) -> Response[str]:
    """The reports issued for the reader's country, and the form for another."""
    return await _listed(request, record, actor, {"year": str(clock().year)})


async def _listed(
    request: AnyRequest, record: AsyncSession, actor: Actor, form: dict[str, str], refusal: Refusal | None = None
) -> Response[str]:
    t, mine = speech_of(request), "regulator" in actor.organisation_roles
    rows = [
        {"id": row.id, "year": row.year, "size": t.number(row.checkpoint_size), "when": t.moment(row.made_at, "UTC"),
         "laws": ", ".join(figures.law_name(t, law) for law in row.body["laws"]), "digest": row.digest[:12]}
        for row in (await dossiers(record, actor) if mine else ())
    ]  # fmt: skip
    return show(
        request, "regulator/reports.html", status=refusal.status if refusal else 200, rows=rows, mine=mine, form=form,
        country=t.country(actor.country), errors=errors_of(request, refusal) if refusal else [],
    )  # fmt: skip


@post("/reports", opt={"access": REGULATOR}, include_in_schema=False)
async def report_form(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor], settings: Given[Settings],
    catalogue: Given[Catalogue], clock: Given[Clock],
) -> Response[Any]:  # fmt: skip
    """Issue a report of a year on everything below the newest checkpoint."""
    form = {"year": "", **await form_of(request)}
    try:
        asked = Asked(actor.country, year_typed(form["year"], clock()))
        made = await make(record, actor, asked, catalogue, snapshots(settings), clock())
    except Refusal as refusal:
        return await _listed(request, record, actor, form, refusal)
    return Redirect(f"/reports/{made.id}", status_code=303)


@get("/reports/{number:int}", opt={"access": REGULATOR}, include_in_schema=False)
async def report_page(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    number: FromPath[int], law: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """One report: the rates of each law, in = counted + left out, the flows and the months."""
    row = await dossier(record, actor, number)
    t, body = speech_of(request), row.body
    chosen = next((each for each in body["laws"] if each["pack"] == law), _first(body["laws"]))
    told = figures.tell(t, row, chosen, catalogue)
    return show(
        request, "regulator/report.html", row=row, body=body, told=told, tonnes=partial(figures.tonnes, t),
        laws=[(each["pack"], figures.law_name(t, each), each is chosen) for each in body["laws"]],
        beside=[figures.tell(t, row, each, catalogue) for each in body["laws"] if each is not chosen],
        country=t.country(row.country), made=t.moment(row.made_at, "UTC"), **_pictures(t, row, told),
    )  # fmt: skip


def _first(laws: list[dict[str, Any]]) -> dict[str, Any]:
    """The country's own law before a yardstick from elsewhere, and recycling before collection."""
    return min(
        laws, key=lambda law: (law["label"] != "law", not any(r["rate_id"] == "recycling" for r in law["rates"]))
    )


def _pictures(t: Speech, row: DossierRow, told: figures.Told) -> dict[str, Any]:
    columns, months = flows.month_rows(t, row, told.law)
    sizes = (flows.WIDE, flows.NARROW)
    return {
        "bars": [flows.balance_bars(t, told, size) for size in sizes],
        "stages": flows.balance_rows(t, row, told.law), "flows": [flows.flow_picture(t, told.law, s) for s in sizes],
        "flow_rows": flows.flow_rows(t, told.law), "lines": [flows.month_picture(t, told.law, s) for s in sizes],
        "month_columns": columns, "month_rows": months,
    }  # fmt: skip


@get("/reports/{number:int}/figure", opt={"access": REGULATOR}, include_in_schema=False)
async def figure_page(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor], settings: Given[Settings],
    catalogue: Given[Catalogue], number: FromPath[int], law: FromQuery[str], of: FromQuery[str],
    rate: FromQuery[str | None] = None, material: FromQuery[str | None] = None, stage: FromQuery[str | None] = None,
    reason: FromQuery[str | None] = None, month: FromQuery[str | None] = None,
    start: Annotated[int, QueryParameter(ge=0)] = 0,
) -> Response[str]:  # fmt: skip
    """The facts behind a figure, a page at a time: counted again they make it, or this page refuses."""
    row, t = await dossier(record, actor, number), speech_of(request)
    figure = Figure(law, of, rate, material, stage, reason, month)
    found = await explain(record, row, catalogue, snapshots(settings), figure, start, ON_A_PAGE)
    named = await record.execute(
        select(Firm.uri, Firm.name).where(Firm.uri.in_({each.organisation for each in found.page}))
    )
    names = {each.uri: each.name for each in named}
    chosen = next(each for each in row.body["laws"] if each["pack"] == law)
    terms = [[term.means, figures.tonnes(t, term.grams) if term.grams is not None else "–"] for term in found.terms]
    newer = figures.figure_href(number, figure, max(0, start - ON_A_PAGE)) if start else ""
    return show(
        request, "regulator/figure.html", row=row, found=found, start=start, terms=terms if len(terms) > 1 else [],
        rows=[_behind(t, row, each, names) for each in found.page], newer=newer,
        older=figures.figure_href(number, figure, found.next) if found.next is not None else "",
        title=figures.figure_title(t, figure, chosen, catalogue, row.year), total=figures.tonnes(t, found.grams),
        country=t.country(row.country), period=figures.period(t, chosen),
    )  # fmt: skip


def _behind(t: Speech, row: DossierRow, each: FactBehind, names: Mapping[str, str]) -> list[Any]:
    """One line: the fact, when, who, what, where in the chain or why not counted, its grams and its proof."""
    declared = each.kind == "declaration"
    told = (
        t("report.declaration_version", index=t.number(each.index), version=each.version or 1)
        if declared
        else f"{t('common.event')} {t.number(each.index)}"
    )
    proof = f"/log/proof/inclusion?index={each.index}&size={row.checkpoint_size}"
    return [
        link(f"/events/{each.index}", told), str(each.day.year) if declared else t.day(each.day),
        names.get(each.organisation, each.organisation), t.name("material", each.material) if each.material else "",
        t.name("stage", each.stage), t.name("reason", each.reason) if each.reason else t("report.counted"),
        figures.tonnes(t, each.grams), link(proof, t("common.proof")),
    ]  # fmt: skip


ROUTES: Final = [reports_page, report_form, report_page, figure_page]
