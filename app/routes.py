"""Routes: every room's handlers, listed once."""

from collections.abc import Sequence
from typing import Final

from litestar.types import ControllerRouterHandler

from app.api import judging as judging_api
from app.api import standards as standards_api
from app.pages import (
    claiming,
    declaring,
    evidence,
    home,
    logbook,
    market,
    offering,
    public,
    recording,
    regulator,
    rulebook,
    stock,
    trading,
)
from marketplace import api as market_api
from reports import api as reports_api
from traceability.http import epcis, evaluations, log, lots

ROUTES: Final[Sequence[ControllerRouterHandler]] = [
    *home.ROUTES,
    *stock.ROUTES,
    *recording.ROUTES,
    *evidence.ROUTES,
    *offering.ROUTES,
    *declaring.ROUTES,
    *public.ROUTES,
    *market.ROUTES,
    *trading.ROUTES,
    *claiming.ROUTES,
    *regulator.ROUTES,
    *logbook.ROUTES,
    *rulebook.ROUTES,
    *epcis.ROUTES,
    *log.ROUTES,
    *lots.ROUTES,
    *evaluations.ROUTES,
    *market_api.ROUTES,
    *reports_api.ROUTES,
    *standards_api.ROUTES,
    *judging_api.ROUTES,
]
