"""Reporting: what was measured, for people and for machines; what is missed is said, with its reason where known."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.corpus.bounds import Share, percent, share
from app.corpus.bounds import told as told_share
from app.corpus.measuring import Measured, Mechanism

CASES: Final = tuple(f"F{n}" for n in range(1, 15))


def told(found: Measured, because: Mapping[str, str]) -> dict[str, Any]:
    """As JSON says it; shares in ppm with their Wilson bounds at 95 %."""
    return {
        "good": found.good, "lots": found.lots, "honest": found.honest, "recall": told_share(found.recall()),
        "falseHolds": told_share(found.false_holds), "flags": told_share(found.flag_rate),
        "honestMistakes": {"made": found.mistaken, "stopped": found.corrected},
        "held": dict(found.held), "flagged": dict(found.flagged),
        "cases": {case: told_share(found.recall(case)) for case in CASES},
        "controls": {control: told_share(each) for control, each in by_control(found).items()},
        "missed": [
            {**each._asdict(), "missed": count, "of": found.tried[each], "because": because.get(each.control, ""),
             "stoppedBy": _others(found, each)}
            for each, count in sorted(found.missed.items(), key=_key)
        ],
        "groundworkRefused": [
            {"case": case, "code": code, "times": times} for (case, code), times in found.groundwork.items()
        ],
    }  # fmt: skip


def by_control(found: Measured) -> dict[str, Share]:
    """Of the acts that each control must catch, how many it caught."""
    tried, caught = Counter[str](), Counter[str]()
    for each, times in found.tried.items():
        tried[each.control] += times
        caught[each.control] += found.caught[each]
    return {control: share(caught[control], tried[control]) for control in sorted(tried)}


def readable(found: Measured, because: Mapping[str, str], seeds: Sequence[int]) -> str:
    """For people, a line for each case and one for each control."""
    held, flags = found.false_holds, found.flag_rate
    lines = [
        f"{len(seeds)} world{'s' * (len(seeds) > 1)}: {found.lots} honest lots, {held.of} honest statements, "
        f"{found.mistaken} of them mistaken",
        f"held or refused  {_said(held)}  {_codes(found.held)}; {found.corrected} mistakes",
        f"flagged          {_said(flags)}  {_codes(found.flagged)}",
        f"frauds caught    {_said(found.recall())}",
        "",
        *(f"  {case:<4} {_said(found.recall(case))}" for case in CASES),
        "",
        *(f"  {control:<4} {_said(each)}" for control, each in by_control(found).items()),
    ]
    for each, count in sorted(found.missed.items(), key=_key):
        other = _codes(_others(found, each))
        reason = f" ({because[each.control]})" if because.get(each.control) else ""
        by = f", stopped by {other}" if other != "none" else ""
        lines.append(
            f"MISSED {each.case} {each.name}: {count} of {found.tried[each]} not by {each.control}{by}{reason}"
        )
    for (case, code), times in found.groundwork.items():
        lines.append(f"NOT TRIED {case}: its groundwork was refused {times} times with {code}")
    return "\n".join(lines)


def _key(item: tuple[Mechanism, int]) -> tuple[int, str]:
    return int(item[0].case[1:]), item[0].name


def _others(found: Measured, mechanism: Mechanism) -> dict[str, int]:
    return {code: times for (each, code), times in found.other.items() if each == mechanism}


def _said(each: Share) -> str:
    return f"{each.seen} of {each.of} = {percent(each.ppm)} ({percent(each.low)} to {percent(each.high)})"


def _codes(counted: Mapping[str, int]) -> str:
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{code} {count}" for code, count in ordered) or "none"
