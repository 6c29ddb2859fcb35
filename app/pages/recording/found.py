"""Found: what a control found of an event, its measured value, the limit, and where that limit comes from."""

from dataclasses import dataclass
from datetime import date

from app.pages.rulebook.controlling import found_named, quantity
from app.words import Speech
from standards.plausibility import Finding, Thresholds, backing


@dataclass(frozen=True, slots=True)
class Source:
    """Where a limit can be read, and how sure the catalogue is of it (a code)."""

    title: str
    href: str
    certainty: str


@dataclass(frozen=True, slots=True)
class Found:
    """One finding in words; `measured` and `limit` carry their unit, empty where the control compares no numbers."""

    control: str
    name: str
    sentence: str
    measured: str
    limit: str
    sources: tuple[Source, ...]


def found_of(t: Speech, limits: Thresholds, finding: Finding, day: date) -> Found:
    """A finding told with the values in force on the day of recording, each source once."""
    rests = (
        Source(each.reference.title, each.reference.href, each.certainty) for each in backing(limits, finding, day)
    )
    return Found(
        finding.control, str(t.name("control_name", finding.code)), found_named(t, finding),
        _with_unit(t, finding.measured, finding.unit), _with_unit(t, finding.limit, finding.unit),
        tuple(dict.fromkeys(rests)),
    )  # fmt: skip


def _with_unit(t: Speech, value: int | None, unit: str) -> str:
    """'960 h', '12 t', '99.9%'; '' where there is no value."""
    if value is None:
        return ""
    said = quantity(t, value, unit)
    return said if unit == "g" or unit.startswith("ppm") or not unit else f"{said}\N{NO-BREAK SPACE}{unit}"
