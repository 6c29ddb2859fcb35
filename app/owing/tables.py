"""Tables: a nation's table of cases worked out row by row, each year under its own edition; nothing but text in it."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, Final

import polars as pl

from app.owing.book import calculation_asked, edition_of, year_asked
from foundation.errors import Invalid, Refusal
from standards.faults import nearest
from standards.responsibility.calculating.answers import text_of
from standards.responsibility.calculating.tables import YEAR, tabulate
from standards.responsibility.duties.calculations import Calculation
from standards.responsibility.exact import CASE
from standards.responsibility.packs import Edition, RulePack

MOST_NAMED: Final = 50
AT_ONCE: Final = 50_000  # rows, or more where one case is longer
_AT: Final = "|at"
Advance = Callable[[int], None]


def read_table(raw: bytes) -> pl.DataFrame:
    """A CSV (UTF-8, header first) as text; its row numbers count from 2, as in the file. Raises Invalid."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("This is no UTF-8 text.", field="table", fix="Save the table as CSV in UTF-8.") from None
    header = next(csv.reader(io.StringIO(text.partition("\n")[0])), [])
    if twice := {name for name in header if header.count(name) > 1}:
        name = min(twice)
        raise Invalid("Two columns have one name.", field=name or "table", value=name, fix="Name each column once.")
    try:
        return pl.read_csv(text.encode(), infer_schema=False)
    except pl.exceptions.PolarsError as wrong:
        told = str(wrong).partition("\n")[0][:200]
        fix = "Write a header and as many cells in each row, with commas between and quotes around commas."
        raise Invalid(f"This is no CSV: {told}.", field="table", fix=fix) from None


def tabulated(
    pack: RulePack, calculation: str, table: pl.DataFrame, year: int | None = None, advance: Advance | None = None
) -> pl.DataFrame:  # fmt: skip
    """Every row with each step and its `|why`, in the order of the table.

    `year` is for a table that has no such column. `advance` is told of rows done. Raises Invalid (years, columns, a
    case in two years) and what `calculation_asked` raises.
    """
    if YEAR not in table.columns:
        if year is None:
            fix = "Add a column year, or say one year for the whole table."
            raise Invalid("The table does not say its years.", field=YEAR, fix=fix)
        table = table.with_columns(pl.lit(str(year)).alias(YEAR))
    if table.is_empty():
        raise Invalid("The table has no row.", field="table", fix="Write one row a case, or a line, below the header.")
    years = _years(table[YEAR].unique(maintain_order=True).to_list(), table)
    ready = table.with_columns(pl.col(YEAR).str.strip_chars().cast(pl.Int32), pl.int_range(pl.len()).alias(_AT))
    _cases(ready)
    editions = {each: edition_of(pack, each) for each in years}
    done = []
    for edition in {each.id: each for each in editions.values()}.values():
        rule = calculation_asked(pack, edition, calculation)
        _columns(edition, rule, table.columns)
        own = ready.filter(pl.col(YEAR).is_in([year for year, each in editions.items() if each is edition]))
        for part in _parts(own):
            done.append(_worked(edition, rule, part))
            if advance:
                advance(part.height)
    return pl.concat(done, how="diagonal_relaxed").sort(_AT).drop(_AT)


def _years(found: Sequence[str | None], table: pl.DataFrame) -> list[int]:
    wrong, years = [], []
    for text in found:
        try:
            years.append(year_asked(text or ""))
        except Invalid as refusal:
            row = int(table[YEAR].index_of(text) or 0) + 2
            wrong.append((f"rows/{row}/{YEAR}", text or "", refusal))
    if wrong:
        raise _refused(wrong)
    return years


def _refused(wrong: Sequence[tuple[str, str, Refusal]]) -> Invalid:
    problems: list[dict[str, Any]] = [
        {"pointer": at, "code": "INVALID", "message": each.sentence, "value": value[:80], "fix": each.fix}
        for at, value, each in wrong[:MOST_NAMED]
    ]
    at, value, first = wrong[0]
    return Invalid(first.sentence, field=at, value=value[:80], fix=first.fix, problems=problems)


def _columns(edition: Edition, rule: Calculation, names: Sequence[str]) -> None:
    """A needed column that is not there is most often one that is spelt otherwise."""
    lacking = [each.id for each in rule.inputs if each.absent == "refused" and each.id not in names]
    if lacking:
        own = [each.id for each in rule.inputs]
        fix = f"Columns: {', '.join([YEAR, *([CASE] if rule.by_line else []), *own, *rule.parameters()])}."
        strange = [name for name in names if name not in {YEAR, CASE, *own, *rule.parameters()}]
        near = f" {nearest(lacking[0], strange, 'Did you mean')}" if strange else ""
        raise Invalid(f"The column {lacking[0]} is missing.", field=lacking[0], value="", fix=fix + near)
    if clash := [name for name in names if name == _AT or name.endswith("|why")]:
        raise Invalid("This name is taken.", field=clash[0], value=clash[0], fix="Give this column another name.")


def _cases(ready: pl.DataFrame) -> None:
    """Rows of one case are its lines: so each row names its case, and a case lies in one year."""
    if CASE not in ready.columns:
        return
    nameless = ready.filter(pl.col(CASE).fill_null("").str.strip_chars() == "")
    if not nameless.is_empty():
        fix = "Name the case in each row, or leave the whole column out: then each row is a case."
        raise Invalid("A row names no case.", field=f"rows/{nameless[_AT][0] + 2}/{CASE}", value="", fix=fix)
    spread = ready.group_by(CASE).agg(pl.col(YEAR).n_unique().alias("years"), pl.col(_AT).first())
    wrong = spread.filter(pl.col("years") > 1).sort(_AT)
    if not wrong.is_empty():
        fix = "Give each year's case a name of its own."
        field = f"rows/{wrong[_AT][0] + 2}/{CASE}"
        raise Invalid("One case lies in two years.", field=field, value=str(wrong[CASE][0])[:80], fix=fix)


def _parts(own: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The rows of one edition, some cases at a time; all lines of a case together."""
    if CASE not in own.columns:
        yield from own.iter_slices(AT_ONCE)
        return
    bucket = pl.col(CASE).str.strip_chars().rank("dense") % max(1, own.height // AT_ONCE)
    for _, part in own.with_columns(bucket.alias("|part")).group_by("|part", maintain_order=True):
        yield part.drop("|part")


def _worked(edition: Edition, rule: Calculation, part: pl.DataFrame) -> pl.DataFrame:
    """Yes and no as text, so that tables of two editions stand under each other; fractions as a single case says them.

    A column leaves n/d where a figure need not have a last digit: 1950000/30000 is told as 65, 14/6 as 7/3.
    """
    found = tabulate(edition, rule, part)
    found = found.with_columns(pl.col(pl.Boolean).cast(pl.String), pl.col(YEAR).cast(pl.String))
    for step in rule.steps:
        values = found[step.id].unique().drop_nulls()
        told = {text: text_of(Fraction(text), step) for text in values if "/" in text}
        if told:
            found = found.with_columns(pl.col(step.id).replace(told))
    return found
