"""Tables: the same calculations over a nation's table in Polars, agreeing with a single case to the last digit."""

from collections.abc import Iterable
from functools import partial

import polars as pl

from standards.responsibility.compiling import Column, Sight, number, truth
from standards.responsibility.duties.calculations import Calculation, Input, StepRule
from standards.responsibility.duties.parameters import Parameter, Span
from standards.responsibility.duties.units import unit_of
from standards.responsibility.exact import CASE, WIDE, Exact
from standards.responsibility.expressions import scaled
from standards.responsibility.formulas import CONDITIONS, Lookup, Rounded
from standards.responsibility.packs import Edition
from standards.responsibility.sizes import Sizes, ten_to

_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
YEAR = "year"


def tabulate(edition: Edition, calculation: Calculation, table: pl.DataFrame) -> pl.DataFrame:
    """Every step of a calculation for every row of a table.

    `table` has the columns `year` (Int32), `case` (text; rows of one case are its lines) where the calculation has
    lines, and the inputs as text in the calculation's units; a missing or empty one is not given. Tables of the law
    may be given in columns of their name. The result adds for each step `<step>` (exact decimal text, or true and
    false) and `<step>|why`, the reason where there is none: also `cannot_be_read:<input>`, `not_by_line:<input>` and
    `requirement:<id>`.
    """
    wanted = [each.id for each in calculation.inputs]
    sizes = calculation.sizes(edition.duties.parameters)
    sight = Sight(_columns(calculation, sizes), partial(_look, edition, calculation))
    rows = _prepared(edition, calculation, table)
    rows = rows.with_columns(_barred(calculation, sight).alias("|barred"))
    for rule in calculation.steps:
        rows = rows.with_columns(**_step(rule, sight, sizes))
    shown = {rule.id: _shown(rule, sizes) for rule in calculation.steps}
    found = rows.select(
        *(expression.alias(name) for name, expression in shown.items()),
        *(pl.coalesce("|barred", f"{name}|why").alias(f"{name}|why") for name in shown),
    ).with_columns(pl.when(pl.col(f"{name}|why").is_null()).then(pl.col(name)).alias(name) for name in shown)
    kept = [name for name in table.columns if name in (*wanted, YEAR, CASE) or name not in found.columns]
    return pl.concat([table.select(kept), found], how="horizontal")


def _columns(calculation: Calculation, sizes: Sizes) -> dict[str, Column]:
    columns = {each.id: Column(_over(each), explained=False) for each in calculation.inputs}
    for rule in calculation.steps:
        over = 1 if isinstance(rule.formula, CONDITIONS) else sizes[rule.id].over
        columns[rule.id] = Column(over, explained=True)
    return columns


def _over(wanted: Input) -> int:
    return ten_to(unit_of(wanted.unit).decimals) if wanted.kind == "number" else 1


def _prepared(edition: Edition, calculation: Calculation, table: pl.DataFrame) -> pl.DataFrame:
    """The inputs as whole units, codes, yes or no; `|unread` names the first that stands there and cannot be read."""
    names = [*(each.id for each in calculation.inputs), *calculation.parameters(), CASE]
    absent = {name: pl.lit(None, pl.String) for name in names if name not in table.columns}
    text = table.with_columns(**absent).with_columns(
        pl.col(YEAR).cast(pl.Int32), *(_blank_is_null(pl.col(name).cast(pl.String)) for name in names)
    )
    if CASE in absent:
        text = text.with_columns(pl.int_range(pl.len()).cast(pl.String).alias(CASE))
    read: dict[str, pl.Expr] = {each.id: _input(each) for each in calculation.inputs}
    for name in calculation.parameters():
        parameter = edition.duties.parameters[name]
        read[name] = _whole_units(pl.col(name), unit_of(parameter.unit).whole, _places(parameter))
    unread = [
        pl.when(pl.col(name).is_not_null() & expression.is_null()).then(pl.lit(f"cannot_be_read:{name}"))
        for name, expression in read.items()
    ]
    missing = [
        pl.when(pl.col(each.id).is_null()).then(pl.lit(f"no_figure:{each.id}"))
        for each in calculation.inputs if each.absent == "refused"
    ]  # fmt: skip
    filled = {each.id: read[each.id].fill_null(0) for each in calculation.inputs if each.absent == "zero"}
    unlike = [
        pl.when(pl.col(each.id).n_unique().over(CASE) > 1).then(pl.lit(f"not_by_line:{each.id}"))
        for each in calculation.inputs if each.per == "case"
    ]  # fmt: skip
    return text.with_columns(pl.coalesce([*unread, *missing, *unlike]).alias("|unread"), **{**read, **filled})


def _blank_is_null(text: pl.Expr) -> pl.Expr:
    bare = text.str.strip_chars()
    return pl.when(bare != "").then(bare).alias(text.meta.output_name())


def _input(wanted: Input) -> pl.Expr:
    text = pl.col(wanted.id)
    match wanted.kind:
        case "number":
            unit = unit_of(wanted.unit)
            return _whole_units(text, unit.whole, unit.decimals)
        case "code":
            return pl.when(text.is_in([code.id for code in wanted.codes])).then(text)
        case "yes_no":
            return text.str.to_lowercase().replace_strict(_YES_NO, default=None, return_dtype=pl.Boolean)


def _whole_units(text: pl.Expr, whole: int, places: int) -> pl.Expr:
    """Decimal text as whole units of 10**-places; null for what is no such decimal."""
    fits = text.str.contains(rf"^0*[0-9]{{1,{whole}}}(\.[0-9]{{1,{max(places, 1)}}}0*)?$" if places else
                             rf"^0*[0-9]{{1,{whole}}}(\.0+)?$")  # fmt: skip
    before = text.str.extract(r"^([0-9]+)")
    after = text.str.extract(r"\.([0-9]+)$").fill_null("").str.slice(0, places).str.pad_end(places, "0")
    return pl.when(fits).then(pl.concat_str([before, after])).cast(WIDE, strict=False)


def _barred(calculation: Calculation, sight: Sight) -> pl.Expr:
    """Why a case cannot be calculated at all: the first line's reason, for all of its lines."""
    broken: Iterable[pl.Expr] = (
        pl.when(~truth(each.condition, sight).holds).then(pl.lit(f"requirement:{each.id}"))
        for each in calculation.requires
    )
    own = pl.coalesce(pl.col("|unread"), *broken)
    return own.drop_nulls().first().over(CASE)


def _step(rule: StepRule, sight: Sight, sizes: Sizes) -> dict[str, pl.Expr]:
    """The columns of a step: its number or truth, `|over` where it is a number, `|why` where there is none."""
    none = pl.lit(None, pl.String)
    if isinstance(rule.formula, CONDITIONS):
        decided = truth(rule.formula, sight)
        return {rule.id: decided.holds, f"{rule.id}|why": none if decided.why is None else decided.why}
    found = number(rule.formula, sight)
    fixed = sizes[rule.id].over
    assert fixed is None or fixed == found.over, f"{rule.id}: its size and its expression differ"
    over = {} if fixed is not None else {f"{rule.id}|over": _wide(found.over)}
    return {rule.id: found.number, f"{rule.id}|why": none if found.why is None else found.why, **over}


def _wide(over: pl.Expr | int) -> pl.Expr:
    return pl.lit(over, WIDE) if isinstance(over, int) else over


def _shown(rule: StepRule, sizes: Sizes) -> pl.Expr:
    """As text: the places of the law's rounding, else as short as it is; n/d where there is no last digit."""
    if isinstance(rule.formula, CONDITIONS):
        return pl.col(rule.id)
    found = sizes[rule.id]
    exact = Exact(pl.col(rule.id), pl.col(f"{rule.id}|over") if found.over is None else found.over, None)
    places = found.decimals
    if places is None:
        return _fraction(exact)
    text = scaled(exact, places).text()
    if isinstance(rule.formula, Rounded):
        return text
    return text.str.replace(r"(\.[0-9]*?)0+$", "${1}").str.replace(r"\.$", "") if places else text


def _fraction(exact: Exact) -> pl.Expr:
    return pl.concat_str([exact.number.cast(pl.String), pl.lit("/"), _wide(exact.over).cast(pl.String)])


def _places(parameter: Parameter) -> int:
    return max(parameter.decimals, unit_of(parameter.unit).decimals)


def _look(edition: Edition, calculation: Calculation, wanted: Lookup) -> Exact:
    """A table's value for each row by its keys and year; one that the row itself gives goes before."""
    table = edition.duties.parameters[wanted.parameter]
    fixed, places = dict(wanted.fixed), _places(table)
    keys = [pl.lit(fixed[key]) if key in fixed else pl.col(key) for key in table.keyed_by]
    joined = pl.concat_str(keys, separator="\x1f") if keys else pl.lit("")
    spans: dict[tuple[int, int | None], dict[str, int]] = {}
    for row in table.values:
        for span in table.by_year(row, edition.calendar, drafts=edition.status == "draft"):
            spans.setdefault((span.first, span.last), {})["\x1f".join(row)] = _units(span, places)
    rows = [
        pl.when(_within(first, last)).then(joined.replace_strict(values, default=None, return_dtype=WIDE))
        for (first, last), values in spans.items()
    ]
    units = pl.coalesce([pl.col(table.id), *rows])
    unkeyed = [
        pl.when(pl.col(key).is_null()).then(pl.lit(f"no_figure:{key}")) for key in table.keyed_by if key not in fixed
    ]
    silent = pl.when(units.is_null()).then(pl.lit(f"no_parameter:{table.id}"))
    gap = pl.coalesce(unkeyed) if unkeyed else pl.lit(None, pl.String)
    return Exact(pl.when(gap.is_null()).then(units), ten_to(places), pl.coalesce(gap, silent))


def _units(span: Span, places: int) -> int:
    return int(span.value * ten_to(places))


def _within(first: int, last: int | None) -> pl.Expr:
    year = pl.col(YEAR)
    return (year >= first) if last is None else (year >= first) & (year <= last)
