"""crossing: whether the lots that a file describes may cross a border, by the same shape and words as the API."""

from collections.abc import Sequence
from pathlib import Path

import click
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.commands.output import FINDINGS, USAGE, json_option, say
from app.crossings.answers import checked, lines, shown
from app.crossings.shapes import CrossingIn
from app.formats import LANGUAGES
from app.words import language, load_words
from foundation.errors import Refusal
from standards.borders import FACTS, Outcome
from standards.catalogue import load
from standards.exactyaml import Unreadable, line_of, read


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of the answer.")
@json_option
def crossing(file: Path, lang: str, as_json: bool) -> None:
    """Check FILE, a lot with its route and day in YAML or JSON: can it cross? Exit 0 only where it is allowed."""
    catalogue = load()
    asked = _read(file)
    try:
        answer = checked(catalogue, asked)
    except Refusal as refusal:
        raise _wrong(file, [f"{refusal.field}: {refusal.sentence} {refusal.fix or ''}".rstrip()]) from refusal
    t = load_words().speech(language(lang) or "en")
    say("\n".join(lines(t, answer)), shown(t, answer, catalogue.digest), as_json=as_json)
    raise SystemExit(0 if answer.outcome is Outcome.ALLOWED else FINDINGS)


def _read(file: Path) -> CrossingIn:
    """The question in a file. Exits with USAGE, naming line, field and what is wrong with it."""
    try:
        data, node = read(file.read_text(encoding="utf-8"))
    except Unreadable as wrong:
        raise _wrong(file, [str(wrong)]) from wrong
    except UnicodeDecodeError as wrong:
        raise _wrong(file, ["line 1: this is no UTF-8 text; save the file as UTF-8"]) from wrong
    try:
        return CrossingIn.model_validate(data)
    except ValidationError as wrong:
        said = [f"line {line_of(node, each['loc'])}: {_at(each['loc'])}: {_why(each)}" for each in wrong.errors()]
        raise _wrong(file, said) from wrong


def _why(wrong: ErrorDetails) -> str:
    if wrong["type"] != "extra_forbidden":
        return wrong["msg"]
    facts = f"; facts are {', '.join(sorted(FACTS))}" if wrong["loc"][:2] == ("lot", "facts") else ""
    return f"there is no such field{facts}"


def _at(place: Sequence[str | int]) -> str:
    return ".".join(map(str, place)) or "the file"


def _wrong(file: Path, said: Sequence[str]) -> SystemExit:
    """Every complaint on standard error, each with the file; exit 2."""
    for each in said:
        click.echo(f"{file}: {each}", err=True)
    return SystemExit(USAGE)
