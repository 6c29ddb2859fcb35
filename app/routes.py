"""Routes: every room's handlers, listed once."""

from collections.abc import Sequence
from typing import Final

from litestar.types import ControllerRouterHandler

from app.api import controls as controls_api
from app.api import judging as judging_api
from app.api import lawcompare as lawcompare_api
from app.api import lawdrafts as lawdrafts_api
from app.api import laws as laws_api
from app.api import standards as standards_api
from app.crossings import api as crossings_api
from app.pages import (
    cases,
    claiming,
    crossing,
    declaring,
    evidence,
    home,
    importing,
    laws,
    lineage,
    logbook,
    machines,
    market,
    movements,
    offering,
    owing,
    public,
    recalls,
    recording,
    regulator,
    rulebook,
    settling,
    sites,
    stock,
    trading,
)
from marketplace import api as market_api
from reports import api as reports_api
from traceability.http import accounts as accounts_api
from traceability.http import cases as cases_api
from traceability.http import certificates as certificates_api
from traceability.http import claims as claims_api
from traceability.http import epcis, evaluations, holds, imports, ledger, log, lots, statements, transactions, witness
from traceability.http import movements as movements_api
from traceability.http import recalls as recalls_api
from traceability.http import sites as sites_api

ROUTES: Final[Sequence[ControllerRouterHandler]] = [
    *home.ROUTES,
    *stock.ROUTES,
    *recording.ROUTES,
    *importing.ROUTES,
    *machines.ROUTES,
    *evidence.ROUTES,
    *sites.ROUTES,
    *offering.ROUTES,
    *declaring.ROUTES,
    *public.ROUTES,
    *market.ROUTES,
    *trading.ROUTES,
    *settling.ROUTES,
    *claiming.ROUTES,
    *regulator.ROUTES,
    *logbook.ROUTES,
    *lineage.ROUTES,
    *rulebook.ROUTES,
    *laws.ROUTES,
    *cases.ROUTES,
    *recalls.ROUTES,
    *movements.ROUTES,
    *crossing.ROUTES,
    *owing.ROUTES,
    *crossings_api.ROUTES,
    *epcis.ROUTES,
    *log.ROUTES,
    *witness.ROUTES,
    *lots.ROUTES,
    *statements.ROUTES,
    *claims_api.ROUTES,
    *accounts_api.ROUTES,
    *cases_api.ROUTES,
    *certificates_api.ROUTES,
    *transactions.ROUTES,
    *sites_api.ROUTES,
    *recalls_api.ROUTES,
    *movements_api.ROUTES,
    *imports.ROUTES,
    *holds.ROUTES,
    *ledger.ROUTES,
    *evaluations.ROUTES,
    *market_api.ROUTES,
    *reports_api.ROUTES,
    *standards_api.ROUTES,
    *judging_api.ROUTES,
    *controls_api.ROUTES,
    *lawcompare_api.ROUTES,
    *lawdrafts_api.ROUTES,
    *laws_api.ROUTES,
]
