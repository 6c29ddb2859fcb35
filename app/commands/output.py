"""Output: what every command prints, for people and (with --json) for machines, and the exit codes."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

OK: Final = 0
FINDINGS: Final = 1
USAGE: Final = 2
UNAVAILABLE: Final = 3

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON value for machines.")


def say(text: str, facts: Mapping[str, Any], *, as_json: bool) -> None:
    """A sentence for people, or the facts for machines, on standard output."""
    click.echo(json.dumps(dict(facts), default=str, ensure_ascii=False) if as_json else text)


@contextmanager
def progress(label: str, total: int | None, *, quiet: bool) -> Iterator["Bar"]:
    """A progress bar on standard error (nothing where nobody looks, or for machines)."""
    console = Console(stderr=True)
    shown = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console,
        disable=quiet or not console.is_terminal, transient=True,
    )  # fmt: skip
    with shown:
        yield Bar(shown, shown.add_task(label, total=total))


class Bar:
    """One running bar."""

    def __init__(self, shown: Progress, task: Any) -> None:
        self._shown, self._task = shown, task

    def advance(self, by: int = 1) -> None:
        """That much more is done."""
        self._shown.advance(self._task, by)

    def at(self, done: int) -> None:
        """This much is done in all."""
        self._shown.update(self._task, completed=done)
