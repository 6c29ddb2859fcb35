"""Refusals of a report: what is our own fault is told as such, never shown as a figure."""

from typing import ClassVar

from foundation.errors import Refusal


class NotExplained(Refusal):
    """A figure and the facts found behind it do not agree to the gram: the platform's own fault."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "FIGURE_NOT_EXPLAINED"
