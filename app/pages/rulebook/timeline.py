"""Timeline: a limit over the years as a picture, its steps as a table beneath."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from markupsafe import Markup

from app.pages.passports import unit_shown
from app.pages.rulebook.naming import bound_named
from app.pictures import Line, lines
from app.words import Speech
from standards.conformity.comparing import Course

AFTER = timedelta(days=365)  # so much of the last step is shown beyond the last change and today


@dataclass(frozen=True)
class Shown:
    """A picture for wide and for narrow screens, with the same as rows."""

    title: str
    wide: Markup
    narrow: Markup
    rows: list[list[str]]


def course_picture(t: Speech, course: Course, name: str, today: date) -> Shown:
    """The course of one limit: level until the day of the next step."""
    end = max(today, course.steps[-1][0]) + AFTER
    points: list[tuple[date, int | Decimal]] = []
    for at, (day, bound) in enumerate(course.steps):
        next_day = course.steps[at + 1][0] if at + 1 < len(course.steps) else end
        points += [(day, bound.value), (next_day, bound.value)]
    title = f"{name} ({unit_shown(course.unit)}) · {course.clause}"
    rows = [[t.day(day), bound_named(t, bound)] for day, bound in course.steps]
    spoken = "; ".join(f"{day}: {limit}" for day, limit in rows)
    line = Line(f"{name}, {course.clause}", points)
    drawn = {"title": title, "description": spoken, "lang": t.lang, "measure": "number", "period": "day"}
    return Shown(title, lines([line], **drawn), lines([line], width=328, height=240, **drawn), rows)  # type: ignore[arg-type]
