"""Telling: an edition of a law in rows of text, in the reader's language as far as its data has it."""

from datetime import date
from typing import Any

from app.owing.writing import chosen, last_day
from app.words import Speech
from standards.dated import Reference
from standards.responsibility.comparing import Amount, DueDay, Said, code_names
from standards.responsibility.duties.parameters import Parameter, Texts
from standards.responsibility.packs import Edition

Row = dict[str, Any]


def place_named(t: Speech, code: str) -> str:
    """A country, or the Union."""
    return str(t.name("place", code)) if code == "EU" else t.country(code)


def name_of(t: Speech, edition: Edition) -> str:
    return chosen(edition.names, t.lang)


def years_told(t: Speech, edition: Edition) -> str:
    """The reporting years that it speaks for."""
    if edition.last_year is None:
        return t("law.years_from", first=edition.first_year)
    if edition.last_year == edition.first_year:
        return str(edition.first_year)
    return f"{edition.first_year}\N{EN DASH}{edition.last_year}"


def marks_of(edition: Edition) -> list[tuple[str, str]]:
    """(tone, key of the word) of what a reader must know first: a draft, a plan, a yardstick, what is unsure."""
    found = [("warn", "law.draft")] if edition.status == "draft" else []
    if edition.duties.standing != "law":
        found.append(("info", f"law.standing_{edition.duties.standing}"))
    return found + ([("warn", "law.unverified")] if "edition_unverified" in edition.doubts() else [])


def amount_told(t: Speech, amount: Amount) -> str:
    """1,980 JPY/t; 65 %."""
    unit = {"percent": "%", "count": "", "1": ""}.get(amount.unit, amount.unit)
    return f"{t.number(amount.value)}\N{NO-BREAK SPACE}{unit}".strip()


def said_told(t: Speech, said: Said | None) -> str:
    match said:
        case None:
            return "\N{EN DASH}"
        case Amount():
            return amount_told(t, said)
        case DueDay(day):
            return last_day(t, str(day))
        case texts:
            return chosen(texts, t.lang)


def named(t: Speech, names: tuple[Texts, ...]) -> str:
    return ", ".join(chosen(each, t.lang) for each in names)


def source_told(reference: Reference) -> tuple[str, str]:
    return reference.title, reference.href


def who_told(t: Speech, edition: Edition, who: tuple[str, ...]) -> str:
    names = {role.id: role.names for role in edition.duties.roles}
    return ", ".join(chosen(names[each], t.lang) for each in who)


def table_rows(t: Speech, edition: Edition, table: Parameter) -> list[Row]:
    """Every dated value of a table, by its keys and then by day."""
    rows = []
    for keys, dated in table.values.items():
        label = named(t, code_names(edition, table, keys))
        rows += [
            {"of": label, "since": t.day(row.since), "until": t.day(row.until) if row.until else "",
             "value": t("law.repealed") if row.value is None else amount_told(t, Amount(row.value, table.unit)),
             "source": source_told(row.reference), "certainty": row.certainty, "draft": row.status == "draft"}
            for row in dated.rows
        ]  # fmt: skip
    return rows


def deadline_rows(t: Speech, edition: Edition, year: int) -> list[Row]:
    """What is due for a reporting year, by day."""
    found = sorted(
        ((each.due.on(year, edition.calendar), each) for each in edition.duties.deadlines if each.holds(year)),
        key=lambda pair: str(pair[0]),
    )
    return [
        {"what": chosen(each.names, t.lang), "who": who_told(t, edition, each.who), "day": last_day(t, str(day)),
         "source": source_told(each.read.reference), "certainty": each.read.certainty}
        for day, each in found
    ]  # fmt: skip


def period_told(t: Speech, edition: Edition, year: int) -> str:
    first, last = edition.calendar.first_day(year), edition.calendar.last_day(year)
    return t("law.period", year=year, first=t.day(first), last=t.day(last))


def year_for(edition: Edition, on: date) -> int:
    """The reporting year of a day, within the years that the edition speaks for."""
    year = max(edition.calendar.year_of(on), edition.first_year)
    return year if edition.last_year is None else min(year, edition.last_year)
