"""Comparing: two editions or two countries' laws side by side on a day."""

from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery

from app.api.standards import day_asked
from app.owing.book import laws_of
from app.owing.comparing import edition_named
from app.pages.asking import speech_of
from app.pages.laws.telling import name_of, named, place_named, said_told, years_told
from app.pages.rendering import AnyRequest, errors_of, show
from foundation.access import PUBLIC
from foundation.database import Clock
from foundation.errors import Invalid
from standards.catalogue import Catalogue
from standards.responsibility.comparing import SECTIONS, Line, differences


@get("/laws/compare", opt={"access": PUBLIC}, include_in_schema=False)
async def compare_page(
    request: AnyRequest, catalogue: Given[Catalogue], clock: Given[Clock], left: FromQuery[str] = "",
    right: FromQuery[str] = "", on: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """What two laws say on a day, subject by subject."""
    t, today = speech_of(request), clock().date()
    told: dict[str, Any] = {"sections": [], "names": None, "day": ""}
    errors: list[dict[str, str]] = []
    if left and right:
        try:
            one, other = edition_named(catalogue, left, "left"), edition_named(catalogue, right, "right")
            day = day_asked(on, today)
            found = differences(one, other, day)
            told = {
                "names": [f"{name_of(t, each)} ({years_told(t, each)})" for each in (one, other)], "day": t.day(day),
                "sections": [
                    (t(f"law.section_{section}"),
                     [{"subject": t.name("aspect", line.subject) if section == "counting" else named(t, line.names),
                       "left": said_told(t, line.left), "right": said_told(t, line.right), "state": _state(line)}
                      for line in found if line.section == section])
                    for section in SECTIONS if any(line.section == section for line in found)
                ],
            }  # fmt: skip
        except Invalid as refusal:
            errors = errors_of(request, refusal)
    known_ones = [
        (each.id, f"{place_named(t, each.jurisdiction)}: {name_of(t, each)} ({years_told(t, each)})")
        for pack in laws_of(catalogue).values() for each in pack.editions
    ]  # fmt: skip
    return show(
        request, "public/law_compare.html", status=400 if errors else 200, errors=errors,
        form={"left": left, "right": right, "on": on}, known=sorted(known_ones, key=lambda pair: pair[1]), **told,
    )  # fmt: skip


def _state(line: Line) -> str:
    if line.same:
        return "same"
    return "different" if line.left is not None and line.right is not None else "one_only"


ROUTES: Final = [compare_page]
