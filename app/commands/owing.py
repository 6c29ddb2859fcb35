"""owe: what a law asks of somebody, worked out: one case from the command line, its lines or a nation's table."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click
import polars as pl

from app.commands.output import USAGE, json_option, progress, say
from app.formats import LANGUAGES
from app.owing.answers import lines, told_answer
from app.owing.book import (
    calculation_asked,
    edition_of,
    laws_of,
    pack_asked,
    worked,
    year_asked,
    years_of,
)
from app.owing.laws import listed, whole
from app.owing.tables import read_table, tabulated
from app.owing.writing import chosen
from app.words import Speech, language, load_words
from foundation.errors import Invalid, Refusal
from standards.catalogue import Catalogue, load
from standards.responsibility.packs import RulePack

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
MOST_SAID: Final = 20


@click.command("owe")
@click.argument("pack", required=False)
@click.argument("calculation", required=False)
@click.argument("given", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--year", help="The reporting year: it chooses the edition of the law.")
@click.option("--lines", "lines_file", type=FILE, help="A CSV with the lines of the case, a column for each input.")
@click.option("--table", type=FILE, help="A CSV of many cases: year, case, a column for each input.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where the table's result is written.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of the answer.")
@json_option
def owe(
    pack: str | None, calculation: str | None, given: tuple[str, ...], year: str | None, lines_file: Path | None,
    table: Path | None, out: Path | None, lang: str, as_json: bool,
) -> None:  # fmt: skip
    """Work out what a law asks: list the laws, show PACK, or do CALCULATION with NAME=VALUE inputs for a --year."""
    catalogue, t = load(), load_words().speech(language(lang) or "en")
    try:
        if pack is None:
            _list(t, catalogue, as_json=as_json)
        elif calculation is None:
            _show(t, catalogue, pack_asked(catalogue, pack), as_json=as_json)
        elif table is not None:
            if given or lines_file or out is None:
                raise Invalid("A table holds all its inputs.", field="--table", value=table, fix="Give --out only.")
            _table(pack_asked(catalogue, pack), calculation, table, out, year, as_json=as_json)
        else:
            raw = {**_given(given), **({"lines": _lines(lines_file)} if lines_file else {})}
            _case(t, catalogue, pack_asked(catalogue, pack), calculation, raw, year, as_json=as_json)
    except Refusal as refusal:
        raise _wrong(refusal) from refusal


def _wrong(refusal: Refusal) -> SystemExit:
    """Every complaint on standard error: field, value, sentence, fix; exit 2."""
    one = {"pointer": refusal.field or "", "value": refusal.value, "message": refusal.sentence, "fix": refusal.fix}
    problems = refusal.facts.get("problems") or [one]
    for each in problems[:MOST_SAID]:
        value = f"{str(each['value'])!r}: " if each["value"] not in (None, "") else ""
        why = "; ".join(filter(None, (each["message"].rstrip("."), each["fix"])))
        click.echo(f"{each['pointer']}: {value}{why}", err=True)
    if len(problems) > MOST_SAID:
        click.echo(f"... and {len(problems) - MOST_SAID} more", err=True)
    return SystemExit(USAGE)


def _list(t: Speech, catalogue: Catalogue, *, as_json: bool) -> None:
    packs = laws_of(catalogue).values()
    said = []
    for pack in packs:
        latest = pack.editions[-1]
        said.append(f"{pack.id}: {chosen(latest.names, t.lang)} ({latest.jurisdiction}, {_years(pack)})")
        said += [f"  {each.id}: {chosen(each.names, t.lang)}" for each in latest.duties.calculations]
    say("\n".join(said), {"laws": [listed(pack, pack.editions) for pack in packs]}, as_json=as_json)


def _years(pack: RulePack) -> str:
    return ", ".join(map(years_of, pack.editions))


def _show(t: Speech, catalogue: Catalogue, pack: RulePack, *, as_json: bool) -> None:
    facts = {"law": {**listed(pack, pack.editions), "editions": [whole(t, catalogue, e) for e in pack.editions]}}
    say("\n".join(_shown(t, pack)), facts, as_json=as_json)


def _shown(t: Speech, pack: RulePack) -> Iterator[str]:
    for edition in pack.editions:
        doubts = "".join(f", {t.name('caveat', code)}" for code in edition.doubts())
        sure = t.name("certainty", edition.certainty)
        yield f"{edition.id}: {chosen(edition.names, t.lang)}, {years_of(edition)} ({sure}{doubts})"
        yield f"  {edition.law}"
        for role in edition.duties.roles:
            yield f"  {role.id}: {chosen(role.names, t.lang)}: {chosen(role.does, t.lang)}"
        for each in edition.duties.calculations:
            yield f"  junkan owe {pack.id} {each.id} --year {edition.first_year}  # {chosen(each.names, t.lang)}"
            for wanted in each.inputs:
                kind = wanted.unit or "|".join(code.id for code in wanted.codes)
                need = "" if wanted.absent == "refused" else f", {t('common.optional')}"
                yield f"    {wanted.id}=  {chosen(wanted.names, t.lang)} ({kind}{need})"
            for id in each.parameters():
                table = edition.duties.parameters[id]
                yield f"    [{id}=  {chosen(table.names, t.lang)} ({table.unit}); {t('owing.instead')}]"


def _given(words: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise Invalid("This is no input.", field="given", value=word, fix="Write NAME=VALUE, such as sold=120000.")
        if name in found:
            raise Invalid("This is said twice.", field=name, value=value, fix="Give it once, or use --lines.")
        found[name] = value
    return found


def _lines(file: Path) -> list[Mapping[str, str]]:
    """The lines of a case. Raises Invalid as a table does."""
    table = read_table(file.read_bytes())
    return [dict(row) for row in table.iter_rows(named=True)]


def _needed(year: str | None) -> int:
    if year is None:
        raise Invalid("The year is missing.", field="--year", fix="Give --year, such as --year 2025.")
    return year_asked(year)


def _case(
    t: Speech, catalogue: Catalogue, pack: RulePack, calculation: str, raw: Mapping[str, Any], year: str | None,
    *, as_json: bool,
) -> None:  # fmt: skip
    of = _needed(year)
    edition = edition_of(pack, of)
    rule = calculation_asked(pack, edition, calculation)
    answer = worked(edition, rule, raw, of)
    told = told_answer(t, edition, rule, answer, catalogue.digest)
    say("\n".join(lines(t, edition, rule, answer)), told, as_json=as_json)


def _table(
    pack: RulePack, calculation: str, table: Path, out: Path, year: str | None, *, as_json: bool
) -> None:  # fmt: skip
    read = read_table(table.read_bytes())
    with progress("rows worked out", read.height, quiet=as_json) as bar:
        found = tabulated(pack, calculation, read, year_asked(year) if year else None, bar.advance)
    _write(found, out)
    gaps = {name.removesuffix("|why"): int(found[name].count()) for name in found.columns if name.endswith("|why")}
    told = ", ".join(f"{name} {count}" for name, count in gaps.items() if count)
    text = f"{found.height} rows, written to {out}. {f'Without a figure: {told}.' if told else 'Every step has one.'}"
    say(text, {"rows": found.height, "without_figure": gaps, "out": str(out)}, as_json=as_json)


def _write(found: pl.DataFrame, out: Path) -> None:
    """All of it or nothing: a half-written table looks like a whole one."""
    part = out.with_name(f"{out.name}.part")
    found.write_csv(part)
    part.replace(out)
