"""The rule book's pages: browse it, hold a lot against it without an account, try a draft beside it."""

from typing import Final

from app.pages.rulebook import browsing, controlling, drafting, judging

ROUTES: Final = [*browsing.ROUTES, *judging.ROUTES, *drafting.ROUTES, *controlling.ROUTES]
