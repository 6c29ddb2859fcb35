"""Importing pages: a firm's own sheet is sent, seen as it would be recorded, and then recorded."""

from typing import Final

from app.pages.importing import files, template

ROUTES: Final = [*template.ROUTES, *files.ROUTES]
