"""Stock: what an organisation holds, each lot with all that is known of it, and the labels that carry its code."""

from typing import Final

from app.pages.stock import accounts, exporting, held, labels, ledger, lot

ROUTES: Final = [*held.ROUTES, *lot.ROUTES, *labels.ROUTES, *exporting.ROUTES, *ledger.ROUTES, *accounts.ROUTES]
