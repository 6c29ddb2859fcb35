"""Offering: lots are listed with what the standards say of them today, and offers are answered."""

from typing import Final

from app.pages.offering import listing, offers

ROUTES: Final = [*listing.ROUTES, *offers.ROUTES]
