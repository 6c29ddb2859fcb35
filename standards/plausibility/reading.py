"""Reading: the controls of the catalogue as dated thresholds, yield bands and words, and what a control can find."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from standards.catalogue import Catalogue
from standards.dated import Dated, InForce, NotInForce, dated

Response = Literal["REJECT", "HOLD", "FLAG"]
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """Plausible yields of a process in ppm of its inputs: outside `flag` look again, outside `hold` it does not count.

    `counts_residue`: whether the yield is of products and residues together (sorting), or of products alone.
    """

    flag_below: int
    flag_above: int
    hold_below: int
    hold_above: int
    counts_residue: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """What a control found: its id, the stable code, what happens, and where it can be told what was measured.

    `limit` is the value that `measured` stands against, both in `unit`; `hint` a word on what probably went wrong;
    `subject` what it speaks of, where an event holds several.
    """

    control: str
    code: str
    response: Response
    hint: str | None = None
    measured: int | None = None
    limit: int | None = None
    unit: str = ""
    subject: str | None = None

    def told(self) -> dict[str, object]:
        """As the record keeps it beside the event."""
        facts = {"hint": self.hint, "measured": self.measured, "limit": self.limit, "unit": self.unit or None,
                 "subject": self.subject}  # fmt: skip
        told = {"control": self.control, "code": self.code, "response": self.response}
        return told | {name: value for name, value in facts.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value of a control over time; a band or a list of words among them."""

    name: str
    value: Dated[Any]


@dataclass(frozen=True, slots=True)
class Control:
    """One control as the catalogue states it: what it may answer, by what it is kept, and why not where it is not."""

    id: str
    code: str
    title: str
    outcomes: tuple[Response, ...]
    kept: str
    rule: str | None
    because: str | None
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True)
class Thresholds:
    """Every control's values over time. Raises NotInForce for a day without a value: it fails closed."""

    values: Mapping[tuple[str, str], Dated[int]]
    bands: Mapping[tuple[str, str], Dated[Band]]
    lists: Mapping[tuple[str, str], Dated[Words]]
    controls: tuple[Control, ...] = ()

    def at(self, control: str, name: str, day: date) -> int:
        return self.values[control, name].on(day).value

    def words(self, control: str, name: str, day: date) -> Words:
        """A list of words, empty where the catalogue has none of that name or none in force."""
        try:
            return self.lists[control, name].on(day).value
        except (KeyError, NotInForce):
            return ()

    def band(self, process: str, material: str, day: date) -> Band | None:
        """The band of this process for this material, else for any material, else None (nothing is known)."""
        for key in ((process, material), (process, "*")):
            if key in self.bands:
                try:
                    return self.bands[key].on(day).value
                except NotInForce:
                    continue
        return None


def thresholds(catalogue: Catalogue) -> Thresholds:
    """Read the `controls` documents of the catalogue, in the order of their ids, which is the order they run in."""
    values: dict[tuple[str, str], Dated[int]] = {}
    bands: dict[tuple[str, str], Dated[Band]] = {}
    lists: dict[tuple[str, str], Dated[Words]] = {}
    controls = []
    for document in catalogue.documents("controls"):
        data, sources, parameters = document.data, document.data.get("sources", {}), list[Parameter]()
        for row in data.get("thresholds", ()):
            name = row["name"]
            values[document.id, name] = value = dated(f"{document.id} {name}", row["values"], sources, int)
            parameters.append(Parameter(name, value))
        for row in data.get("bands", ()):
            key = (row["process"], row["material"])
            bands[key] = band = dated(f"{document.id} {key}", row["values"], sources, _band)
            parameters.append(Parameter(" ".join(key), band))
        for row in data.get("words", ()):
            name = row["name"]
            lists[document.id, name] = words = dated(f"{document.id} {name}", row["values"], sources, _words)
            parameters.append(Parameter(name, words))
        controls.append(_control(document.id, data, parameters))
    return Thresholds(values, bands, lists, tuple(controls))


def _control(id: str, data: Mapping[str, Any], parameters: Sequence[Parameter]) -> Control:
    return Control(
        id, data["code"], data["title"], tuple(data["outcomes"]), data["kept"], data.get("rule"), data.get("because"),
        tuple(parameters),
    )  # fmt: skip


def _words(value: Sequence[str]) -> Words:
    return tuple(value)


def _band(value: Mapping[str, Any]) -> Band:
    return Band(
        value["flag_below"], value["flag_above"], value["hold_below"], value["hold_above"], value["counts_residue"]
    )


def backing(limits: Thresholds, finding: Finding, day: date) -> tuple[InForce[Any], ...]:
    """The values of its control in force on a day that a finding rests on, so that its source and certainty are told.

    Those that are its limit, or hold it among their bounds; else those of its response (`hold_after` for a HOLD);
    else all. None where the control has no values: what it compares stands in the event alone.
    """
    rows = []
    for control in limits.controls:
        for each in control.parameters if control.id == finding.control else ():
            try:
                rows.append((each.name, each.value.on(day)))
            except NotInForce:
                continue
    exact = [row for _, row in rows if finding.limit is not None and finding.limit in _bounds(row.value)]
    named = [row for name, row in rows if name.startswith(finding.response.lower())]
    return tuple(exact or named or [row for _, row in rows])


def _bounds(value: object) -> tuple[object, ...]:
    if isinstance(value, Band):
        return value.flag_below, value.flag_above, value.hold_below, value.hold_above
    return (value,)
