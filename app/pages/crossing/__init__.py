"""Crossing: the page "Can it cross?", for anyone, and the way to it from a lot."""

from app.pages.crossing.page import ROUTES

__all__ = ["ROUTES"]
