"""Movements: both sides' figures side by side, what they propose to change, and what the authority is asked for."""

from typing import Final

from app.pages.movements import acting, listing

ROUTES: Final = [*listing.ROUTES, *acting.ROUTES]
