"""A regulator's pages: reports of the country's rates, and from each figure the way to the events behind it."""

from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import formats
from app.pages.asking import speech_of
from app.pages.auditing import figures, flows
from app.pages.rendering import AnyRequest, errors_of, form_of, show
from app.words import Speech
from foundation.access import SIGNED_IN, Actor, Organisation
from foundation.database import Clock
from foundation.errors import Invalid, Refusal
from foundation.registry import Organisation as Firm
from foundation.settings import Settings
from reports.api import snapshots
from reports.dossier import Asked, dossier, dossiers, events_behind, make
from reports.tables import DossierRow
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
        if not (form["year"].isdecimal() and 1990 <= int(form["year"]) <= clock().year):
            raise Invalid(
                f"{form['year']} is no year of the common era that has begun.", field="year", value=form["year"],
                fix=f"Write a year up to {clock().year}.",
            )  # fmt: skip
        asked = Asked(actor.country, int(form["year"]))
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
    columns, months = flows.month_rows(t, row, link)
    sizes = (flows.WIDE, flows.NARROW)
    return {
        "bars": [flows.balance_bars(t, told, size) for size in sizes],
        "stages": flows.balance_rows(t, row, link), "flows": [flows.flow_picture(t, row.body, s) for s in sizes],
        "flow_rows": flows.flow_rows(t, row.body), "lines": [flows.month_picture(t, row.body, s) for s in sizes],
        "month_columns": columns, "month_rows": months,
    }  # fmt: skip


@get("/reports/{number:int}/figure", opt={"access": REGULATOR}, include_in_schema=False)
async def figure_page(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor], settings: Given[Settings],
    catalogue: Given[Catalogue], number: FromPath[int], stage: FromQuery[str] = "", material: FromQuery[str] = "",
    month: FromQuery[str] = "",
    law: FromQuery[str] = "", after: FromQuery[int] = -1,
) -> Response[str]:  # fmt: skip
    """The events behind a figure, by index, a page at a time."""
    row, t = await dossier(record, actor, number), speech_of(request)
    wanted = {"stage": stage, "material": material, "month": month}
    found = await events_behind(record, row, snapshots(settings), wanted, after, ON_A_PAGE + 1)
    page, more = found[:ON_A_PAGE], len(found) > ON_A_PAGE
    named = await record.execute(select(Firm.uri, Firm.name).where(Firm.uri.in_({each.organisation for each in page})))
    names = {each.uri: each.name for each in named}
    rows = [
        [
            link(f"/events/{each.event_index}", t.number(each.event_index)), t.day(each.day),
            names.get(each.organisation, each.organisation), t.name("material", each.material),
            t("report.counted") if each.counted else t.name("reason", each.reason or "not_counted"),
            figures.tonnes(t, each.grams),
        ]
        for each in page
    ]  # fmt: skip
    older = figures.figure_href(number, **wanted, law=law, after=str(page[-1].event_index)) if more else ""
    told = [t.name("stage", stage) if stage else "", t.name("material", material) if material else "", _month(t, month)]
    return show(
        request, "regulator/figure.html", row=row, rows=rows, older=older, title=" · ".join(filter(None, told)),
        total=figures.tonnes(t, sum(each.grams for each in page)), country=t.country(row.country),
        other_year=figures.other_year(t, row, law, catalogue),
    )  # fmt: skip


def _month(t: Speech, month: str) -> str:
    """'2026-03' as 'Mar 2026'. Raises Invalid."""
    if not month:
        return ""
    try:
        return formats.month(flows.first_of(month), t.lang)
    except ValueError as error:
        raise Invalid(f"{month} is no month.", field="month", value=month, fix="Write it like 2026-03.") from error


ROUTES: Final = [reports_page, report_form, report_page, figure_page]
