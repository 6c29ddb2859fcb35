"""The laws' pages: browse them, one whole with the course of its figures, two side by side, a draft beside."""

from typing import Final

from app.pages.laws import browsing, comparing, drafting

ROUTES: Final = [*comparing.ROUTES, *drafting.ROUTES, *browsing.ROUTES]
