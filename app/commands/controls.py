"""controls: every control with its values, and what they do to honest worlds and to the frauds of real cases."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import click

from app.commands.output import FINDINGS, json_option, progress, say
from app.corpus.measuring import EVENTS, Measured, begin_of, chains_of, measure
from app.process import running
from foundation.settings import read_settings
from standards.catalogue import load
from standards.plausibility import Control, thresholds


@click.group()
def controls() -> None:
    """The controls of the record: what each answers and with which values, and what they do to fraud."""


@controls.command("list")
@json_option
def listed(as_json: bool) -> None:
    """Every control of the catalogue, in the order in which they run."""
    found = thresholds(load()).controls
    lines = [
        f"{each.id} {each.code:<24} {'/'.join(each.outcomes) or '-':<16} {each.kept:<13} {each.title}" for each in found
    ]
    say("\n".join(lines), {"controls": [told(each) for each in found]}, as_json=as_json)


def told(control: Control) -> dict[str, Any]:
    """One control as JSON says it, each value with its unit, day, source and certainty."""
    values = [
        {"name": each.name, "value": row.value, "unit": row.unit, "from": row.since.isoformat(),
         "source": row.reference.title, "href": row.reference.href, "certainty": row.certainty}
        for each in control.parameters for row in each.value.rows
    ]  # fmt: skip
    return {
        "id": control.id, "code": control.code, "title": control.title, "outcomes": control.outcomes,
        "kept": control.kept, "because": control.because, "values": values,
    }  # fmt: skip


@controls.command("measure")
@click.option("--seed", "seeds", type=int, multiple=True, required=True, help="What the world comes of (repeatable).")
@click.option("--lots", type=click.IntRange(30, 1_000_000), default=10_000, show_default=True, help="Honest lots.")
@click.option(
    "--rounds", type=click.IntRange(1, 100), default=3, show_default=True, help="How often each case is tried."
)
@json_option
def measured(seeds: tuple[int, ...], lots: int, rounds: int, as_json: bool) -> None:
    """Play honest worlds and the frauds of fourteen real cases through capture, on a database made for it alone.

    Exit 1 where a fraud is not stopped, more than 1 % of honest events are held, or more than 5 % flagged.
    """
    found = [asyncio.run(_one(seed, lots, rounds, quiet=as_json)) for seed in seeds]
    text = "\n\n".join(_told(each) for each in found)
    say(text, {"seeds": [each.told() for each in found]}, as_json=as_json)
    raise SystemExit(0 if all(each.good for each in found) else FINDINGS)


async def _one(seed: int, lots: int, rounds: int, *, quiet: bool) -> Measured:
    chains = chains_of(lots)
    with tempfile.TemporaryDirectory() as name:
        settings = read_settings({"JUNKAN_DATA_DIR": str(Path(name) / "data"), "HOME": name})
        since = begin_of(chains, rounds).date()
        async with running(settings, since=since) as process:
            with progress(f"seed {seed}", chains * EVENTS, quiet=quiet) as bar:
                return await measure(process, seed, lots, rounds, bar.advance)


def _told(found: Measured) -> str:
    held = ", ".join(f"{code} {count}" for code, count in found.held.most_common()) or "none"
    flagged = ", ".join(f"{code} {count}" for code, count in found.flagged.most_common()) or "none"
    facts = found.told()
    cases = [f"  {case}: {each['stopped']} of {each['of']}" for case, each in facts["stopped"].items()]
    missed = [
        f"  MISSED {each.case}: expected {'/'.join(each.expected)}, found {each.found or 'nothing'}"
        for each in found.missed
    ]
    return "\n".join(
        [
            f"seed {found.seed}: {found.lots} honest lots, {found.events} events",
            f"  held or refused {float(found.false_holds):.3%} ({held})",
            f"  flagged {float(found.flags):.3%} ({flagged})",
            f"frauds stopped {len(found.attempts) - len(found.missed)} of {len(found.attempts)}", *cases, *missed,
        ]
    )  # fmt: skip
