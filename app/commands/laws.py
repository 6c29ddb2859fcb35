"""laws: two of them side by side on a day, and a draft beside the law in force."""

from pathlib import Path

import click

from app.api.standards import day_asked
from app.commands.output import FINDINGS, USAGE, json_option, say
from app.owing.comparing import edition_named, line_of, told_difference
from app.owing.drafting import drafted, in_force, told_beside, tried
from foundation.database import now
from foundation.errors import Refusal
from standards.catalogue import load
from standards.responsibility.comparing import differences


@click.command("compare")
@click.argument("left")
@click.argument("right")
@click.option("--on", default="", help="The day that is asked for (today).")
@click.option("--all", "everything", is_flag=True, help="Also what is the same.")
@json_option
def compare(left: str, right: str, on: str, everything: bool, as_json: bool) -> None:
    """Set two editions of laws side by side (LEFT and RIGHT by id, such as jp-containers@1997): exit 1 where they
    differ."""
    catalogue = load()
    try:
        one, other = edition_named(catalogue, left, "LEFT"), edition_named(catalogue, right, "RIGHT")
        day = day_asked(on, now().date())
    except Refusal as refusal:
        say(f"{refusal} {refusal.fix or ''}".strip(), {"ok": False, "error": str(refusal)}, as_json=as_json)
        raise SystemExit(USAGE) from None
    found = differences(one, other, day)
    shown = [line for line in found if everything or not line.same]
    facts = {
        "left": one.id,
        "right": other.id,
        "on": day.isoformat(),
        "lines": [told_difference(each) for each in shown],
    }
    say("\n".join(map(line_of, shown)) or "They say the same.", facts, as_json=as_json)
    raise SystemExit(0 if all(line.same for line in found) else FINDINGS)


@click.group()
def laws() -> None:
    """The laws of the rule book."""


@click.command("try")
@click.argument("draft", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--against", default="", help="The edition beside it, by id (the newest of the same law).")
@click.option("--table", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Cases as CSV.")
@click.option("--calculation", default="", help="The calculation that the table is for.")
@json_option
def try_draft(draft: Path, against: str, table: Path | None, calculation: str, as_json: bool) -> None:
    """Try a DRAFT law (YAML) beside the law in force: exit 1 where a figure would change, 2 where it cannot be read."""
    catalogue = load()
    try:
        edition = drafted(draft.read_text("utf-8"))
        current = in_force(catalogue, edition, against, now().date())
        rows = tried(edition, current, calculation, table.read_text("utf-8") if table else "")
    except Refusal as refusal:
        faults = [f"{draft}:{each['line']}: {each['key']}: {each['message']} - {each['fix']}"
                  for each in refusal.facts.get("problems", ()) if "line" in each]  # fmt: skip
        text = "\n".join(faults) or f"{refusal} {refusal.fix or ''}".strip()
        say(text, {"ok": False, "error": str(refusal), "problems": refusal.facts.get("problems", [])}, as_json=as_json)
        raise SystemExit(USAGE) from None
    changed = [row for row in rows if row.changed]
    lines = [f"{row.case} ({row.year}), {row.step}: {row.now} -> {row.then}" for row in changed]
    text = "\n".join([f"DRAFT {edition.id} beside {current.id}: {len(changed)} of {len(rows)} figures change.", *lines])
    facts = {"draft": edition.id, "against": current.id, "changed": len(changed), "compliance_grade": False,
             "rows": [told_beside(row) for row in rows]}  # fmt: skip
    say(text, facts, as_json=as_json)
    raise SystemExit(FINDINGS if changed else 0)


laws.add_command(compare)
laws.add_command(try_draft)
