"""Showing: the facilities with their permits, hours, meters and visits; an authority asks for one by its identity."""

from typing import Any, Final

from babel.dates import get_day_names
from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.forms.choices import known_words
from app.pages.rendering import AnyRequest, errors_of, show
from app.words import Speech
from foundation.access import SIGNED_IN, Actor
from foundation.database import Clock
from foundation.errors import NotFound
from standards.catalogue import Catalogue
from traceability.http.sites import of_minute
from traceability.sites.reading import Registered, marks, registered
from traceability.sites.registering import PROCESSES

VISITORS: Final = frozenset({"regulator", "certifier"})
DONE: Final = ("permit", "end", "hours", "meter", "visit", "mark")


def weekdays(t: Speech) -> list[str]:
    """The days of the week, Monday first."""
    names = get_day_names("wide", context="stand-alone", locale=t.lang)
    return [str(names[each]) for each in range(7)]


def process_named(t: Speech, process: str) -> str:
    """A process by its step's name."""
    return str(t.name("biz_step", process)) if process in PROCESSES else process


def covered(t: Speech, catalogue: Catalogue, material: str) -> str:
    """A material, a family of it, or any."""
    if material == "*":
        return str(t("control.any"))
    known = known_words(catalogue)
    named = known.materials.get(material) or known.families.get(material)
    return str(named.names.get(t.lang) or named.names["en"]) if named else material


def days_named(t: Speech, days: list[int]) -> str:
    """Days of the week; a run of three or more by its ends."""
    names = weekdays(t)
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{names[days[0]]} – {names[days[-1]]}"
    return ", ".join(names[each] for each in days)


def _told(t: Speech, catalogue: Catalogue, each: Registered, clock: Clock) -> dict[str, Any]:
    today = clock().date()
    standing = {row["fact_index"] for row in each.permitted(today)}
    return {
        "name": each.facility.name, "uri": each.facility.uri, "place": t.country(each.facility.country),
        "zone": each.facility.time_zone,
        "permits": [
            {"number": row["number"], "authority": row["authority"], "process": process_named(t, row["process"]),
             "material": covered(t, catalogue, row["material"]),
             "day": t.mass(row["grams_per_day"]) if row["grams_per_day"] else "–",
             "year": t.mass(row["grams_per_year"]) if row["grams_per_year"] else "–",
             "from": t.day(row["valid_from"]), "to": t.day(row["valid_to"]) if row["valid_to"] else "",
             "stands": row["fact_index"] in standing, "index": row["fact_index"], "ended": row["ended"] is not None,
             "because": row["statement"] or ""}
            for row in each.permits
        ],
        "hours": [(t.day(row["valid_from"]), f"{of_minute(row['opens'])} – {of_minute(row['closes'])}",
                   days_named(t, row["weekdays"])) for row in each.hours],
        "meters": [(t.day(row["first_day"]), t.day(row["last_day"]), kilowatt_hours(t, row["watt_hours"]))
                   for row in each.meters],
        "visits": [(t.day(row["day"]), row["visitor"], row["statement"]) for row in each.visits],
    }  # fmt: skip


def kilowatt_hours(t: Speech, watt_hours: int) -> str:
    """Energy as meters show it."""
    whole, rest = divmod(watt_hours, 1_000)
    return f"{t.number(whole)} kWh" if not rest else f"{t.number(watt_hours)} Wh"


@get("/sites", opt={"access": SIGNED_IN}, include_in_schema=False)
async def sites_page(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    clock: Given[Clock], facility: FromQuery[str] = "", done: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """The organisation's facilities, or the one that was asked for, with everything registered of them."""
    t, errors = speech_of(request), list[dict[str, str]]()
    try:
        found = await registered(record, actor, facility.strip() or None)
    except NotFound as refusal:
        found, errors = [], errors_of(request, refusal)
    visitor = bool(VISITORS & actor.organisation_roles)
    own = [t(f"premises_mark.{kind}") for kind, _ in await marks(record, actor.organisation_id)]
    flashes = [{"tone": "good", "text": t("premises.done")}] if done in DONE else []
    return show(
        request, "recycler/sites.html", status=404 if errors else 200, errors=errors, facility=facility,
        sites=[_told(t, catalogue, each, clock) for each in found], visitor=visitor, may="capture" in actor.roles,
        own={each.facility.uri for each in found if each.facility.organisation_id == actor.organisation_id},
        authority="regulator" in actor.organisation_roles, marks=own, flashes=flashes,
    )  # fmt: skip


ROUTES: Final = [sites_page]
