"""Routes: every room's handlers, listed once."""

from collections.abc import Sequence
from typing import Final

from litestar.types import ControllerRouterHandler

from reports import api as reports_api
from traceability import epcisapi, logapi, recordapi

ROUTES: Final[Sequence[ControllerRouterHandler]] = [
    *epcisapi.ROUTES,
    *logapi.ROUTES,
    *recordapi.ROUTES,
    *reports_api.ROUTES,
]
