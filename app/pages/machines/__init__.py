"""Machines: what a firm's own programs sent here, and what is sent to them, for whoever looks after them."""

from typing import Final

from app.pages.machines import captures, queries, subscribing

ROUTES: Final = [*captures.ROUTES, *queries.ROUTES, *subscribing.ROUTES]
