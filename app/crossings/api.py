"""The check over HTTP: public, without a key; the same shape as the command line's file."""

from typing import Any, Final

from litestar import post
from litestar.di import NamedDependency as Given
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from app.crossings.answers import checked, shown
from app.crossings.shapes import CrossingIn
from app.pages.asking import speech_of
from app.pages.rendering import AnyRequest
from foundation.access import PUBLIC
from standards.borders import FACTS
from standards.catalogue import Catalogue

SAYS: Final = f"""Can this lot cross, on this route and day: every gate with its outcome, its reason, its sources and
what is missing. The outcome is allowed, needs_consent, needs_data or forbidden; gates with `decides` false only inform.
A fact that is left out is unknown, and what is unknown permits nothing. `says` is in the language of Accept-Language or
`?lang=`. Nothing is recorded; no legal advice. Facts of a lot: {", ".join(sorted(FACTS))}."""


@post("/api/v1/crossings/check", opt={"access": PUBLIC}, status_code=HTTP_200_OK, description=SAYS)
async def check_crossing(
    request: AnyRequest, catalogue: Given[Catalogue], data: JSONBody[CrossingIn]
) -> dict[str, Any]:  # fmt: skip
    """Every gate of a crossing, with what is missing to open it."""
    return shown(speech_of(request), checked(catalogue, data), catalogue.digest)


ROUTES: Final = [check_crossing]
