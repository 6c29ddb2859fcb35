"""Facilities' pages: what is registered of them, and the forms that state more of it."""

from typing import Final

from app.pages.sites import registering, showing

ROUTES: Final = [*showing.ROUTES, *registering.ROUTES]
