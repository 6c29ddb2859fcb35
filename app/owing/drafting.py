"""Drafts: a draft law from a stranger's text, and the table of cases on which it stands beside the law in force."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, DecimalException
from typing import Any, Final

import polars as pl

from app.owing.book import laws_of, year_asked
from app.owing.comparing import edition_named
from app.owing.tables import read_table
from foundation.errors import Invalid
from standards.catalogue import Catalogue, CatalogueError
from standards.faults import nearest
from standards.quantities import QuantityError, grams_of
from standards.responsibility.calculating.given import LINES
from standards.responsibility.drafting import Beside, Case, cases_of, linted, side_by_side
from standards.responsibility.duties.calculations import Calculation
from standards.responsibility.exact import CASE
from standards.responsibility.packs import Edition
from standards.responsibility.rating import Masses, rates_beside

LARGEST: Final = 500_000  # bytes of a draft with its table
MOST_ROWS: Final = 2_000


def drafted(text: str) -> Edition:
    """A draft from YAML. Raises Invalid with every fault: line, key and what to write."""
    if not text.strip():
        raise Invalid("There is no draft.", field="draft", fix="Send an edition of a law in YAML.")
    try:
        return linted(text.encode())
    except CatalogueError as wrong:
        problems = [
            {"pointer": "draft", "code": "INVALID", "line": each.line, "key": each.key, "message": each.sentence,
             "fix": each.fix}
            for each in wrong.problems
        ]  # fmt: skip
        first = wrong.problems[0]
        raise Invalid(
            f"Line {first.line}, {first.key or 'document'}: {first.sentence}.", field="draft", fix=first.fix,
            problems=problems,
        ) from None  # fmt: skip


def in_force(catalogue: Catalogue, draft: Edition, against: str, day: date) -> Edition:
    """What a draft stands beside: the edition named, else that of its own law for the year of a day. Raises Invalid."""
    if against:
        return edition_named(catalogue, against, "against")
    known = laws_of(catalogue)
    if draft.pack not in known:
        fix = nearest(draft.pack, list(known), "Name the law's edition in `against`; or use the pack")
        raise Invalid("The rule book has no law of this pack.", field="against", value=draft.pack[:80], fix=fix)
    adopted = [each for each in known[draft.pack].editions if each.status == "adopted"]
    now = [each for each in adopted if each.first_year <= each.calendar.year_of(day)]
    return (now or adopted or known[draft.pack].editions)[-1]


def tried(draft: Edition, current: Edition, calculation: str, table: str) -> list[Beside]:
    """Each step of each case under both: the cases of a table, else those that the law in force tells of itself.

    `calculation` is what the table is for: the id of one, or of a rate (then each row is a year, a material and
    masses). A law that has rates only needs none said.
    """
    if not table.strip():
        return list(side_by_side(draft, current, cases_of(current)))
    known = {each.id: each for each in (*current.duties.calculations, *draft.duties.calculations)}
    rates = {rate.id for found in (current, draft) for rate in found.rates}
    of_rates = calculation in rates - known.keys() or (not calculation and not known and bool(rates))
    if calculation not in known and not of_rates:
        fix = nearest(calculation, [*known, *sorted(rates)], "Use")
        raise Invalid("Say which calculation the table is for.", field="calculation", value=calculation[:80], fix=fix)
    read = read_table(table.encode())
    if read.height > MOST_ROWS:
        fix = f"Send at most {MOST_ROWS} rows at once."
        raise Invalid(f"The table has {read.height} rows.", field="table", value=read.height, fix=fix)
    if of_rates:
        found = rates_beside(draft, current, _masses(read, draft, current))
        return [each for each in found if calculation in ("", each.calculation)]
    return list(side_by_side(draft, current, _cases(read, known[calculation])))


def _masses(table: pl.DataFrame, draft: Edition, current: Edition) -> Iterator[Masses]:
    """Rows as masses of a material in a year. Raises Invalid for a column, material or mass that neither law has."""
    quantities = {id for found in (current, draft) for id in found.quantities}
    materials = {id for found in (current, draft) for id in found.materials}
    for name in table.columns:
        if name not in {"year", "material", CASE, *quantities}:
            fix = nearest(name, ["year", "material", *sorted(quantities)], "Use")
            raise Invalid("Neither law has this quantity.", field="table", value=name[:80], fix=fix)
    for at, row in enumerate(table.to_dicts(), start=2):
        material = row.get("material") or ""
        if material not in materials:
            fix = nearest(material, sorted(materials), "Use")
            raise Invalid(f"Row {at}: neither law has this material.", field="table", value=material[:80], fix=fix)
        grams = {name: _grams(at, name, text) for name in quantities if (text := row.get(name))}
        yield Masses(row.get(CASE) or f"row {at}, {material}", material, year_asked(row.get("year") or ""), grams)


def _grams(row: int, column: str, text: str) -> int:
    """A mass with its unit, as `120 t`. Raises Invalid: a unit is never guessed."""
    number, _, unit = text.strip().partition(" ")
    try:
        return grams_of(Decimal(number), unit.strip())
    except (QuantityError, DecimalException):
        fix = "Write the mass with its unit, such as 120 t or 350.5 kg."
        raise Invalid(f"Row {row}, {column}: this is no mass.", field="table", value=text[:80], fix=fix) from None


def _cases(table: pl.DataFrame, calculation: Calculation) -> Iterator[Case]:
    """Rows as cases; rows of one name in the column `case` are the lines of one."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for at, row in enumerate(table.to_dicts(), start=2):
        grouped.setdefault(row.get(CASE) or f"row {at}", []).append(row)
    by_case = {each.id for each in calculation.inputs if each.per == "case"}
    for name, rows in grouped.items():
        year = year_asked(rows[0].get("year") or "")
        given = [{key: value for key, value in row.items() if key not in ("year", CASE)} for row in rows]
        once = {key: value for key, value in given[0].items() if key in by_case or not calculation.by_line}
        lines = [{key: value for key, value in each.items() if key not in once} for each in given]
        yield Case(name, calculation.id, year, {**once, LINES: lines} if calculation.by_line else once)


def told_beside(row: Beside) -> dict[str, Any]:
    """One step of a case under both, as JSON; a figure that is not there is null, with its reason."""
    return {
        "case": row.case, "calculation": row.calculation, "year": row.year, "step": row.step, "line": row.line,
        "changed": row.changed, "now": told_figure(row.now), "then": {**told_figure(row.then), "draft": True},
    }  # fmt: skip


def told_figure(text: str | None) -> dict[str, str | None]:
    """A figure, or why there is none; both null where the law has no such step."""
    if text is None:
        return {"value": None, "why": None}
    return {"value": None, "why": text[1:]} if text.startswith("|") else {"value": text, "why": None}
