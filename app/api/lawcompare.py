"""Two laws side by side for machines."""

from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery

from app.api.standards import day_asked
from app.owing.comparing import edition_named, told_difference
from foundation.access import PUBLIC
from foundation.database import Clock
from standards.catalogue import Catalogue
from standards.responsibility.comparing import differences


@get("/api/v1/laws-compare", opt={"access": PUBLIC})
async def compare_laws(
    catalogue: Given[Catalogue], clock: Given[Clock], left: FromQuery[str], right: FromQuery[str],
    on: FromQuery[str] = "",
) -> Response[Any]:  # fmt: skip
    """What two editions of laws (by id, such as jp-containers@1997) say on a day, subject by subject."""
    one, other = edition_named(catalogue, left, "left"), edition_named(catalogue, right, "right")
    day = day_asked(on, clock().date())
    told = [told_difference(line) for line in differences(one, other, day)]
    body = {"catalogue": catalogue.digest, "left": one.id, "right": other.id, "on": day.isoformat(), "lines": told}
    return Response(body, headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache"})


ROUTES: Final = [compare_laws]
