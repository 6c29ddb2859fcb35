"""Owing: what do I owe, as pages: choose a law, say what you know, read every step; nothing is stored."""

from typing import Final

from app.pages.owing import page, sheets

ROUTES: Final = [*page.ROUTES, *sheets.ROUTES]
