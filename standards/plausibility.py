"""Plausibility: the controls as dated thresholds, and pure functions that hold a movement against them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from standards.catalogue import Catalogue
from standards.dated import Dated, NotInForce, dated

Response = Literal["REJECT", "HOLD", "FLAG"]
PPM: Final = 1_000_000


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
    """What a control found: the stable code, what happens, and a sentence of help where there is one."""

    code: str
    response: Response
    hint: str | None = None


@dataclass(frozen=True)
class Thresholds:
    """Every control's values over time. Raises NotInForce for a day without a value: it fails closed."""

    values: Mapping[tuple[str, str], Dated[int]]
    bands: Mapping[tuple[str, str], Dated[Band]]

    def at(self, control: str, name: str, day: date) -> int:
        return self.values[control, name].on(day).value

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
    """Read the `controls` documents of the catalogue."""
    values: dict[tuple[str, str], Dated[int]] = {}
    bands: dict[tuple[str, str], Dated[Band]] = {}
    for document in catalogue.documents("controls"):
        sources = document.data["sources"]
        for row in document.data.get("thresholds", ()):
            name = row["name"]
            values[document.id, name] = dated(f"{document.id} {name}", row["values"], sources, int)
        for row in document.data.get("bands", ()):
            key = (row["process"], row["material"])
            bands[key] = dated(f"{document.id} {key}", row["values"], sources, _band)
    return Thresholds(values, bands)


def _band(value: Mapping[str, Any]) -> Band:
    return Band(
        value["flag_below"], value["flag_above"], value["hold_below"], value["hold_above"], value["counts_residue"]
    )


def surplus_allowed(limits: Thresholds, drawn: int, day: date) -> int:
    """C01: grams that may come out beyond what went in (scales are not exact)."""
    return drawn * limits.at("C01", "reject_above", day) // PPM


def yield_finding(
    limits: Thresholds, process: str, material: str, grams: tuple[int, int, int], day: date
) -> Finding | None:
    """C02: whether this process yields that much; `grams` is what was drawn, what was made, what was residue."""
    drawn, made, residue = grams
    band = limits.band(process, material, day)
    if band is None or drawn <= 0:
        return None
    scaled = (made + residue if band.counts_residue else made) * PPM
    if not band.hold_below * drawn <= scaled <= band.hold_above * drawn:
        return Finding("YIELD_IMPLAUSIBLE", "HOLD")
    if not band.flag_below * drawn <= scaled <= band.flag_above * drawn:
        return Finding("YIELD_IMPLAUSIBLE", "FLAG")
    return None


def load_finding(limits: Thresholds, grams: int, day: date) -> Finding | None:
    """C12: no single load is that heavy."""
    return Finding("LOAD_SIZE", "REJECT") if grams > limits.at("C12", "reject_above", day) else None


def late_finding(limits: Thresholds, happened: datetime, recorded: datetime, day: date) -> Finding | None:
    """C14: how long after it happened an event is recorded."""
    late = recorded - happened
    if late > timedelta(days=limits.at("C14", "hold_after", day)):
        return Finding("LATE_REPORT", "HOLD")
    if late > timedelta(hours=limits.at("C14", "flag_after", day)):
        return Finding("LATE_REPORT", "FLAG")
    return None


def date_finding(limits: Thresholds, happened: datetime, recorded: datetime, day: date) -> Finding | None:
    """C15: a date in the future, before the record could know, or in the Buddhist calendar (subtract 543)."""
    if limits.at("C15", "buddhist_from", day) <= happened.year <= limits.at("C15", "buddhist_to", day):
        return Finding("DATE_INVALID", "REJECT", "buddhist_year")
    if happened > recorded + timedelta(minutes=limits.at("C15", "future_tolerance", day)):
        return Finding("DATE_INVALID", "REJECT", "future")
    if happened.year < limits.at("C15", "earliest_year", day):
        return Finding("DATE_INVALID", "REJECT", "too_early")
    return None


def receipt_finding(limits: Thresholds, sent: int, received: int, day: date) -> Finding | None:
    """C24: the gap between both sides' weights, accepted up to the greater of a share and a mass."""
    gap = abs(received - sent)
    if gap <= max(sent * limits.at("C24", "accept_ppm", day) // PPM, limits.at("C24", "accept_grams", day)):
        return None
    held = gap * PPM > sent * limits.at("C24", "hold_ppm", day)
    return Finding("RECEIPT_MISMATCH", "HOLD" if held else "FLAG")
