"""Evidence pages: values of laboratories, certificates of third parties, statements of makers: facts of the log."""

from typing import Final

from litestar import Response, get

from app.pages.evidence import certifying, issuing, measuring, scopes, scoping, stating
from app.pages.rendering import AnyRequest, show
from foundation.access import May


@get("/evidence", opt={"access": May("capture")}, include_in_schema=False)
async def evidence_page(request: AnyRequest) -> Response[str]:
    """What can be shown of a lot."""
    return show(request, "recycler/evidence.html")


ROUTES: Final = [
    evidence_page,
    *measuring.ROUTES,
    *certifying.ROUTES,
    *stating.ROUTES,
    *scopes.ROUTES,
    *scoping.ROUTES,
    *issuing.ROUTES,
]
