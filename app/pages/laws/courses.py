"""Courses: how the figures of a law change over the years, over all its editions: a picture with its table beneath."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from markupsafe import Markup

from app.owing.writing import chosen
from app.pages.laws.telling import amount_told, named
from app.pictures import Line, lines
from app.words import Speech
from standards.responsibility.comparing import Amount, code_names
from standards.responsibility.packs import Edition, RulePack

AFTER = timedelta(days=730)  # so much of the last step is shown beyond the last change and today
MOST = 6  # lines that can be told apart in one picture

Steps = dict[date, tuple[Decimal | None, date | None]]


@dataclass(frozen=True)
class Course:
    """One table's figures: the picture for wide and narrow screens, the same as rows (what, since, until, value)."""

    title: str
    wide: Markup
    narrow: Markup
    rows: list[list[str]]


def courses(t: Speech, pack: RulePack, edition: Edition, today: date) -> list[Course]:
    """A course for each table of the edition that ever changed; at most six lines each, all of them in the table."""
    found = []
    for table in edition.duties.parameters.values():
        steps = {keys: _steps(pack, table.id, keys) for keys in table.values}
        changing = {keys: each for keys, each in steps.items() if len(each) > 1}
        if changing:
            title = f"{chosen(table.names, t.lang)} ({'%' if table.unit == 'percent' else table.unit})"
            labels = {keys: named(t, code_names(edition, table, keys)) or title for keys in changing}
            found.append(_course(t, title, table.unit, {labels[keys]: each for keys, each in changing.items()}, today))
    return found


def _steps(pack: RulePack, table: str, keys: tuple[str, ...]) -> Steps:
    """Every adopted (of a draft: drafted) value of this row over the editions, by its first day."""
    found: Steps = {}
    for edition in pack.editions:
        values = edition.duties.parameters[table].values if table in edition.duties.parameters else {}
        for row in values[keys].rows if keys in values else ():
            if row.status == "adopted" or edition.status == "draft":
                found[row.since] = (row.value, row.until)
    return dict(sorted(found.items()))


def _course(t: Speech, title: str, unit: str, series: dict[str, Steps], today: date) -> Course:
    end = max(today, *(max(steps) for steps in series.values())) + AFTER
    drawn = [Line(label, _points(steps, end)) for label, steps in list(series.items())[:MOST]]
    rows = [
        [label, t.day(since), t.day(until) if until else "",
         t("law.repealed") if value is None else amount_told(t, Amount(value, unit))]
        for label, steps in series.items() for since, (value, until) in steps.items()
    ]  # fmt: skip
    spoken = "; ".join(f"{label}, {since}: {value}" for label, since, _, value in rows)
    about = {"title": title, "description": spoken, "lang": t.lang, "measure": "number", "period": "day"}
    return Course(title, lines(drawn, **about), lines(drawn, width=328, height=260, **about), rows)  # type: ignore[arg-type]


def _points(steps: Steps, end: date) -> list[tuple[date, int | Decimal | None]]:
    """Level until the day of the next step, or the last day on which the value holds."""
    days, points = list(steps), list[tuple[date, int | Decimal | None]]()
    for at, (day, (value, until)) in enumerate(steps.items()):
        following = days[at + 1] if at + 1 < len(days) else end
        last = following if until is None or value is None else min(following, until)
        points += [(day, value), (last, value)]
        if (following - last).days > 1:
            points.append((last, None))
    return points
