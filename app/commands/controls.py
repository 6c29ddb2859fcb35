"""controls: every control with its values, and what they do to honest worlds and to the frauds of real cases."""

import asyncio
import re
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import click

from app.api.controls import told_control
from app.commands.output import FINDINGS, json_option, progress, say
from app.corpus.measuring import SINCE, Measured, measure, together
from app.corpus.reporting import readable
from app.corpus.reporting import told as told_measured
from app.process import running
from foundation.settings import read_settings
from standards.catalogue import load
from standards.plausibility import thresholds

MOST_SEEDS = 1_000


@click.group()
def controls() -> None:
    """The controls of the record: what each answers and with which values, and what they do to fraud."""


@controls.command("list")
@json_option
def listed(as_json: bool) -> None:
    """Every control of the catalogue, in the order in which they run."""
    found, today = thresholds(load()).controls, date.today()  # noqa: DTZ011 - the day where this command runs
    lines = [
        f"{each.id} {each.code:<24} {'/'.join(each.outcomes) or '-':<16} {each.kept:<13} {each.title}" for each in found
    ]
    say(
        "\n".join(lines),
        {"on": today.isoformat(), "controls": [told_control(each, today) for each in found]},
        as_json=as_json,
    )


class _Seeds(click.ParamType[tuple[int, ...], Any]):
    """Seeds as `7`, `1-20` or `1-5,9`."""

    name = "seeds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        parts = [re.fullmatch(r"(\d{1,18})(?:-(\d{1,18}))?", part.strip()) for part in str(value).split(",")]
        spans = [(int(each[1]), int(each[2] or each[1])) for each in parts if each]
        if not all(parts) or any(first > last for first, last in spans):
            self.fail(f"{value} names no seeds; write them as 7, 1-20 or 1-5,9.", param, ctx)
        if sum(last - first + 1 for first, last in spans) > MOST_SEEDS:
            self.fail(f"{value} names more than {MOST_SEEDS} seeds.", param, ctx)
        return tuple(dict.fromkeys(seed for first, last in spans for seed in range(first, last + 1)))


@controls.command("measure")
@click.option("--seeds", type=_Seeds(), required=True, help="What the worlds come of: 7, 1-20 or 1-5,9.")
@click.option("--lots", type=click.IntRange(30, 1_000_000), default=10_000, show_default=True, help="Honest lots each.")
@click.option(
    "--rounds", type=click.IntRange(1, 100), default=3, show_default=True, help="How often each case is tried."
)
@json_option
def measured(seeds: tuple[int, ...], lots: int, rounds: int, as_json: bool) -> None:
    """Play honest worlds with the frauds of fourteen real cases through capture, each on a database made for it.

    Exit 1 where an act is not caught, more than 1 % of honest statements are held, or more than 5 % flagged.
    """
    found = {seed: asyncio.run(_one(seed, lots, rounds, quiet=as_json)) for seed in seeds}
    because = {control.id: control.because or "" for control in thresholds(load()).controls}
    total = together(found.values())
    facts = told_measured(total, because) | {
        "lotsEach": lots, "rounds": rounds,
        "seeds": [{"seed": seed, **told_measured(each, because)} for seed, each in found.items()],
    }  # fmt: skip
    say(readable(total, because, seeds), facts, as_json=as_json)
    raise SystemExit(0 if total.good else FINDINGS)


async def _one(seed: int, lots: int, rounds: int, *, quiet: bool) -> Measured:
    with tempfile.TemporaryDirectory() as name:
        settings = read_settings({"JUNKAN_DATA_DIR": str(Path(name) / "data"), "HOME": name})
        async with running(settings, since=SINCE) as process:
            with progress(f"seed {seed}", None, quiet=quiet) as bar:
                return await measure(process, seed, lots, rounds, bar.advance)
